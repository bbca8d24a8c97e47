"""Settings of plugins over HTTP: what holds where and why, setting it, and a district's as a file.

Who may see and do what is the same as on pages and in commands (`lifecycle/dated.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from flask import Response, request

from lifang.api import answering, asking, event_paths
from lifang.api.operations import (
    BINARY,
    IDEMPOTENCY_KEY,
    READING,
    WRITING,
    YES,
    Path,
    answered,
    body,
    content,
    named,
    operation,
    parameter,
)
from lifang.api.rules import blueprint
from lifang.api.schemas import TEXT, Schema, array, listed, ref, whole
from lifang.entities.caller import Caller
from lifang.http.listing import claim
from lifang.http.papers import kept
from lifang.http.request import current_caller
from lifang.kit import clock
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.lifecycle import dated, settings_files
from lifang.lifecycle.dated import Decree, Difference, Told
from lifang.lifecycle.layers import Layer
from lifang.lifecycle.settings_files import FORMATS, Line, Plan
from lifang.services import idempotency
from lifang.services.event_log import told

BASE = "/v1/settings"
SLUG = "settings"
MEMBERS = ("plugin", "values", "at", "from", "basis", "approved_by", "preset", "lock")


@blueprint.get(BASE)
def list_settings() -> Response:
    """What holds at a place on a day."""
    asked = asking.words("at", "on", "plugin")
    found = dated.shown(
        current_caller(),
        asked.get("plugin"),
        at=asked.get("at"),
        on=dated.day("on", asked.get("on")),
    )
    return _listed(found)


@blueprint.get(f"{BASE}/<key>")
def show_setting(key: str) -> Response:
    """One setting with everything that was ever said of it there."""
    caller, asked = current_caller(), asking.words("at", "on")
    one = dated.explain(caller, key, at=asked.get("at"), on=dated.day("on", asked.get("on")))
    said = dated.history(caller, f"{one.plugin}.{one.key}", at=asked.get("at"))
    return answering.told({**told(one), "history": [told(layer) for layer in said]})


@blueprint.post(BASE)
def set_settings() -> Response:
    """Set what a plugin lets a place set, once for every key; `dry_run=true` tells what changes."""
    caller, claims, asked = current_caller(), asking.claims("dry_run"), asking.body()
    asking.refuse_unknown(asked, MEMBERS)
    values, lock = asked.get("values", {}), asking.flag(asked, "lock")
    if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
        said = _("「{label}」须为一个 JSON 对象，值都是文字", label="values")
        raise Invalid.about("values", "invalid", said)
    plugin, at = asking.text(asked, "plugin"), asking.text(asked, "at")
    if not (plugin and at):
        needed = _("请写明插件（plugin）和社区（at）")
        raise Invalid.about("at" if plugin else "plugin", "invalid", needed)
    by = Decree(
        asking.text(asked, "basis"),
        at,
        dated.day("from", asking.text(asked, "from") or None),
        asking.text(asked, "preset") or None,
        lock,
        asking.text(asked, "approved_by"),
    )
    given = cast("dict[str, str]", values)
    if claims["dry_run"]:
        found = dated.preview(caller, plugin, given, by)
        return answering.told({"preview": [told(one) for one in found]})
    key = asking.key()
    if key is None or idempotency.answered(caller, key) is None:
        dated.configure(caller, plugin, given, by)
        if key is not None:
            idempotency.answer(caller, key, 1)
    return _listed(dated.shown(caller, plugin, at=at, on=by.since))


@blueprint.get(f"{BASE}/export")
def export_settings() -> Response:
    """All that is said at a place and below, as a file."""
    caller, asked = current_caller(), asking.words("at", "format")
    form = asked.get("format", "json")
    made = settings_files.export(caller, at=asked.get("at"), form=form)
    return kept([made], FORMATS[form], f"settings-{clock.today()}.{form}")


@blueprint.post(f"{BASE}/import")
def import_settings() -> Response:
    """Take in such a file, whole or not at all; `dry_run=true` only judges it."""
    caller, asked = current_caller(), asking.words("at", "dry_run")
    dry_run = claim("dry_run", asked.get("dry_run"))
    return answering.told(told(_taken(caller, asked.get("at"), dry_run=dry_run)))


def _taken(caller: Caller, at: str | None, *, dry_run: bool) -> Plan:
    """Judge or take in what was sent; a second copy of a request changes nothing by itself."""
    part = request.files.get("file")
    sent = request.get_data() if part is None else part.stream.read()
    if dry_run:
        return settings_files.check(caller, sent, at=at)
    return settings_files.take_in(caller, sent, at=at, name=(part and part.filename) or "")


def _listed(found: list[Told]) -> Response:
    return answering.told({"items": [told(one) for one in found], "next": None})


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    setting = event_paths.shape(Told)
    yield "Setting", setting
    layers = array(event_paths.shape(Layer))
    yield "SettingInFull", whole(**setting["properties"], history=layers)
    yield "SettingList", listed(ref("Setting"))
    yield "SettingDifference", event_paths.shape(Difference)
    yield "SettingsPreview", whole(preview=array(ref("SettingDifference")))
    yield "SettingsSet", {"anyOf": [ref("SettingList"), ref("SettingsPreview")]}
    yield "SettingsImported", event_paths.shape(Plan)


def paths() -> Iterator[Path]:
    """Every address."""
    text = TEXT
    at = parameter("at", text, _("在这个社区；不写就是您管辖范围的最上一级"))
    on = parameter("on", {"type": "string", "format": "date"}, _("在这一天，默认今天"))
    plugin = parameter("plugin", text, _("只看这个插件的"))
    refused = (*READING, 403, 422)
    values = {"type": "object", "additionalProperties": text}
    first = {"type": "string", "format": "date"}
    told: dict[str, Schema] = {"values": values, "lock": YES, "from": first}
    base, given = f"/api{BASE}", dict.fromkeys(MEMBERS, text) | told
    asked = {"type": "object", "properties": given, "required": ["plugin", "at", "basis"],
             "additionalProperties": False}  # fmt: skip
    preview = parameter("dry_run", YES, _("只预览，不写入"))
    listing, setting = _("列出各插件的设置和它们在某地某日的值"), _("设置插件：从某日起")
    yield (
        base,
        {
            "get": operation("list_settings", SLUG, listing, answered(listing, ref("SettingList")),
                             refused, parameters=[at, on, plugin]),
            "post": operation("set_settings", SLUG, setting, answered(setting, ref("SettingsSet")),
                              WRITING, parameters=[preview, IDEMPOTENCY_KEY],
                              requestBody=body(asked)),
        },
    )  # fmt: skip
    why = _("说明一项设置为什么是这个值")
    yield (
        f"{base}/{{key}}",
        {"get": operation("show_setting", SLUG, why, answered(why, ref("SettingInFull")), refused,
                          parameters=[named("key"), at, on])},
    )  # fmt: skip
    forms = parameter("format", {"type": "string", "enum": list(FORMATS)}, _("文件格式"))
    out = _("把一个社区和它下面的全部设置导出为文件")
    line = {**event_paths.members(Line), "required": ["plugin", "key", "place", "since", "value"]}
    lines = whole(format={"const": 1}, exported_on=first, settings=array(line))
    file = {kind.partition(";")[0]: {"schema": BINARY} for kind in FORMATS.values()} | content(
        lines
    )
    yield (
        f"{base}/export",
        {"get": operation("export_settings", SLUG, out, {"200": {"description": out,
                          "content": file}}, refused, parameters=[at, forms])},
    )  # fmt: skip
    into = _("导入一个社区的全部设置：先核对，全部正确才写入")
    yield (
        f"{base}/import",
        {"post": operation("import_settings", SLUG, into, answered(into, ref("SettingsImported")),
                           WRITING, parameters=[at, preview],
                           requestBody={"required": True, "content": file})},
    )  # fmt: skip
