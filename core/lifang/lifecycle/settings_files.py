"""A district's settings as a file: all that holds there and below with its day and basis.

Places are told relative to the district, so that the file says the same of another one. Secrets
never leave: they are named as what somebody has to set by hand.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.kit import clock
from lifang.kit.errors import Conflict, FieldError, Invalid, Malformed, demand_known
from lifang.kit.words import _, n_
from lifang.lifecycle import dated, switching
from lifang.lifecycle.dated import Decree
from lifang.plugins import said
from lifang.plugins.setting import Setting
from lifang.plugins.tables import bump_epoch
from lifang.services.auditing import LONGEST_REASON, Change, record_note, stated
from lifang.services.sheets import BOM, tame, untame
from lifang.store.whole import whole

FORMATS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "toml": "application/toml",
}
MOST_LINES = 20_000
LARGEST = 8 * 2**20  # bytes
LONGEST_PRESET = 60
HERE = "."
"""The district itself, as places are told; what lies below begins with it: `.001001`."""

State = Literal["new", "changed", "same", "by_hand"]
STATES: dict[State, str] = {
    "new": n_("新增"),
    "changed": n_("改变"),
    "same": n_("相同"),
    "by_hand": n_("须手工设置"),
}
"""What importing a line would do."""


@dataclass(frozen=True)
class Line:
    """One word on a setting, as a file tells it: what holds of one place and day.

    `value` is empty where the place inherits again. Of a `secret` nothing but that it is set.
    """

    plugin: str
    key: str
    place: str
    since: str
    value: str
    basis: str
    approved_by: str = ""
    preset: str = ""
    locked: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Checked:
    """A line and what importing it would do: `before` is what was said of its place and day."""

    row: int
    line: Line
    label: str
    name: str
    state: State
    before: str | None


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a cell of a file, and what would be right; rows count from 1."""

    row: int
    column: str
    message: str


@dataclass(frozen=True)
class Plan:
    """What a file would do at a place; nothing of it is done while anything is wrong."""

    at: str
    name: str
    lines: tuple[Checked, ...]
    wrong: tuple[Wrong, ...]
    counts: Mapping[State, int] = field(default_factory=dict)


WORDS = {"yes": True, "no": False, "": False}
NAMES = tuple(one.name for one in fields(Line))


def export(caller: Caller, *, at: str | None, form: str) -> bytes:
    """All that is said at a place and below as a file: json, csv or toml.

    Raises Forbidden to who does not administer the place, Malformed for another form.
    """
    demand_known("format", form, FORMATS)
    node = _place(caller, at)
    lines = [_plain(line) for line in _lines(caller, node)]
    with caller.instance.database.transaction():
        told = _("导出 {n} 项", n=len(lines))
        record_note(caller, "setting", "export", community=int(node.id), reason=told)
    if form == "json":
        head = {"format": 1, "exported_on": clock.today().isoformat(), "settings": lines}
        return (json.dumps(head, ensure_ascii=False, indent=1) + "\n").encode()
    return _as_csv(lines) if form == "csv" else _as_toml(lines)


def check(caller: Caller, content: bytes, *, at: str | None) -> Plan:
    """What a file would do at a place: new, changed, the same, to be set by hand, or wrong."""
    return _plan(caller, _place(caller, at), _read(content))[0]


@whole
def take_in(caller: Caller, content: bytes, *, at: str | None, name: str = "") -> Plan:
    """Say all that a file says at a place and below, or nothing: Invalid with all that is wrong.

    Who is named as having set it is who imports it; words of the same content are passed over.
    """
    node = _place(caller, at)
    told = _read(content)
    with caller.instance.database.transaction():
        plan, fresh = _plan(caller, node, told)
        if plan.wrong:
            errors = [FieldError(f"{one.row}.{one.column}", "invalid", one.message)
                      for one in plan.wrong]  # fmt: skip
            sentence = _("文件里有 {n} 行需要修改；什么都没有导入", n=len(plan.wrong))
            raise Invalid(sentence, errors=errors, wrong=[vars(one) for one in plan.wrong])
        bump_epoch()
        changes: dict[int, list[Change]] = {}
        for one, there, line in fresh:
            by = Decree(line.basis, None, dated.day("since", line.since), line.preset or None,
                        line.locked, line.approved_by or None)  # fmt: skip
            change = dated.keep(caller, one, there, line.value, by)
            changes.setdefault(int(there.id), []).append(change)
        reason = _("导入文件 {name}", name=name)[:LONGEST_REASON] if name else None
        for where, some in changes.items():
            record_note(caller, "setting", "import", community=where, changes=some, reason=reason)
    caller.instance.plugins.refresh()
    return plan


