"""The five parts of a review (五评), and what a review of anybody comes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import lifang as lf
from lifang import _
from lifang_dual_reporting import settings
from lifang_dual_reporting.models import AnnualReview
from lifang_dual_reporting.models.review import PARTS
from lifang_dual_reporting.policies import last_day, refuse

Grade = Annotated[str, "等次", "", AnnualReview.grade]
Said = Annotated[str, "评语"]
Paper = Annotated[str, "纸质表编号", "按纸质表代为填写时填；由本人或单位在网上填写的不填"]
UNRECEIPTED = ("fed_back", "overdue")
F = TypeVar("F", bound=Callable[..., Any])
LONGEST, LONGEST_PAPER = 400, 40
"""Characters of what is said in one part, and of the number of a paper."""


def part(name: str, doc: str, *, not_by: str = "") -> Any:
    """The action by which one part of a review is given, again where it was wrong."""

    def give(review: Any, caller: lf.Caller, *, grade: Grade, text: Said = "") -> lf.Data:
        return given(review, name, grade, text)

    give.__name__, give.__doc__ = name, doc
    return declared(name, not_by=not_by)(give)


def declared(name: str, *, not_by: str = "") -> Callable[[F], F]:
    """How the action of a part is declared."""
    return lf.action(
        PARTS[name],
        event=f"{name}_given",
        when=lambda view: view["state"] == "reviewing",
        among={"state": "reviewing", f"{name}_grade__isnull": True},
        not_by=not_by or (),
    )


def given(review: Any, name: str, grade: str, text: str | None) -> lf.Data:
    """Keep one part while a review is going on."""
    if review.state != "reviewing":
        raise lf.Conflict(_("只有评议中的才能评；请由社区书记先启动评议"))
    if len(text or "") > LONGEST:
        raise lf.Invalid(_("评语最长 {most} 个字", most=LONGEST))
    setattr(review, f"{name}_grade", grade)
    setattr(review, f"{name}_text", text or None)
    return whose(review)


def on_behalf(review: Any, name: str, paper: str | None, *, own: bool) -> None:
    """Whose part it is gives it; the community enters it from their paper, whose number it keeps.

    What they gave themselves is not entered over. Raises Invalid without the number of a paper.
    """
    told, kept = getattr(review, f"{name}_grade"), f"{name}_paper"
    if not own and not paper:
        sentence = _("代为填写的，请填写纸质表编号；没有纸质表的，由本人或单位在网上填写")
        refuse("paper", "required", sentence)
    if len(paper or "") > LONGEST_PAPER:
        refuse("paper", "length", _("纸质表编号最长 {most} 个字", most=LONGEST_PAPER))
    if not own and told is not None and getattr(review, kept) is None:
        raise lf.Conflict(_("这一部分已由本人或单位在网上填写，不能代为改写"))
    setattr(review, kept, None if own else paper)


def whose(review: Any) -> dict[str, Any]:
    """Whom an event is about: see `schemas.Reviewed`."""
    told = {"organization": review.organization_id, "year": review.year}
    return told | ({"person": review.person_id} if isinstance(review, AnnualReview) else {})


def demand_all_parts(review: Any) -> None:
    """All five parts are there before anything is signed; what is missing is named."""
    given = {name for name in PARTS if getattr(review, f"{name}_grade") is not None}
    missing = [_(label) for name, label in PARTS.items() if name not in given]
    if missing:
        raise lf.Conflict(_("五评还缺：{parts}", parts=_("、").join(missing)))


def ask_for_receipt(record: Any, caller: lf.Caller) -> dt.date:
    """Until when an employer says that something has come; natural days, told when over."""
    days = settings.receipt_days(record.community_id)
    moment = lf.deadline(record, caller, "receipt_due", start=lf.today(), days=days)
    return last_day(moment, caller)


def receipted(record: Any, caller: lf.Caller) -> None:
    """The employer has it: nothing is waited for any more."""
    record.receipted_on = lf.today()
    lf.timer(record, caller, "receipt_due", None)
