"""References in files: by number, by a community's code, or by a name that only one record has."""

from __future__ import annotations

from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import text
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.services.query import find_community
from lifang.services.references import missing, settle

REMEMBERED = 50_000


class Pointers:
    """Finds what cells point at, each distinct cell once."""

    def __init__(self, caller: Caller) -> None:
        """Know nothing yet."""
        self._caller = caller
        self._found: dict[tuple[str, str], int | Invalid] = {}

    def find(self, spec: FieldSpec, cell: str) -> int:
        """The id of the record a cell points at; raises Invalid when the caller sees none such."""
        key = spec.name, cell.strip()
        if key not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            try:
                self._found[key] = self._look(spec, key[1])
            except Invalid as invalid:
                self._found[key] = invalid
        found = self._found[key]
        if isinstance(found, Invalid):
            raise found
        return found

    def _look(self, spec: FieldSpec, said: str) -> int:
        if spec.kind == "community":
            place = find_community(self._caller, said, anywhere=spec.anywhere)
            return int(place.id) if place is not None else self._named(spec, said)
        if said.isascii() and said.isdigit() and len(said) < 19:
            settled = settle(self._caller, [spec], {spec.name: int(said)})
            return int(settled[spec.name].id)
        return self._named(spec, said)

    def _named(self, spec: FieldSpec, said: str) -> int:
        assert spec.target is not None  # noqa: S101 – only references are looked for
        resource = self._caller.instance.registry.of(spec.target)
        allowed = (
            True if resource.open or spec.anywhere else policy.readable(self._caller, resource)
        )
        if allowed is False or not resource.title:
            raise Invalid(missing(spec))
        model: Any = spec.target
        try:
            name = text.clean_name(said)
        except text.Refused:
            raise Invalid(missing(spec)) from None
        told = (getattr(model, resource.title) == name) & model.removed_at.is_null()
        if model is Community:
            told &= Community.valid_to.is_null()
        if allowed is not True:
            told &= allowed
        ids = [row[0] for row in model.select(model.id).where(told).limit(2).tuples()]
        if not ids:
            raise Invalid(missing(spec))
        if len(ids) > 1:
            raise Invalid(_("不止一个「{name}」；请填写编号", name=name))
        return int(ids[0])