def _place(caller: Caller, at: str | None) -> Community:
    code = str(dated.node_at(caller, at).code) if at is None else at
    return switching.nodes_at(caller, code)[0]


def _lines(caller: Caller, node: Community) -> Iterable[Line]:
    """What is said in a subtree, from above to below: of a place and day what came last."""
    below: Any = Community.select(Community.id, Community.code).where(
        Community.path >= node.path, Community.path < path_end(node.path)
    )
    codes = dict(below.order_by(Community.path).tuples())
    for one in dated.known(caller, node).values():
        told = said.words(one.plugin, one.name)
        for number in (number for number in codes if number in told):
            for word in {word.from_date: word for word in told[number]}.values():
                if one.secret and word.value is None:
                    continue
                yield Line(
                    plugin=one.plugin,
                    key=one.name,
                    place=_relative(codes[number], str(node.code)),
                    since=word.from_date.isoformat(),
                    value="" if one.secret else word.value or "",
                    basis=word.basis,
                    approved_by=word.approved_by or "",
                    preset=word.preset or "",
                    locked=bool(word.locked),
                    secret=one.secret,
                )


def _stem(code: str) -> str:
    """What the codes of all that lies in a place begin with: 620102 for 620102000000."""
    if not re.fullmatch("[0-9]{12}", code):
        return code
    return next((code[:n] for n in (2, 4, 6, 9) if not code[n:].strip("0")), code)


def _relative(code: str, root: str) -> str:
    stem = _stem(root)
    return (
        HERE if code == root else HERE + code.removeprefix(stem) if code.startswith(stem) else code
    )


def _absolute(place: str, root: str) -> str:
    return root if place == HERE else _stem(root) + place[1:] if place.startswith(HERE) else place


def _plan(
    caller: Caller, node: Community, lines: list[dict[str, Any]]
) -> tuple[Plan, list[tuple[Setting[Any], Community, Line]]]:
    known, places = dated.known(caller, node), _below(node)
    checked, wrong, fresh, seen = [], [], [], set()
    for row, given in enumerate(lines, 1):
        try:
            line, one, there = _meant(given, known, places, node)
            key = (line.plugin, line.key, int(there.id), line.since)
            if key in seen:
                raise _Wrong("since", _("同一社区、同一天，这项设置写了两次"))
            seen.add(key)
        except _Wrong as error:
            wrong.append(Wrong(row, error.column, error.message))
            continue
        state, before = _compare(line, one, there)
        checked.append(Checked(row, line, _(one.label), str(there.name), state, before))
        if state in ("new", "changed"):
            fresh.append((one, there, line))
    counts = {state: sum(one.state == state for one in checked) for state in STATES}
    plan = Plan(str(node.code), str(node.name), tuple(checked), tuple(wrong), counts)
    return plan, fresh


