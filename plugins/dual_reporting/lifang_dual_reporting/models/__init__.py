"""What dual reporting keeps, by noun."""

from lifang_dual_reporting.models.report import Report, Suspension
from lifang_dual_reporting.models.review import AnnualReview, Feedback, Reminder, UnitReview
from lifang_dual_reporting.models.service import (
    Post,
    PostClaim,
    ServiceCard,
    ServiceEntry,
    ServiceRating,
)
from lifang_dual_reporting.models.unit import UnitActivity, UnitReport, UnitTask

__all__ = [
    "AnnualReview", "Feedback", "Post", "PostClaim", "Reminder", "Report", "ServiceCard",
    "ServiceEntry", "ServiceRating", "Suspension", "UnitActivity", "UnitReport",
    "UnitReview", "UnitTask",
]  # fmt: skip
