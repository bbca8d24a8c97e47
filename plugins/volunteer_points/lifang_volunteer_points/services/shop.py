"""The points shop: points and stock are put aside in one transaction, and move together."""

from __future__ import annotations

import base64
import hmac
from typing import Annotated

import peewee as pw

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import Item, Redemption
from lifang_volunteer_points.policies import local, refuse
from lifang_volunteer_points.services.points import points
from lifang_volunteer_points.settings import pick_up_days, redeem_every, refundable

stock = lf.Ledger("volunteer_points.stock", "库存", unit="件")

GONE = ("cancelled", "expired")


def demand_thanks(item: Item, caller: lf.Caller) -> None:
    """An item is had for points, and for no money."""
    if item.points < 1:
        refuse("points", "too_few", _("所需积分至少为 1"))
    if item.limit_per_person is not None and item.limit_per_person < 1:
        refuse("limit_per_person", "too_few", _("每人限兑至少为 1，或留空表示不限"))


@lf.action("入库", event="restocked")
def restock(item: Item, caller: lf.Caller, *, quantity: Annotated[int, "数量"]) -> None:
    """Bring things into the shop."""
    _demand_some(quantity)
    stock.grant(item, caller, quantity, key=f"in/{item.id}/{item.version}", memo="入库")
    item.stock = stock.balance(item, caller).available


@lf.action("报损", event="written_off")
def write_off(
    item: Item, caller: lf.Caller, *, quantity: Annotated[int, "数量"], reason: str
) -> None:
    """Let things go that are broken or out of date."""
    _demand_some(quantity)
    stock.spend(item, caller, quantity, key=f"off/{item.id}/{item.version}", memo=reason[:400])
    item.stock = stock.balance(item, caller).available


@lf.action("盘点", event="counted", when=lambda _view: False, among={"id": 0})
def count_stock(item: Item, caller: lf.Caller) -> None:
    """Show what the ledger says is left."""
    item.stock = stock.balance(item, caller).available


@lf.action("下架", moves={"on_shelf": "withdrawn"}, waits=False)
def withdraw(item: Item, caller: lf.Caller) -> None:
    """Offer an item no more."""


@lf.action("上架", moves={"withdrawn": "on_shelf"}, event="put_back", waits=False)
def put_back(item: Item, caller: lf.Caller) -> None:
    """Offer an item again."""


def _demand_some(quantity: int) -> None:
    if quantity < 1:
        refuse("quantity", "too_few", _("数量至少为 1"))


def reserve(redemption: Redemption, caller: lf.Caller) -> None:
    """A new redemption takes points and stock aside at once, or neither."""
    if redemption.points_entry:
        return
    item, volunteer = redemption.item, redemption.volunteer
    _demand_some(redemption.quantity)
    if item.state != "on_shelf":
        raise lf.Conflict(_("「{name}」已下架", name=item.name))
    redemption.person = volunteer.person
    demand_turn(redemption, caller)
    redemption.points = item.points * redemption.quantity
    key, memo = f"redemption/{redemption.id}", item.name
    held = refundable(int(item.community_id))
    take = points.hold if held else points.spend
    redemption.points_entry = take(volunteer, caller, redemption.points, key=key, memo=memo)
    if not held:
        lf.tell(volunteer, caller, "points_redeemed", points=redemption.points)
    redemption.stock_entry = stock.hold(item, caller, redemption.quantity, key=key, memo=memo)
    redemption.shown_once = {"code": code_of(redemption, caller)}


def demand_turn(redemption: Redemption, caller: lf.Caller) -> None:
    """A volunteer redeems as often, and an item is had as many times, as the place allows."""
    item, every = redemption.item, redeem_every(int(redemption.item.community_id))
    mine = (Redemption.volunteer == redemption.volunteer) & Redemption.state.not_in(GONE)
    months = {"quarter": 3, "year": 12}.get(every)
    if months is not None:
        today = local(lf.now(), caller).replace(hour=0, minute=0, second=0, microsecond=0)
        since = today.replace(month=(today.month - 1) // months * months + 1, day=1)
        if Redemption.select().where(mine, Redemption.created_at >= since).exists():
            raise lf.Conflict(_("本期已经兑换过一次；下一期再来"))
    if item.limit_per_person is not None:
        total = Redemption.select(pw.fn.SUM(Redemption.quantity))
        had = int(total.where(mine, Redemption.item == item).scalar() or 0)
        if had + redemption.quantity > item.limit_per_person:
            raise lf.Conflict(
                _("「{name}」每人限兑 {n} 件", name=item.name, n=item.limit_per_person)
            )


def keep_for(redemption: Redemption, caller: lf.Caller) -> None:
    """What is not picked up in time goes back on the shelf."""
    days = pick_up_days(int(redemption.item.community_id))
    lf.deadline(redemption, caller, "pick_up_due", start=lf.today(), days=days)


def code_of(redemption: Redemption, caller: lf.Caller) -> str:
    """Fifty bits that only the instance's key gives: `7-ABCDEFGHIJ`."""
    secret = lf.derived_secret(redemption, caller, "pick-up")
    return f"{redemption.id}-{base64.b32encode(secret).decode()[:10]}"


@lf.action("查看领取码", event="code_shown", when=lambda view: view["state"] == "reserved")
def show_code(redemption: Redemption, caller: lf.Caller) -> None:
    """Show the code again to whom the item is kept for."""
    redemption.shown_once = {"code": code_of(redemption, caller)}


@lf.action("发放", moves={"reserved": "picked_up"}, not_by="owner")
def pick_up(
    redemption: Redemption,
    caller: lf.Caller,
    *,
    code: Annotated[str, "领取码", "领取人出示", lf.CheckIn.passing],
) -> None:
    """Hand an item out to whoever has its code."""
    said, known = code.strip().upper(), code_of(redemption, caller)
    if not hmac.compare_digest(said.encode(), known.encode()):
        refuse("code", "wrong", _("领取码不对；请领取人出示本次兑换的领取码"))
    _end(redemption, caller, points_kept=True)
    stock.settle(redemption.stock_entry, caller)
    redemption.handed_out_by = caller.name


@lf.action("签收", moves={"picked_up": "done"})
def sign_for(redemption: Redemption, caller: lf.Caller) -> None:
    """Whoever received an item says so."""


@lf.action("取消兑换", moves={"reserved": "cancelled"}, waits=False)
def cancel(redemption: Redemption, caller: lf.Caller) -> None:
    """Give an item back before it was picked up, where the place allows it."""
    if not refundable(int(redemption.item.community_id)):
        raise lf.Conflict(_("本地规定：预约后积分即时扣除，不能取消"))
    _end(redemption, caller, points_kept=False)
    stock.release(redemption.stock_entry, caller)


@lf.action("过期", moves={"reserved": "expired"}, when=lambda _view: False, waits=False)
def expire(redemption: Redemption, caller: lf.Caller) -> None:
    """Nobody came: the item goes back, and the points where they are held."""
    _end(redemption, caller, points_kept=False)
    stock.release(redemption.stock_entry, caller)


def _end(redemption: Redemption, caller: lf.Caller, *, points_kept: bool) -> None:
    """What was held is spent or goes back to its lots; what was spent at once stays spent."""
    lf.timer(redemption, caller, "pick_up_due", None)
    if not points.holds(redemption.points_entry):
        return
    if points_kept:
        points.settle(redemption.points_entry, caller)
        lf.tell(redemption.volunteer, caller, "points_redeemed", points=redemption.points)
    else:
        points.release(redemption.points_entry, caller)
