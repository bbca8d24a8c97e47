"""One record: what is known of it, what can be done to it, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import render_template, request

from lifang.access.roles import ROLES
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid, LifangError
from lifang.kit.words import _, _p
from lifang.mechanisms import attachments
from lifang.resources.resource import Resource
from lifang.services import reading, uploads
from lifang.services.lineage import turns
from lifang.services.offers import may, offers
from lifang.services.presenting import View
from lifang.services.query import Query
from lifang.web import commands, forms, papers
from lifang.web.addresses import address_of, home_of, with_query
from lifang.web.doors import go_to
from lifang.web.pointers import place_key
from lifang.web.shown import Shown, show, title_of
from lifang.web.timeline import timeline

LATEST = 5
"""How many of the newest entries of its timeline a record's own page tells."""


@dataclass(frozen=True)
class Related:
    """Other records about this one: where they are listed, and where one is added."""

    noun: str
    label: str
    link: str
    new: str | None = None


@dataclass(frozen=True)
class Head:
    """What stands above every page of a record."""

    resource: Resource[Any]
    view: View
    title: str
    link: str
    home: str
    offered: frozenset[str]
    state: Shown | None

    def at(self, *tail: str) -> str:
        """The address of something about the record."""
        return "/".join([self.link, *tail])


def head_of(caller: Caller, resource: Resource[Any], record: int) -> Head:
    """Read a record for one of its pages; raises NotFound as for every record out of reach."""
    view, state = reading.view(caller, resource, record), resource.state
    return Head(
        resource,
        view,
        title_of(resource, view),
        address_of(resource, record),
        home_of(resource),
        offers(caller, resource, view),
        show(caller, resource, resource.by_name[state], view[state]) if state else None,
    )


def record_page(caller: Caller, resource: Resource[Any], record: int) -> str:
    """What is known of a record."""
    return _show(caller, head_of(caller, resource, record))


def reveal_page(caller: Caller, resource: Resource[Any], record: int) -> Any:
    """The same with sensitive fields uncovered, once, after a reason was given."""
    head = head_of(caller, resource, record)
    fields, reason = request.form.getlist("fields"), request.form.get("reason", "")
    try:
        open_values = reading.reveal(caller, resource, record, fields=fields, reason=reason)
    except Invalid as error:
        return _show(caller, head, error=error), error.status
    return _show(caller, head, uncovered=open_values)


def once_page(caller: Caller, resource: Resource[Any], record: Any) -> str:
    """The same with what was just made and is never shown again."""
    return _show(caller, head_of(caller, resource, int(record.id)), once=record.shown_once)


def history_page(caller: Caller, resource: Resource[Any], record: int) -> str:
    """What happened to a record, newest first."""
    head = head_of(caller, resource, record)
    return render_template(
        "web/history.html",
        head=head,
        entries=timeline(caller, resource, record, undoes="update" in head.offered),
        command=commands.line(resource, "history", commands.named(resource, head.view)),
    )


def attach_page(caller: Caller, resource: Resource[Any], record: int) -> Any:
    """The same after a file was added; what was wrong with the file is said beside the form."""
    head = head_of(caller, resource, record)
    try:
        papers.add(caller, resource, record)
    except (Invalid, Conflict) as error:
        return _show(caller, head, refused=error), error.status
    return go_to(f"{head.link}?done=attach#attachments")


def detach_page(caller: Caller, resource: Resource[Any], record: int, file: int) -> Any:
    """The same after a file was taken away."""
    attachments.detach(caller, resource, record, file)
    return go_to(f"{address_of(resource, record)}?done=detach#attachments")


def _show(
    caller: Caller,
    head: Head,
    *,
    uncovered: dict[str, str | None] | None = None,
    once: Mapping[str, str] = MappingProxyType({}),
    error: LifangError | None = None,
    refused: LifangError | None = None,
) -> str:
    resource, view = head.resource, head.view
    values = {**view, **(uncovered or {})}
    said = [
        spec
        for spec in resource.fields
        if not spec.locked or values.get(spec.name) not in (None, "")
    ]
    facts = [show(caller, resource, spec, values.get(spec.name)) for spec in said]
    facts += [
        Shown(_("编号"), str(view["id"])),
        Shown(_("登记时间"), clock.shown(view["created_at"])),
        Shown(_("修改时间"), clock.shown(view["updated_at"])),
    ]
    return render_template(
        "web/record.html",
        head=head,
        facts=facts,
        hidden=_hidden(resource, view) if "reveal" in head.offered else [],
        uncovered=uncovered,
        once=[
            (_(resource.by_name[name].label), value, papers.drawn(value))
            for name, value in once.items()
        ],
        error=error,
        refused=refused,
        papers=papers.papers_of(caller, resource, int(view["id"])),
        reason=request.form.get("reason", ""),
        actions=sorted(
            (a for name, a in resource.actions.items() if name in head.offered),
            key=lambda action: not action.waits,
        ),
        ways=_ways_of(caller, head),
        related=related_to(caller, resource, view),
        held=_held_by(caller, view) if resource.model is Account else [],
        latest=timeline(
            caller, resource, int(view["id"]), undoes="update" in head.offered, limit=LATEST + 1
        ),
        latest_told=LATEST,
        turns=turns(caller, int(view["id"])) if resource.model is Community else [],
        done=done_sentence(resource, request.args.get("done")),
        command=commands.line(resource, "show", commands.named(resource, view)),
    )


