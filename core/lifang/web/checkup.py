"""The checkup as a page: what is well and what is not, in groups; the same as a text to send."""

from __future__ import annotations

from flask import Response, render_template

from lifang.entities.caller import Caller
from lifang.http.papers import kept
from lifang.kit import clock
from lifang.kit.words import _, n_
from lifang.upkeep import doctor
from lifang.upkeep.guarding import Finding

HOME = "/admin/doctor"

GROUPS = {
    n_("文件夹、密钥和访问"): ("folder", "key", "copy", "rotation", "disk", "https"),
    n_("数据和备份"): ("database", "migrations", "backup", "attachments", "audit", "erased"),
    n_("账号和权限"): ("administrators", "home", "grants", "passwords"),
    n_("插件、事件和任务"): ("plugins", "outside", "events", "retention", "jobs"),
    n_("时钟、日历和版本"): ("clock", "calendar", "versions"),
}
GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


def doctor_page(caller: Caller) -> str:
    """All findings, the worst first, and so the group that holds it."""
    found = doctor.seen_by(caller)
    groups: dict[str, list[Finding]] = {}
    for one in found:
        groups.setdefault(GROUP_OF.get(one.name, one.name), []).append(one)
    return render_template(
        "web/doctor.html",
        groups=groups,
        marks=doctor.MARKS,
        worst=found[0].state,
        summary=doctor.summary(found),
        at=clock.shown(clock.now()),
        command="lifang doctor",
    )


def doctor_text(caller: Caller) -> Response:
    """The same for somebody who helps, without what is nobody else's business."""
    found = doctor.masked(doctor.seen_by(caller), caller.instance.settings)
    told = [_("里坊体检 {at}", at=clock.shown(clock.now())), *doctor.lines(found), ""]
    name = f"lifang-doctor-{clock.today()}.txt"
    return kept(["\n".join(told).encode()], "text/plain; charset=utf-8", name)
