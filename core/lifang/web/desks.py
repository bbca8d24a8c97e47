"""Desks: the panels of a plugin as tables whose rows are worked on where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.lifecycle import isolation
from lifang.mechanisms.figures import indicators
from lifang.mechanisms.laid import Laid, concerning, desk
from lifang.mechanisms.sheet import sheets
from lifang.resources.resource import Resource
from lifang.services.offers import may
from lifang.services.presenting import View
from lifang.services.query import SORTED_BY_DEFAULT
from lifang.services.reading import told_number
from lifang.web.addresses import address_of, dashed, home_of, with_query
from lifang.web.records import done_sentence
from lifang.web.shell import desk_name
from lifang.web.shown import NOTHING, Shown, show


@dataclass(frozen=True)
class Button:
    """What can be done to a row: at once by a form, else on a page that asks for more.

    `urged` is what somebody is expected to do.
    """

    label: str
    link: str
    at_once: bool = False
    urged: bool = True


@dataclass(frozen=True)
class Row:
    """One record: what it is called, where it leads, its cells, and what can be done to it."""

    title: str
    link: str
    cells: list[Shown]
    buttons: list[Button]


@dataclass(frozen=True)
class Table:
    """A panel: `more` leads to the whole list, `matter` says what its plugin is about."""

    label: str
    matter: str
    number: str
    total: str | None
    headings: list[str]
    rows: list[Row]
    empty: str
    more: str | None
    new: tuple[str, str] | None
    back: str
    waits: bool


def desk_page(caller: Caller, plugin: str) -> ResponseReturnValue:
    """What a plugin has for somebody to work on."""
    id = plugin.replace("-", "_")
    if dashed(id) != plugin:
        raise NotFound(_("没有找到"))
    here = f"/p/{plugin}"
    return render_template(
        "web/desk.html",
        label=_(caller.instance.plugins.loaded[id].label) if concerning(caller, id) else "",
        name=desk_name(caller, id),
        tables=[table_of(caller, one, here) for one in desk(caller, id)],
        ways=_ways(caller, id),
        notes=isolation.notes(caller),
        done=done_elsewhere(caller, request.args.get("done")),
        command=f"lifang desk {plugin}",
    )


def _ways(caller: Caller, id: str) -> list[tuple[str, str]]:
    """What tells of the plugin as a whole: its figures side by side, and its tables on paper."""
    told = [one for one in sheets(caller) if one.plugin == id]
    ways = [(_(one.label), f"/sheets/{one.name}") for one in told]
    if any(one.plugin == id for one in indicators(caller)):
        label = _("{label}指标表", label=_(caller.instance.plugins.loaded[id].label))
        ways.insert(0, (label, f"/indicators/table/{id}"))
    return ways


def table_of(caller: Caller, laid: Laid, back: str) -> Table:
    """A panel for a page; what is done there leads `back` to it."""
    panel, of = laid.panel, laid.panel.resource
    more = [*laid.asked, *([("sort", panel.sort)] if panel.sort != SORTED_BY_DEFAULT else [])]
    new = None
    if laid.create is not None:
        known = [*laid.create.items(), ("back", back)]
        label = _("新建{label}", label=_(of.label))
        new = (label, with_query(f"{home_of(of)}/new", known))
    total = None
    if panel.total:
        amount = f"{laid.total:,g}" if isinstance(laid.total, int | float) else str(laid.total)
        name = _(of.by_name[panel.total].label) if panel.over == 1 else _("合计")
        total = f"{name}{_('：')}{amount} {laid.unit}".strip()
    rows = zip(laid.items, laid.offered, strict=True)
    return Table(
        _(panel.label),
        _(caller.instance.plugins.loaded[of.plugin].label),
        told_number(laid.number),
        total,
        [_(one.spec.label) for one in laid.columns],
        [_row(caller, laid, view, verbs, back) for view, verbs in rows],
        _(panel.empty) if panel.empty else _("没有需要处理的。"),
        with_query(home_of(of), more) if may(caller, of, "read") else None,
        new,
        back,
        laid.waits or (laid.choose is not None and laid.number > 0),
    )


def _row(caller: Caller, laid: Laid, view: View, verbs: tuple[str, ...], back: str) -> Row:
    of = laid.panel.resource
    cells = [show(caller, one.resource, one.spec, view.get(one.key)) for one in laid.columns]
    first = cells[0].text if cells and cells[0].text != NOTHING else f"#{view['id']}"
    buttons = [button_of(of, view, verb, back) for verb in verbs]
    if laid.panel.choose is not None and laid.choose is not None:
        label, chosen = laid.panel.choose
        known = {**laid.choose, str(laid.panel.pointer): str(view["id"]), "back": back}
        link = with_query(f"{home_of(chosen)}/new", list(known.items()))
        buttons.append(Button(_(label), link))
    return Row(first, address_of(of, view["id"]), cells[1:], buttons)


def button_of(of: Resource[Any], view: View, verb: str, back: str) -> Button:
    """Work that needs no input is done at once; what nobody is expected to do is asked about."""
    action, link = of.actions[verb], address_of(of, view["id"], "actions", dashed(verb))
    at_once = action.waits and not action.preview and not any(s.required for s in action.fields)
    link = link if at_once else with_query(link, [("back", back)])
    return Button(_(action.label), link, at_once, action.waits)


def done_elsewhere(caller: Caller, said: str | None) -> str | None:
    """What was just done on a page that led back here: `plugin.noun.verb`."""
    plugin, noun, verb = (said or "").split(".") if (said or "").count(".") == 2 else ("", "", "")
    of = caller.instance.registry.find(plugin, noun)
    return done_sentence(of, verb) if of is not None and may(caller, of, "read") else None
