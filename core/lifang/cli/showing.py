"""Answers: JSON as the interface gives it, tables for people, tab-separated lines for a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from lifang.cli import widths
from lifang.kit import clock, json
from lifang.kit.words import _
from lifang.resources import written
from lifang.resources.action import Preview
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name

if TYPE_CHECKING:
    from lifang.cli.session import Session
    from lifang.mechanisms.laid import Laid

View = dict[str, Any]
GAP = "  "
NARROWEST = 6
MEASURED = 300
"""Rows looked at before the columns of a table are laid out; the rest is cut to them."""


def emit(data: object) -> None:
    """Write one JSON document."""
    click.echo(json.dumps(data))


def emit_list(items: Iterable[object]) -> None:
    """Write the envelope of a list item by item, so that its length costs no memory."""
    click.echo('{"items":[', nl=False)
    for number, item in enumerate(items):
        click.echo((b",\n" if number else b"\n") + json.dumps(item), nl=False)
    click.echo('\n],"next":null}')


def say(session: Session, data: object, sentence: str) -> None:
    """Answer programs with one JSON document, people with one sentence."""
    if session.json:
        emit(data)
    else:
        click.echo(sentence)


def listed(
    session: Session,
    items: Iterable[Any],
    headings: Sequence[str],
    row: Callable[[Any], Sequence[str]],
    *,
    plain: Callable[[Any], object] = asdict,
) -> None:
    """Answer programs with a list, each item as `plain` tells it; people with its rows."""
    if session.json:
        emit_list(map(plain, items))
    else:
        lines(headings, map(row, items))


def table(resource: Resource[Any], items: Iterable[View]) -> None:
    """Write a list's columns: aligned on a terminal, separated by tabs in a pipe."""
    headings = [_("编号"), *(_(spec.label) for spec in resource.columns)]
    keyed = resource.id == "core.communities"  # known by their code, not by a number
    if keyed:
        headings = headings[1:]
    rows = (
        ([] if keyed else [str(item["id"])])
        + [shown(spec, item.get(spec.name)) for spec in resource.columns]
        for item in items
    )
    lines(headings, rows)


def panel(laid: Laid) -> None:
    """Write the rows of a panel of a desk, each with its number."""
    headings = [_("编号"), *(_(one.spec.label) for one in laid.columns)]
    rows = ([str(view["id"]), *(shown(one.spec, view.get(one.key)) for one in laid.columns)]
            for view in laid.items)  # fmt: skip
    lines(headings, rows)


def lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows under their headings; on a terminal each is cut to what fits in one line."""
    cleaned = ([widths.plain(cell) for cell in row] for row in chain([headings], rows))
    if not sys.stdout.isatty():
        for row in cleaned:
            click.echo("\t".join(row))
        return
    first = list(islice(cleaned, MEASURED))
    room = _room(first, shutil.get_terminal_size().columns)
    for row in chain(first, cleaned):
        told = [
            widths.pad(widths.cut(cell, wide), wide) for cell, wide in zip(row, room, strict=True)
        ]
        click.echo(GAP.join(told).rstrip())
    if len(first) == 1:
        click.echo(_("（没有记录）"), err=True)


def _room(rows: Sequence[Sequence[str]], terminal: int) -> list[int]:
    """How wide each column may be: what it needs, less where the widest leave no room."""
    wide = [max(map(widths.width, column)) for column in zip(*rows, strict=True)]
    over = sum(wide) + len(GAP) * (len(wide) - 1) - terminal
    while over > 0 and max(wide) > NARROWEST:
        widest = wide.index(max(wide))
        wide[widest] -= 1
        over -= 1
    return wide


def one(session: Session, resource: Resource[Any], view: View) -> None:
    """Answer with one record."""
    if session.json:
        emit(view)
    else:
        record(resource, view)


def record(resource: Resource[Any], view: View) -> None:
    """Write one record, a line per field that says something."""
    told = [(_("编号"), str(view["id"])), (_("版本"), str(view["version"]))]
    if resource.id == "core.communities":
        told = told[1:]
    told[:0] = [
        (_(spec.label), referred(spec, view.get(spec.name)))
        for spec in resource.fields
        if view.get(spec.name) not in (None, "")
    ]
    told.append((_("修改时间"), moment(view["updated_at"])))
    pairs(told)


def pairs(told: Iterable[tuple[str, str]]) -> None:
    """Write labels and what they stand for, the latter in one column."""
    kept = [(label, widths.plain(said)) for label, said in told]
    wide = max((widths.width(label) for label, _said in kept), default=0)
    for label, said in kept:
        click.echo(f"{widths.pad(label, wide)}{GAP}{said}".rstrip())


def shown(spec: FieldSpec, value: Any) -> str:
    """A value in a table."""
    if spec.kind == "instant" and value:
        return moment(value)
    return written.show(spec, value)


def referred(spec: FieldSpec, value: Any) -> str:
    """A value with what a command would call it: a community's code, another record's number."""
    said = shown(spec, value)
    if isinstance(value, dict) and value.get("id") is not None:
        return _("{name}（{key}）", name=said, key=value.get("code") or value["id"])
    return said


def preview(told: Preview, *, json: bool) -> None:
    """Write what an action would do, and what stands in its way."""
    if json:
        emit({"preview": told})
        return
    for section in told.sections:
        click.echo(section.label)
        lines(section.columns, section.rows)
        click.echo()
    for obstacle in told.obstacles:
        click.echo(_("不能办理：{sentence}", sentence=obstacle))


moment = clock.shown
"""An instant as people of the instance's zone read it."""


def history(resource: Resource[Any], entries: Iterable[View]) -> None:
    """Write a record's timeline: who did what when, before and after."""
    for entry in entries:
        verb = verb_name(resource, entry["verb"])
        who = entry["actor"]
        if entry["on_behalf_of"]:
            who = _("{who}（由 {behind} 操作）", who=who, behind=entry["on_behalf_of"])
        reason = _("；原因：{reason}", reason=entry["reason"]) if entry["reason"] else ""
        click.echo(widths.plain(f"{moment(entry['at'])}  {who}  {verb}{reason}"))
        for change in entry["changes"]:
            spec = resource.by_name.get(change["field"])
            label = _(spec.label) if spec else change["field"]
            before, after = (_told(spec, change[side]) for side in ("before", "after"))
            told = _("{field}：{message}", field=label, message=f"{before} → {after}")
            click.echo(f"    {widths.plain(told)}")


def _told(spec: FieldSpec | None, value: str | None) -> str:
    if value is None:
        return "—"
    return written.show(spec, value) if spec is not None and spec.choices else value


def counted(items: Iterable[Any], limit: int | None) -> Iterator[Any]:
    """The first items, or all of them; the first is fetched now, so that a refusal comes alone."""
    wanted = islice(items, limit)
    return chain(list(islice(wanted, 1)), wanted)
