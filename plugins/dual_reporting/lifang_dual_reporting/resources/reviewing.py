"""Yearly reviews, what is fed back to employers, and who was reminded of what."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting import documents
from lifang_dual_reporting.models import AnnualReview, Feedback, Reminder, UnitReview
from lifang_dual_reporting.models.review import PARTS
from lifang_dual_reporting.services import feedback, reminder, review, unit_review

_GIVEN = tuple(f"{name}_{what}" for name in PARTS for what in ("grade", "text"))
_PAPERS = ("own_paper", "leader_paper")
_SETTLED = ("grade", "reviewed_on", "fed_back_on", "receipt_due", "receipted_on")

annual_reviews = lf.Resource(
    AnnualReview,
    label="年度评议",
    columns=("person", "organization", "year", "minutes", "reached", "grade", "state"),
    search=["person.name", "organization.name"],
    owner="person",
    unit="organization",
    locked=("person", "community", "points", *review.COUNTED, *_GIVEN, *_PAPERS, *_SETTLED),
    rules=[review.begin],
    erasable=dict.fromkeys((*(f"{name}_text" for name in PARTS), *_PAPERS), ("person",)),
    documents=[documents.review_sheet],
    timers=["receipt_due"],
    actions=[
        review.open, review.own, review.leader, review.masses, review.community,
        review.organization, review.sign, review.feed_back, review.receipt, review.lapse,
        review.recount, review.close, review.cut_off,
    ],
    roles={
        "resident": "read:own own:own",
        "unit_liaison": "read:unit leader:unit receipt:unit",
        "community_worker": "read own masses community export",
        "community_secretary": "create open leader organization sign",
    },
    never="update remove import recount close cut_off feed_back lapse",
)  # fmt: skip

unit_reviews = lf.Resource(
    UnitReview,
    label="单位年度评议",
    columns=(
        "organization", "year", "reporting_rate", "completion_rate", "eligible", "grade", "state",
    ),
    search=["organization.name"],
    unit="organization",
    locked=(
        "members_total", "accepted", "reached", "reporting_rate", "completion_rate",
        "denominator", "activities", "eligible", *_GIVEN, "own_paper", *_SETTLED,
    ),
    rules=[unit_review.begin],
    documents=[documents.unit_review_sheet],
    timers=["receipt_due"],
    actions=[
        unit_review.open, unit_review.recount, unit_review.own, unit_review.leader,
        unit_review.masses, unit_review.community, unit_review.organization, unit_review.sign,
        unit_review.feed_back, unit_review.receipt, unit_review.lapse,
    ],
    roles={
        "unit_liaison": "read:unit own:unit receipt:unit",
        "community_worker": "read own masses community export",
        "community_secretary": "create open recount organization sign",
        "subdistrict_admin": "leader",
    },
    never="update remove import feed_back lapse",
)  # fmt: skip

feedbacks = lf.Resource(
    Feedback,
    label="服务反馈",
    noun="feedbacks",
    columns=("organization", "community", "period", "people", "sent_on", "receipt_due", "state"),
    search=["organization.name", "period"],
    unit="organization",
    locked=("report", "people", "minutes", "sent_on", "receipt_due", "receipted_on"),
    rules=[feedback.fill],
    saved=[feedback.send],
    documents=[documents.feedback_sheet],
    timers=["sent", "receipt_due"],
    actions=[feedback.receipt, feedback.lapse],
    roles={
        "unit_liaison": "read:unit receipt:unit",
        "community_worker": "read create export",
    },
    never="update remove import lapse",
)

reminders = lf.Resource(
    Reminder,
    label="提醒记录",
    columns=("kind", "person", "organization", "community", "period", "days_left", "told_on"),
    search=["person.name", "organization.name"],
    owner="person",
    unit="organization",
    hidden=("key",),
    locked=("told_on", "person"),
    rules=[reminder.fill],
    saved=[reminder.say],
    timers=list(reminder.EVENTS.values()),
    roles={
        "resident": "read:own",
        "unit_liaison": "read:unit",
        "community_worker": "read export",
    },
    never="create update remove import",
)
