"""A rule: what it asks of a plugin, from which tier on, why, and how right and wrong look."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lifang.kit.words import _

if TYPE_CHECKING:
    from lifang.checking.source import Source

TIERS = {1: "loads", 2: "safe", 3: "complete", 4: "exemplary"}
SEVERITIES = ("error", "warning")


@dataclass(frozen=True, order=True)
class Spot:
    """A place in a plugin: its file below the plugin's folder, line and column from 1."""

    path: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Hit:
    """Where a rule is broken, and the values of its sentence."""

    spot: Spot
    values: Mapping[str, Any] = field(default_factory=dict)


def hit(spot: Spot, **values: Any) -> Hit:
    """Say where a rule is broken: `hit(spot, name="os.fork")`."""
    return Hit(spot, {name: str(value) for name, value in values.items()})


Hits = Iterator[Hit]
Ask = Callable[["Source"], Hits]
Fix = Callable[["Source"], Mapping[str, str]]
"""Gives the files that a machine can put right, each with its whole new text."""


@dataclass(frozen=True)
class Rule:
    """One rule. `says` is told of a finding, `why` and the examples to whoever asks for more."""

    id: str
    tier: int
    severity: str
    says: str
    why: str
    bad: str
    good: str
    deep: bool
    ask: Callable[[Any], Hits]
    fix: Fix | None = None

    @property
    def name(self) -> str:
        """The rule as a word for programs: `no-side-effect-at-import`."""
        return self.ask.__name__.replace("_", "-")

    def __call__(self, subject: Any) -> list[Finding]:
        """Ask a plugin's source, or of a deep rule a running plugin."""
        return [Finding(self, one) for one in self.ask(subject)]


@dataclass(frozen=True)
class Finding:
    """A rule that is broken somewhere; `exempt` is the reason why it may be."""

    rule: Rule
    hit: Hit
    exempt: str | None = None

    @property
    def spot(self) -> Spot:
        """Where."""
        return self.hit.spot

    @property
    def sentence(self) -> str:
        """What is wrong and what would be right, in the reader's language."""
        return _(self.rule.says, **self.hit.values)

    def __repr__(self) -> str:
        """Name it for tests."""
        return f"{self.spot.path}:{self.spot.line}: {self.rule.id} {self.sentence}"


TEXTS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("rules.toml").read_text("utf-8")
)
RULES: dict[str, Rule] = {}
"""Every rule by its id, deep ones among them once their modules are imported."""

A = TypeVar("A", bound=Callable[[Any], Hits])


def rule(
    id: str, *, tier: int, severity: str = "error", deep: bool = False, fix: Fix | None = None
) -> Callable[[A], A]:
    """Declare a rule over a function that yields where it is broken; an id is never used twice.

    What it says and why stands in `rules.toml`.
    """

    def declare(ask: A) -> A:
        if id in RULES or tier not in TIERS or severity not in SEVERITIES:
            raise ValueError(f"{id} is declared twice or wrongly")
        RULES[id] = Rule(id, tier, severity, **TEXTS[id], deep=deep, ask=ask, fix=fix)
        return ask

    return declare
