"""P1: what a district of 20,000 reports costs each page of dual reporting, against one of 200.

The tree, the community somebody works in, their unit and its people are the same in both; what lies
around them is a hundred times as much.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from lifang.access.callers import caller_for
from lifang.app.http import create_app
from lifang.entities.account import Account
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.mechanisms import figures
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.period import Period
from lifang.services.instance import Instance
from lifang.testing import visitors, world
from lifang.testing.served import chosen
from tests.bench.filling import build
from tests.bench.rounds import Result, cpu_of, interleaved, wall_of

asking = logging.getLogger("peewee")

SIZES = {"district": 20_000, "small": 200}
"""Reports; with 300 units and 60, enough that their lists fill a page in both."""
YEAR = clock.today().year
NOUNS = (
    "reports", "unit-reports", "suspensions", "posts", "post-claims", "service-entries",
    "service-ratings", "service-cards", "unit-activities", "unit-tasks", "annual-reviews",
    "unit-reviews", "feedbacks", "reminders",
)  # fmt: skip
MEASURED = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
NEXT = "?cursor"
"""Stands for the second page of a list."""
FORMS = ("reports", "unit-reports", "posts", "service-entries", "unit-activities", "unit-tasks")
SHEETS = ("register", "registrations", f"services?period={YEAR}", f"units?period={YEAR}",
          f"reviews?period={YEAR}")  # fmt: skip


def pages(known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Who asks for which page: the worker of a community and of the district, a unit, a person."""
    at = "/p/dual-reporting"
    for who in ("community", "district", "unit"):
        yield who, "/"
        yield who, at
        for noun in NOUNS:
            if who == "unit" and noun in ("suspensions", "posts", "service-ratings",
                                          "service-cards"):  # fmt: skip
                continue
            yield who, f"{at}/{noun}"
            yield who, f"{at}/{noun}{NEXT}"
            yield who, f"{at}/{noun}/{known[noun]}"
            if noun in ("reports", "service-entries", "annual-reviews"):
                state = {"reports": "active", "service-entries": "confirmed"}.get(noun, "serving")
                yield who, f"{at}/{noun}?state={state}&sort=-id"
        for name in SHEETS if who != "district" else ():
            asked = f"unit={known['unit']}" if who == "unit" else f"within={world.HOME}"
            yield who, f"/sheets/dual_reporting.{name}{'&' if '?' in name else '?'}{asked}"
    for noun in FORMS:
        yield "community", f"{at}/{noun}/new"
    yield "community", f"/indicators/table/dual_reporting?within={world.HOME}&period={YEAR}"
    yield "community", f"{at}/reports/{known['reports']}/edit"
    yield "district", f"/indicators/table/dual_reporting?within={world.CHENGGUAN}&period={YEAR}"
    yield "person", "/me"
    yield "person", at
    for noun in ("reports", "posts", "service-entries"):
        yield "person", f"{at}/{noun}"


def serve(home: Path, size: str) -> None:
    """Build a district, and answer each line with the statements of a page and its seconds.

    They are CPU where the database is in this process, else what a clock on the wall says.
    """
    took = wall_of if chosen() else cpu_of
    for instance in world.new_instance(home):
        started = time.perf_counter()
        known = build(instance, SIZES[size])
        print(json.dumps({**known, "took": time.perf_counter() - started}), flush=True)
        holders = {
            "community": visitors.account(instance, "community_worker", at=world.HOME),
            "district": visitors.account(instance, "community_worker", at=world.CHENGGUAN),
            "unit": visitors.account(
                instance, "unit_liaison", unit=Organization.get_by_id(known["unit"])
            ),
            "person": visitors.account(
                instance, "resident", person=Person.get_by_id(known["people"])
            ),
        }
        app = create_app(instance)
        clients = {name: app.test_client() for name in holders}
        for name, one in holders.items():
            clients[name].set_cookie("lifang", visitors.session(instance, one), path="/")
        for line in sys.stdin:
            who, path, times = json.loads(line)
            told: Any = None
            if who == "year":
                told = _of_the_year(instance, holders["district"])
            else:
                work = partial(_ask, clients[who], _next(clients[who], path))
                told = len(_statements(work)), took(work, times)
            print(json.dumps(told), flush=True)


def _ask(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status, answer.text)


