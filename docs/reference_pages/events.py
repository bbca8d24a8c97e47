"""Every event, who tells it and who listens."""

from __future__ import annotations

from docs.reference_pages.shared import Table, both, code, table
from lifang.builtin.plugin import plugin as core
from lifang.plugins.plugin import Plugin

LASTING = ("created", "updated", "removed")
ELSEWHERE = {
    "core.clock.hour": "every full hour",
    "core.clock.day": "every midnight of the instance's zone",
    "core.notice.posted": "somebody was told something; carries its `kind`",
    "core.calendar.changed": "the holidays of a year were loaded",
    "core.person.erased": "somebody was erased: whoever keeps copies erases them too",
}


def events_page(plugins: dict[str, Plugin]) -> Table:
    """Every event that is told, by whom, with what data, and who of these plugins listens."""
    heard: dict[str, list[str]] = {}
    inputs: dict[str, tuple[str, ...]] = {}
    for plugin in plugins.values():
        for handler in plugin.handlers:
            for type in handler.types:
                heard.setdefault(type, []).append(f"{plugin.id}.{handler.name}")
    yield "# 事件 · Events"
    yield ""
    yield "What the core and the plugins of this repository tell, and who of them listens. How delivery works: [Events](../events.md)."
    yield "Every noun also tells `.created`, `.updated` and `.removed`; they are listed where somebody listens."
    yield ""
    for plugin in plugins.values():
        rows: list[list[str]] = []
        for resource in plugin.resources:
            named = {one.event: f"action `{name}`" for name, one in resource.actions.items()}
            inputs |= {
                f"{resource.aggregate}.{one.event}": tuple(spec.name for spec in one.fields)
                for one in resource.actions.values()
            }
            named |= dict.fromkeys(sorted(resource.timers), "its time has come, or told")
            told = {f"{resource.aggregate}.{name}": why for name, why in named.items()}
            lasting = {f"{resource.aggregate}.{name}": "saved" for name in LASTING}
            told |= {type: why for type, why in lasting.items() if type in heard}
            rows += [_event(plugin, type, why, heard, inputs) for type, why in told.items()]
        listed = {row[0] for row in rows}
        more = dict.fromkeys(plugin.payloads, "told by its own code")
        more |= ELSEWHERE if plugin is core else {}
        rows += [
            _event(plugin, type, why, heard, inputs)
            for type, why in more.items()
            if f"`{type}`" not in listed
        ]
        yield f"## {both(plugin.label)}"
        yield ""
        yield from table("event", "when", "version", "data", "heard by", rows=rows)


def _event(
    plugin: Plugin,
    type: str,
    why: str,
    heard: dict[str, list[str]],
    inputs: dict[str, tuple[str, ...]],
) -> list[str]:
    declared = plugin.payloads.get(type)
    fields = sorted(declared.schema().fields) if declared else inputs.get(type, ())
    version = str(declared.version) if declared else "1"
    return [f"`{type}`", why, version, code(fields), code(heard.get(type, ()))]
