"""Values as text: what forms, commands and spreadsheets give, and what they are given back."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from lifang.kit import clock
from lifang.kit.money import grouped
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec

YES = frozenset({"true", "yes", "on", "1", "y", "是", "有"})
NO = frozenset({"false", "no", "off", "0", "n", "否", "无"})
_LOCAL = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
    r"[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
)
_WHOLE = re.compile(r"-?[0-9]{1,19}")


def read(spec: FieldSpec, written: str) -> Any:
    """Turn written text into the value a payload would carry; nonsense is left for the schema."""
    said = written.strip()
    if said == "":
        return None
    if spec.kind in {"integer", "reference"}:
        return int(said) if _WHOLE.fullmatch(said) else said
    if spec.kind == "number":
        try:
            return float(said)
        except ValueError:
            return said
    if spec.kind == "instant" and (local := _as_instant(said)) is not None:
        return local
    if spec.kind == "boolean":
        folded = said.casefold()
        return True if folded in YES else False if folded in NO else said
    if spec.kind == "community":
        return {"code": said}
    return written


def write(spec: FieldSpec, value: Any) -> str:
    """Turn a value as answers carry it into text that `read` understands."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        told = value.get("code") if spec.kind == "community" else value.get("id")
        return "" if told is None else str(told)
    if spec.kind == "instant":
        return _as_local(str(value))
    return str(value)


def _as_instant(said: str) -> str | None:
    """What people write on the clock of the instance (`2026-5-16 9:00`), with its zone."""
    parts = _LOCAL.fullmatch(said)
    if parts is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in parts.groups())
    try:
        moment = dt.datetime(year, month, day, hour, minute, second, tzinfo=clock.zone())
    except ValueError:
        return None
    return moment.isoformat()


def _as_local(told: str) -> str:
    """An instant on the clock of the instance, to the minute where that says it all."""
    moment = clock.local(dt.datetime.fromisoformat(told)).replace(tzinfo=None)
    return moment.isoformat("T", "seconds" if moment.second or moment.microsecond else "minutes")


def show(spec: FieldSpec, value: Any) -> str:
    """Turn a value into what a person reads: labels instead of words for programs."""
    if isinstance(value, dict):
        return str(value.get("name") or "—")
    if spec.kind == "money":
        return grouped(str(value)) if value is not None else ""
    if spec.kind == "instant" and value is not None:
        return _as_local(str(value)).replace("T", " ")
    if spec.choices:
        return next((_(label) for known, label in spec.choices if known == value), str(value or ""))
    return write(spec, value)
