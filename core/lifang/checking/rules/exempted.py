"""Exemptions: each for one rule, with a reason and an end; what is left over is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lifang.checking.rule import RULES, Finding, Hits, hit, rule
from lifang.checking.source import Source
from lifang.kit import clock

LONGEST = 400
"""Days into the future that an exemption may reach: then somebody looks again."""


@dataclass(frozen=True)
class Exemption:
    """What a plugin asks to be spared: a rule, why, until when, and perhaps in which file only."""

    rule: str
    reason: str
    until: dt.date | None
    file: str | None = None

    def spares(self, finding: Finding, today: dt.date) -> bool:
        """Whether a finding is excused today."""
        here = self.file in (None, finding.spot.path) and self.rule == finding.rule.id
        latest = today + dt.timedelta(days=LONGEST)
        return (
            here and bool(self.reason) and self.until is not None and today <= self.until <= latest
        )


def exemptions(source: Source) -> list[Exemption]:
    """What the plugin's own `pyproject.toml` says."""
    told: Any = source.manifest if source.project else {}
    for part in ("tool", "lifang", "check"):
        told = told.get(part, {}) if isinstance(told, dict) else {}
    listed = told.get("exempt", []) if isinstance(told, dict) else []
    return [_read(one) for one in listed if isinstance(one, dict)]


def _read(told: dict[str, Any]) -> Exemption:
    try:
        until: dt.date | None = dt.date.fromisoformat(str(told.get("until")))
    except ValueError:
        until = None
    said = {key: str(told[key]).strip() for key in ("rule", "reason", "file") if told.get(key)}
    return Exemption(said.get("rule", ""), said.get("reason", ""), until, said.get("file"))


@rule("LF001", tier=2)
def exemptions_have_reason_and_end(source: Source) -> Hits:
    """An exemption names a rule there is, says why, and ends within a year."""
    latest = clock.today() + dt.timedelta(days=LONGEST)
    for one in exemptions(source):
        known = one.rule in RULES and not one.rule.startswith("LF00")
        if not known or not one.reason or one.until is None or one.until > latest:
            yield hit(source.manifest_spot(one.rule or "exempt"), rule=one.rule or "—")


@rule("LF002", tier=2)
def exemptions_have_not_ended(source: Source) -> Hits:
    """No exemption is past its end."""
    for one in exemptions(source):
        if one.until is not None and one.until < clock.today():
            yield hit(source.manifest_spot(one.rule), rule=one.rule, until=one.until)


@rule("LF003", tier=2)
def exemptions_are_needed(source: Source) -> Hits:
    """Every exemption excuses something; answered when everything else was."""
    yield from ()


def excuse(source: Source, findings: Sequence[Finding], asked: set[str]) -> list[Finding]:
    """Mark what is excused, and tell which exemptions of rules that were asked excuse nothing."""
    today = clock.today()
    told: list[Finding] = []
    used: set[Exemption] = set()
    known = exemptions(source)
    for finding in findings:
        found = next((one for one in known if one.spares(finding, today)), None)
        if found is not None:
            used.add(found)
        told.append(finding if found is None else replace(finding, exempt=found.reason))
    for one in known:
        idle = one not in used and one.rule in asked
        if idle and one.reason and one.until is not None and one.until >= today:
            spot = source.manifest_spot(one.rule)
            told.append(Finding(RULES["LF003"], hit(spot, rule=one.rule)))
    return told
