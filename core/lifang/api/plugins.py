"""Plugins over HTTP: what is here, how it does, and every verb of its life.

Who may do what is the same as on pages and in commands: the functions are the same
(`lifecycle/verbs.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, request

from lifang.api import answering, asking
from lifang.api.event_paths import shape
from lifang.api.operations import (
    BINARY,
    READING,
    WRITING,
    YES,
    Operation,
    Path,
    answered,
    body,
    named,
    operation,
    parameter,
)
from lifang.api.rules import blueprint
from lifang.api.schemas import Schema, listed, ref, whole
from lifang.entities.caller import Caller
from lifang.http.request import current_caller
from lifang.http.sent import wheel
from lifang.kit.words import _
from lifang.lifecycle import contents, overview, packages, running, states, verbs
from lifang.lifecycle.verbs import ASKED, BUNDLE, PACKAGE, VERBS, Verb
from lifang.services.event_log import told

BASE = "/v1/plugins"
SLUG = "plugins"
VERB = f"<any({', '.join(VERBS)}):verb>"


@blueprint.get(BASE)
def list_plugins() -> Response:
    """Every plugin that is present, or that was ever installed here."""
    caller = current_caller()
    asking.words()
    items = [told(one) for one in states.listed(caller)]
    return answering.told({"items": items, "next": None})


@blueprint.get(f"{BASE}/catalogue")
def list_offers() -> Response:
    """What the catalogue has beyond what is here, perhaps only what some words are found in."""
    caller, asked = current_caller(), asking.words("q")
    states.demand(caller)
    found = packages.offers(caller, asked.get("q", "").split())
    return answering.told({"items": [told(one) for one in found], "next": None})


@blueprint.get(f"{BASE}/<id>")
def show_plugin(id: str) -> Response:
    """One plugin: how it stands, where it is on and from whom that comes, what was done to it."""
    caller = current_caller()
    one = states.show(caller, id)
    asking.words()
    return answering.told(
        {
            **told(one),
            "actions": [verb.name for verb in verbs.offered(caller, one)],
            "running": told(running.running(caller, one.id)),
            "contents": told(contents.contents(caller, one.id)),
            "places": [told(place) for place in overview.places(caller, one.id)],
            "deeds": [told(deed) for deed in overview.deeds(caller, one.id)],
        }
    )


@blueprint.post(BASE)
def bring_plugin() -> Response:
    """Install the package of a plugin that is not here yet: a wheel that is sent, or a name."""
    caller = current_caller()
    states.demand(caller, everywhere=True)
    done, preview = _done(caller, PACKAGE, "")
    if preview is not None:
        return answering.told({"preview": preview})
    response = answering.told(told(done), status=201)
    response.headers["Location"] = f"/api{BASE}/{answering.dashed(done.id)}"
    return response


@blueprint.post(f"{BASE}/actions/bundle")
def bring_bundle() -> Response:
    """Install plugins that go together, and switch them on at a place."""
    caller = current_caller()
    states.demand(caller, everywhere=True)
    done, preview = _done(caller, BUNDLE, "")
    if preview is not None:
        return answering.told({"preview": preview})
    items = [told(states.show(caller, id)) for id in done]
    return answering.told({"items": items, "next": None})


@blueprint.post(f"{BASE}/<id>/actions/{VERB}")
def treat_plugin(id: str, verb: str) -> Response:
    """Do something with a plugin; with `dry_run=true` only tell what it would come to."""
    caller = current_caller()
    one = states.show(caller, id)
    _, preview = _done(caller, VERBS[verb], one.id)
    if preview is not None:
        return answering.told({"preview": preview})
    return answering.told(told(states.show(caller, one.id)))


def _done(caller: Caller, verb: Verb, plugin: str) -> tuple[Any, dict[str, Any] | None]:
    """What was done, or what it would come to."""
    looks = verb.looks
    dry_run = asking.claims(*["dry_run"] * (looks is not None)).get("dry_run", False)
    sent = verb.file and request.mimetype == "multipart/form-data"
    said = _form() if sent else asking.body(optional=True)
    given = verbs.read(verb, said, whole=not dry_run)
    with wheel() as more:
        if dry_run and looks is not None:
            return None, told(looks(caller, plugin, {**given, **more}))
        return verb.does(caller, plugin, {**given, **more}), None


def _form() -> dict[str, Any]:
    """What a form says beside the file, as JSON would say it."""
    flags: dict[str, Any] = {"true": True, "false": False}
    return {name: flags.get(said, said) for name, said in request.form.items()}


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    one = shape(states.Listed)
    yield "Plugin", one
    more = {
        "actions": shape(tuple[str, ...]),
        "running": shape(running.Running),
        "contents": shape(contents.Contents),
        "places": shape(tuple[overview.Place, ...]),
        "deeds": shape(tuple[overview.Deed, ...]),
    }
    yield "PluginInFull", whole(**one["properties"], **more)
    yield "PluginOffers", listed(shape(packages.Offer))
    yield "PluginList", listed(ref("Plugin"))


def paths() -> Iterator[Path]:
    """Every address."""
    id = named("id")
    summary = _("列出这台机器上的插件")
    found = answered(summary, ref("PluginList"))
    here = operation("list_plugins", SLUG, summary, found, (*READING, 403))
    summary = _("在插件目录里查找；不写就全部列出")
    found = answered(summary, ref("PluginOffers"))
    sought = [parameter("q", {"type": "string"}, _("要找的词，用空格隔开"))]
    offered = operation("search_plugins", SLUG, summary, found, (*READING, 403, 422),
                        parameters=sought)  # fmt: skip
    yield f"/api{BASE}/catalogue", {"get": offered}
    summary = _("显示一个插件")
    found = answered(summary, ref("PluginInFull"))
    shown = operation("show_plugins", SLUG, summary, found, (*READING, 403), parameters=[id])
    yield f"/api{BASE}/{{id}}", {"get": shown}
    yield f"/api{BASE}", {"get": here, "post": _operation(PACKAGE)}
    yield f"/api{BASE}/actions/bundle", {"post": _operation(BUNDLE)}
    for verb in VERBS.values():
        yield f"/api{BASE}/{{id}}/actions/{verb.name}", {"post": _operation(verb, id)}


def _operation(verb: Verb, *id: Schema) -> Operation:
    summary = _("插件：{verb}", verb=_(verb.label))
    answer = ref("PluginList" if verb is BUNDLE else "Plugin")
    asked: list[Schema] = [*id]
    if verb.looks is not None:
        answer = {"anyOf": [answer, whole(preview={"type": "object"})]}
        asked.append(parameter("dry_run", YES, _("只预览，不写入")))
    taken: Schema = {
        "type": "object",
        "properties": {name: _member(name) for name in verb.takes},
        "additionalProperties": False,
        **({"required": list(verb.needs)} if verb.needs else {}),
    }
    asked_for = body(taken, required=bool(verb.needs))
    if verb.file:
        sent = {**taken["properties"], "file": BINARY}
        form = {"type": "object", "properties": sent, "required": ["file", "hash"]}
        asked_for["content"]["multipart/form-data"] = {"schema": form}
    answers = answered(summary, answer)
    if verb is PACKAGE:
        answers["201"] = {**answers["200"], "headers": {"Location": {"schema": {"type": "string"}}}}
    return operation(
        f"{verb.name}_plugins", SLUG, summary, answers, WRITING,
        parameters=asked, requestBody=asked_for,
    )  # fmt: skip


def _member(name: str) -> Schema:
    asked = ASKED[name]
    said = _(asked.label) + (_("：") + _(asked.help) if asked.help else "")
    made: Schema = {"type": "boolean" if asked.kind == "flag" else "string"}
    if asked.strict:
        made["enum"] = [value for value, _label in asked.choices]
    return {**made, "description": said}
