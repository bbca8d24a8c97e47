"""A small plugin of case files that are confidential, and of claims that nobody judges himself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import peewee as pw

import lifang as lf
from lifang.plugins.tables import PluginRow
from lifang.resources.action import Lines
from lifang.services.delivery import let_in
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.events.listeners import switch

NOUN, HOME = "casework", "/p/casework/case-files"
TOLD: list[tuple[str, lf.Event]] = []
"""What handlers were told, each with the plugin it belongs to."""


class Shift(lf.Record):
    """Somebody organises it."""

    organiser = lf.ref(lf.Person, "组织者")
    community = lf.place("社区")

    class Meta:
        table_name = "casework_shift"


class Claim(lf.Record):
    """Hours that somebody claims for a shift."""

    shift = lf.ref(Shift, "班次", null=True)
    person = lf.ref(lf.Person, "人员", null=True)
    clerk = lf.ref(lf.Account, "经办账号", null=True)
    hours = pw.IntegerField(default=1, verbose_name="时长")
    community = lf.place("社区")

    class Meta:
        table_name = "casework_claim"


class CaseFile(lf.Record):
    """What a worker knows of somebody, and nobody else is to know."""

    title = pw.CharField(verbose_name="标题", max_length=60)
    story = pw.TextField(verbose_name="经过", null=True)
    person = lf.ref(lf.Person, "案主")
    worker = lf.ref(lf.Person, "社工")
    supervisor = lf.ref(lf.Person, "督导", null=True)
    evaluator = lf.ref(lf.Person, "评估人", null=True)
    community = lf.place("社区")
    state = lf.State("状态", open="服务中", closed="已结案")

    class Meta:
        table_name = "casework_case_file"


class CaseNote(lf.Record):
    """What happened in a case."""

    case = lf.ref(CaseFile, "个案")
    text = pw.TextField(verbose_name="内容")

    class Meta:
        table_name = "casework_case_note"


class Errand(lf.Record):
    """Something of anybody's that points at a case."""

    case = lf.ref(CaseFile, "个案", null=True)
    community = lf.place("社区")

    class Meta:
        table_name = "casework_errand"


@lf.action("确认", event="confirmed")
def confirm(claim: Claim, caller: lf.Caller) -> lf.Data:
    """Say that it was so."""
    return {}


@lf.action("审核", event="reviewed", not_by=("person", "clerk", "shift.organiser", "confirm"))
def review(claim: Claim, caller: lf.Caller) -> lf.Data:
    """Judge a claim."""
    return {}


@lf.action("结案", moves={"open": "closed"}, not_by="person")
def close(case: CaseFile, caller: lf.Caller, *, reason: Annotated[Lines, "原因"]) -> lf.Data:
    """Nobody closes a case about themselves."""
    return {"told": reason}


@lf.action("转交", event="handed_over")
def hand_over(case: CaseFile, caller: lf.Caller, *, to: Annotated[lf.Person, "社工"]) -> lf.Data:
    """Let somebody else have it."""
    case.worker = to
    return {}


def anonymised(case: CaseFile, caller: lf.Caller) -> dict[str, Any]:
    return {"title": "案主A", "性别": case.person.sex}


RIGHTS = "read create update remove confirm review"
ALL = {"community_worker": RIGHTS}
shifts = lf.Resource(Shift, label="班次", roles=ALL, never="reveal")
claims = lf.Resource(
    Claim, label="时长申请", actions=[confirm, review],
    roles={"community_worker": RIGHTS},
)  # fmt: skip
SECRETLY = "read create update remove close hand_over"
cases = lf.Resource(
    CaseFile,
    label="个案",
    noun="case_files",
    search=("title",),
    title="title",
    actions=[close, hand_over],
    roles={
        "district_admin": SECRETLY,
        "community_worker": SECRETLY,
        "auditor": "anonymise",
        "resident": "read:own update:own close:own",
    },
    confidential=lf.Confidential(
        ("worker", "supervisor"),
        break_glass="security_administrator",
        anonymised=anonymised,
        viewers=("evaluator",),
    ),
    timers=("due",),
)
notes = lf.Resource(
    CaseNote,
    label="个案记录",
    scope=lf.Via("case"),
    roles={"community_worker": "read create update", "resident": "read:own"},
    confidential=lf.Confidential(lf.Via("case")),
)
errands = lf.Resource(
    Errand, label="跑腿", search=("case.title",), roles={"community_worker": "read create export"}
)


@lf.on(lf.ANY)
def mine(event: lf.Event, caller: lf.Caller) -> None:
    """Told of its own."""
    TOLD.append((NOUN, event))


@lf.on(lf.ANY)
def nosy(event: lf.Event, caller: lf.Caller) -> None:
    """Told of what is for everybody."""
    TOLD.append(("nosy", event))


def install(instance: Instance) -> None:
    """Let the instance have the plugin and one that listens to everything, on in both districts."""
    TOLD.clear()
    nouns = [shifts, claims, cases, notes, errands]
    instance.database.engine.create_tables([one.model for one in nouns])
    folder = Path(__file__).parent
    plugins = [
        lf.Plugin(NOUN, "个案工作", resources=nouns, handlers=[mine], folder=folder),
        lf.Plugin("nosy", "好奇", handlers=[nosy], folder=folder),
    ]
    for one in plugins:
        instance.plugins.register(one)
        with instance.database.transaction():
            PluginRow.create(
                name=one.id, label=one.id, version="1", state="installed", changed_at=lf.now()
            )
            let_in(one)
        switch(one.id, world.CITY, on=True, instance=instance)
