"""References: whatever a payload points at must be readable, or nobody learns whether it exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit.errors import FieldError, Invalid
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.services.query import find_community
from lifang.services.standpoint import in_reach


def settle(
    caller: Caller,
    specs: Iterable[FieldSpec],
    values: Mapping[str, Any],
    *,
    hold: str = "keep",
) -> dict[str, Any]:
    """Replace references by their records, each checked under its own resource's rules.

    They are held against being changed, or with `hold="change"` against being held by others too:
    who is going to touch them asks for that at once, or two who did so would wait for one another.
    Raises Invalid on the field, word for word the same for missing and out of reach.
    """
    settled = dict(values)
    problems: list[FieldError] = []
    for spec in specs:
        value = settled.get(spec.name)
        if value is None or spec.target is None:
            continue
        record = _find(caller, spec, value, hold)
        if record is None:
            problems.append(FieldError(spec.name, "unknown_reference", missing(spec)))
        else:
            settled[spec.name] = record
    if problems:
        raise Invalid(problems[0].message, errors=problems)
    return settled


def missing(spec: FieldSpec) -> str:
    """The one sentence for a reference that leads nowhere the caller may look."""
    return _("「{label}」不存在，或您看不到它", label=_(spec.label))


def _find(caller: Caller, spec: FieldSpec, value: Any, hold: str) -> Any:
    database = caller.instance.database
    if isinstance(value, Mapping):
        found = find_community(caller, str(value["code"]), anywhere=spec.anywhere)
        if found is None or not database.holds:
            return found
        value = found.id
    assert spec.target is not None  # noqa: S101 – settle looks at references only
    resource = caller.instance.registry.of(spec.target)
    hold = "keep" if spec.target is Community else hold
    if resource.open or spec.anywhere:
        record: Any = database.standing(spec.target, value, hold=hold)
    else:
        record = in_reach(caller, resource, value, hold=hold)
    closed = isinstance(record, Community) and record.valid_to is not None
    return None if closed else record