def _hidden(resource: Resource[Any], view: View) -> list[forms.Control]:
    """The sensitive fields that hold something."""
    return [
        forms.Control(spec, value=str(view[spec.name]))
        for spec in resource.fields
        if spec.kind == "sensitive" and view.get(spec.name)
    ]


def done_sentence(resource: Resource[Any], verb: str | None) -> str | None:
    """What was just done, said back; only verbs of the declaration are repeated."""
    if verb == "create":
        return _("已新建")
    if verb == "update":
        return _("已保存")
    if verb == "remove":
        return _("已移除")
    if verb in ("attach", "detach") and resource.attachments:
        return _("已添加附件") if verb == "attach" else _("已移除附件")
    action = resource.actions.get(verb or "")
    return _("已完成「{label}」", label=_(action.label)) if action else None


def related_to(caller: Caller, resource: Resource[Any], view: View) -> list[Related]:
    """The lists of other resources that are about this record, where the caller may look."""
    told = []
    for other in caller.instance.registry:
        if not may(caller, other, "read"):
            continue
        for spec in other.fields:
            if (
                spec.target is resource.model
                and not spec.virtual
                and resource.model is not Community
            ):
                told.append(_related(caller, other, spec.name, _(spec.label), view))
    if resource.model is Job:
        told += _result_of(caller, resource, view)
    if resource.model is Community:
        key = place_key(view)
        told += [
            Related(
                other.noun,
                _p("plural", other.label),
                with_query(home_of(other), [("within", key)]),
            )
            for other in caller.instance.registry
            if other.placed and may(caller, other, "read")
        ]
    return told


def _held_by(caller: Caller, view: View) -> list[tuple[str, str, str | None]]:
    """What an account may do, where, and until when: its grants that hold today."""
    grants = caller.instance.registry.of(Grant)
    if not may(caller, grants, "read"):
        return []
    found = reading.find(caller, grants, Query(filters=(("account", "", (str(view["id"]),)),)))
    return [
        (_(role), str(where["name"]) if where else _("全部"), one["until"])
        for one in found.items
        if one["until"] is None or one["until"] >= clock.today().isoformat()
        for role, where in [(ROLES[one["role"]], one["community"] or one["organization"])]
    ]


def _result_of(caller: Caller, jobs: Resource[Any], view: View) -> list[Related]:
    """Where it is told how a bulk action went, record by record."""
    job = reading.get(caller, jobs, int(view["id"]))
    plugin, _dot, noun = str(job.noun).partition(".")
    about = caller.instance.registry.find(plugin, noun)
    if job.kind != "bulk" or about is None:
        return []
    return [Related(noun, _("结果"), f"{home_of(about)}/bulk/{job.id}")]


def _related(caller: Caller, other: Resource[Any], field: str, label: str, view: View) -> Related:
    pairs = [(field, str(view["id"]))]
    several = sum(spec.target is other.by_name[field].target for spec in other.fields) > 1
    named = _p("plural", other.label)
    if several:
        named = _("{name}（{key}）", name=named, key=label)
    new = with_query(f"{home_of(other)}/new", pairs) if may(caller, other, "create") else None
    return Related(other.noun, named, with_query(home_of(other), pairs), new)


def _ways_of(caller: Caller, head: Head) -> list[tuple[str, str, str]]:
    """Where more can be done: the icon, the words and the address of each way."""
    resource = head.resource
    if resource.id == "core.accounts" and may(caller, resource, "update"):
        return [("key", _("重设密码"), head.at("password"))]
    if resource.confidential is not None and resource.confidential.anonymised:
        return [("list", _("去标识化副本"), head.at("anonymised"))]
    if resource.model is Job:
        job = reading.get(caller, resource, int(head.view["id"]))
        brought = caller.instance.registry.find(*job.noun.split("."))
        if brought is not None and uploads.mine(caller, job) and may(caller, brought, "import"):
            return [("list", _("查看导入"), f"{home_of(brought)}/import/{job.id}")]
    return []
