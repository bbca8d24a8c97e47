"""Long work shows how far it is, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

Progress = Callable[[int, int], None]


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Give a function `(done, of)` that draws a bar on stderr; silent where nobody watches."""
    with steps() as draw:
        yield lambda done, of: draw(label, done, of)


@contextmanager
def steps() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function `(step, done, of)` that draws a bar per step; silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda step, done, of: None
        return
    with _Bars() as bars:
        yield bars


class _Bars:
    """One bar after another on stderr."""

    def __init__(self) -> None:
        self._label: str | None = None
        self._bar: Any = None  # click keeps the type of its bars to itself

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *failure: object) -> None:
        self._end()

    def __call__(self, label: str, done: int, of: int) -> None:
        if label != self._label:
            self._end()
            self._label = label
            self._bar = click.progressbar(length=of, label=label, file=sys.stderr)
            self._bar.__enter__()
        self._bar.update(done - self._bar.pos)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
