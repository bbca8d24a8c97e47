"""Hooks are asked as the core asks them: they answer, in time, with what was promised."""

from __future__ import annotations

import inspect
import time

from lifang.checking.deep.subject import Subject
from lifang.checking.rule import Hits, hit, rule
from lifang.entities.caller import Caller
from lifang.kit.errors import LifangError
from lifang.plugins.hooks import POLICIES, Policy


@rule("LF720", tier=2, deep=True)
def hooks_answer(subject: Subject) -> Hits:
    """Each hook, asked by different people, neither raises nor dawdles, and gives a right list."""
    for hook in subject.plugin.hooks:
        policy = POLICIES.get(hook.__name__)
        if policy is None:
            continue
        given = set(inspect.signature(hook).parameters)
        if given - {"caller"}:
            continue
        for caller in _callers(subject):
            with subject.instance.database.connection():
                told = _asked(hook, policy, caller if "caller" in given else None)
            if told:
                yield hit(subject.spot(hook), name=hook.__name__, what=told)
                break


def _callers(subject: Subject) -> list[Caller]:
    return [
        subject.caller("district_admin", subject.on),
        subject.caller("community_worker", subject.home),
        subject.caller("auditor"),
    ]


def _asked(hook: object, policy: Policy, caller: Caller | None) -> str | None:
    """What is wrong with a hook's answer, or None."""
    took = 0.0
    try:
        for _turn in range(2):  # the first time, what it needs is imported and prepared
            started = time.perf_counter()
            answer = hook(caller) if caller is not None else hook()  # type: ignore[operator]  # a hook
            took = time.perf_counter() - started
    except LifangError:
        return None  # the core refused: this caller may see nothing of it
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    if took > policy.budget:
        return f"{took:.2f} s"
    if answer is not None and not isinstance(answer, list):
        return type(answer).__name__
    wrong = [one for one in answer or () if not isinstance(one, policy.gives)]
    return type(wrong[0]).__name__ if wrong else None
