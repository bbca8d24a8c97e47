"""The scene of purchased services: a contract that runs, and one that is to be signed soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from lifang.builtin.people import memberships, organizations
from lifang.entities.organization import Organization
from lifang.kit import clock
from lifang.kit.words import _
from lifang.sample.stage import Actor, Scene, Stage
from lifang.services.gateway import write

PLUGIN = "agency_contracts"
MONTHS = 7
"""How many months the running contract has been served and reported."""

PROMISED = (
    ("case", "个案", "个", 24, 2, 1, 90),
    ("group", "小组", "节", 8, 1, 1, 90),
    ("activity", "社区活动", "场", 40, 3, 1, 120),
    ("home_visit", "独居老人探访", "次", 600, 5, 9, 240),
)
"""Kind, name, unit, the target of a year; logs a month, how many each counts for, its minutes."""


def buy(stage: Stage) -> list[Actor]:
    """Act the scene; gives the accounts of the provider and the evaluator."""
    scene = Scene(stage, PLUGIN)
    office, agency, judge = (
        _organization(stage, name, kind)
        for name, kind in (
            (f"示例{stage.street.name}办事处", "government"),
            ("示例同心社会工作服务中心", "social_organization"),
            ("示例明衡社会组织评估中心", "social_organization"),
        )
    )
    actors = _accounts(stage, agency, judge)
    first = _first_day()
    with stage.instance.database.transaction():
        running = _awarded(scene, office, agency, "为老社会工作服务", first - dt.timedelta(days=40))
        _sign(scene, running, first)
        _awarded(scene, office, agency, "未成年人关爱服务", clock.today() - dt.timedelta(days=29))
        workers = _workers(scene, running, agency, first)
        promised = _indicators(scene, running)
        _begin(scene, running, first)
        _case(scene, running, workers)
    with stage.instance.database.transaction():
        _logs(scene, promised, workers, first)
        _reports(scene, running, first)
        _payments(scene, running)
        _evaluation(scene, running, judge)
    return actors


def _organization(stage: Stage, name: str, kind: str) -> Organization:
    told = {"name": name, "kind": kind, "no_uscc_reason": "示例", "community": int(stage.home.id)}
    made: Organization = write(organizations, "create", stage.who(stage.boss.name), told)
    return made


def _accounts(stage: Stage, agency: Organization, judge: Organization) -> list[Actor]:
    """A social worker and a supervisor of the agency, and somebody of the evaluator."""
    actors = []
    for name, unit, person in (
        ("provider", agency, stage.adults[-1]),
        ("supervisor", agency, stage.adults[-2]),
        ("evaluator", judge, stage.adults[-3]),
    ):
        seat = {"person": int(person.id), "organization": int(unit.id), "post": "社工"}
        write(memberships, "create", stage.who(stage.boss.name), seat)
        told = {"role": "unit_liaison", "unit": int(unit.id), "person": int(person.id)}
        actors.append(stage.account(name, unit.name, **told))
    return actors


def _first_day() -> dt.date:
    """The first of the month that lies as many whole months back as were reported."""
    day = clock.today().replace(day=1)
    for _month in range(MONTHS):
        day = (day - dt.timedelta(days=1)).replace(day=1)
    return day


def _awarded(
    scene: Scene, office: Organization, agency: Organization, name: str, notice: dt.date
) -> Any:
    """A programme that was approved, its procurement, and the contract that follows from it."""
    place = int(scene.stage.street.id)
    programme = scene.make(
        "street", "programmes", name=name, community=place, budget_year=notice.year,
        amount="528000.00", catalogue_code="B0401", demand="个案、小组、社区活动和探访",
        users_consulted="居民议事会，27 人参加", consulted_on=_ago(notice, 40),
    )  # fmt: skip
    scene.act("district", "programmes", "approve", {"basis": "示例批复第 3 号"}, programme)
    closing = dt.datetime.combine(notice - dt.timedelta(days=7), dt.time(9), dt.UTC)
    sought = scene.make(
        "street", "procurements", programme=int(programme.id), method="consultation",
        object="public_service", bid_deadline=closing.isoformat(),
    )  # fmt: skip
    url = {"notice_url": "https://notice.example/procurement"}
    scene.act("street", "procurements", "announce", url, sought)
    told = {"winner": int(agency.id), "amount": "480000.00", "notice_on": notice.isoformat()}
    scene.act("street", "procurements", "award", told, sought)
    made = scene.make(
        "street", "contracts", name=f"{scene.stage.street.name}{name}", community=place,
        programme=int(programme.id), purchaser=int(office.id), provider_grade="4A",
    )  # fmt: skip
    scene.act("street", "contracts", "procure", {"procurement": int(sought.id)}, made)
    return made


def _sign(scene: Scene, contract: Any, first: dt.date) -> None:
    """Sign twenty days after the notice, for a year."""
    scene.act("provider", "contracts", "agree", one=contract)
    last = first.replace(year=first.year + 1) - dt.timedelta(days=1)
    told = {"amount": "480000.00", "signed_on": _ago(first, 20), "starts_on": first.isoformat()}
    scene.act("street", "contracts", "sign", {**told, "ends_on": last.isoformat()}, contract)


def _begin(scene: Scene, contract: Any, first: dt.date) -> None:
    published = {"url": "https://notice.example/contract", "date": _ago(first, 19)}
    scene.act("street", "contracts", "publish", published, contract)
    scene.act("street", "contracts", "file", {"date": _ago(first, 17)}, contract)
    scene.act("street", "contracts", "start", one=contract)


def _workers(scene: Scene, contract: Any, agency: Organization, first: dt.date) -> list[Any]:
    told = {"contract": int(contract.id), "education": "本科", "since": first.isoformat()}
    told["valid_to"] = (clock.today() + dt.timedelta(days=400)).isoformat()
    return [
        scene.make(
            "provider", "staff_members", person=int(person.id),
            certificate=f"示例社会工作师第 {number} 号", **told,
        )
        for number, person in enumerate(scene.stage.adults[-1:-3:-1], 1)
    ]  # fmt: skip


def _indicators(scene: Scene, contract: Any) -> list[Any]:
    return [
        scene.make(
            "street", "indicators", contract=int(contract.id), kind=kind, name=name,
            measure=measure, target=target, evidence="服务记录和签到表",
        )
        for kind, name, measure, target, *_rest in PROMISED
    ]  # fmt: skip


def _logs(scene: Scene, promised: list[Any], workers: list[Any], first: dt.date) -> None:
    """Months of services that were supervised and confirmed, and three that still wait."""
    days = list(_months(first))
    for number, month in enumerate(days):
        for nth, (which, quantity, minutes) in enumerate(_of_month(number)):
            told = {"quantity": quantity, "users": max(quantity, (1, 8, 25, 1)[which])}
            told["minutes"] = minutes
            day, worker = month + dt.timedelta(days=2 * nth + 1), workers[nth % 2]
            log = _log(scene, promised[which], worker, day, **told)
            scene.act("supervisor", "service_logs", "supervise", one=log)
            scene.act("worker", "service_logs", "confirm", one=log)
        scene.stage.progress(_("服务月份"), number + 1, len(days))
    for back in (3, 2, 1):
        day = clock.today() - dt.timedelta(days=back)
        waits = _log(scene, promised[3], workers[0], day, minutes=60, users=1)
    scene.act("supervisor", "service_logs", "supervise", one=waits)


def _of_month(number: int) -> Iterator[tuple[int, int, int]]:
    """What is rendered in a month: which promise, how much of it, and its minutes."""
    for which, (kind, *_said, logs, quantity, minutes) in enumerate(PROMISED):
        rests = kind == "group" and number % 3 == 2
        for _log_of in range(0 if rests else logs):
            yield which, quantity, minutes


def _log(scene: Scene, promise: Any, worker: Any, day: dt.date, **told: Any) -> Any:
    start = dt.datetime.combine(day, dt.time(1, 30), dt.UTC)
    return scene.make(
        "provider", "service_logs", contract=int(promise.contract_id), indicator=int(promise.id),
        community=int(scene.stage.home.id), staff_member=int(worker.id),
        start=start.isoformat(), content=promise.name, evidence="签到表", **told,
    )  # fmt: skip


def _months(first: dt.date) -> Iterator[dt.date]:
    day = first
    while day < clock.today().replace(day=1):
        yield day
        day = (day + dt.timedelta(days=31)).replace(day=1)


def _reports(scene: Scene, contract: Any, first: dt.date) -> None:
    """Every whole month was reported; the last is still to be read."""
    for month in _months(first):
        report = scene.make(
            "provider", "monthly_reports", contract=int(contract.id), month=f"{month:%Y-%m}",
            users="独居老人、困难家庭和社区居民", services="个案、小组、社区活动和探访",
            effect="服务对象满意度良好", workers="2 名社工在岗",
        )  # fmt: skip
        scene.act("provider", "monthly_reports", "submit", one=report)
    for one in list(type(report).select().order_by(type(report).id))[:-1]:
        scene.act("street", "monthly_reports", "accept", one=one)


def _payments(scene: Scene, contract: Any) -> None:
    """The first part is paid, the second is asked for."""
    resource = scene.stage.instance.registry.find(PLUGIN, "payments")
    assert resource is not None  # noqa: S101 – the plugin is on
    model: Any = resource.model
    parts = list(model.select().where(model.contract == contract).order_by(model.number))
    for part in parts[:2]:
        scene.act("provider", "payments", "apply", one=part)
    scene.act("street", "payments", "approve", one=parts[0])
    paid = {"voucher": "示例凭证 0012", "date": clock.today().isoformat()}
    scene.act("district", "payments", "pay", paid, parts[0])


def _evaluation(scene: Scene, contract: Any, judge: Organization) -> None:
    """Half-time: a third party has begun to judge."""
    told = {"contract": int(contract.id), "stage": "mid", "evaluator": int(judge.id)}
    begun = scene.make("street", "evaluations", **told)
    for dimension, name in (("relevance", "需求评估"), ("efficiency", "服务量完成情况")):
        scene.make(
            "evaluator", "score_items", evaluation=int(begun.id), dimension=dimension, name=name,
            full=100, points=88, proof="服务档案", reason="抽查 20 份，资料齐全",
        )  # fmt: skip


def _case(scene: Scene, contract: Any, workers: list[Any]) -> None:
    """One case, which only its worker and their supervisor read."""
    case = scene.make(
        "provider", "case_files", contract=int(contract.id), called="案主A", client="示例案主",
        sex="female", born=1948, situation="独居，子女在外地，买药和就医不便", plan="每周探访一次",
        worker=int(workers[0].person_id), supervisor=int(workers[1].person_id),
    )  # fmt: skip
    told = {"case": int(case.id), "day": _ago(clock.today(), 5), "text": "陪同复诊，联系家属。"}
    scene.make("provider", "case_notes", **told)


def _ago(day: dt.date, days: int) -> str:
    return (day - dt.timedelta(days=days)).isoformat()
