"""Values as text: what forms, commands and spreadsheets give, and what they are given back."""

from __future__ import annotations

import re
from typing import Any

from lifang.kit.words import _
from lifang.resources.fields import FieldSpec

YES = frozenset({"true", "yes", "on", "1", "y", "是", "有"})
NO = frozenset({"false", "no", "off", "0", "n", "否", "无"})
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
    return str(value)


def show(spec: FieldSpec, value: Any) -> str:
    """Turn a value into what a person reads: labels instead of words for programs."""
    if isinstance(value, dict):
        return str(value.get("name") or "—")
    if spec.choices:
        return next((_(label) for known, label in spec.choices if known == value), str(value or ""))
    return write(spec, value)
