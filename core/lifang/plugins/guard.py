"""A guard stands between pluggy and every plugin: off, slow or broken, it harms nobody else."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

log = logging.getLogger("lifang.plugins")

SLOW = 0.25
"""Seconds after which a hook's call is worth a line in the log."""


def guard(
    plugin: str, functions: tuple[Callable[..., Any], ...], is_on: Callable[[Any], bool]
) -> Any:
    """Make the object that is registered in place of a plugin's hook functions.

    A call answers None when the plugin is off for the caller or the function raises; what went
    wrong is logged with the plugin's name. pluggy reads the arguments off the wrapped function.
    """
    guarded: dict[str, Any] = {
        function.__name__: _guarded(plugin, function, is_on) for function in functions
    }
    return SimpleNamespace(**guarded)


def _guarded(plugin: str, function: Callable[..., Any], is_on: Callable[[Any], bool]) -> Any:
    @functools.wraps(function)
    def call(caller: Any) -> Any:
        if not is_on(caller):
            return None
        started = time.perf_counter()
        try:
            return function(caller)
        except (Exception, SystemExit):
            log.exception("plugin %s: hook %s failed and was left out", plugin, function.__name__)
            return None
        finally:
            if (took := time.perf_counter() - started) > SLOW:
                log.warning("plugin %s: hook %s took %.2f s", plugin, function.__name__, took)

    return call
