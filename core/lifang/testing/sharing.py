"""What every application makes anew is made once in a process: tests make hundreds of them.

A page's templates take 0.1 s to compile, the builders of all addresses 0.1 s; neither depends on
the instance that is served.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

BUILDER = "_compile_builder"  # werkzeug's own name: where it is another one day, nothing is shared


class Compiled(BytecodeCache):
    """Templates by their file and what is written in it."""

    def __init__(self) -> None:
        """Know none yet."""
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of the same text."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._codes[bucket.key, bucket.checksum] = bucket.code


@cache
def share() -> None:
    """Share them from now on, as long as this process lives."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
    make: Callable[..., Any] | None = getattr(Rule, BUILDER, None)
    if make is None:
        return
    made: dict[Any, Any] = {}

    def shared(rule: Rule, append_unknown: bool = True) -> Any:  # noqa: FBT001, FBT002 – theirs
        key = (tuple(rule._trace), append_unknown, repr(rule.defaults))
        if key not in made:
            made[key] = make(rule, append_unknown)
        return made[key]

    setattr(Rule, BUILDER, shared)
