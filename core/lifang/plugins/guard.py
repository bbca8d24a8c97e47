"""A guard stands between pluggy and every plugin: off, slow or broken, it harms nobody else."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lifang.events.event import Away, Dead, RetryAfter
from lifang.kit.errors import LifangError
from lifang.kit.words import _, n_
from lifang.plugins.hooks import POLICIES, Policy
from lifang.store.database import proxy

if TYPE_CHECKING:
    from lifang.entities.caller import Caller
    from lifang.plugins.watch import Watch

STUCK = 5.0
"""Seconds after which a call that has not come back is taken for one that never will."""

CANNOT_SAY = n_("插件「{plugin}」没能回答：{error}")


def guard(plugin: str, functions: tuple[Callable[..., Any], ...], watch: Watch) -> Any:
    """Make the object that is registered in place of a plugin's hook functions.

    A call gives a list whatever the plugin does: nothing where it is off or stopped, and what the
    hook's policy says where it fails. Raises ValueError for options of pluggy that would let a
    plugin step before others, and for what is no plain function of that hook.
    """
    return SimpleNamespace(**{one.__name__: _guarded(plugin, one, watch) for one in functions})


def place_of(caller: Caller) -> str:
    """The node whose people meet it: the first one the caller stands at."""
    for one in caller.standings:
        if one.path is not None:
            return one.path
    return ""


def _guarded(plugin: str, function: Callable[..., Any], watch: Watch) -> Any:
    name, policy = function.__name__, _demand_plain(function)
    at = list(inspect.signature(function).parameters).index("caller")
    inside: dict[object, float] = {}
    timing = watch.timing(plugin, name)

    @functools.wraps(function)
    def call(*given: Any) -> list[Any]:
        caller = given[at]
        if not (policy.when_off or watch.shows(plugin, caller)):
            return []
        key = (plugin, place_of(caller), name)
        if watch.holds(key, caller):
            return _left_out(plugin, policy, "stopped")
        started, mark = time.perf_counter(), object()
        patience = policy.budget if policy.failure == "retry" else STUCK
        if inside and started - min(inside.values()) > patience:
            watch.failed(key, "hangs", f"no end within {patience:.0f} s", caller)
            return _left_out(plugin, policy, "no end")
        inside[mark] = started
        try:
            answer = _checked(function(*given), policy)
        except (LifangError, Away, Dead, RetryAfter) as refusal:  # none is a fault of the plugin's
            left_open()
            return _left_out(plugin, policy, refusal)
        except (Exception, SystemExit) as error:
            left_open()
            watch.failed(key, "errors", error, caller)
            return _left_out(plugin, policy, error)
        finally:
            del inside[mark]
            took = time.perf_counter() - started
            timing.took(took)
        if took > policy.budget:
            watch.failed(key, "slow", f"{took:.2f} s > {policy.budget:g} s", caller)
        return answer

    return call


def _demand_plain(function: Callable[..., Any]) -> Policy:
    name, options = function.__name__, getattr(function, "lifang_impl", None)
    policy = POLICIES.get(name)
    if policy is None:
        raise ValueError(f"{name} is no hook; there are: {', '.join(sorted(POLICIES))}")
    if options is None:
        raise ValueError(f"{name} is not marked with @lf.hookimpl")
    refused = [option for option, value in options.items() if value]
    if refused:
        raise ValueError(f"{name}: hooks take no {', '.join(refused)}; needs= tells the order")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ValueError(f"{name}: a hook is a plain function that gives a list")
    if "caller" not in inspect.signature(function).parameters:
        raise ValueError(f"{name}: a hook takes the caller")
    return policy


def _checked(answer: Any, policy: Policy) -> list[Any]:
    if left_open():
        raise RuntimeError("left a transaction open; it was rolled back")
    if answer is None:
        return []
    if not isinstance(answer, list) or not all(isinstance(one, policy.gives) for one in answer):
        raise TypeError(f"gave {answer!r:.80}, not a list of {policy.gives.__name__}")
    return answer


def _left_out(plugin: str, policy: Policy, error: object) -> list[Any]:
    """What stands for the answer of a plugin that gives none; raised for who asks again later."""
    if policy.failure == "retry":
        sentence = _(CANNOT_SAY, plugin=plugin, error=error)
        raise error if isinstance(error, BaseException) else Away(sentence)
    return [_(CANNOT_SAY, plugin=plugin, error=error)] if policy.failure == "deny" else []


def left_open() -> bool:
    """Roll back what this thread's connection was left in by somebody else; says whether it was."""
    engine: Any = proxy.obj
    if engine is None or engine.is_closed() or engine.in_transaction():
        return False
    connection = engine.connection()
    served = getattr(connection, "info", None)
    left = connection.in_transaction if served is None else served.transaction_status != 0
    if left:
        connection.rollback()
    return bool(left)
