"""Purchaser, provider and bureau meet over HTTP and on pages, in yuan and in their own words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community

API, PAGES = "/api/v1/agency-contracts", "/p/agency-contracts"


class Doors:
    """Clients of one role each: with a token for the API, or signed in for pages."""

    def __init__(self, instance: Any) -> None:
        self.instance, self.app = instance, create_app(instance)

    def _account(self, role: str, told: dict[str, Any]) -> Account:
        place = told.get("at") and Community.get(Community.code == told["at"])
        made: Account = Account.create(name=f"{role}-{told}"[:60], must_change=False)
        Grant.create(account=made, role=role, community=place, organization=told.get("unit"))
        return made

    def api(self, role: str, **told: Any) -> FlaskClient:
        with self.instance.database.transaction():
            secret = sign_in.open_token(self._account(role, told), days=1)
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    def page(self, role: str, **told: Any) -> FlaskClient:
        with self.instance.database.transaction():
            secret = sign_in.open_session(self._account(role, {"page": 1, **told}))
        client = self.app.test_client()
        client.set_cookie("lifang", secret, path="/")
        return client


@pytest.fixture
def doors(deal: Any) -> Doors:
    return Doors(deal.instance)


def act(client: FlaskClient, noun: str, id: int, verb: str, **told: Any) -> Any:
    return client.post(f"{API}/{noun}/{id}/actions/{verb}", json=told)


def test_a_contract_is_signed_over_the_api_in_yuan_and_leaves_as_open_data(
    deal: Any, doors: Doors
) -> None:
    made = deal.procured()
    purchaser = doors.api("subdistrict_admin", at="620102001000")
    provider = doors.api("unit_liaison", unit=deal.agency)
    told = {
        "amount": "480000.01", "starts_on": "2026-03-02", "ends_on": "2027-03-01",
        "signed_on": "2026-03-02",
    }  # fmt: skip
    early = act(purchaser, "contracts", made.id, "sign", **told)
    assert (early.status_code, early.json["detail"]) == (409, "承接主体还没有确认，不能签订")
    assert act(purchaser, "contracts", made.id, "agree").status_code == 403
    assert act(provider, "contracts", made.id, "agree").status_code == 200
    wrong = act(purchaser, "contracts", made.id, "sign", **told)
    assert "480000.00 元，不是 480000.01 元" in wrong.json["detail"]
    signed = act(purchaser, "contracts", made.id, "sign", **told | {"amount": "480,000"})
    assert (signed.status_code, signed.json["amount"]) == (200, "480000.00")
    listed = provider.get(f"{API}/payments").json["items"]
    assert [one["amount"] for one in listed] == ["240000.00", "144000.00", "96000.00"]
    packed = json.loads(purchaser.get(f"{API}/contracts/export?format=ocds").data)
    assert [one["tag"] for one in packed["releases"]][-1] == ["contract"]
    assert provider.get(f"{API}/contracts/export?format=ocds").status_code == 403
    assert provider.get(f"{API}/programmes").status_code == 404


def test_every_noun_has_its_pages_and_every_offered_action_its_form(
    deal: Any, doors: Doors, clock: Any
) -> None:
    made = deal.procured()
    visits = deal.promise(made, "探访", 600)
    clock.move_to(deal.at("2026-03-20"))
    made = deal.begin(deal.sign(made, "2026-03-20"))
    deal.done(visits, deal.at("2026-03-18"))
    purchaser = doors.page("subdistrict_admin", at="620102001000")
    provider = doors.page("unit_liaison", unit=deal.agency)
    for client, nouns in (
        (purchaser, ("programmes", "procurements", "contracts", "payments", "indicators")),
        (provider, ("contracts", "payments", "indicators", "service-logs")),
    ):
        for noun in nouns:
            page = client.get(f"{PAGES}/{noun}")
            assert page.status_code == 200, (noun, page.status)
            assert client.get(f"{PAGES}/{noun}/1").status_code == 200, noun
    shown = purchaser.get(f"{PAGES}/contracts/{made.id}").text
    assert "480,000.00" in shown and "示例社工服务中心" in shown
    offered = {part.split('"')[0] for part in shown.split(f"/contracts/{made.id}/actions/")[1:]}
    assert "terminate" in offered
    for verb in offered:
        form = purchaser.get(f"{PAGES}/contracts/{made.id}/actions/{verb}")
        assert form.status_code == 200, verb
