"""Long work as people see it: how far it has come, how it ended, and stopping it."""

from __future__ import annotations

from lifang.entities.caller import Caller
from lifang.entities.job import Job
from lifang.resources.action import action
from lifang.resources.resource import Resource


@action("取消", moves=dict.fromkeys(("waiting", "queued", "running"), "cancelled"), waits=False)
def cancel(job: Job, caller: Caller) -> None:
    """Stop a job; what it has done stays done."""


jobs = Resource(
    Job,
    label="任务",
    columns=["title", "kind", "state", "done", "total", "account"],
    title="title",
    scope=None,
    reason="a job is its account's, wherever in the tree its records lie",
    owner="account",
    hidden=["noun", "digest", "asked", "place", "lease_owner", "lease_until"],
    actions=[cancel],
    roles={
        "resident": "read:own cancel:own",
        "platform_administrator": "read cancel",
        "auditor": "read",
    },
)
