"""A subdistrict that buys social work from an agency, and everybody who takes part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

import lifang as lf
from lifang.events.publish import publish
from lifang.lifecycle.dated import Decree, configure
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_agency_contracts.models import Contract, Evaluation, Indicator, Procurement
from lifang_agency_contracts.resources.buying import procurements, programmes
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.resources.evaluation import evaluations, score_items
from lifang_agency_contracts.resources.money import payments
from lifang_agency_contracts.resources.service import indicators, service_logs, staff_members
from lifang_agency_contracts.services import buying, contract, evaluation, money, service

SHANGHAI = ZoneInfo("Asia/Shanghai")
STREET = "620102001000"
PRICE = 48_000_000
"""480,000.00 yuan in fen."""


def at(day: str, hour: int = 9) -> dt.datetime:
    """A moment of a day in Lanzhou."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), SHANGHAI)


@dataclass
class Deal:
    """Everybody who takes part in a contract, and the contract's way step by step."""

    instance: Any
    events: Events
    clock: Clock
    purchaser: lf.Caller
    bureau: lf.Caller
    finance: lf.Caller
    provider: lf.Caller
    supervisor: lf.Caller
    evaluator: lf.Caller
    worker: lf.Caller
    office: lf.Organization
    agency: lf.Organization
    judge: lf.Organization
    price: int = PRICE
    at: Callable[..., dt.datetime] = staticmethod(at)

    def programme(self, name: str = "为老服务", **told: Any) -> Any:
        data = {
            "name": name, "community": {"code": STREET}, "budget_year": 2026,
            "amount": "528000.00", "catalogue_code": "B0401", "demand": "个案、小组和探访",
            "users_consulted": "居民议事会，27 人参加", "consulted_on": "2026-01-20", **told,
        }  # fmt: skip
        made = lf.write(programmes, "create", self.purchaser, data)
        return lf.act(buying.approve, made, self.bureau, basis="区财〔2026〕3 号")

    def award(self, programme: Any, *, notice: str = "2026-03-02", **told: Any) -> Procurement:
        data = {
            "programme": programme.id, "method": "consultation", "object": "public_service",
            "bid_deadline": (at(notice) - dt.timedelta(days=7)).isoformat(), **told,
        }  # fmt: skip
        made = lf.write(procurements, "create", self.purchaser, data)
        lf.act(buying.announce, made, self.purchaser, notice_url="https://example.cn/n/1")
        return lf.act(
            buying.award, made, self.purchaser,
            winner=self.agency, amount="480000.00", notice_on=dt.date.fromisoformat(notice),
        )  # fmt: skip

    def planned(self, programme: Any, name: str = "酒泉路为老服务") -> Contract:
        told = {
            "name": name, "community": {"code": STREET}, "programme": programme.id,
            "purchaser": self.office.id,
        }  # fmt: skip
        return lf.write(contracts, "create", self.purchaser, told)

    def procured(self, *, notice: str = "2026-03-02", name: str = "为老服务") -> Contract:
        programme = self.programme(name)
        made = self.planned(programme)
        procurement = self.award(programme, notice=notice)
        return lf.act(contract.procure, made, self.purchaser, procurement=procurement)

    def sign(self, made: Contract, day: str, **told: Any) -> Contract:
        if self.read(made).agreed_on is None:
            lf.act(contract.agree, made, self.provider)
        given: dict[str, Any] = {
            "amount": "480000.00", "starts_on": dt.date(2026, 1, 1),
            "ends_on": dt.date(2026, 12, 31), "signed_on": dt.date.fromisoformat(day), **told,
        }  # fmt: skip
        return lf.act(contract.sign, made, self.purchaser, **given)

    def promise(self, made: Contract, name: str, target: int, kind: str = "other") -> Indicator:
        told = {"contract": made.id, "name": name, "target": target, "kind": kind, "measure": "次"}
        return lf.write(indicators, "create", self.purchaser, told)

    def begin(self, made: Contract) -> Contract:
        today = lf.today()
        lf.act(contract.publish, made, self.purchaser, url="https://example.cn/c/1", date=today)
        lf.act(contract.file, made, self.purchaser, date=today)
        return lf.act(contract.start, made, self.purchaser)

    def running(self) -> Contract:
        """A contract of 480,000 yuan for 2026, running since its signature on 2026-03-20."""
        made = self.procured()
        self.clock.move_to(at("2026-03-20"))
        return self.begin(self.sign(made, "2026-03-20"))

    def seated(self, name: str, organization: lf.Organization) -> lf.Person:
        """Somebody who works for an organization."""
        person = world.person(self.instance, name)
        seat = {"person": person.id, "organization": organization.id, "role": "职员"}
        memberships = self.instance.registry.of(lf.Membership)
        lf.write(memberships, "create", world.boss(self.instance), seat)
        return person

    def staff(self, made: Contract, name: str = "孙丽华", **told: Any) -> Any:
        person = self.seated(name, self.agency)
        data = {"contract": made.id, "person": person.id, "since": "2026-01-01", **told}
        return lf.write(staff_members, "create", self.provider, data)

    def log(self, promised: Indicator, start: dt.datetime, **told: Any) -> Any:
        data = {
            "contract": promised.contract_id, "indicator": promised.id, "minutes": 60,
            "community": {"code": world.HOME}, "start": start.isoformat(), "content": "上门探访",
            "evidence": "签到表 12", **told,
        }  # fmt: skip
        return lf.write(service_logs, "create", self.provider, data)

    def done(self, promised: Indicator, start: dt.datetime, **told: Any) -> Any:
        made = lf.act(service.supervise, self.log(promised, start, **told), self.supervisor)
        return lf.act(service.confirm, made, self.worker)

    def judged(self, made: Contract, points: int, stage: str = "final") -> Evaluation:
        """An evaluation of a contract that got so many of 1,000 points in every dimension."""
        told = {"contract": made.id, "stage": stage, "evaluator": self.judge.id}
        found = lf.write(evaluations, "create", self.purchaser, told)
        self.score(found, points)
        return self.signed(found)

    def score(self, found: Evaluation, points: int) -> None:
        for dimension in evaluation.DIMENSIONS:
            told = {
                "evaluation": found.id, "dimension": dimension, "name": "总体", "full": 1000,
                "points": points, "proof": "服务档案", "reason": "抽查 20 份",
            }  # fmt: skip
            lf.write(score_items, "create", self.evaluator, told)

    def signed(self, found: Evaluation) -> Evaluation:
        lf.act(evaluation.submit, found, self.evaluator, summary="见报告")
        lf.act(evaluation.countersign, found, self.purchaser)
        lf.act(evaluation.conclude, found, self.bureau)
        self.events.deliver()
        return lf.get(evaluations, self.purchaser, found.id)

    def told_elsewhere(self, type: str, subject: int, **data: Any) -> lf.Event:
        """Another plugin, which is not installed here, tells of something in the community."""
        boss, aggregate = world.boss(self.instance), f"{type.rpartition('.')[0]}/{subject}"
        home = lf.Community.get(lf.Community.code == world.HOME)
        with self.instance.database.transaction():
            publish(type, aggregate, data, caller=boss, communities=[home.id])
        self.events.deliver()
        return self.events.published(type)[-1]

    def decree(self, **values: str) -> None:
        """The district sets local rules, from the beginning of the year on."""
        by = Decree("区办〔2026〕1 号", at=world.CHENGGUAN, since=dt.date(2026, 1, 1))
        configure(world.boss(self.instance), "agency_contracts", values, by)

    def pay(self, made: Contract, *numbers: int) -> None:
        """Let some parts of a contract be asked for, approved and paid."""
        for part in lf.each(payments, self.purchaser, contract=made.id, number=list(numbers)):
            lf.act(money.apply, part, self.provider)
            lf.act(money.approve, part, self.purchaser)
            lf.act(money.pay, part, self.finance, voucher=f"记-{part.number}", date=lf.today())

    def read(self, made: Contract) -> Contract:
        return lf.get(contracts, self.purchaser, made.id)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """It is the second of March 2026, nine in the morning, until a test says otherwise."""
    with time_machine.travel(at("2026-03-02"), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def deal(clock: Clock, instance: Any, caller: Callable[..., lf.Caller], events: Events) -> Deal:
    """The subdistrict, its agency, a third party, and the plugin switched on in the district."""
    world.enable(instance, "agency_contracts", at=world.CHENGGUAN)
    office, agency, judge = (
        world.organization(instance, name, kind=kind, no_uscc_reason="示例")
        for name, kind in (
            ("酒泉路街道办事处", "government"),
            ("示例社工服务中心", "social_organization"),
            ("示例评估中心", "social_organization"),
        )
    )
    purchaser = caller("subdistrict_admin", at=STREET)
    provider = caller("unit_liaison", unit=agency)
    return Deal(
        instance, events, clock,
        purchaser=purchaser,
        finance=replace(purchaser, name="财务"),
        bureau=caller("district_admin", at=world.CHENGGUAN),
        provider=provider,
        supervisor=replace(provider, name="督导"),
        evaluator=caller("unit_liaison", unit=judge),
        worker=caller("community_worker", at=world.HOME),
        office=office, agency=agency, judge=judge,
    )  # fmt: skip
