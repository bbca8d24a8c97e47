"""A small real plugin for residents: profiles that hide children, consent, and stars announced."""

from __future__ import annotations

from pathlib import Path

import peewee as pw

import lifang as lf
from lifang.entities.community import Community
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.delivery import let_in
from lifang.services.instance import Instance

hours = lf.Purpose(
    "club.hours",
    "志愿时长记录",
    text="记录您参加志愿服务的日期和时长，保存三年；不同意，仍可参加活动。",
    separate=True,
)
photos = lf.Purpose("club.photos", "活动照片", text="在社区公众号发布有您的活动照片。")
stars = lf.PublicNotice("club.star", "星级公示")


class Profile(lf.Record):
    """A volunteer of a community."""

    person = lf.ref(lf.Person, "志愿者")
    community = lf.place("社区")
    nickname = pw.CharField(max_length=60, null=True, verbose_name="昵称")
    state = lf.State("状态", open="登记", starred="星级")

    class Meta:
        table_name = "club_profile"


class Noted(pw.Model):
    """What the handler was told."""

    type = pw.CharField()
    told = pw.CharField()

    class Meta:
        database = Profile._meta.database
        table_name = "club_noted"


def has_agreed(profile: Profile, caller: lf.Caller) -> None:
    """Nobody is registered whose hours may not be kept."""
    hours.require(profile.person, caller)


@lf.action("申请星级", event="applied")
def apply(profile: Profile, caller: lf.Caller, *, working_days: int = 5) -> lf.Data:
    """Announce that somebody is to get a star."""
    text = f"{profile.person.name}，电话 13800001234，服务满 300 小时。"
    number = stars.post(
        profile, caller, title=f"拟授予{profile.person.name}二星", text=text,
        community=profile.community, working_days=working_days, answer_days=3,
    )  # fmt: skip
    return {"notice": number}


@lf.action("授予星级", moves={"open": "starred"})
def grant(profile: Profile, caller: lf.Caller) -> None:
    """Give the star, after the notice is over."""
    stars.require_over(profile, caller)


profiles = lf.Resource(
    Profile,
    label="志愿者",
    columns=["person", "nickname", "community", "state"],
    search=["nickname", "person.name"],
    owner="person",
    actions=[apply, grant],
    rules=[has_agreed],
    minors_hidden=True,
    roles={
        "resident": "read read:own create:own apply:own",
        "community_worker": "read create update apply grant",
    },
)


@lf.on("core.public_notice.ended", "core.consent.withdrawn", "core.notice_objection.overdue")
def notes(event: lf.Event, caller: lf.Caller) -> None:
    """Write down what was told."""
    about = event.data.get("subject") or event.data.get("purpose") or event.data.get("at", "")
    Noted.create(type=event.type, told=str(about))


def open_club(instance: Instance, *, at: str) -> lf.Plugin:
    """Register the plugin and switch it on at a community."""
    instance.database.engine.create_tables([Profile, Noted])
    plugin = lf.Plugin(
        "club", "志愿者之家", resources=[profiles], handlers=[notes], purposes=[hours, photos],
        folder=Path(__file__).parent,
    )  # fmt: skip
    instance.plugins.register(plugin)
    with instance.database.transaction():
        PluginRow.create(
            name="club", label="志愿者之家", version="1", state="installed", changed_at=lf.now()
        )
        let_in(plugin)
        node = Community.get(Community.code == at)
        Activation.create(plugin="club", community=node, on=True, changed_at=lf.now())
        bump_epoch()
    instance.plugins.refresh()
    return plugin


def noted() -> list[tuple[str, str]]:
    """What the handler was told, in order."""
    return list(Noted.select(Noted.type, Noted.told).order_by(Noted.id).tuples())
