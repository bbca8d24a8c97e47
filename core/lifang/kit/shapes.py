"""Dataclasses filled from what calls things the same."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def shaped(kind: type[T], like: Any, **more: Any) -> T:
    """A dataclass with what a row or an event calls the same, and `more` for the rest."""
    known: Any = kind
    same = {one.name: getattr(like, one.name) for one in fields(known) if one.name not in more}
    return kind(**same, **more)
