"""Column types whose stored form never changes: ids, instants, days, partial dates, states."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import peewee as pw

from lifang.kit import clock, money
from lifang.store.database import embedded

if TYPE_CHECKING:
    InstantBase = pw.Field[dt.datetime]
    DayBase = pw.Field[dt.date]
    TextBase = pw.Field[str]
else:
    InstantBase = DayBase = TextBase = pw.Field

PARTIAL = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


class IdField(pw.AutoField):
    """A whole number that is never used twice, not even after its row is gone."""

    def ddl(self, ctx: Any) -> Any:
        """Ask SQLite for AUTOINCREMENT; other databases never reuse a sequence's value."""
        column = super().ddl(ctx)
        if embedded():
            return pw.NodeList((column, pw.SQL("AUTOINCREMENT")))
        return column


class InstantField(InstantBase):
    """A moment in UTC with microseconds; naive values are refused.

    Fixed-width text on SQLite, so that comparing text is comparing time (peewee's own field sorts
    aware times wrongly there).
    """

    field_type = "TEXT"

    def ddl_datatype(self, ctx: Any) -> Any:
        """Ask for text on SQLite, and for the type that a served database has for moments."""
        return super().ddl_datatype(ctx) if embedded() else pw.SQL("TIMESTAMPTZ")

    def db_value(self, value: Any) -> Any:
        """Write the moment as `2026-11-23T01:02:03.000004Z`."""
        if value is None or isinstance(value, str):
            return value
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone was given")
        return clock.fixed(value)

    def python_value(self, value: Any) -> Any:
        """Read the moment with its zone."""
        return read_instant(value) if isinstance(value, str) else value


def read_instant(text: str) -> dt.datetime:
    """Read the stored form of an instant."""
    return dt.datetime.fromisoformat(text)


class DayField(DayBase):
    """A calendar day, stored as its ISO date."""

    field_type = "DATE"

    def db_value(self, value: Any) -> Any:
        """Write `2026-11-23`."""
        return value.isoformat() if isinstance(value, dt.date) else value

    def python_value(self, value: Any) -> Any:
        """Read the day; raw rows give text on SQLite and a date elsewhere."""
        return dt.date.fromisoformat(value) if isinstance(value, str) else value


def day_of(instant: Any) -> Any:
    """The day of an instant in the zone of the instance, as SQL compares it with other days."""
    if embedded():
        offset = clock.local(clock.now()).utcoffset() or dt.timedelta()
        return pw.fn.DATE(instant, f"{offset.total_seconds():+.0f} seconds")
    return pw.fn.DATE(pw.fn.TIMEZONE(clock.zone().key, instant))


class PartialDateField(TextBase):
    """A date of which the day, or the day and the month, may be unknown: `1980-05` or `1980`."""

    field_type = "TEXT"

    def db_value(self, value: Any) -> Any:
        """Write the text, refusing anything that is not a year, a month or a day."""
        if value is not None and not PARTIAL.fullmatch(value):
            raise ValueError(f"not a partial date: {value!r}")
        return value


class Money(pw.BigIntegerField):
    """An amount in whole fen (an `int`); pages, files, commands and the API tell it in yuan.

    They read and write `480000.50`, a text, so that nothing is lost on the way. As the last part
    of an action's `Annotated[int, "金额", "", lf.Money]` it says the same of an input.
    """

    @staticmethod
    def text(fen: int) -> str:
        """Write an amount the way payloads carry it, for `lf.write`."""
        return money.yuan(fen)


class State(pw.CharField):
    """Where a record stands; the first state is where it starts, and only actions move it."""

    def __init__(self, label: str = "", /, **states: str) -> None:
        """Name the states and their labels in order: `submitted="已提交"`."""
        keywords: dict[str, Any] = {k: states.pop(k) for k in list(states) if k in _FIELD_KEYWORDS}
        self.states = states
        if states:
            keywords |= {"default": next(iter(states)), "choices": list(states.items())}
        super().__init__(**{"max_length": 40, "verbose_name": label, **keywords})


# peewee clones fields by calling the class with its own keywords, and migrations rebuild them so
_FIELD_KEYWORDS = frozenset(
    [
        "null",
        "index",
        "unique",
        "column_name",
        "default",
        "primary_key",
        "constraints",
        "sequence",
        "collation",
        "unindexed",
        "choices",
        "help_text",
        "verbose_name",
        "index_type",
        "max_length",
    ]
)
