"""The hooks: code the core must call, because it cannot be said as data.

Every hook gives a list. `all` puts the lists of all plugins together; with `veto` whatever is in
one of them stands in the way; what is asked of `each` by itself does something and gives nothing.
A plugin that fails is left out (`drop`), stands in the way itself (`deny`), or is asked again later
(`retry`). They are asked after those they need, ties by id, the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pluggy

if TYPE_CHECKING:
    from lifang.entities.caller import Caller
    from lifang.entities.community import Community
    from lifang.mechanisms.notices import Notice

F = TypeVar("F", bound=Callable[..., Any])
Combine = Literal["all", "veto", "each"]
Failure = Literal["drop", "deny", "retry"]

hookspec = pluggy.HookspecMarker("lifang")
hookimpl = pluggy.HookimplMarker("lifang")


@dataclass(frozen=True)
class Card:
    """A figure on the dashboard: a title, a value, where it leads, and a remark.

    A number above 1,000 is told as 1,000+: count it with `lf.count(…, shown=True)`.
    """

    title: str
    value: str | int
    link: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Policy:
    """What the core makes of the answers of a hook.

    `gives` is what is in its lists, `budget` how many seconds it may take, again and again.
    `when_off` says that a plugin is asked also where it is off.
    """

    combine: Combine
    failure: Failure
    gives: type
    budget: float
    when_off: bool = False


def _hook(policy: Policy) -> Callable[[F], F]:
    def mark(spec: F) -> F:
        spec.__hook__ = policy  # type: ignore[attr-defined]  # read by the guard and the reference
        return hookspec(spec)

    return mark


@_hook(Policy("all", "drop", Card, budget=0.25))
def home_cards(caller: Caller) -> list[Card]:
    """Give the cards a caller's dashboard shows."""
    raise AssertionError("a specification is never called")


@_hook(Policy("all", "drop", str, budget=1.0))
def health(caller: Caller) -> list[str]:
    """Say what is wrong with what the plugin depends on out there, a sentence each.

    The caller is the plugin itself. Asked by `lifang doctor` and the page of plugins, never by
    other pages; nothing is sent, and no answer waited for longer than the budget.
    """
    raise AssertionError("a specification is never called")


@_hook(Policy("veto", "deny", str, budget=1.0, when_off=True))
def can_enable(caller: Caller, community: Community) -> list[str]:
    """Say why the plugin cannot be switched on at a community, a sentence each; nothing if it can.

    Asked of the plugin that is being switched on, before anything is changed.
    """
    raise AssertionError("a specification is never called")


@_hook(Policy("each", "retry", type(None), budget=10.0))
def deliver_message(caller: Caller, message: Notice.Message) -> None:
    """Carry a notice to its reader outside: by mail, by a message service.

    The caller is the plugin itself, in the worker, outside of any transaction; its settings are
    those of `message.community`. Called at least once for each notice, with one `message.key`;
    what it raises has it called again, later and later, and in the end parked as a dead letter.
    `lf.Dead` parks at once what no try can help, `lf.RetryAfter` says when to try again, and with
    `lf.Away` all messages of the plugin wait; none of the three counts as its fault.
    """
    raise AssertionError("a specification is never called")


POLICIES: dict[str, Policy] = {
    name: told.__hook__ for name, told in list(globals().items()) if hasattr(told, "__hook__")
}
"""What holds for each hook, by its name."""
