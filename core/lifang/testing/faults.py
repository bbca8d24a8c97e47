"""Faults on purpose: a plugin's own function raises, hangs, or answers with something else.

The function stays where everybody has it – in hooks, actions, rules, handlers, duties – and only
what it does is exchanged for the length of a block, so that nothing of the core is replaced.
"""

from __future__ import annotations

import inspect
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

_numbers = itertools.count(1)
_acts: dict[int, Callable[..., Any]] = {}
UNTOUCHED = object()


def act(number: int, *given: Any, **named: Any) -> Any:
    """What a function with a fault does; called from its exchanged code."""
    return _acts[number](*given, **named)


@contextmanager
def fault(
    function: Callable[..., Any],
    *,
    raises: BaseException | None = None,
    hangs: float = 0.0,
    gives: Any = UNTOUCHED,
) -> Iterator[list[tuple[Any, ...]]]:
    """Let a function hang for some seconds, raise, or give a value of the wrong kind.

    In this order, as far as they are told; only hanging, it then does its work. Yields the
    arguments of each call. Raises TypeError for a function that closes over variables.
    """
    whole: Any = inspect.unwrap(function)
    if whole.__code__.co_freevars:
        raise TypeError(f"{whole.__qualname__} closes over variables: its code cannot be exchanged")
    kept: CodeType = whole.__code__
    usual = type(whole)(
        kept, whole.__globals__, whole.__name__, whole.__defaults__, whole.__closure__
    )
    usual.__kwdefaults__ = whole.__kwdefaults__
    calls: list[tuple[Any, ...]] = []

    def instead(*given: Any, **named: Any) -> Any:
        calls.append((*given, *named.values()))
        time.sleep(hangs)
        if raises is not None:
            raise raises
        return usual(*given, **named) if gives is UNTOUCHED else gives

    number = next(_numbers)
    _acts[number] = instead
    whole.__code__ = _code(number)
    try:
        yield calls
    finally:
        whole.__code__ = kept
        del _acts[number]


def _code(number: int) -> CodeType:
    told: dict[str, Any] = {}
    source = (
        "def fault(*given, **named):\n"
        "    from lifang.testing.faults import act\n"
        f"    return act({number}, *given, **named)\n"
    )
    exec(source, told)  # noqa: S102 – our own three lines
    code: CodeType = told["fault"].__code__
    return code
