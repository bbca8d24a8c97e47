"""What units do at their community and what they are asked, as people work with it."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_dual_reporting.models import UnitActivity, UnitTask
from lifang_dual_reporting.services import unit_activity, unit_task

unit_activities = lf.Resource(
    UnitActivity,
    label="单位活动",
    columns=("organization", "community", "day", "kind", "content", "people", "state"),
    search=["organization.name", "content"],
    unit="organization",
    dated="day",
    locked=("source",),
    rules=[unit_activity.demand_past],
    actions=[unit_activity.confirm, unit_activity.void, unit_activity.count_in],
    editable=("submitted",),
    roles={
        "unit_liaison": "read:unit create:unit update:unit",
        "community_worker": "read create update confirm void import export",
        "community_secretary": "remove",
    },
    never="count_in",
)


def given(model: Any, units: tuple[int, ...]) -> Any:
    """A unit sees of its list what was issued to it, not what is still being drafted."""
    return model.organization.in_(units) & (model.state != "drafted")


unit_tasks = lf.Resource(
    UnitTask,
    label="单位任务",
    columns=("organization", "community", "month", "content", "due_on", "result", "state"),
    search=["organization.name", "content"],
    unit=given,
    locked=("result", "reviewed_on", "remark"),
    rules=[unit_task.demand_month],
    actions=[unit_task.issue, unit_task.finish, unit_task.miss, unit_task.review],
    editable=("drafted",),
    roles={
        "unit_liaison": "read:unit finish:unit",
        "community_worker": "read create update issue finish miss review import export",
        "community_secretary": "remove",
    },
)
