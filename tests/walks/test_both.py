"""Two hundred generated requests, answered word for word alike by SQLite and by PostgreSQL.

The same walk is taken on both: whoever asks, whatever they ask, right and wrong. Ids are told by
the order in which they first appear, for a refused write leaves a gap on PostgreSQL only; moments
and request ids are left out.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.app.instance import create
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.testing import served, world
from tests.walks.hard_names import TYPED

REQUESTS = 200
ROLES = (
    ("boss", None, None),
    ("inner", "district_admin", world.CHENGGUAN),
    ("worker", "community_worker", world.CHENGGUAN),
    ("other", "community_worker", world.QILIHE),
    ("grid", "grid_worker", world.HOME),
)
HOMES = (world.HOME, world.NEIGHBOUR, world.FOREIGN, "620102001000", "999999999999", " ", 7)
SORTS = ("id", "-id", "name", "-name", "created_at", "sex", "status", "nothing")
PARTS = (
    "李",
    "志强",
    "lzq",
    "王小",
    "a",
    "A",
    "𠮷",
    "%",
    "_",
    "\\",
    "阿依",
    "　",
    "ng",
    "é",
    "x\0",
)
CITIZENS = ("620102198001010038", "620102198001010054", "620102198001010039", "62010219800101003x")
PHONES = ("13812345678", "+86 138-1234-5678", "1381234567", "138****5678", "")

Call = tuple[str, str, dict[str, Any]]


class Walker:
    """Draws requests from what earlier answers have told; the same seed, the same walk."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.known: dict[str, list[tuple[int, str]]] = {}
        self.cursors: list[str] = []
        self.names = list(TYPED)

    def heard(self, path: str, status: int, body: Any) -> None:
        """Remember ids with their versions, and cursors, for later requests."""
        noun = path.split("?")[0].removeprefix("/api/v1/").split("/")
        key = "/".join(noun[:2]) if noun[0] == "dual-reporting" else noun[0]
        if not isinstance(body, dict) or status >= 400:
            return
        for item in [body, *body.get("items", [])]:
            if isinstance(item, dict) and "version" in item and "id" in item:
                known = self.known.setdefault(key, [])
                known[:] = [one for one in known if one[0] != item["id"]]
                known.append((item["id"], str(item["version"])))
        if body.get("next"):
            self.cursors.append(f"{path.split('?')[0]}|{body['next']}")

    def one_of(self, noun: str) -> tuple[int, str]:
        return self.rng.choice(self.known.get(noun) or [(987654, "1")])

    def draw(self) -> Call:
        kinds: list[Callable[[], Call]] = [
            self.person, self.person, self.organization, self.report, self.report, self.change,
            self.change, self.remove, self.act, self.act, self.page, self.page, self.page,
            self.search, self.one,
            self.household, self.export, self.table, self.many, self.tree, self.again,
        ]  # fmt: skip
        return self.rng.choice(kinds)()

    def person(self) -> Call:
        told = {"name": self.rng.choice(self.names), "community": {"code": self.rng.choice(HOMES)}}
        extra: dict[str, tuple[Any, ...]] = {
            "citizen_id": CITIZENS,
            "phone": PHONES,
            "birth_date": ("1980", "1980-02", "1980-02-30", "1980-01-01", "**"),
            "sex": ("male", "女", "2", 3, None),
            "status": ("floating", "gone"),
            "nickname": ("小李",),
        }
        for name, choices in extra.items():
            if self.rng.random() < (0.08 if name == "nickname" else 0.3):
                told[name] = self.rng.choice(choices)
        return "POST", "/api/v1/people", {"json": told}

    def organization(self) -> Call:
        kind = self.rng.choice(("party", "property_company", "club"))
        told = {"name": self.rng.choice(self.names) + "服务队", "kind": kind}
        told |= {"community": {"code": self.rng.choice(HOMES[:4])}, "no_uscc_reason": "没有登记"}
        return "POST", "/api/v1/organizations", {"json": told}

    def household(self) -> Call:
        told = {"number": f"{self.rng.randint(1, 3)}-101", "community": {"code": HOMES[0]}}
        if self.rng.random() < 0.6:
            told = {"household": self.one_of("households")[0], "person": self.one_of("people")[0]}
            told["relation"] = self.rng.choice(("head", "child", "?"))
            return "POST", "/api/v1/household-members", {"json": told}
        return "POST", "/api/v1/households", {"json": told}

    def report(self) -> Call:
        told = {"person": self.one_of("people")[0], "community": {"code": self.rng.choice(HOMES)}}
        if self.rng.random() < 0.3:
            told["organization"] = self.one_of("organizations")[0]
        return "POST", "/api/v1/dual-reporting/reports", {"json": told}

    def change(self) -> Call:
        noun = self.rng.choice(("people", "people", "organizations", "communities"))
        number, version = self.one_of(noun)
        told = {"name": self.rng.choice(self.names)}
        if noun == "people" and self.rng.random() < 0.5:
            told = {"phone": self.rng.choice(PHONES), "citizen_id": self.rng.choice(CITIZENS)}
        seen = self.rng.choice((f'"{version}"', f'"{version}"', '"99"', None, None))
        headers = {"If-Match": seen} if seen else {}
        return "PATCH", f"/api/v1/{noun}/{number}", {"json": told, "headers": headers}

    def remove(self) -> Call:
        noun = self.rng.choice(("people", "households", "dual-reporting/reports"))
        number, version = self.one_of(noun)
        return "DELETE", f"/api/v1/{noun}/{number}", {"headers": {"If-Match": f'"{version}"'}}

    def act(self) -> Call:
        noun, action, told = self.rng.choice(
            (
                ("dual-reporting/reports", "accept", {}),
                ("dual-reporting/reports", "accept", {}),
                ("dual-reporting/reports", "end", {"reason": "调离"}),
                ("dual-reporting/reports", "end", {}),
                ("people", "move", {"community": {"code": HOMES[1]}, "date": "2026-02-01"}),
                ("people", "move", {"community": {"code": HOMES[2]}, "date": "2029-02-30"}),
                ("people", "merge", {"into": self.one_of("people")[0]}),
                ("people", "fly", {}),
            )
        )
        return "POST", f"/api/v1/{noun}/{self.one_of(noun)[0]}/actions/{action}", {"json": told}

    def page(self) -> Call:
        nouns = ("people", "people", "organizations", "communities", "affiliations", "households")
        noun = self.rng.choice((*nouns, "dual-reporting/reports", "household-members"))
        if self.cursors and self.rng.random() < 0.2:
            path, cursor = self.rng.choice(self.cursors).split("|")
            return "GET", f"{path}?limit=3&cursor={cursor}", {}
        asked = {"limit": self.rng.choice(("2", "3", "50", "0", "x"))}
        filters: dict[str, tuple[str, ...]] = {
            "sort": SORTS,
            "q": PARTS,
            "within": (*map(str, HOMES), world.CITY, world.CHENGGUAN),
            "tree": ("then", "now", "ever"),
            "sex": ("male", "unknown", "x"),
            "created_at__gte": ("2020-01-01T00:00:00+08:00", "2090-01-01", "now"),
            "id__lte": ("5", "999999999999999999", "-1", "a"),
            "parent__isnull": ("true", "no"),
            "name__not": ("李强",),
            "community": (world.HOME, "1", "x"),
            "unassigned": ("true", "false"),
            "state": ("submitted", "accepted"),
            "count": ("true",),
            "primary": ("true", "false"),
        }
        for name, choices in filters.items():
            if self.rng.random() < 0.18:
                asked[name] = self.rng.choice(choices)
        return "GET", f"/api/v1/{noun}", {"query_string": asked}

    def search(self) -> Call:
        told = self.rng.choice(({"phone": PHONES[0]}, {"citizen_id": CITIZENS[0]}, {"phone": "1"}))
        return "POST", "/api/v1/people/search", {"json": told}

    def one(self) -> Call:
        noun = self.rng.choice(("people", "organizations", "dual-reporting/reports", "households"))
        what = self.rng.choice(("", "", "/history"))
        return "GET", f"/api/v1/{noun}/{self.one_of(noun)[0]}{what}", {}

    def export(self) -> Call:
        noun = self.rng.choice(("people", "organizations", "communities", "affiliations"))
        asked = {"format": self.rng.choice(("csv", "json")), "sort": self.rng.choice(SORTS[:4])}
        return "GET", f"/api/v1/{noun}/export", {"query_string": asked}

    def table(self) -> Call:
        rows = ["姓名,社区,电话,公民身份号码"]
        for _row in range(self.rng.randint(1, 5)):
            cells = (self.rng.choice(self.names), self.rng.choice(HOMES[:4]))
            rows.append(",".join((*cells, self.rng.choice(PHONES), self.rng.choice(CITIZENS))))
        asked = {"dry_run": self.rng.choice(("true", "false")), "skip_invalid": "true"}
        body = "\n".join(rows).encode()
        return "POST", "/api/v1/people/import", {
            "query_string": asked, "data": body, "content_type": "text/csv"
        }  # fmt: skip

    def many(self) -> Call:
        told: dict[str, Any] = {"filter": {"state": "submitted"}, "input": {}}
        told["dry_run"] = self.rng.random() < 0.5
        return "POST", "/api/v1/dual-reporting/reports/actions/accept", {"json": told}

    def tree(self) -> Call:
        number = self.one_of("communities")[0]
        action, told = self.rng.choice(
            (
                (
                    "rename",
                    {"name": "新名社区", "date": "2026-03-01", "basis": "兰政发〔2026〕1号"},
                ),
                ("recode", {"code": "620102001077", "date": "2026-03-01", "basis": "兰政发2号"}),
                ("close", {"date": "2026-04-01", "basis": "兰政发3号"}),
                ("merge", {"into": {"code": world.HOME}, "date": "2026-05-01", "basis": "4号"}),
            )
        )
        return "POST", f"/api/v1/communities/{number}/actions/{action}", {"json": told}

    def again(self) -> Call:
        told = {"name": "两遍", "community": {"code": self.rng.choice(HOMES[:3])}}
        key = {"Idempotency-Key": f"k{self.rng.randint(1, 3)}"}
        return "POST", "/api/v1/people", {"json": told, "headers": key}


