"""The scene of purchased services: a contract that runs, and one that is to be signed soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lifang.kit import clock
from lifang.kit.words import _
from lifang.sample.stage import Actor, Known, Stage

PLUGIN = "agency_contracts"
MONTHS = 7
"""How many months the running contract has been served and reported."""

RENDERED = (("cases", 2, 1, 1), ("groups", 1, 1, 8), ("events", 3, 1, 25), ("visits", 5, 9, 9))
"""What is rendered in a month: a promise, how many logs, what each counts for, and its users."""


def buy(stage: Stage) -> list[Actor]:
    """Act the scene; gives the accounts of the provider and the evaluator."""
    today, first = clock.today(), _first_day()
    known = stage.play(PLUGIN, "organizations", {})
    actors = _accounts(stage, known)
    last = first.replace(year=first.year + 1) - dt.timedelta(days=1)
    known |= {"first": first, "last": last}
    with stage.boss.instance.database.transaction():
        _award(stage, known, "未成年人关爱服务", today - dt.timedelta(days=29))
        known = _award(stage, known, "为老社会工作服务", first - dt.timedelta(days=40))
        known = stage.play(PLUGIN, "sign", known)
        stage.play(PLUGIN, "case", known)
    with stage.boss.instance.database.transaction():
        _months(stage, known)
        resource = stage.boss.instance.registry.find(PLUGIN, "payments")
        assert resource is not None  # noqa: S101 – the plugin is on
        mine = resource.model.contract == known["contract"]
        known["parts"] = list(resource.model.select().where(mine).order_by(resource.model.number))
        stage.play(PLUGIN, "money", known)
    return actors


def _award(stage: Stage, known: Known, name: str, notice: dt.date) -> Known:
    told = {"name": name, "notice": notice, "year": notice.year}
    return stage.play(PLUGIN, "award", known | told)


def _accounts(stage: Stage, known: Known) -> list[Actor]:
    """A social worker and a supervisor of the agency, and somebody of the evaluator."""
    actors = []
    for back, (name, unit) in enumerate(
        (("provider", "agency"), ("supervisor", "agency"), ("evaluator", "judge")), 1
    ):
        person, office = int(stage.adults[-back].id), known[unit]
        seat = {"person": person, "organization": int(office.id), "post": "社工"}
        stage.act(stage.boss.name, "core:memberships", "create", seat)
        told = {"role": "unit_liaison", "unit": int(office.id), "person": person}
        actors.append(stage.account(name, office.name, **told))
    known["people"] = [stage.adults[-1], stage.adults[-2]]
    known["worker"], known["supervisor"] = known["people"]
    return actors


def _first_day() -> dt.date:
    """The first of the month that lies as many whole months back as were reported."""
    day = clock.today().replace(day=1)
    for _month in range(MONTHS):
        day = (day - dt.timedelta(days=1)).replace(day=1)
    return day


def _months(stage: Stage, known: Known) -> None:
    """Months of services, supervised, confirmed and reported; some of this month still wait."""
    day = known["first"]
    for number in range(MONTHS):
        for nth, told in enumerate(_of_month(known, number)):
            there = {"day": day + dt.timedelta(days=2 * nth + 1), "member": known["staff"][nth % 2]}
            log = stage.play(PLUGIN, "log", known | told | there)
            stage.play(PLUGIN, "confirm", stage.play(PLUGIN, "supervise", log))
        report = stage.play(PLUGIN, "report", known | {"month": f"{day:%Y-%m}"})
        if number < MONTHS - 1:
            stage.play(PLUGIN, "read", report)
        day = (day + dt.timedelta(days=31)).replace(day=1)
        stage.progress(_("服务月份"), number + 1, MONTHS)
    told = {"promise": known["visits"], "quantity": 1, "users": 1, "member": known["staff"][0]}
    for back in (3, 2, 1):
        told["day"] = clock.today() - dt.timedelta(days=back)
        log = stage.play(PLUGIN, "log", known | told)
    stage.play(PLUGIN, "supervise", log)


def _of_month(known: Known, number: int) -> Iterator[Known]:
    for name, logs, quantity, users in RENDERED:
        rests = name == "groups" and number % 3 == 2
        for _log in range(0 if rests else logs):
            yield {"promise": known[name], "quantity": quantity, "users": users}
