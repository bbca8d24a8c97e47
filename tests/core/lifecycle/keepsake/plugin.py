"""Keepsakes: each memory has a number, a paper, points, places, a notice, a timer and files."""

from __future__ import annotations

import datetime as dt

import marshmallow as ma
import peewee as pw

import lifang as lf

numbers = lf.Number("keepsake.memory", "编号", "KS-{code}-{year}-{n:03}")
points = lf.Ledger("keepsake.points", "积分")
seats = lf.Places("keepsake.seats", "座位")
coming = lf.CheckIn("keepsake.coming", "签到")
praise = lf.PublicNotice("keepsake.praise", "表扬公示")
photos = lf.Purpose("keepsake.photos", "照片", text="保存您的照片，三年后删除。")


class Memory(lf.Record):
    """Something that somebody remembers."""

    title = pw.CharField(max_length=60, verbose_name="题目")
    person = lf.ref(lf.Person, "讲述人")
    phone = lf.Sensitive("联系电话", kind="phone")
    community = lf.place("社区")
    state = lf.State("状态", open="征集", kept="已收藏")

    class Meta:
        table_name = "keepsake_memory"


def content(memory: Memory, caller: lf.Caller) -> list[lf.Section]:
    """What stands on the paper."""
    return [lf.Section("收藏", ("题目",), ((memory.title,),))]


paper = lf.Document("keepsake.paper", "收藏证明", content=content)


@lf.action("收藏", moves={"open": "kept"})
def keep(memory: Memory, caller: lf.Caller) -> lf.Data:
    """Take it in: everything that can be said of it is said."""
    now = lf.now()
    number = numbers.next(memory.community, caller)
    paper.issue(memory, caller, number=number, issuer="居委会", on=lf.today(), holder="李强")
    points.grant(memory, caller, 5, key=f"kept-{memory.id}")
    seats.offer(memory, caller, 1)
    seats.claim(memory, caller, memory)
    day = dt.timedelta(days=1)
    coming.enter(memory, caller, memory, at=now, reason="补录", window=(now - day, now + day))
    praise.post(memory, caller, title="表扬", text="收藏一件", community=memory.community, days=5)
    lf.timer(memory, caller, "anniversary", now + dt.timedelta(days=365))
    return {"note": memory.title}


class Kept(ma.Schema):
    """What was kept, in words."""

    note = ma.fields.String(required=True)


memories = lf.Resource(
    Memory,
    label="回忆",
    columns=["title", "person", "community", "state"],
    title="title",
    search=["title"],
    owner="person",
    actions=[keep],
    timers=["anniversary"],
    documents=[paper],
    attachments={"photo": "照片"},
    roles={
        "resident": "read:own",
        "grid_worker": "read",
        "community_worker": "create update remove keep attach export import",
        "district_admin": "export_full",
    },
)


@lf.on("core.person.created")
def remember(event: lf.Event, caller: lf.Caller) -> None:
    """Nobody can be remembered yet."""
    raise ValueError("no room left")


plugin = lf.Plugin(
    "keepsake",
    "记忆收藏",
    resources=[memories],
    handlers=[remember],
    payloads=[lf.payload("keepsake.memory.kept", Kept, erasable={"note": None})],
    settings=[lf.Setting("most", int, "最多几件", 10)],
    purposes=[photos],
)
