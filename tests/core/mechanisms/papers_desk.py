"""A small plugin with papers: cases that need evidence before they close, and a certificate."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import peewee as pw

import lifang as lf
from lifang.entities.community import Community
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.instance import Instance
from lifang.testing import world

PDF = b"%PDF-1.4\n" + b"evidence " * 20_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
CANARY = "王秀兰身份证.pdf"
ISSUED_ON = dt.date(2026, 5, 16)

number = lf.Number("papers.case", "证明编号", "LF-{code}-{year}-{n:04}")


class Case(lf.Record):
    """Something that is closed when its papers are there."""

    title = pw.CharField(max_length=60, verbose_name="事由")
    person = lf.ref(lf.Person, "当事人", null=True)
    community = lf.place("社区")
    state = lf.State("状态", open="待办", done="已办", archived="已归档")

    class Meta:
        table_name = "papers_case"


def content(case: Case, caller: lf.Caller) -> list[lf.Section]:
    """What stands on the certificate."""
    rows = (("事由", case.title), ("时长", "3.5 小时"))
    return [lf.Section("服务记录", ("项目", "内容"), rows)]


certificate = lf.Document("papers.certificate", "志愿服务证明", content=content)


@lf.action("办结", moves={"open": "done"})
def close(case: Case, caller: lf.Caller) -> None:
    """Close a case whose papers are there."""
    if lacking := lf.missing(case, caller, ["evidence", "opinion"]):
        raise lf.Conflict("还缺：" + "、".join(lacking))


@lf.action("归档", moves={"done": "archived"})
def archive(case: Case, caller: lf.Caller) -> None:
    """Nothing changes any more."""


@lf.action("开证明", event="certified")
def certify(case: Case, caller: lf.Caller, *, holder: str, day: dt.date) -> lf.Data:
    """Issue the certificate."""
    told = certificate.issue(
        case, caller, number=number.next(case.community, caller, day), holder=holder,
        issuer="畅家巷社区居民委员会", on=day, mark="平台记录",
    )  # fmt: skip
    return {"document": told.id}


@lf.action("撤销证明", event="decertified")
def decertify(case: Case, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Revoke what was issued."""
    return {"revoked": len(certificate.revoke(case, caller, reason=reason))}


cases = lf.Resource(
    Case,
    label="事项",
    title="title",
    owner="person",
    actions=[close, archive, certify, decertify],
    roles={
        "resident": "read:own attach:own",
        "grid_worker": "read",
        "community_worker": "create update remove attach close archive certify decertify",
    },
    attachments={"evidence": "证明材料", "opinion": "用户意见"},
    erasable={"evidence": ("person",)},
    sealed=["archived"],
    documents=[certificate],
)

plugin = lf.Plugin("papers", "文书", resources=[cases], folder=Path(__file__).parent)


def open_desk(instance: Instance, *, at: str = world.CITY) -> None:
    """Register the plugin and switch it on at a community."""
    instance.database.engine.create_tables([Case])
    instance.plugins.register(plugin)
    with instance.database.transaction():
        PluginRow.create(
            name="papers", label="文书", version="1", state="installed", changed_at=lf.now()
        )
        node = Community.get(Community.code == at)
        Activation.create(plugin="papers", community=node, on=True, changed_at=lf.now())
        bump_epoch()
    instance.plugins.refresh()


def new_case(instance: Instance, title: str = "楼道清洁", *, at: str = world.HOME) -> Case:
    """A case of a community."""
    told = {"title": title, "community": {"code": at}}
    return lf.write(cases, "create", world.boss(instance), told)


def office(*members: str) -> bytes:
    """A packed file with these members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in members:
            file.writestr(name, "<x/>")
    return packed.getvalue()
