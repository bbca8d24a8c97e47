"""What a caller may do to one record as it stands: what the buttons of a page are made from."""

from __future__ import annotations

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
    state = view.get(resource.state) if resource.state else None
    verbs = ["update", "remove", "reveal"] if editable(resource, state) else ["reveal"]
    verbs += [
        name
        for name, action in resource.actions.items()
        if action.offered(state) and (action.when is None or action.when(view))
    ]
    one = [int(view["id"])]
    return frozenset(
        verb
        for verb in verbs
        if reached(caller, resource, verb, one)
        and not caller.instance.separation.barred(caller, resource, verb, one)
    )
