"""A secret is told to the plugin that needs it, and to nothing and nobody else."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace

import pytest

from lifang.app.http import create_app
from lifang.entities.audit import AuditChange
from lifang.entities.caller import Caller
from lifang.kit.errors import Invalid, NotReady
from lifang.lifecycle import dated, settings_files
from lifang.plugins.setting import Setting
from lifang.plugins.tables import SettingRow
from lifang.services import event_log
from lifang.services.instance import Instance
from lifang.store.keys import KeyRing
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, QILIHE
from tests.core.api.conftest import account
from tests.core.api.conftest import token as bearer
from tests.core.lifecycle.dial import BASIS, JULY, SEPTEMBER, declared, node, put, token, turn_on

CANARY = "canary-7Q9x-密钥"
OTHER = "another-secret"


@pytest.fixture(autouse=True)
def dial(instance: Instance) -> None:
    turn_on(instance)


def everything_kept(instance: Instance) -> str:
    """Every row of every table as text."""
    engine = instance.database.engine
    rows = []
    for table in engine.get_tables():
        for row in engine.execute_sql(f'SELECT * FROM "{table}"').fetchall():  # noqa: S608 – ours
            rows.append(repr([bytes(one) if isinstance(one, memoryview) else one for one in row]))
    return "\n".join(rows)


def test_a_plugin_reads_it_at_a_place_and_day_and_nobody_else_ever_does(
    boss: Caller, instance: Instance, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    put(boss, CHENGGUAN, JULY, token=CANARY)
    put(boss, HOME, SEPTEMBER, token=OTHER)
    assert [token.reveal(boss, node(HOME), day) for day in (JULY, SEPTEMBER)] == [CANARY, OTHER]
    assert token.reveal(boss, node(CHENGGUAN)) == CANARY
    assert token.reveal(boss, node(FOREIGN)) == "", "not set, and it need not be"
    with pytest.raises(TypeError, match="reveal"):
        token(node(HOME))
    told = dated.explain(boss, "token", at=HOME, on=JULY)
    assert (told.value, told.secret, told.layers[0].set_by) == ("***", True, boss.name)
    assert dated.explain(boss, "token", at=FOREIGN, on=None).value == ""
    put(boss, HOME, SEPTEMBER, token="")
    assert token.reveal(boss, node(HOME)) == CANARY, "inherited again"

    client = create_app(instance).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = (
        f"Bearer {bearer(instance, account(instance, 'district_admin', at=CITY))}"
    )
    sent = {"plugin": "dial", "at": QILIHE, "basis": BASIS, "values": {"token": CANARY}}
    answers = [
        client.post("/api/v1/settings?dry_run=true", json=sent),
        client.post("/api/v1/settings", json=sent, headers={"Idempotency-Key": "one"}),
        client.post("/api/v1/settings", json={**sent, "values": {"hours": "0", "token": CANARY}}),
        client.get(f"/api/v1/settings?at={QILIHE}"),
        client.get(f"/api/v1/settings/dial.token?at={QILIHE}"),
        client.get(f"/api/v1/settings/export?at={QILIHE}"),
        client.get(f"/api/v1/settings/export?at={QILIHE}&format=csv"),
    ]
    assert [one.status_code for one in answers] == [200, 200, 422, 200, 200, 200, 200]
    said = "".join(json.dumps(one.text) + one.text for one in answers)
    said += repr([event_log.told(one) for one in dated.history(boss, "token", at=HOME)])
    said += everything_kept(instance) + caplog.text + repr(list(AuditChange.select().dicts()))
    for form in settings_files.FORMATS:
        said += settings_files.export(boss, at=CITY, form=form).decode()
    assert CANARY not in said
    assert OTHER not in said
    assert json.dumps(CANARY)[1:-1] not in said
    assert token.reveal(boss, node(QILIHE)) == CANARY


def test_moved_to_another_place_or_name_it_does_not_open(boss: Caller, instance: Instance):
    put(boss, CHENGGUAN, token=CANARY)
    for change in ({"community": node(QILIHE)}, {"community": node(CHENGGUAN), "key": "motto"}):
        SettingRow.update(**change).execute()
        instance.database.memo = (-1, {})
        at = node(QILIHE) if len(change) == 1 else node(CHENGGUAN)
        asked: Setting[str] = Setting(
            "token" if len(change) == 1 else "motto", str, "接口密钥", default="", secret=True
        ).of("dial")
        with pytest.raises(NotReady, match="「接口密钥」无法解密；请重新设置"):
            asked.reveal(boss, at)


@pytest.mark.once
def test_after_a_new_key_what_older_ones_sealed_still_opens(boss: Caller, instance: Instance):
    put(boss, CHENGGUAN, token=CANARY)
    old = instance.keys
    field = {**old.keys["field"], 99: os.urandom(32)}
    ring = KeyRing({**old.keys, "field": field}, {**old.current, "field": 99})
    later = replace(boss, instance=replace(instance, keys=ring))
    put(later, HOME, token=OTHER)
    assert [token.reveal(later, node(at)) for at in (CHENGGUAN, HOME)] == [CANARY, OTHER]
    keys = {bytes(row.sealed)[1:5] for row in SettingRow.select()}
    assert len(keys) == 2


@pytest.mark.once
def test_its_mask_is_no_secret_and_no_declaration_holds_one(boss: Caller):
    with pytest.raises(Invalid, match="「接口密钥」是密钥，请填写它本身"):
        put(boss, HOME, token="***")
    for wrong in (
        Setting("t", str, "x", default="s3cret", secret=True),
        Setting("t", int, "x", secret=True),
        Setting("t", str, "x", default="", secret=True, presets={"p": "s3cret"}),
        Setting("t", str, "x", default="", secret=True, choices={"a": "A"}),
    ):
        with pytest.raises(ValueError, match="a secret is a text"):
            declared(wrong)
