"""What a list is asked for in an address: filters, search, a subtree, an order, a page."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from lifang.kit.errors import Malformed
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.query import MOST, NOW, OPERATORS, THEN, Query, filter_names, read_filters

LONGEST_SEARCH = 100
PAGING = ("limit", "cursor", "count")
ASKED = ("q", "within", "tree", "sort")


@dataclass(frozen=True)
class Asked:
    """A list request, and whether its number of rows was asked for."""

    query: Query
    counted: bool = False


def read(
    resource: Resource[Any],
    args: MultiDict[str, str],
    *,
    paged: bool = True,
    also: Iterable[str] = (),
) -> Asked:
    """Read an address; raises Malformed for what nobody knows, naming what is known.

    `also` are further keys, read elsewhere. Without `paged` the whole list is asked for.
    """
    own = (*ASKED, *(PAGING if paged else ()), *also)
    pairs: list[tuple[str, Any]] = []
    for key, values in args.lists():
        if key in own:
            if len(values) > 1:
                raise Malformed(_("「{key}」只能出现一次", key=key))
            continue
        _demand_known(resource, key, own)
        pairs.append((key, values))
    query = Query(
        filters=read_filters(pairs),
        q=_search(args.get("q")),
        within=args.get("within") or None,
        as_of=_tree(args.get("tree")),
        sort=args.get("sort") or "id",
        limit=read_limit(args.get("limit")) if paged else MOST,
        cursor=args.get("cursor") or None if paged else None,
    )
    return Asked(query, counted=paged and claim("count", args.get("count")))


def read_limit(text: str | None) -> int:
    """How many rows are wanted; raises Malformed outside 1 to 1,000."""
    if text is None:
        return Query.limit
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= number <= MOST:
        raise Malformed(_("limit 须为 1 至 {most} 的整数", most=MOST))
    return number


def read_columns(resource: Resource[Any], text: str | None) -> list[FieldSpec]:
    """The fields a table is limited to, `name,status`, or none; Malformed for what is no field."""
    names = [] if text is None else list(dict.fromkeys(text.split(",")))
    if unknown := [name for name in names if name not in resource.by_name]:
        known = [spec.name for spec in resource.fields]
        rest = _("。可用：{known}", known=_("、").join(known))
        raise Malformed(_("没有「{name}」这一列", name=unknown[0]) + rest, known=known)
    return [resource.by_name[name] for name in names]


def read_words(
    args: MultiDict[str, str], *known: str, repeated: tuple[str, ...] = ()
) -> dict[str, str]:
    """What an address asks, each once but for some; raises Malformed for any other parameter."""
    for key, values in args.lists():
        if key not in (*known, *repeated):
            raise Malformed(_("不认识查询参数「{key}」", key=key), known=[*known, *repeated])
        if len(values) > 1 and key in known:
            raise Malformed(_("「{key}」只能出现一次", key=key))
    return args.to_dict()


def _demand_known(resource: Resource[Any], key: str, own: Iterable[str]) -> None:
    names = filter_names(resource)
    name, _sep, operator = key.partition("__")
    if name in names and (operator in OPERATORS or key == name):
        return
    known = [*names, *own]
    near = difflib.get_close_matches(key, known, n=1)
    hint = _("；是否想写「{near}」？", near=near[0]) if near else ""
    sentence = _("不认识查询参数「{key}」", key=key) + hint
    raise Malformed(sentence + _("。可用：{known}", known=_("、").join(known)), known=known)


def _search(text: str | None) -> str | None:
    if text is not None and len(text) > LONGEST_SEARCH:
        raise Malformed(_("「{key}」最多 {n} 个字", key="q", n=LONGEST_SEARCH))
    return text


def _tree(text: str | None) -> str:
    if text not in (None, NOW, THEN):
        raise Malformed(_("「{key}」须为 now 或 then", key="tree"))
    return text or NOW


def claim(key: str, text: str | None) -> bool:
    """Whether an address says `true` to something, not at all meaning `false`."""
    known = {None: False, "true": True, "false": False}
    if text not in known:
        raise Malformed(_("「{key}」须为 true 或 false", key=key))
    return known[text]
