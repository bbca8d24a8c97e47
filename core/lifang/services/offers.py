"""What a caller may do to one record as it stands: what the buttons of a page are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.resources.resource import Resource
from lifang.services.checks import editable
from lifang.services.presenting import View
from lifang.services.standpoint import reached


def may(caller: Caller, resource: Resource[Any], verb: str) -> bool:
    """Whether the caller holds a verb on any record of a resource, where its plugin is on."""
    return bool(policy.rights(caller, resource, verb))


def offers(caller: Caller, resource: Resource[Any], view: View) -> frozenset[str]:
    """The verbs that reach one readable record, actions only where its state lets them run.

    The gateway judges anew when one is used: this only keeps buttons honest.
    """
    verbs = ("update", "remove", "reveal", *resource.actions)
    return offered(caller, resource, [view], verbs)[0]


def offered(
    caller: Caller, resource: Resource[Any], views: Sequence[View], verbs: Iterable[str]
) -> list[frozenset[str]]:
    """Which of these verbs reach each of some records: one question for each verb."""
    held: dict[str, set[int]] = {}
    for verb in verbs:
        ids = [int(view["id"]) for view in views if _fits(resource, verb, view)]
        there = reached(caller, resource, verb, ids)
        barred = caller.instance.separation.barred(caller, resource, verb, ids) if there else {}
        held[verb] = there - barred.keys()
    return [frozenset(verb for verb in held if int(view["id"]) in held[verb]) for view in views]


def _fits(resource: Resource[Any], verb: str, view: View) -> bool:
    """Whether a verb means anything to a record as it stands."""
    state = view.get(resource.state) if resource.state else None
    if (action := resource.actions.get(verb)) is None:
        return verb == "reveal" or editable(resource, state)
    return action.offered(state) and (action.when is None or action.when(view))
