"""`make bench`: runs every benchmark and writes `docs/reference/benchmarks.md`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench import country, exchange, goals, subtrees
from tests.bench.rounds import Result, machine

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"

HEAD = """# Benchmarks

Ratios from one interleaved run (`make bench`): the variants take turns in every round and the
median of the rounds' ratios counts. Single figures are for orientation only. Measured on {machine}.

| id | what | ours | base | ratio | floor | target | reached |
|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Run what is asked for, print each line as it comes, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="ids to run, for example L1 W1 (default: all)")
    parser.add_argument("--full", action="store_true", help="also 1,000,000 rows")
    asked = parser.parse_args()
    sizes = (10_000, 100_000, 1_000_000) if asked.full else (10_000, 100_000)
    many = 1_000_000 if asked.full else 50_000
    runs = {
        "L1": goals.list_of_fifty,
        "L3": lambda folder: goals.last_page(folder, sizes=sizes),
        "L4": subtrees.size_of_the_tree,
        "C1": goals.command_start,
        "W1": goals.creates,
        "I1": exchange.import_of_people,
        "I3": lambda folder: exchange.another_writer(folder, rows=many),
        "I4": lambda folder: country.whole_country(
            folder, rows=country.WHOLE if asked.full else 20_000, rounds=1 if asked.full else 5
        ),
        "S1": lambda folder: exchange.finding_a_name(folder, rows=many),
    }
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, run in runs.items():
            if asked.only and name not in asked.only:
                continue
            for result in run(Path(folder)):
                results.append(result)
                print(row(result), flush=True)
    if not asked.only:
        PAGE.write_text(HEAD.format(machine=machine()) + "".join(map(line, results)))
        print(f"→ {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")


def row(one: Result) -> str:
    """One result for a terminal."""
    return (
        f"{one.id}  {one.what}: {one.ours:.2f} {one.unit} against {one.base:.2f} {one.unit}, "
        f"ratio {one.ratio:.2f} (floor {one.floor}, target {one.target}: {one.reached})"
    )


def line(one: Result) -> str:
    """One result for the page."""
    return (
        f"| {one.id} | {one.what} | {one.ours:.2f} {one.unit} | {one.base:.2f} {one.unit} | "
        f"{one.ratio:.2f} | {one.floor} | {one.target} | {one.reached} |\n"
    )


if __name__ == "__main__":
    main()
