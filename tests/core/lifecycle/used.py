"""The keepsake plugin as an installed package that was in use: it has something in every table."""

from __future__ import annotations

import hashlib
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.entities.account import Account, Idempotency, Token
from lifang.entities.community import Community, FormerPlace
from lifang.entities.job import ColumnMapping
from lifang.events.tables import Catchup, Inbox
from lifang.lifecycle.dated import Decree, configure
from lifang.mechanisms import attachments
from lifang.mechanisms.consents import consents
from lifang.mechanisms.posted import PublicNotice, notice_objections
from lifang.plugins.tables import Stop
from lifang.services import uploads
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Events
from lifang.testing.temporary import tell_of

PHONE, CANARY = "13800001234", "全家福.png"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """The keepsake plugin, installed as a package."""
    return Package(tmp_path, monkeypatch)


class Package:
    """The plugin's distribution in a folder where this process finds it, or not any more."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.put_back()
        monkeypatch.syspath_prepend(str(folder))

    def put_back(self) -> None:
        entry = "tests.core.lifecycle.keepsake.plugin:plugin"
        self.info = tell_of(self.folder, "keepsake", "keepsake", entry)

    def take_away(self) -> None:
        shutil.rmtree(self.info)


def use(instance: Instance) -> Any:
    """Switch it on and let everything happen that leaves something in a table of the core."""
    from tests.core.lifecycle.keepsake.plugin import keep, memories

    world.enable(instance, "keepsake", at=world.CHENGGUAN)
    boss = world.boss(instance)
    configure(boss, "keepsake", {"most": "3"}, Decree("街道通知", at=world.CHENGGUAN))
    events = Events(boss)
    teller = world.person(instance, "李强")
    events.deliver()  # what the handler raises waits to be tried again
    worker = world.caller(instance, "community_worker", at=world.HOME)
    told = {"person": int(teller.id), "purpose_name": "keepsake.photos", "how": "paper"}
    lf.write(consents, "create", worker, told | {"basis": "同意书第 1 号"})
    place = {"community": {"code": world.HOME}}
    memory = lf.write(
        memories, "create", worker,
        {"title": "老照片", "person": int(teller.id), "phone": PHONE, **place},
    )  # fmt: skip
    lf.act(keep, memory, worker)
    added = {"name": CANARY, "kind": "photo"}
    attachments.attach(worker, memories, int(memory.id), io.BytesIO(PNG), **added)
    notice = PublicNotice.get(PublicNotice.kind == "keepsake.praise")
    objection = {"notice": int(notice.id), "objector": "王五", "text": "不实"}
    lf.write(notice_objections, "create", worker, objection)
    lines = f"题目,讲述人,社区\n新的,{teller.id},{world.HOME}\n".encode()
    uploads.receive(worker, memories, io.BytesIO(lines), name="回忆.csv")
    _by_machine(int(memory.id))
    with instance.database.transaction():
        told = {"plugin": "keepsake", "part": "home_cards", "rule": "slow", "why": "x"}
        Stop.create(**told, version="1.0", stopped_by="plugin:keepsake", stopped_at=lf.now())
    return memory


def _by_machine(number: int) -> None:
    """Rows that machines write, as they write them."""
    account = Account.create(name="machine")
    Inbox.create(sub="keepsake", source="elsewhere", id="1", at=lf.now())
    Catchup.create(sub="keepsake.remember", community=1)
    for scope in ("keepsake.memories:create", "core.people:update keepsake.memories:keep"):
        Token.create(
            digest=hashlib.sha256(scope.encode()).hexdigest(),
            account=account,
            scope=scope,
            created_at=lf.now(),
            expires_at=lf.now(),
        )
    route = {"route": "POST /api/v1/keepsake/memories", "body": "", "status": 201}
    Idempotency.create(account=account, key="k", record=number, at=lf.now(), **route)
    ColumnMapping.create(account=account, noun="keepsake.memories", header="h", told="{}")
    here = Community.get(Community.code == world.HOME)
    FormerPlace.create(noun="keepsake.memories", record=number, community=here, to_date=lf.today())


def rows(instance: Instance) -> dict[str, list[str]]:
    """Every table with all its rows, but those that tell what happened: trail, log and state."""
    told = ("audit_", "event", "core_plugin", "core_epoch", "sqlite_", "core_attachment_")
    database = instance.database
    found: dict[str, list[str]] = {}
    for name in sorted(database.engine.get_tables()):
        if not name.startswith(told):
            asked = f"SELECT * FROM {database.quoted(name)}"  # noqa: S608 – a table that is there
            found[name] = sorted(str(row) for row in database.engine.execute_sql(asked).fetchall())
    return found