class Names:
    """What an answer calls things, told so that two databases may number them differently."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[Any, str]] = {}

    def number(self, of: str, number: Any) -> str:
        known = self.seen.setdefault(of, {})
        return known.setdefault(number, f"#{len(known) + 1}")

    def plain(self, told: Any, of: str = "") -> Any:
        """An answer without what may differ."""
        if isinstance(told, dict):
            return {key: self._member(key, value, of) for key, value in told.items()}
        if isinstance(told, list):
            return [self.plain(one, of) for one in told]
        return self._text(told) if isinstance(told, str) else told

    def _member(self, key: str, value: Any, of: str) -> Any:
        if key == "request_id":
            return None
        if key in ("id", "job") and isinstance(value, int):
            return self.number("job" if key == "job" else of, value)
        if key == "next" and isinstance(value, str):
            told = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
            return [self._text(str(one)) if isinstance(one, str) else "#" for one in told]
        return self.plain(value, of if key in ("items", "errors") else key)

    def _text(self, told: str) -> str:
        told = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(Z|[+-]\d\d:\d\d)", "<moment>", told)
        told = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "<moment>", told)
        return re.sub(r"(编号 |#|合并到 )\d+", r"\1N", told)


def take(instance: Instance, seed: int) -> list[Any]:
    """Walk, and give what was asked and answered."""
    boss = world.boss(instance)
    world.plant(instance)
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    clients: dict[str, FlaskClient] = {}
    app = create_app(instance)
    for name, role, at in ROLES:
        account, _password = accounts.create_account(boss, name, role=role, at=at)
        if role is None:
            for every in ("district_admin", "platform_administrator"):
                accounts.grant(boss, name, role=every, at=world.CITY if every[0] == "d" else None)
        with instance.database.transaction():
            type(account).update(must_change=False).execute()
            secret = sign_in.open_token(account, days=1)
        clients[name] = app.test_client()
        clients[name].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    walker, names, told = Walker(seed), Names(), []
    for _step in range(REQUESTS):
        who = walker.rng.choice(["boss", "boss", *clients])  # who sees all finds most
        method, path, options = walker.draw()
        answer = clients[who].open(path, method=method, **options)
        body = answer.get_json(silent=True)
        walker.heard(path, answer.status_code, body)
        shown = names.plain(body, path.split("/")[3]) if body is not None else faceless(answer)
        headers = {key: answer.headers.get(key) for key in ("ETag", "Content-Type", "Retry-After")}
        asked = re.sub(r"/\d+", "/N", path.split("cursor=")[0])
        told.append((who, method, asked, answer.status_code, headers, shown))
    return told


def faceless(answer: Any) -> list[str]:
    """Rows of an exported table; the first column is the record's number."""
    text = Names()._text(answer.get_data(as_text=True))
    return [re.sub(r"^\d+,", "N,", line) for line in text.splitlines()]


@pytest.mark.timeout(400)
def test_both_databases_give_the_same_answers(tmp_path: Path) -> None:
    statuses: set[int] = set()
    for seed in (20261125, 2, 3):
        answers: list[list[Any]] = []
        server, name = served.server(), f"both_{seed}"
        for engine, url in (("sqlite", None), ("served", server.create(name, served.TEMPLATE))):
            home = tmp_path / f"{engine}-{seed}"
            instance = create(home, environ={"LIFANG_DATABASE": url} if url else {})
            try:
                with instance.database.connection():
                    answers.append(take(instance, seed))
            finally:
                instance.close()
        server.drop(name)
        statuses |= {step[3] for step in answers[0]}
        for number, (one, other) in enumerate(zip(*answers, strict=True)):
            assert one == other, f"walk {seed}, request {number}: {one[:3]}"
    assert {200, 201, 400, 403, 404, 409, 412, 422, 428} <= statuses, statuses
    assert not statuses & {500, 503}
