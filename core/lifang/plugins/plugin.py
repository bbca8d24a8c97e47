"""What a plugin says about itself: the last statement of its `plugin.py`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.event import Event, Handler, Reaction, handler_of, on
from lifang.events.payloads import Payload
from lifang.plugins.interfaces import Need, Provided
from lifang.plugins.setting import Setting
from lifang.resources.resource import Resource

Duty = Callable[[Caller], bool]
ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
TAKEN = {"bring", "bundle", "catalogue"}
"""Words that stand where an id does in the addresses of `/admin/plugins` and the API."""


@on("core.notice.posted", order="none", mode="ext")
def deliver_message(event: Event, caller: Caller) -> None:
    """Whoever carries messages is told of each notice, with a cursor of its own."""
    caller.instance.notices.deliver(event, caller)


class Plugin:
    """A plugin: its id and name, and everything it declares.

    `hooks` are functions marked `@lf.hookimpl`; `writes` names what its handlers may do beyond its
    own resources, as `core.memberships:create`; `settings` are what districts may set, and
    `presets` says what the presets named there are called; `payloads` are declared by `lf.payload`,
    each for an event of its own. `duties` are functions of the plugin's own caller that the worker
    calls again and again, each in a thread of its own, while the plugin is on anywhere: they wait
    for something no longer than a second, and say whether there may be more at once; what they
    raise is logged and tried again later, after 1 to 30 seconds. `purposes` are what it asks
    people's consent for (`lf.Purpose`), `indicators` the numbers it reports (`lf.Indicator`),
    `notices` what it tells people (`lf.Notice`), `sheets` its tables on paper (`lf.Sheet`),
    `provides` what it offers other plugins (`lf.provide`) and `needs` what it uses of theirs
    (`lf.need`). `desk` is what those who use it daily find on its page (`lf.Desk`), of its own
    resources. The folder of the module that declares it holds `migrations/` and `locale/`. Raises
    ValueError for an id that cannot be a name in URLs, tables and commands, and for a payload,
    purpose, indicator, notice or sheet that is another plugin's or declared twice.
    """

    def __init__(  # noqa: PLR0913 – a declaration says many things, each by name
        self,
        id: str,
        label: str,
        *,
        resources: Iterable[Resource[Any]] = (),
        handlers: Iterable[Reaction] = (),
        hooks: Iterable[Callable[..., Any]] = (),
        writes: Iterable[str] = (),
        settings: Iterable[Setting[Any]] = (),
        presets: Mapping[str, str] | None = None,
        payloads: Iterable[Payload] = (),
        duties: Iterable[Duty] = (),
        purposes: Iterable[Any] = (),
        indicators: Iterable[Any] = (),
        notices: Iterable[Any] = (),
        sheets: Iterable[Any] = (),
        provides: Iterable[Provided] = (),
        needs: Iterable[Need] = (),
        desk: Any = None,
        folder: Path | None = None,
    ) -> None:
        """Keep the declaration; nothing happens until the manager registers it."""
        if not ID.fullmatch(id) or id in TAKEN:
            raise ValueError(f"plugin id {id!r}: small letters, digits, _; 2 to 40; not {TAKEN}")
        self.id, self.label = id, label
        self.resources, self.hooks = tuple(resources), tuple(hooks)
        carries = [deliver_message for hook in self.hooks if hook.__name__ == "deliver_message"]
        self.handlers: tuple[Handler, ...] = tuple(map(handler_of, (*handlers, *carries)))
        self.writes = frozenset(writes)
        self.settings = {one.name: one.of(id) for one in settings}
        self.presets = dict(presets or {})
        declared = tuple(payloads)
        self.payloads = {one.type: one for one in declared}
        self.purposes = {one.name: one for one in purposes}
        self.indicators = {one.name: one for one in indicators}
        self.notices = {one.name: one for one in notices}
        self.sheets = {one.name: one for one in sheets}
        named = (*self.payloads, *self.purposes, *self.indicators, *self.notices, *self.sheets)
        foreign = [name for name in named if not name.startswith(f"{id}.")]
        if foreign or len(declared) > len(self.payloads):
            wanted = "indicators, notices, payloads, purposes and sheets of its own, each once"
            raise ValueError(f"plugin {id}: {wanted}: {foreign}")
        self.duties: tuple[Duty, ...] = tuple(duties)
        self.provides = {one.name: one for one in provides}
        self.needs, self.desk = tuple(needs), desk
        nouns = [one.resource for one in desk.panels] if desk else []
        if elsewhere := [one.noun for one in nouns if one not in self.resources]:
            raise ValueError(f"plugin {id}: its desk shows what is not its own: {elsewhere}")
        self.folder = folder or _folder_of_caller()

    @property
    def migrations(self) -> Path:
        """Where its migrations lie, each a numbered file."""
        return self.folder / "migrations"

    def __repr__(self) -> str:
        """Name it for error messages."""
        return f"<Plugin {self.id}>"


def _folder_of_caller() -> Path:
    """The folder of the module that is declaring the plugin."""
    return Path(sys._getframe(2).f_code.co_filename).resolve().parent
