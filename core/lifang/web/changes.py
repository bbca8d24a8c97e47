"""Writing from a page: new and standing records, actions, removal; all through the gateway."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, render_template, request

from lifang.entities.caller import Caller
from lifang.kit import json
from lifang.kit.errors import Forbidden, LifangError, NotFound, Stale
from lifang.kit.words import _
from lifang.mechanisms import separation
from lifang.resources.action import Preview
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.gateway import preview, write
from lifang.services.offers import may
from lifang.web import commands, forms
from lifang.web.addresses import address_of, home_of, same_site, with_query
from lifang.web.doors import Page, go_to, wait
from lifang.web.records import Head, head_of, once_page

UNSEEN = 0
"""The version of somebody who does not say which they saw: never the one that stands."""

Answer = str | Response | Page


@dataclass(frozen=True)
class Form:
    """A form as it stands: its questions, what is wrong, and the version it was made from.

    `preview` is what would happen if it were sent as it stands.
    """

    controls: list[forms.Control]
    error: LifangError | None = None
    version: int | None = None
    preview: Preview | None = None

    @property
    def seen(self) -> str | None:
        """What tells this preview from any other: sent along, it says which one was confirmed."""
        told = json.dumps(self.preview) if self.preview and not self.preview.obstacles else None
        return hashlib.sha256(told).hexdigest() if told else None

    @property
    def problems(self) -> list[tuple[str, str | None]]:
        """Every sentence of the error summary, with the question it is about."""
        told: list[tuple[str, str | None]] = [(c.error, c.name) for c in self.controls if c.error]
        about = {control.name for control in self.controls}
        if self.error is not None:
            errors = self.error.errors
            told += [(e.message, None) for e in errors if e.field not in about]
            if not errors and not told:
                told.append((self.error.sentence, None))
        if self.preview is not None:
            told += [(obstacle, None) for obstacle in self.preview.obstacles]
        return told

    @property
    def status(self) -> int:
        """The status the page is answered with."""
        if self.error is not None:
            return self.error.status
        return 422 if self.problems else 200


def form_page(template: str, form: Form, **told: Any) -> Page:
    """A page around a form, answered with the status of what is wrong with it."""
    return render_template(template, form=form, **told), form.status, wait(form.error)


def new_page(caller: Caller, resource: Resource[Any]) -> Answer:
    """Ask for a new record, and make it."""
    reading.open_to(caller, resource)
    if not may(caller, resource, "create"):
        raise Forbidden(_("您没有新建「{label}」的权限", label=_(resource.label)))
    specs = forms.questions(resource, "create")
    if request.method == "GET":
        return _new(resource, Form(forms.blank(caller, specs, request.args)))
    form, told = _answers(caller, resource, "create")
    if form.problems or "find" in request.form:
        return _new(resource, form)
    try:
        made = write(resource, "create", caller, told)
    except NotFound:
        raise
    except LifangError as error:
        return _new(resource, Form(forms.blamed(form.controls, error), error))
    return _leave(caller, resource, made, "create")


def edit_page(caller: Caller, resource: Resource[Any], record: int) -> Answer:
    """Ask what of a record is different now, and save it if nobody else was first."""
    head = _offered(caller, resource, record, "update")
    specs = forms.questions(resource, "update")
    if request.method == "GET":
        filled = forms.filled(caller, specs, head.view, request.args)
        return _edit(head, Form(filled, version=head.view["version"]))
    form, told = _answers(caller, resource, "update")
    if form.problems or "find" in request.form:
        return _edit(head, form)
    try:
        saved = write(resource, "update", caller, told, record, version=form.version or UNSEEN)
    except NotFound:
        raise
    except Stale as error:
        now, changed = error.extra["current"], error.extra["changed"]
        kept = forms.overtaken(form.controls, now, changed)
        return _edit(head, Form(kept, error, now["version"]))
    except LifangError as error:
        return _edit(head, Form(forms.blamed(form.controls, error), error, form.version))
    return _leave(caller, resource, saved, "update")


def action_page(caller: Caller, resource: Resource[Any], record: int, name: str) -> Answer:
    """Ask for what an action needs, let it be confirmed, and do it.

    Where it has a preview, that is what is confirmed: one that is not true any more is shown anew.
    """
    action = resource.actions.get(name.replace("-", "_"))
    if action is None:
        raise NotFound(_("没有找到"))
    head = head_of(caller, resource, record)
    specs = forms.questions(resource, action.name)
    if request.method == "GET":
        return _act(head, action.name, Form(forms.blank(caller, specs, request.args)))
    form, told = _answers(caller, resource, action.name)
    if form.problems or "find" in request.form:
        return _act(head, action.name, form)
    try:
        if action.preview:
            shown = preview(resource, action.name, caller, told, record)
            form = replace(form, preview=shown)
            if form.seen is None or form.seen != request.form.get("seen"):
                return _act(head, action.name, form)
        changed = write(resource, action.name, caller, told, record)
    except (NotFound, Forbidden):
        raise
    except LifangError as error:
        return _act(head, action.name, Form(forms.blamed(form.controls, error), error))
    return _leave(caller, resource, changed, action.name)


def remove_page(caller: Caller, resource: Resource[Any], record: int) -> Answer:
    """Ask whether a record shall really go, and remove it; its history stays."""
    head = _offered(caller, resource, record, "remove")
    version = head.view["version"]
    if request.method == "GET":
        return _remove(head, Form([], version=version))
    try:
        write(resource, "remove", caller, {}, record, version=_version() or UNSEEN)
    except (NotFound, Forbidden):
        raise
    except LifangError as error:
        return _remove(head, Form([], error, version))
    return go_to(with_query(home_of(resource), [("done", "remove")]))


def _offered(caller: Caller, resource: Resource[Any], record: int, verb: str) -> Head:
    head = head_of(caller, resource, record)
    if verb not in head.offered:
        label = _("修改") if verb == "update" else _("移除")
        raise Forbidden(_("您没有对它「{verb}」的权限", verb=label))
    return head


def _answers(caller: Caller, resource: Resource[Any], verb: str) -> tuple[Form, dict[str, Any]]:
    """What was answered; of a standing record only what was touched is told."""
    controls = forms.answered(caller, forms.questions(resource, verb), request.form)
    if name := request.form.get("find"):
        return Form(forms.looked_for(caller, controls, name), version=_version()), {}
    told, judged = forms.payload(caller, controls, all_of_them=verb != "update")
    if Form(judged).problems:
        judged = forms.complained(resource, verb, told, judged)
    return Form(judged, version=_version()), told


def _back() -> str | None:
    """The page of this site that led here and is gone back to, if it said so."""
    said = request.values.get("back")
    return same_site(said).partition("?")[0] if said else None


def _version() -> int | None:
    said = request.form.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def _new(resource: Resource[Any], form: Form) -> Page:
    return form_page(
        "web/form.html",
        form,
        heading=_("新建{label}", label=_(resource.label)),
        resource=resource,
        home=home_of(resource),
        back=_back() or home_of(resource),
        head=None,
        back_to=_back(),
        command=commands.asking_line(resource, "create", forms.questions(resource, "create")),
    )


def _edit(head: Head, form: Form) -> Page:
    words = [commands.named(head.resource, head.view)]
    words += commands.options((one.name, "…") for one in form.controls[:1])
    return form_page(
        "web/form.html",
        form,
        heading=_("修改：{title}", title=head.title),
        resource=head.resource,
        home=head.home,
        back=head.link,
        head=head,
        command=commands.line(head.resource, "update", *words),
    )


def _act(head: Head, name: str, form: Form) -> Page:
    action = head.resource.actions[name]
    return form_page(
        "web/action.html",
        form,
        head=head,
        action=action,
        back_to=_back(),
        offered=name in head.offered,
        apart=separation.rule_of(head.resource, action),
        command=commands.asking_line(head.resource, name, action.fields, head.view),
    )


def _remove(head: Head, form: Form) -> Page:
    command = commands.line(head.resource, "remove", commands.named(head.resource, head.view))
    return form_page("web/remove.html", form, head=head, command=command)


def _leave(caller: Caller, resource: Resource[Any], record: Any, verb: str) -> Answer:
    """Go on to the record, or to the list when the change took it out of the caller's reach.

    Whoever came from a desk goes back there. What is shown once is shown by this answer, before
    anybody goes on.
    """
    if record.shown_once:
        return once_page(caller, resource, record)
    if back := _back():
        return go_to(with_query(back, [("done", f"{resource.id}.{verb}")]))
    try:
        reading.get(caller, resource, int(record.id))
        target = address_of(resource, record.id)
    except NotFound:
        target = home_of(resource)
    return go_to(with_query(target, [("done", verb)]))
