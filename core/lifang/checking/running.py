"""Asks every rule of a plugin: gives a report, puts right what a machine can, explains a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import lifang.checking.rules as rules
from lifang.checking.rule import RULES, TIERS, Finding, Rule
from lifang.checking.rules.exempted import excuse
from lifang.checking.source import Source
from lifang.kit.errors import Malformed, NotFound
from lifang.kit.words import _

USUAL = 3
"""The tier that must be reached where nobody says another."""


@dataclass(frozen=True)
class Report:
    """What was found, where the worst stands first; `tier` is the one that is reached, 0 for none.

    `fixed` are the files that were put right, `asked` the rules that were asked.
    """

    id: str
    version: str
    place: Path
    findings: tuple[Finding, ...]
    asked: frozenset[str]
    deep: bool = False
    fixed: tuple[str, ...] = ()

    @property
    def standing(self) -> list[Finding]:
        """What is not excused."""
        return [one for one in self.findings if one.exempt is None]

    @property
    def tier(self) -> int:
        """The highest tier all of whose rules hold, and those of the tiers before."""
        broken = min((one.rule.tier for one in self.standing), default=max(TIERS) + 1)
        return broken - 1

    def reaches(self, tier: int) -> bool:
        """Whether everything holds up to a tier."""
        return self.tier >= tier


def check(
    path: Path, *, deep: bool = False, fix: bool = False, against: Path | None = None
) -> Report:
    """Judge a plugin's source folder or wheel; raises NotFound for what is neither.

    Nothing of the plugin is imported, unless `deep`: then it is run in a process and an instance of
    its own. `fix` puts right in its folder what a machine can. `against` is a released wheel.
    """
    source = _read(path, against)
    fixed = _fix(source) if fix else ()
    if fixed:
        source = _read(path, against)
    asked = {one.id for one in RULES.values() if not one.deep}
    found = _ask(source, (one for one in RULES.values() if not one.deep))
    if deep and not any(one.rule.tier == 1 for one in found):
        from lifang.checking.apart import ask_deep

        deeper = ask_deep(source)
        asked |= {one.id for one in RULES.values() if one.deep}
        found += deeper
    told = sorted(
        excuse(source, found, asked), key=lambda one: (one.rule.tier, one.spot, one.rule.id)
    )
    version = str(source.project.get("version") or "")
    return Report(source.id, version, path, tuple(told), frozenset(asked), deep, tuple(fixed))


def _read(path: Path, against: Path | None) -> Source:
    source = Source.read(path)
    source.against = against
    return source


def _ask(source: Source, asked: Iterable[Rule]) -> list[Finding]:
    """Ask rules; where the manifest cannot be read, no other rule has anything to go by."""
    unread = RULES["LF101"](source)
    if unread and not source.project:
        return unread
    return [finding for one in asked for finding in one(source)]


def _fix(source: Source) -> list[str]:
    """Write what rules put right; gives the files."""
    if source.folder is None:
        raise Malformed(_("wheel 不能就地修改；请在源码文件夹里修改"))
    done: list[str] = []
    for one in RULES.values():
        if one.fix is None or not one(source):
            continue
        for path, text in one.fix(source).items():
            if text != source.text(path):
                (source.folder / path).write_text(text, "utf-8")
                source.files[path] = text.encode()
                done.append(path)
    return sorted(set(done))


def explained(id: str) -> Rule:
    """A rule by its id; raises NotFound with what there is."""
    from lifang.checking import deep  # noqa: F401 – declares the deep ones

    found = RULES.get(id.strip().upper())
    if found is None:
        raise NotFound(_("没有规则「{id}」；有的是 {known}", id=id, known="、".join(sorted(RULES))))
    return found


__all__ = ["Report", "check", "explained", "rules"]