class _Wrong(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column, self.message = column, message


def _meant(
    given: Mapping[str, Any],
    known: Mapping[str, Setting[Any]],
    places: Mapping[str, Community],
    node: Community,
) -> tuple[Line, Setting[Any], Community]:
    """What a line says, or what is wrong with it."""
    line = _typed(given)
    one = known.get(f"{line.plugin}.{line.key}")
    if one is None:
        raise _Wrong("key", _("没有设置「{key}」；已知的：{known}", key=f"{line.plugin}.{line.key}",
                              known=_("、").join(sorted(known)) or "—"))  # fmt: skip
    there = places.get(_absolute(line.place, str(node.code)))
    if there is None:
        raise _Wrong("place", _("「{name}」之下没有代码为「{code}」的社区", name=node.name,
                                code=_absolute(line.place, str(node.code))))  # fmt: skip
    try:
        day = dated.day("since", line.since)
    except Malformed as error:
        raise _Wrong("since", error.sentence) from None
    if day is None:
        raise _Wrong("since", _("请写明从哪一天起"))
    try:
        value = "" if one.secret else dated.meant({one.name: one}, one.name, line.value)
        dated.demand_unlocked(one, node, day)
    except (ValueError, Conflict) as error:
        raise _Wrong("value", str(error)) from None
    _demand_grounds(line)
    return Line(**{**vars(line), "value": value, "since": day.isoformat()}), one, there


def _demand_grounds(line: Line) -> None:
    """Raise what is wrong with whence a word comes: its basis, who approved it, its preset."""
    try:
        stated("basis", line.basis, _("请写明依据（文件名称或文号）"))
        dated.approver(Decree("", approved_by=line.approved_by))
    except Invalid as error:
        raise _Wrong(error.errors[0].field, error.sentence) from None
    if len(line.preset) > LONGEST_PRESET or not line.preset.isprintable():
        raise _Wrong("preset", _("「{label}」最多 {n} 个字", label=_("预设"), n=LONGEST_PRESET))


def _typed(given: Mapping[str, Any]) -> Line:
    for name in given:
        if name not in NAMES:
            raise _Wrong(str(name), _("没有字段「{name}」", name=name))
    told: dict[str, Any] = {}
    for name in NAMES:
        value = given.get(name, False if name in ("locked", "secret") else "")
        if name in ("locked", "secret"):
            value = WORDS.get(value) if isinstance(value, str) else value
            if not isinstance(value, bool):
                raise _Wrong(name, _("「{label}」须为 yes 或 no", label=name))
        elif not isinstance(value, str) or "\0" in value:
            raise _Wrong(name, _("「{label}」须为文字", label=name))
        told[name] = value.strip() if isinstance(value, str) else value
    return Line(**told)


def _compare(line: Line, one: Setting[Any], there: Community) -> tuple[State, str | None]:
    words = said.words(one.plugin, one.name).get(int(there.id), ())
    own = next((word for word in reversed(words) if word.from_date.isoformat() == line.since), None)
    if one.secret:
        return "by_hand", own.value if own else None
    if own is None:
        return "new", None
    there_now = (
        own.value or "",
        own.basis,
        own.approved_by or "",
        own.preset or "",
        bool(own.locked),
    )
    wanted = (line.value, line.basis, line.approved_by, line.preset, line.locked)
    return "same" if there_now == wanted else "changed", own.value or ""


def _below(node: Community) -> dict[str, Community]:
    query: Any = Community.select().where(
        Community.path >= node.path,
        Community.path < path_end(node.path),
        Community.removed_at.is_null(),
    )
    nodes = list(query)
    closed = {str(one.code): one for one in nodes if one.valid_to is not None}
    return closed | {str(one.code): one for one in nodes if one.valid_to is None}


def _plain(line: Line) -> dict[str, Any]:
    """What a file tells of a line: nothing that says nothing."""
    return {name: value for name, value in vars(line).items() if value or name == "value"}


def _as_csv(lines: list[dict[str, Any]]) -> bytes:
    told = io.StringIO(newline="")
    writer = csv.writer(told)
    writer.writerow(NAMES)
    for line in lines:
        cells = (line.get(name, "") for name in NAMES)
        writer.writerow([tame("yes" if cell is True else cell) for cell in cells])
    return BOM + told.getvalue().encode()


def _as_toml(lines: list[dict[str, Any]]) -> bytes:
    told = ["format = 1", f"exported_on = {clock.today().isoformat()}"]
    for line in lines:
        told += ["", "[[settings]]"]
        for name, value in line.items():  # a JSON string is a TOML string but for what is not ASCII
            written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
            told.append(f"{name} = {written}")
    return ("\n".join(told) + "\n").encode()


def _read(content: bytes) -> list[dict[str, Any]]:
    """The lines of a file in whichever form; raises Malformed for none of them."""
    if len(content) > LARGEST:
        raise Malformed(_("文件太大"))
    try:
        text = content.removeprefix(BOM).decode()
        lines = _parsed(text)
    except (ValueError, RecursionError, csv.Error) as error:
        raise Malformed(_("读不懂这个文件；应是设置导出的 JSON、CSV 或 TOML")) from error
    if len(lines) > MOST_LINES:
        raise Malformed(_("文件最多 {n} 行", n=MOST_LINES))
    return lines


def _parsed(text: str) -> list[dict[str, Any]]:
    start = text.lstrip()[:1]
    if start == "{":
        lines = json.loads(text)["settings"] if '"settings"' in text else None
    elif text.startswith("plugin,"):
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(rows)
        cells = [[untame(cell) for cell in row] for row in rows if any(row)]
        lines = [dict(zip(header, row, strict=True)) for row in cells]
    else:
        lines = tomllib.loads(text).get("settings")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise ValueError("no settings in it")
    return lines
