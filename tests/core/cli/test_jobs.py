"""Jobs on the command line: listed, shown, cancelled, and what they did."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from lifang.access.callers import caller_for
from lifang.builtin.people import people
from lifang.entities.account import Account
from lifang.entities.job import Job
from lifang.services import uploads
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command

TABLE = f"姓名,手机号,居住社区\n好人,13800005678,{world.HOME}\n坏人,1380013,{world.HOME}\n"


def sent(instance: Instance, name: str, **asked: Any) -> Job:
    """A file that an account sent over the network, checked or taken in."""
    caller = caller_for(instance, Account.get(Account.name == name), source="web")
    stream = io.BytesIO(TABLE.encode())
    job = uploads.receive(caller, people, stream, name="名册.csv", **asked)
    return uploads.go_on(caller, people, job)


def test_jobs_are_listed_shown_and_cancelled(
    lifang: Command, instance: Instance, worker: str
) -> None:
    job = sent(instance, worker)
    (listed,) = lifang("jobs", "list", "--json", "--as", worker).json["items"]
    assert (listed["title"], listed["state"], listed["failed"]) == (
        "导入人员：名册.csv",
        "waiting",
        1,
    )
    assert "待确认" in lifang("jobs", "show", str(job.id)).out
    assert lifang("jobs", "cancel", str(job.id), "--as", worker).code == 0
    assert lifang("jobs", "cancel", str(job.id), "--as", worker).code == 5
    assert "asked" not in listed and "place" not in listed


def test_a_result_tells_what_was_done_and_writes_the_failing_rows(
    lifang: Command, instance: Instance, worker: str, tmp_path: Path
) -> None:
    job = str(sent(instance, worker, check=False, skip_invalid=True).id)
    told = lifang("jobs", "result", job, "--as", worker)
    assert told.code == 0 and told.out == "新建 1 条，修改 0 条，0 条没有变化\n"
    assert "第 3 行 手机号" in told.err
    assert lifang("jobs", "result", job, "--json").json["failed"] == 1
    kept = tmp_path / "wrong.csv"
    assert lifang("jobs", "result", job, "-o", str(kept)).code == 3
    assert not kept.exists()
    assert lifang("jobs", "result", job, "-o", str(kept), "--as", worker).code == 0
    assert "坏人" in kept.read_text("utf-8-sig") and "好人" not in kept.read_text("utf-8-sig")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_the_result_of_a_check_says_that_nothing_was_written(
    lifang: Command, instance: Instance, worker: str
) -> None:
    told = lifang("jobs", "result", str(sent(instance, worker).id), "--as", worker)
    assert told.code == 0 and "没有写入" in told.out


def test_somebody_elses_job_is_like_none(lifang: Command, instance: Instance, worker: str) -> None:
    made = lifang("accounts", "create", "li", "--role", "community_worker", "--at", world.HOME)
    assert made.code == 0
    job = sent(instance, worker)
    foreign = lifang("jobs", "result", str(job.id), "--as", "li")
    missing = lifang("jobs", "result", "999999", "--as", "li")
    assert (foreign.code, foreign.err) == (missing.code, missing.err)
    assert foreign.code == 4
