"""One verb on many records: what it would do is shown first, and asked about on a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from lifang.cli import options, showing, widths
from lifang.cli.asking import ask
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import flag, option
from lifang.cli.session import Session
from lifang.cli.verbs import FILTERS, LISTING, OCCURRED, asked_for, narrowing, read_moment
from lifang.cli.waiting import progress
from lifang.entities.job import Job
from lifang.kit.errors import Conflict
from lifang.kit.words import _, n_
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name
from lifang.services import bulk
from lifang.services.gateway import write

SHOWN = 100
UNBOUNDED = 2**62
"""Nobody waits for an answer here: a command does its work itself, however long it is."""
NOT_KEPT = ("so", "x_")
"""How the options of a list begin that a job has no use for: its order, numbers to look up."""
OWN = (*LISTING, "dry-run", "yes", "occurred-at")


def group(resource: Resource[Any]) -> click.Command:
    """The verbs that can be done to a list of a noun, narrowed as `list` is."""
    held = {verb for verbs in resource.roles.values() for verb in verbs}
    known = [*resource.actions, *(verb for verb in ("update", "remove") if verb in held)]
    made = [_command(resource, verb) for verb in known]
    return Group("bulk", n_("对符合条件的多条记录做同一件事；先检查，再确认"), made)


def _command(resource: Resource[Any], verb: str) -> click.Command:
    asked = {bulk.option_of(resource, verb, spec): spec for spec in bulk.fields(resource, verb)}
    specs = tuple(
        replace(spec, name=name, required=spec.required and verb != "update")
        for name, spec in asked.items()
    )

    def work(session: Session, given: Given) -> int:
        answers = {f"f_{name}": given.pop(f"f_{name}") for name in asked}
        told = {asked[name].name: value for name, value in options.said(specs, answers).items()}
        return _work(session, resource, verb, given, told)

    params = [
        *(one for one in narrowing(resource, own=OWN) if str(one.name)[:2] not in NOT_KEPT),
        *options.asked(specs, OWN),
        option("--occurred-at", metavar="TIME", help=OCCURRED),
        flag("--dry-run", help=n_("只检查，什么都不写")),
        flag("--yes", help=n_("不再询问")),
    ]
    return Command(verb.replace("_", "-"), verb_name(resource, verb), work, params, epilog=FILTERS)


def _work(
    session: Session, resource: Resource[Any], verb: str, given: Given, data: dict[str, Any]
) -> int:
    caller, query = session.caller_for(resource), asked_for(given)
    when = read_moment(given["occurred_at"])
    found = bulk.check(caller, resource, verb, query, data)
    _show(session, resource, verb, found, dry_run=given["dry_run"])
    if given["dry_run"]:
        return 0
    if found.ready and not given["yes"]:
        asked = _("对 {n} 条：{verb}", n=found.ready, verb=verb_name(resource, verb))
        ask(asked, _("没有终端可以确认；核对后请加 --yes"))
    job = bulk.begin(caller, resource, verb, query, data, occurred_at=when, at_once=UNBOUNDED)
    try:
        with progress(verb_name(resource, verb)) as bar:
            job = bulk.carry_out(caller, resource, job, bar)
    except KeyboardInterrupt:  # whoever breaks it off does not want a worker to go on with it
        write(session.instance.registry.of(Job), "cancel", caller, {}, int(job.id))
        raise
    return _tell(session, bulk.outcome_of(job))


def _show(
    session: Session, resource: Resource[Any], verb: str, found: bulk.Check, *, dry_run: bool
) -> None:
    told = bulk.told(session.caller, resource, found)
    if session.json:
        if dry_run:
            showing.emit(told)
        return
    said = _("符合条件的 {matched} 条；可以{verb}的 {ready} 条", matched=found.matched,
             verb=verb_name(resource, verb), ready=found.ready)  # fmt: skip
    if told["first"]:
        named = _("、").join(one["name"] for one in told["first"])
        said += _("（{state}）", state=named + ("…" if found.ready > len(told["first"]) else ""))
    lines = [_("不做 {n} 条：{message}", n=o.count, message=o.message) for o in found.left_out]
    if found.not_found:
        lines.append(_("没有找到 {n} 条", n=found.not_found))
    click.echo(widths.plain("\n  ".join([said, *lines])), err=True)


def _tell(session: Session, outcome: dict[str, Any]) -> int:
    if session.json:
        showing.emit(outcome)
    else:
        figures = {name: outcome[name] for name in ("done", "skipped", "failed")}
        click.echo(_("已完成 {done} 条，跳过 {skipped} 条，失败 {failed} 条", **figures))
        for error in outcome["errors"][:SHOWN]:
            said = _("{field}：{message}", field=error["id"], message=error["message"])
            click.echo(f"  {widths.plain(said)}", err=True)
    return Conflict.exit_code if outcome["failed"] else 0
