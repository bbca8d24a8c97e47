"""Communities coming in as a table: judged whole, then written in one transaction or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import KINDS, Community
from lifang.events.publish import publish
from lifang.kit.errors import Busy, FieldError, Forbidden, Invalid, LifangError, NotFound
from lifang.kit.words import _
from lifang.resources import schema, written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import reading, sheets
from lifang.services.auditing import Change, record_denial, record_effect
from lifang.services.gateway import write

NEEDED = ("code", "name", "kind", "parent_code")
PARENT = "parent_code"
ORDER = list(KINDS)
MOST_TOLD = 1_000
"""Problems that are told one by one; the rest is counted."""

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


@dataclass
class Row:
    """One row: what it says, the node it is about if there is one, and what is wrong with it."""

    number: int
    told: dict[str, Any]
    parent: str | None
    standing: Community | None = None
    changed: bool = False

    @property
    def code(self) -> str:
        """The node's code."""
        return str(self.told["code"])


def import_communities(
    caller: Caller,
    source: Path | BinaryIO,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    most: int | None = None,
) -> Imported:
    """Plant or change communities as a CSV file tells them, its rows in any order.

    The whole file is judged first; nothing is written while anything is wrong with it, nor in a dry
    run. Rows are recognised by their code, so the same file again changes nothing. `most` limits
    how many rows are taken. Raises NotFound and Forbidden as every write does.
    """
    resource = _permitted(caller)
    sheet = sheets.read(source)
    if most is not None and len(sheet.rows) > most:
        raise Invalid(_("超过 {most} 行；请用命令行导入", most=most))
    plan = Plan(caller, resource, sheet)
    if dry_run or plan.errors:
        return plan.outcome(done=dry_run)
    try:
        with caller.instance.database.transaction():
            plan.carry_out(progress or _quietly)
            _tell(caller, resource, plan, sheet.digest)
    except _Refused as refused:
        plan.blame(refused.row.number, refused.column, refused.cause.sentence, "")
        if isinstance(refused.cause, Forbidden | NotFound):
            record_denial(caller, resource, "import", None, refused.cause)
    return plan.outcome(done=True)
