"""`make bench`: runs every benchmark and writes `docs/reference/benchmarks.md`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.bench import (
    bus,
    country,
    district,
    exchange,
    fifty,
    figures,
    goals,
    growth,
    judging,
    postgres,
    subtrees,
    waking,
)
from tests.bench.rounds import Result, machine

TRIED = Path(__file__).with_name("tried.md")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"

HEAD = """# Benchmarks

Ratios from one interleaved run (`make bench`): the variants take turns in every round and the
median of the rounds' ratios counts; in brackets the least and the greatest of them. Single figures
are for orientation only. NORMAL and FULL are SQLite's: what NORMAL has committed outlives the
process, FULL also the power; a line compares within one of them. What others tell is the message
alone, ours changes a record in the same transaction. Measured on {machine}.

| id | what | ours | base | ratio | floor | target | reached |
|---|---|---|---|---|---|---|---|
"""

Run = Callable[[Path], Iterable[Result]]


def main() -> None:
    """Run what is asked for, print each line as it comes, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="ids to run, for example L1 W1 (default: all)")
    parser.add_argument("--full", action="store_true", help="also what takes long: 1,000,000 rows")
    asked = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        for ids, run in _runs(full=asked.full).items():
            if asked.only and not set(asked.only) & set(ids.split()):
                continue
            own = Path(folder) / ids.replace(" ", "-")
            own.mkdir()
            for result in run(own):
                results.append(result)
                print(row(result), flush=True)
    if not asked.only:
        lines = "".join(map(line, results))
        PAGE.write_text(HEAD.format(machine=machine()) + lines + TRIED.read_text(encoding="utf-8"))
        print(f"→ {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")


def _runs(*, full: bool) -> dict[str, Run]:
    """Every benchmark, by the goals that it measures."""
    sizes = (10_000, 100_000, 1_000_000) if full else (10_000, 100_000)
    logs = (10_000, 1_000_000, 10_000_000) if full else (10_000, 1_000_000)
    many = 1_000_000 if full else 50_000
    return {
        "E1 E2 E3 E4 E7": bus.outliving_the_process,
        "E1b E2 E3 E5": bus.outliving_the_power,
        "E6": postgres.on_postgresql,
        "E8": waking.waking,
        "E9": lambda folder: growth.growth(folder, sizes=logs),
        "E11": bus.bytes_kept,
        "V1": judging.judging,
        "L1": goals.list_of_fifty,
        "L3": lambda folder: goals.last_page(folder, sizes=sizes),
        "L4": subtrees.size_of_the_tree,
        "C1": goals.command_start,
        "C2 H1": fifty.fifty,
        "W1": goals.creates,
        "I1 I2": exchange.import_of_people,
        "I3 M1": lambda folder: exchange.another_writer(folder, rows=many),
        "I4 M1": lambda folder: [
            *country.whole_country(folder, rows=20_000, rounds=5),
            *(country.whole_country(folder, rows=country.WHOLE, rounds=1) if full else ()),
        ],
        "D1": lambda folder: figures.rolled_up(folder, rows=1_000_000),
        "P1": district.district,
        "P1b": lambda folder: district.district(folder, on="postgresql"),
        "S1": lambda folder: exchange.finding_a_name(folder, rows=many),
    }


def row(one: Result) -> str:
    """One result for a terminal."""
    if one.absent is not None:
        return f"{one.id}  {one.what}: {one.absent}"
    return (
        f"{one.id}  {one.what}: {one.ours:.2f} {one.unit} against {one.base:.2f} {one.unit}, "
        f"ratio {_ratio(one)} (floor {_bound(one.floor)}, target {_bound(one.target)}: "
        f"{one.reached})"
    )


def line(one: Result) -> str:
    """One result for the page."""
    figures = "– | – | –"
    if one.absent is None:
        figures = f"{one.ours:.2f} {one.unit} | {one.base:.2f} {one.unit} | {_ratio(one)}"
    aims = f"{_bound(one.floor)} | {_bound(one.target)} | {one.reached}"
    return f"| {one.id} | {one.what} | {figures} | {aims} |\n"


def _ratio(one: Result) -> str:
    spread = "" if one.spread is None else " ({:.2f}–{:.2f})".format(*one.spread)
    return f"{one.ratio:.2f}{spread}"


def _bound(value: float | None) -> str:
    return "–" if value is None else f"{value}"


if __name__ == "__main__":
    main()
