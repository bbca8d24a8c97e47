"""Open contracting data is what the standard asks for, to the fen, and names nobody."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.services.exchange import export
from lifang.services.query import Query
from lifang_agency_contracts.models import (
    Contract,
    Evaluation,
    Indicator,
    Payment,
    Procurement,
    Programme,
    Supplement,
)
from lifang_agency_contracts.models.buying import METHODS
from lifang_agency_contracts.ocds import money
from lifang_agency_contracts.policies import split
from lifang_agency_contracts.resources.contract import contracts

SCHEMA = Path(
    os.environ.get("LIFANG_OCDS_SCHEMA")
    or Path(__file__).parents[4] / "shared" / "data" / "ocds-1.1.5-schema.zip"
)
STAGES = [state for state, _label in Contract.state.choices]
"""Every state a contract can be in."""


def packed(deal: Any) -> dict[str, Any]:
    """The purchaser's contracts as they leave by the list's export."""
    pieces = export(deal.purchaser, contracts, Query(), form="ocds")
    told: dict[str, Any] = json.loads(b"".join(pieces))
    return told


def tags(told: dict[str, Any]) -> list[str]:
    return [release["tag"][0] for release in told["releases"]]


def test_a_contract_tells_of_every_stage_it_has_come_to(deal: Any, clock: Any) -> None:
    made = deal.procured()
    assert tags(packed(deal)) == ["planning", "tender", "award"]
    deal.promise(made, "探访", 600)
    clock.move_to(deal.at("2026-03-20"))
    member = deal.staff(made, "孙丽华")
    made = deal.begin(deal.sign(made, "2026-03-20"))
    told = packed(deal)
    assert tags(told) == ["planning", "tender", "award", "contract", "implementation"]
    contract = told["releases"][3]["contracts"][0]
    assert contract["value"] == {"amount": 480000, "currency": "CNY"}
    assert contract["dateSigned"] == "2026-03-20T00:00:00+08:00"
    assert told["releases"][0]["ocid"].startswith("ocds-000000-")
    assert {one["roles"][0] for one in told["releases"][4]["parties"]} == {"buyer", "supplier"}
    with pytest.raises(lf.Forbidden):
        list(export(deal.provider, contracts, Query(), form="ocds"))
    assert member.person.name not in json.dumps(told, ensure_ascii=False)


def test_ten_thousand_amounts_are_the_same_fen_when_they_are_read_again() -> None:
    dice = random.Random(7)
    for _n in range(10_000):
        fen = dice.randint(0, 10 ** dice.randint(1, 13))
        assert Decimal(json.dumps(money(fen)["amount"])) * 100 == fen


@pytest.fixture
def two_hundred(deal: Any) -> list[Contract]:
    """Contracts in every state, with random prices, methods, supplements, payments and scores."""
    deal.programme()  # a purchaser writes by the gateway; two hundred of these would take minutes
    with deal.instance.database.transaction():
        return [_one(deal, random.Random(number), number) for number in range(200)]


def _one(deal: Any, dice: random.Random, number: int) -> Contract:
    state = STAGES[number % len(STAGES)]
    step = STAGES.index(state)
    place = lf.Community.get(lf.Community.code == "620102001000")
    price, day = dice.randint(1, 10**10), dt.date(2026, 1, dice.randint(1, 28))
    programme = Programme.create(
        name=f"项目{number}", community=place, budget_year=2026, amount=price, demand="探访",
        consulted_on=dice.choice([None, day]), state="approved",
    )  # fmt: skip
    told: dict[str, Any] = {
        "name": f"合同{number}", "community": place, "programme": programme,
        "purchaser": deal.office, "state": state,
    }  # fmt: skip
    if step >= 1:
        told["provider"] = dice.choice([deal.agency, deal.judge])
        told["procurement"] = Procurement.create(
            programme=programme, method=dice.choice(list(METHODS)), object="public_service",
            bid_deadline=dice.choice([None, deal.at("2026-01-01")]), winner=told["provider"],
            award=price, award_notice_on=day, announced_on=day, state="awarded",
            award_url=dice.choice([None, "https://example.cn/award"]),
            notice_url="https://example.cn/notice",
        )  # fmt: skip
        told |= {"amount": price, "award_notice_on": day}
    if step >= 2:
        told |= {"signed_on": day, "starts_on": day, "ends_on": dt.date(2026, 12, 31)}
        told["published_url"] = dice.choice([None, "https://example.cn/contract"])
    made = Contract.create(**told)
    if step >= 2:
        for n, amount in enumerate(split(price, [50, 30, 20]), 1):
            paid = {"state": "paid", "paid_on": day} if dice.random() < 0.5 else {}
            Payment.create(contract=made, number=n, amount=amount, **paid)
        if dice.random() < 0.3 and price >= 10:
            Supplement.create(
                contract=made, amount=price // 10, reason="新增", agreed_on=day, state="agreed"
            )
        Indicator.create(
            contract=made, kind="other", name="探访", measure="次", target=dice.randint(1, 900)
        )
    if step >= STAGES.index("mid_evaluated") and dice.random() < 0.7:
        Evaluation.create(
            contract=made, stage="mid", evaluator=deal.judge, total=dice.randint(0, 1000),
            grade="fair", state="concluded",
        )  # fmt: skip
    return made


@pytest.mark.skipif(
    not SCHEMA.exists(), reason=f"the standard's schema is not there: {SCHEMA.name}"
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_standards_own_checks_find_no_error_in_two_hundred_contracts_of_every_stage(
    deal: Any, two_hundred: list[Contract]
) -> None:
    # AGPL: asked by this test alone, and never part of what is handed out
    checks = pytest.importorskip("libcoveocds.api", reason="libcoveocds is not installed")
    from libcoveocds.config import LibCoveOCDSConfig

    told = packed(deal)
    assert len({release["ocid"] for release in told["releases"]}) == 200
    config = LibCoveOCDSConfig({"context": "api", "standard_zip": SCHEMA.resolve().as_uri()})
    found = checks.ocds_json_output(json_data=told, lib_cove_ocds_config=config, record_pkg=False)
    assert found["version_used"] == "1.1"
    assert found["validation_errors"] == []
    assert found["additional_closed_codelist_values"] == {}
    assert found["additional_fields"] == []
    assert found["additional_open_codelist_values"] == {}
    assert found["deprecated_fields"] == []
    assert not found["additional_checks"]
    assert {tag for release in told["releases"] for tag in release["tag"]} == {
        "planning", "tender", "award", "contract", "contractAmendment", "implementation",
        "contractTermination",
    }  # fmt: skip
    wrong = {**told, "releases": [{**told["releases"][0], "tag": ["planned"], "ocid": 7}]}
    found = checks.ocds_json_output(json_data=wrong, lib_cove_ocds_config=config, record_pkg=False)
    assert len(found["validation_errors"]) == 1
    assert list(found["additional_closed_codelist_values"]) == ["releases/tag"]