def _next(client: FlaskClient, path: str) -> str:
    """The address of a page; of the one after the first of a list, as that says where it is."""
    if not path.endswith(NEXT):
        return path
    first = path.removesuffix(NEXT)
    found = re.search(r'href="[^"]*[?&](?:amp;)?(cursor=[^"&]+)', client.get(first).text)
    return f"{first}?{found[1]}" if found else first


def _of_the_year(instance: Instance, holder: Account) -> dict[str, tuple[float, int]]:
    """The year's table of every indicator by subdistrict: seconds, and statements over records."""
    who = caller_for(instance, Account.get_by_id(holder.id), source="web")
    now = time.perf_counter if chosen() else time.process_time
    found = {}
    for one in figures.indicators(who):
        if one.name.startswith("dual_reporting."):
            scope = Scope(world.CHENGGUAN, Period.read(str(YEAR)), ["subdistrict"])
            started = now()
            asked = _statements(partial(figures.table, who, one, scope))
            over = [sql for sql in asked if '"dual_reporting_' in sql]
            found[one.name] = (now() - started) / 2, len(over)
    return found


def _statements(work: Any) -> list[str]:
    """What something asks of the database, once it has been asked before."""
    told: list[str] = []
    work()
    asked = Asked(told)
    asking.addHandler(asked)
    asking.setLevel(logging.DEBUG)
    try:
        work()
    finally:
        asking.setLevel(logging.INFO)
        asking.removeHandler(asked)
    return told


class Asked(logging.Handler):
    """Notes every statement that peewee sends."""

    def __init__(self, told: list[str]) -> None:
        """Note them in a list."""
        super().__init__()
        self.told = told

    def emit(self, record: logging.LogRecord) -> None:
        """Note one."""
        self.told.append(record.getMessage())


@contextmanager
def served(home: Path, size: str, on: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """A process that has built a district; gives what it knows, and a function that asks it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.district", str(home), size],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TEST_ON": on},
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None

        def ask(who: str, path: str = "", times: int = 3) -> Any:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps([who, path, times]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield json.loads(process.stdout.readline()), ask
        process.stdin.close()


def district(folder: Path, *, on: str = "sqlite") -> Iterator[Result]:
    """P1: of the pages of each role the one in the middle and the dearest, and all above 1.5."""
    found: dict[str, list[Result]] = {}
    for one in every_page(folder, on=on):
        found.setdefault(one.what.partition(":")[0], []).append(one)
    for who, results in found.items():
        results.sort(key=lambda one: one.ratio)
        middle, *dear = results[len(results) // 2], *results[-1:]
        above = [one for one in results[:-1] if one.reached == "below"]
        note = f"{who}, the middle one of {len(results)}"
        if who != "year":
            yield replace(middle, what=f"{note}: {middle.what.partition(': ')[2]}")
        yield from above
        yield from dear


def every_page(folder: Path, *, on: str, rounds: int = 5) -> Iterator[Result]:
    """Every page of the plugin in both sizes, with what differs in statements; then the year."""
    with ExitStack() as stack:
        both = {size: stack.enter_context(served(folder / size, size, on)) for size in SIZES}
        asks = {size: ask for size, (_known, ask) in both.items()}
        paths = {size: list(pages(known)) for size, (known, _ask) in both.items()}
        for number, (who, path) in enumerate(paths["small"]):
            told: dict[str, int] = {}

            def go(size: str, number: int = number, told: dict[str, int] = told) -> float:
                told[size], cpu = asks[size](*paths[size][number])
                return float(cpu)

            took = interleaved({size: partial(go, size) for size in both}, rounds=rounds)
            what = f"{who}: `{path}`, 20,000 reports ÷ 200, {MEASURED[on]}"
            if more := told["district"] - told["small"]:
                what += f"; {more:+} statements"
            yield took.shorter("P1", what, base="small", ours="district", floor=1.5, target=1.2)
        years = {size: ask("year") for size, ask in asks.items()}
        for name, (seconds, statements) in years["district"].items():
            what = f"year: `{name}` by subdistrict, {MEASURED[on]}; statements: {statements}"
            small = years["small"][name][0]
            yield Result("P1", what, seconds * 1e6, small * 1e6, "µs", seconds / small, None, None,
                         "lower")  # fmt: skip


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
