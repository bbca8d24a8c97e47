"""Settings as pages: what holds at a place on a day and why, setting it, a district's as a file."""

from __future__ import annotations

import datetime as dt
from base64 import b64decode, b64encode
from dataclasses import dataclass
from itertools import groupby

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.http.papers import kept
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid, Malformed
from lifang.kit.words import _, n_
from lifang.lifecycle import dated, settings_files
from lifang.lifecycle.dated import Decree, Told
from lifang.lifecycle.settings_files import FORMATS, STATES
from lifang.web import commands, pointers
from lifang.web.addresses import dashed, with_query
from lifang.web.doors import go_to, page

HOME = "/admin/settings"
LARGEST = 300_000
"""Bytes of a file that a page looks at and sends again when it is confirmed."""
DONE = {"import": n_("文件里的设置已导入。"), "preset": n_("已设置。")}
TONES = {"new": "standing", "changed": "waiting", "same": "closed", "by_hand": "waiting"}


@dataclass(frozen=True)
class Asked:
    """At which place and on which day settings are looked at."""

    code: str
    name: str
    on: dt.date
    mine: bool

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The same for another address."""
        told = [("at", self.code)]
        return [*told, ("on", self.on.isoformat())] if self.on != clock.today() else told


def settings_page(caller: Caller) -> str:
    """What holds at a place on a day, by plugin."""
    asked = _asked(caller)
    found = dated.shown(caller, None, at=asked.code, on=asked.on)
    loaded = caller.instance.plugins.loaded
    groups = []
    for plugin, some in groupby(found, key=lambda one: one.plugin):
        told = list(some)
        presets = [
            (name, _called(caller, plugin, name))
            for name in sorted({name for one in told for name in one.presets})
        ]
        rows = [(one, link_of(one, asked), badge(one)) for one in told]
        groups.append((plugin, _(loaded[plugin].label), rows, presets))
    return render_template(
        "web/settings.html",
        home=HOME,
        asked=asked,
        groups=groups,
        places=pointers.places(caller),
        files=[(form.upper(), with_query(f"{HOME}/file.{form}", [("at", asked.code)]))
               for form in FORMATS],
        done=_(DONE[said]) if (said := request.args.get("done")) in DONE else None,
        command=commands.typed("settings", "show", *commands.options(asked.kept)),
    )  # fmt: skip


def setting_page(caller: Caller, plugin: str, key: str) -> ResponseReturnValue:
    """One setting: why it is so, what was said of it ever, and saying something else."""
    asked, error = _asked(caller), None
    name = f"{plugin.replace('-', '_')}.{key.replace('-', '_')}"
    if request.method == "POST":
        try:
            one = dated.explain(caller, name, at=asked.code, on=asked.on)
            dated.configure(caller, one.plugin, _value(one), _decree(asked))
            return go_to(link_of(one, asked, ("done", "set")))
        except (Invalid, Conflict, Malformed) as refused:
            error = refused
    one = dated.explain(caller, name, at=asked.code, on=asked.on)
    return page(
        "web/setting.html",
        error,
        home=with_query(HOME, asked.kept),
        asked=asked,
        one=one,
        badge=badge(one),
        history=dated.history(caller, name, at=asked.code),
        said=request.form,
        done=_("已设置。") if request.args.get("done") == "set" else None,
        shown=clock.shown,
        today=clock.today().isoformat(),
        command=_line(one, asked),
    )


def preset_page(caller: Caller, plugin: str, preset: str) -> ResponseReturnValue:
    """What a preset would change at a place, and adopting it."""
    asked, error, found, told = _asked(caller), None, [], dict[str, Told]()
    by = _decree(asked, preset)
    plugin = plugin.replace("-", "_")
    try:
        found = dated.preview(caller, plugin, {}, by)
        told = {one.key: one for one in dated.shown(caller, plugin, at=asked.code, on=asked.on)}
        if request.method == "POST":
            dated.configure(caller, plugin, {}, by)
            return go_to(with_query(HOME, [*asked.kept, ("done", "preset")]))
    except (Invalid, Conflict, Malformed) as refused:
        error = refused
    return page(
        "web/preset.html",
        error,
        home=with_query(HOME, asked.kept),
        asked=asked,
        preset=_called(caller, plugin, preset),
        found=[(one, told[one.key]) for one in found],
        today=clock.today().isoformat(),
        said=request.form,
        command=commands.typed("plugin", "config", plugin, "--preset", preset, "--at", asked.code,
                               "--basis", "…"),
    )  # fmt: skip


def _called(caller: Caller, plugin: str, preset: str) -> str:
    """What a preset is called; as a command writes it where nothing says more."""
    loaded = caller.instance.plugins.loaded.get(plugin)
    return _(loaded.presets.get(preset, preset)) if loaded else preset


def settings_file(caller: Caller, form: str) -> Response:
    """All that is said at a place and below, as a file."""
    asked = _asked(caller)
    told = settings_files.export(caller, at=asked.code, form=form)
    return kept([told], FORMATS[form], f"settings-{asked.code}-{clock.today()}.{form}")


def take_in_page(caller: Caller) -> ResponseReturnValue:
    """What a file would do at a place; once confirmed, doing it."""
    asked, error, plan, content = _asked(caller), None, None, b""
    name = request.form.get("name", "")
    try:
        content, name = _sent(name)
        plan = settings_files.check(caller, content, at=asked.code)
        if request.form.get("confirm") and not plan.wrong:
            settings_files.take_in(caller, content, at=asked.code, name=name)
            return go_to(with_query(HOME, [("at", asked.code), ("done", "import")]))
    except (Invalid, Conflict, Malformed) as refused:
        error = refused
    shown, status, headers = page(
        "web/settings_import.html",
        error,
        home=with_query(HOME, asked.kept),
        asked=asked,
        plan=plan,
        states=STATES,
        tones=TONES,
        sent=b64encode(content).decode(),
        name=name,
        command=commands.typed("settings", "import", name or "FILE", "--at", asked.code),
    )
    return shown, 422 if plan and plan.wrong else status, headers


def link_of(one: Told, asked: Asked, *more: tuple[str, str]) -> str:
    """The page of one setting."""
    return with_query(f"{HOME}/{dashed(one.plugin)}/{dashed(one.key)}", [*asked.kept, *more])


def badge(one: Told) -> tuple[str, str]:
    """Whence a value comes, in a word, and its tone."""
    layer = one.decided
    if layer is None:
        return (_("没有设置"), "broken") if one.required else (_("默认"), "closed")
    if layer.locked and not layer.own:
        return _("上级锁定"), "waiting"
    return (_("本级设置"), "standing") if layer.own else (_("继承"), "closed")


def _asked(caller: Caller) -> Asked:
    said = request.args.get("at", "").strip()
    node = dated.node_at(caller, pointers.place_code(caller, said) if said else None)
    day = dated.day("on", request.args.get("on", "").strip()) or clock.today()
    code = said if "@" in said else str(node.code)
    return Asked(code, str(node.name), day, dated.administers(caller, node))


def _decree(asked: Asked, preset: str | None = None) -> Decree:
    told = request.form
    since = dated.day("from", told.get("from", "").strip())
    lock = told.get("lock") == "yes"
    return Decree(told.get("basis", ""), asked.code, since, preset, lock, told.get("approved_by"))


def _value(one: Told) -> dict[str, str]:
    """What somebody said; a secret that is left blank stays as it is."""
    value = request.form.get("value", "").strip()
    if request.form.get("inherit") == "yes":
        return {one.key: ""}
    if not value:
        raise Invalid.about("value", "required", _("请填写新的值，或选择恢复继承"))
    return {one.key: value}


def _sent(name: str) -> tuple[bytes, str]:
    """The file that was chosen, or the one that was looked at and is confirmed now."""
    part = request.files.get("file")
    if part is not None and part.filename:
        sent = part.stream.read(LARGEST + 1)
        if len(sent) > LARGEST:
            raise Malformed(_("文件太大；请用命令 lifang settings import 导入"))
        return sent, "".join(filter(str.isprintable, part.filename))[-100:]
    try:
        kept = b64decode(request.form.get("sent", ""), validate=True)
    except ValueError:
        kept = b""
    if not kept:
        raise Invalid(_("请选择要导入的文件"))
    return kept, name


def _line(one: Told, asked: Asked) -> str:
    if not asked.mine:
        kept = commands.options(asked.kept)
        return commands.typed("settings", "explain", f"{one.plugin}.{one.key}", *kept)
    told = commands.typed("plugin", "config", one.plugin, "…", "--at", asked.code, "--basis", "…")
    return told.replace("…", f"{one.key}=…", 1)
