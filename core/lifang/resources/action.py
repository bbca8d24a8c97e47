"""Verbs: what can be done to a record, in which states, and what people must say for it."""

from __future__ import annotations

import datetime as dt
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import peewee as pw

from lifang.entities.community import Community
from lifang.events.event import ANY
from lifang.resources.fields import FieldSpec, read_field
from lifang.store.fields import Money
from lifang.store.record import Record

F = TypeVar("F", bound=Callable[..., Any])

_LABELS = {"reason": "原因", "date": "日期", "community": "社区", "note": "说明",
           "basis": "依据文件"}  # fmt: skip


class Lines(str):
    """A text of several lines, as the input of an action."""


_KINDS = {str: "text", Lines: "paragraph", int: "integer", float: "number", bool: "boolean",
          dt.date: "day", dt.datetime: "instant"}  # fmt: skip

PASSING = "passing"
"""Last in an input's `Annotated[…]`: the function is given it, and neither audit nor event is.

A field of a model there says that the input has its choices, or may point as it does.
"""


@dataclass(frozen=True)
class Section:
    """One table of a preview: its heading, what its columns are called, and its rows in words."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Preview:
    """What an action would do, told before it is done, and every reason why it would be refused.

    All of it is in the reader's language and shows nothing that the caller cannot read.
    """

    sections: tuple[Section, ...] = ()
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """A declared verb: its label, the moves it makes, and the author's function.

    `event` ends the event's name; it is the target state where the action moves one. `preview`
    tells what would happen; an action that has one is confirmed after it was shown. `when` looks at
    a record as it is shown and says whether a page offers the action; `among` says by the filters
    of a list which of its records need it. They refuse nothing; `not_by` does. What `waits` is
    work to be done: records in the states it starts from are told of on the front page.
    """

    name: str
    label: str
    moves: Mapping[str, str]
    event: str
    run: Callable[..., Any]
    preview: Callable[..., Preview] | None = None
    when: Callable[[Mapping[str, Any]], bool] | None = None
    among: Mapping[str, Any] | None = None
    not_by: tuple[str, ...] = ()
    waits: bool = True

    @cached_property
    def fields(self) -> tuple[FieldSpec, ...]:
        """The typed input people give, read off the function's keyword-only parameters."""
        hints = typing.get_type_hints(self.run, include_extras=True)
        return tuple(
            _read_input(name, hints[name], parameter)
            for name, parameter in inspect.signature(self.run).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        )

    @property
    def doc(self) -> str:
        """The author's first docstring line."""
        return (self.run.__doc__ or self.label).strip().splitlines()[0]

    def target(self, state: str | None) -> str | None:
        """Where the action leads from a state, or None where it cannot run."""
        if not self.moves:
            return state
        found = self.moves.get(state or "") or self.moves.get(ANY)
        return None if found == state else found

    def offered(self, state: str | None) -> bool:
        """Whether the action can run on a record in this state."""
        return not self.moves or self.target(state) is not None


def action(  # noqa: PLR0913 – a declaration says many things, each by name
    label: str,
    *,
    moves: Mapping[str, str] | None = None,
    event: str | None = None,
    preview: Callable[..., Preview] | None = None,
    when: Callable[[Mapping[str, Any]], bool] | None = None,
    among: Mapping[str, Any] | None = None,
    not_by: str | tuple[str, ...] = (),
    waits: bool = True,
) -> Callable[[F], F]:
    """Declare a verb over a function `(record, caller, *, typed input)`.

    It may change the record's fields; the gateway saves it, moves its state, audits it and
    publishes the event with what the function returns. `event` names the event where no state is
    moved, as a past participle. `preview` takes what the action takes and tells what it would do;
    whatever it tries is undone. `when` keeps pages from offering it on a record (as it is shown)
    that it means nothing to; `among`, filters as a list takes them, keeps it from the records of a
    list that do not need it. `not_by` separates duties: a reference to a person or an account, also
    over others (`shift.organiser`), or `owner`, bars whoever stands there, and a verb (an action,
    `create`, `update`) whoever did it last, with every account of the same person; several as a
    tuple. `waits=False` is for what nobody is expected to do, such as leaving, or what happens by
    itself: the front page counts no record as waiting for it. Raises TypeError when no event is
    named or the two take different input.
    """

    def declare(run: F) -> F:
        targets = set((moves or {}).values())
        named = event or (targets.pop() if len(targets) == 1 else None)
        if named is None:
            raise TypeError(f"{run.__name__}: name its event, or move to exactly one state")
        if preview and list(inspect.signature(preview).parameters) != list(
            inspect.signature(run).parameters
        ):
            raise TypeError(f"{run.__name__}: its preview must take the same input")
        told = (run.__name__, label, dict(moves or {}), named)
        apart = (not_by,) if isinstance(not_by, str) else tuple(not_by)
        run.__dict__["action"] = Action(*told, run, preview, when, among, apart, waits)
        return run

    return declare


def action_of(run: Callable[..., Any]) -> Action:
    """Find what `action` declared; raises TypeError for a function that was never declared."""
    found = run.__dict__.get("action")
    if not isinstance(found, Action):
        raise TypeError(f"{run.__name__} is not declared with @lf.action(...)")
    return found


def _read_input(name: str, hint: Any, parameter: inspect.Parameter) -> FieldSpec:
    label, help = _LABELS.get(name, name), None
    stored = next((one for one in typing.get_args(hint) if isinstance(one, pw.Field)), None)
    like = stored and read_field(stored, locked=False, check=None)
    choices, anywhere = (like.choices, like.anywhere) if like else ((), False)
    passing, money = (
        any(one is word for one in typing.get_args(hint)) for word in (PASSING, Money)
    )
    if typing.get_origin(hint) is typing.Annotated:
        hint, label, help = (*typing.get_args(hint), None)[:3]
    required = parameter.default is inspect.Parameter.empty
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    target = hint if isinstance(hint, type) and issubclass(hint, Record) else None
    if target is None and hint not in _KINDS:
        raise TypeError(f"input {name}: {hint!r} cannot be asked of a person")
    kind = "community" if target is Community else "reference" if target else _KINDS[hint]
    kind = "money" if money else "choice" if choices else kind
    return FieldSpec(
        name=name, label=label, kind=kind, required=required, null=not required, target=target,
        help=help, passing=passing, choices=choices, anywhere=anywhere,
    )  # fmt: skip
