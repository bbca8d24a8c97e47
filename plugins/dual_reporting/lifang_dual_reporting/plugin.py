"""Dual reporting (双报到): people of an organization also report to the community they live in."""

import lifang as lf


class Report(lf.Record):
    """One person's report, from one organization, to one community."""

    person = lf.ref(lf.Person, "人员")
    organization = lf.ref(lf.Organization, "所在单位", null=True)
    community = lf.place("居住社区")  # where it belongs: permission, activation, events look here
    state = lf.State("状态", submitted="已提交", accepted="已接收", ended="已结束")

    class Meta:
        """One person has one standing report, wherever it is."""

        table_name = "dual_reporting_report"
        unique = (lf.unique("person", state=("submitted", "accepted")),)


@lf.action("接收", moves={"submitted": "accepted"})
def accept(report: Report, caller: lf.Caller) -> None:
    """Accept a submitted report on behalf of the community."""


@lf.action("结束", moves={lf.ANY: "ended"})
def end(report: Report, caller: lf.Caller, *, reason: str) -> lf.Data:
    """End a report, whatever its state."""
    return {"reason": reason}  # what an action returns is its event's payload: chosen


reports = lf.Resource(
    Report,
    label="报到记录",
    search=["person.name", "organization.name"],
    owner="person",
    unit="organization",
    actions=[accept, end],
    roles={
        "resident": "read:own create:own end:own",
        "unit_liaison": "read:unit",
        "community_worker": "read create update accept end import export",
        "community_secretary": "remove",
    },
)


@lf.on("core.person.moved", at="old")  # delivered where the plugin is on at the community left
def close_old_reports(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever moves away no longer reports to the old community."""
    old = event.data["old"]
    for report in lf.each(reports, caller, person=event.subject, community=old, state__not="ended"):
        lf.act(end, report, caller, reason="已迁出")


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many people report where this caller looks."""
    serving = lf.count(reports, caller, state="accepted")
    return [lf.Card("已报到人数", str(serving), "/p/dual-reporting/reports?state=accepted")]


plugin = lf.Plugin(
    "dual_reporting",
    "双报到",
    resources=[reports],
    handlers=[close_old_reports],
    hooks=[home_cards],
)
