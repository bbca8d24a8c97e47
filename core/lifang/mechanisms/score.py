"""What an organization's work is worth by a stated formula: weighted parts, a sum, and a band.

A score is for organizations and what they were asked to do. It never ranks residents (`trust.md`
§4). Fractions are exact and nothing is a float, so a score that is worked out again from what was
kept is the same to the last digit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from fractions import Fraction
from types import MappingProxyType

from lifang.kit.errors import Invalid
from lifang.kit.words import _

DEGREES = MappingProxyType({"full": 100, "most": 80, "half": 60, "none": 0})
"""What share of an item's points a degree stands for, in percent, where a formula says nothing."""


@dataclass(frozen=True)
class Item:
    """One thing that was judged: of which part, out of how many points, and why.

    `points` is what it got in a sum of parts (组合分); `degree` how far it was fulfilled where that
    is graded (程度分). It has one of the two. `proof` names the material that shows it.
    """

    part: str
    name: str
    full: int
    _: KW_ONLY
    points: int | None = None
    degree: str | None = None
    reason: str = ""
    proof: str = ""


@dataclass(frozen=True)
class Result:
    """A score: its total in units of the formula's last place, the band, and the points of parts.

    `total` 765 at one place is 76.5; `parts` are, rounded alike, percent of what each part could
    have got. `kept` is the formula and the items, to be stored and worked out by `Score.again`.
    """

    total: int
    band: str
    parts: Mapping[str, int]
    kept: str


@dataclass(frozen=True)
class Score:
    """A formula with its version: what each part weighs, and from where on a band begins.

    `weights` are percent and sum to 100. `bands` go from the best down, each with its inclusive
    lower bound in whole points; the last begins at 0. The total is rounded half up to `places`
    before its band is looked for: with one place, 89.95 is 90.0 and so in the band that begins at
    90. Raises ValueError for a formula that contradicts itself.
    """

    version: str
    weights: Mapping[str, int]
    bands: Mapping[str, int]
    degrees: Mapping[str, int] = field(default_factory=lambda: dict(DEGREES))
    places: int = 1

    item = Item

    def __post_init__(self) -> None:
        """Refuse a formula that would leave a total without a band, or weigh more than all."""
        bounds = list(self.bands.values())
        if sum(self.weights.values()) != 100 or min(self.weights.values()) <= 0:
            raise ValueError(f"weights above 0 that sum to 100: {dict(self.weights)}")
        if not bounds or bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0:
            raise ValueError(f"bands from the best down to one that begins at 0: {self.bands}")
        if any(not 0 <= share <= 100 for share in self.degrees.values()):
            raise ValueError(f"degrees are percent: {self.degrees}")

    def of(self, items: Iterable[Item]) -> Result:
        """Work the score out; Invalid where a part has no item, or an item more than its points."""
        told = tuple(items)
        shares = {part: self._share(part, told) for part in self.weights}
        if unknown := {item.part for item in told} - set(self.weights):
            raise ValueError(f"items of parts that the formula does not know: {sorted(unknown)}")
        unit = 10**self.places
        exact = sum((share * self.weights[part] for part, share in shares.items()), Fraction())
        total = half_up(exact * unit / 100)
        band = next(word for word, bound in self.bands.items() if total >= bound * unit)
        kept = {"formula": asdict(self), "items": [asdict(item) for item in told]}
        shown = {part: half_up(share * unit) for part, share in shares.items()}
        return Result(total, band, shown, json.dumps(kept, ensure_ascii=False))

    @classmethod
    def again(cls, kept: str) -> Result:
        """Work a stored score out anew, by the formula and the items that were kept with it."""
        told = json.loads(kept)
        return cls(**told["formula"]).of(Item(**item) for item in told["items"])

    def _share(self, part: str, items: tuple[Item, ...]) -> Fraction:
        """What a part got, in percent of what its items could have."""
        mine = [item for item in items if item.part == part]
        full = sum(item.full for item in mine)
        if not full:
            raise Invalid(_("「{part}」还没有打分", part=_(part)))
        return sum((self._points(item) for item in mine), Fraction()) * 100 / full

    def _points(self, item: Item) -> Fraction:
        if item.full <= 0 or (item.points is None) == (item.degree is None):
            raise Invalid(_("「{name}」须有满分，并填写得分或完成程度中的一项", name=item.name))
        if item.degree is not None:
            if item.degree not in self.degrees:
                known = _("、").join(self.degrees)
                raise Invalid(_("「{name}」的完成程度须是：{known}", name=item.name, known=known))
            return Fraction(item.full * self.degrees[item.degree], 100)
        if item.points is None or not 0 <= item.points <= item.full:
            told = {"name": item.name, "full": item.full}
            raise Invalid(_("「{name}」的得分须在 0 到 {full} 之间", **told))
        return Fraction(item.points)


def half_up(exact: Fraction) -> int:
    """The nearest whole number; what lies in the middle goes up."""
    return int((exact * 2 + 1) // 2)
