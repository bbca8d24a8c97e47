"""What an import did, and what is wrong with a file: told alike by every interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.kit.errors import Forbidden, NotFound
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.auditing import Change, record_denial, record_effect

CHUNK = 500
"""Rows looked up at once, and written in one transaction."""

MOST_TOLD = 1_000
"""Problems that an answer tells one by one; the rest is counted."""

MOST_KEPT = 100_000
"""Problems that are kept one by one; whoever has more of them has one mistake in every row."""

Progress = Callable[[int, int], None]


class RowError(TypedDict):
    """What is wrong with one cell; the row is numbered as a spreadsheet shows it."""

    row: int
    column: str
    message: str
    expected: str


class Imported(TypedDict):
    """What an import did, or in a dry run would do."""

    created: int
    updated: int
    unchanged: int
    failed: int
    errors: list[RowError]


class Problems:
    """What is wrong with a file: each is told up to a limit, each row is counted."""

    def __init__(self) -> None:
        """Start with a sound file."""
        self.errors: list[RowError] = []
        self.failed: set[int] = set()

    def blame(self, row: int, column: str, message: str, expected: str = "") -> None:
        """Note what is wrong with a cell."""
        self.failed.add(row)
        if len(self.errors) < MOST_KEPT:
            told = RowError(row=row, column=column, message=message, expected=expected)
            self.errors.append(told)


def permit(caller: Caller, resource: Resource[Any]) -> None:
    """Raise NotFound or Forbidden unless the caller may import such records somewhere."""
    reading.open_to(caller, resource)
    if not any("import" in verbs for verbs in resource.roles.values()):
        raise NotFound(_("没有找到"))
    if not policy.rights(caller, resource, "import"):
        denied = Forbidden(_("您没有导入「{label}」的权限", label=_(resource.label)))
        record_denial(caller, resource, "import", None, denied)
        raise denied


def expected(spec: FieldSpec) -> str:
    """What would have been right, in a few words."""
    if spec.choices:
        return _("、").join(
            _("{name}（{key}）", name=value, key=_(label)) for value, label in spec.choices
        )
    if spec.kind == "day":
        return "2026-11-23"
    if spec.max_length and not spec.help:
        return _("1 至 {n} 个字", n=spec.max_length)
    return _(spec.help) if spec.help else ""


def tell(caller: Caller, resource: Resource[Any], done: Imported, digest: str) -> None:
    """Audit and publish an import that changed something."""
    figures = {"created": done["created"], "updated": done["updated"]}
    if not any(figures.values()):
        return
    changes = [Change(name, None, str(number)) for name, number in figures.items()]
    record_effect(caller, resource, "import", None, changes=changes)
    publish(
        f"{resource.aggregate}.import_finished",
        f"{resource.aggregate}/0",
        {**figures, "file": digest},
        caller=caller,
    )
