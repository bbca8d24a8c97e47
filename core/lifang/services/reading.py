"""Every read: `find` and `count` for lists, `get` and `view` for one, `each` for handlers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.kit.errors import Forbidden, Invalid, NotFound
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import values
from lifang.services.auditing import Change, record_denial, record_effect, stated
from lifang.services.order import Order, make_cursor
from lifang.services.plans import Listing
from lifang.services.presenting import View, names_of, present, present_one, stored
from lifang.services.query import MOST, Query, conditions, read_filters
from lifang.services.standpoint import in_reach, reached
from lifang.store.record import Record
from lifang.store.whole import whole

M = TypeVar("M", bound=Record)

AT_MOST = 1_000
"""So far is counted where a number is only shown."""


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursor of the next ones or None."""

    items: list[View]
    next: str | None


def open_to(caller: Caller, resource: Resource[Any]) -> None:
    """Raise NotFound unless the caller can read anything of the resource, where it is on."""
    if not caller.instance.registry.owns(resource) or not policy.rights(caller, resource, "read"):
        raise NotFound(_("没有找到"))


def find(caller: Caller, resource: Resource[Any], query: Query) -> Page:
    """One page of a list, as the caller may see it; never a count."""
    open_to(caller, resource)
    model: Any = resource.model
    order = Order.read(resource, query.sort)
    limit = max(1, min(query.limit, MOST))
    columns = [*stored(resource), order.field]
    rows = Listing(caller, resource, query, columns, limit=limit + 1).rows()
    more = len(rows) > limit
    rows = rows[:limit]
    items = present(caller, resource, rows)
    if not more:
        return Page(items, None)
    last = getattr(model, order.field).db_value(rows[-1][-1])  # a date where the driver gives one
    return Page(items, make_cursor(last, rows[-1][0]))


def stream(caller: Caller, resource: Resource[Any], query: Query) -> Iterator[View]:
    """Every row of a list, page by page, in constant memory."""
    query = replace(query, limit=MOST)
    while True:
        page = find(caller, resource, query)
        yield from page.items
        if page.next is None:
            return
        query = replace(query, cursor=page.next)


def count(caller: Caller, resource: Resource[Any], query: Query) -> int:
    """How many rows a list has, within what the caller may see."""
    open_to(caller, resource)
    model: Any = resource.model
    told = conditions(caller, resource, query, apart=False)
    return int(model.select(model.id).where(*told).count())


def count_up(caller: Caller, resource: Resource[Any], query: Query) -> int:
    """How many rows a list has, but `AT_MOST + 1` however many more; `told_number` says it.

    For what is shown by the way. Where a field says in which place a row lies, its index finds some
    in any order; else they are met along the list.
    """
    open_to(caller, resource)
    most = AT_MOST + 1
    if not isinstance(resource.scope, str):
        return len(Listing(caller, resource, query, ["id"], limit=most).rows())
    model: Any = resource.model
    told = conditions(caller, resource, replace(query, narrow=False), apart=False)
    return int(model.select(model.id).where(*told).limit(most).count())


def told_number(number: int) -> str:
    """What `count_up` counted, as it is shown."""
    return f"{AT_MOST:,}+" if number > AT_MOST else f"{number:,}"


def get(caller: Caller, resource: Resource[M], id: int) -> M:
    """One standing record; raises NotFound when it does not exist or is out of reach."""
    open_to(caller, resource)
    record = in_reach(caller, resource, id)
    if record is None:
        raise NotFound(_gone(caller, resource, id))
    return record


def _gone(caller: Caller, resource: Resource[Any], id: int) -> str:
    """Where a merged record went, for those who can read that one; for others there was none."""
    model: Any = resource.model
    into = getattr(model, "merged_into", None)
    went = model.select(into).where(model.id == id).tuples().first() if into is not None else None
    if went and went[0] is not None and names_of(caller, resource, went):
        return _("已合并到 {id}", id=went[0])
    return _("没有找到")


def view(caller: Caller, resource: Resource[Any], id: int) -> View:
    """One standing record as the caller may see it."""
    return present_one(caller, resource, get(caller, resource, id))


def each(resource: Resource[M], caller: Caller, **filters: Any) -> Iterator[M]:
    """The records that match, page by page, so that no cursor stays open while they change."""
    open_to(caller, resource)
    model: Any = resource.model
    query = Query(filters=read_filters(filters.items()))
    while True:
        rows = Listing(caller, resource, query, ["id"], limit=MOST).rows()
        ids = [row[0] for row in rows]
        yield from model.select().where(model.id.in_(ids)).order_by(model.id)
        if len(ids) < MOST:
            return
        query = replace(query, cursor=make_cursor(ids[-1], ids[-1]))


@whole
def reveal(
    caller: Caller, resource: Resource[Any], id: int, *, fields: list[str], reason: str
) -> dict[str, str | None]:
    """Uncover sensitive fields of one record, audited before the values leave.

    Raises Invalid without a reason or for a field that is not sensitive, Forbidden without the
    right to reveal, NotFound as for every record out of reach.
    """
    record = get(caller, resource, id)
    secret = {spec.name for spec in resource.fields if spec.kind == "sensitive"}
    reason = stated("reason", reason, _("请说明查看原因"))
    if not fields or not set(fields) <= secret:
        sentence = _("可查看的敏感字段：{known}", known=_("、").join(sorted(secret)))
        raise Invalid.about("fields", "required", sentence)
    shown = view(caller, resource, id)
    if not reached(caller, resource, "reveal", [id]) or any(
        shown[name] is None and getattr(record, f"{name}_mask") is not None for name in fields
    ):
        denied = Forbidden(_("您没有查看敏感信息的权限"))
        record_denial(caller, resource, "reveal", id, denied)
        raise denied
    with caller.instance.database.transaction():
        looked = [Change(f"revealed:{name}", None, None) for name in fields]
        record_effect(caller, resource, "reveal", id, changes=looked, reason=reason)
    return {name: values.opened(caller, resource, record, name) for name in fields}
