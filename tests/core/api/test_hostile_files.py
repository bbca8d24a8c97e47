"""A file that was made to do harm is refused with a sentence, within a second, in little memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifang.http.request import LARGEST_FILE
from lifang.services.workbook import TYPE
from lifang.testing import world
from tests.core.api import hostile
from tests.core.api.conftest import Api

HAN = re.compile("[\u4e00-\u9fff]")
MOST_MEMORY = 200 * 1024
"""Kilobytes that one file may cost more than the ones before it."""


def send(tmp_path: Path, names: list[str], *, within: float = 60) -> list[list[Any]]:
    """Send files to a server of their own; what it answered, in how long and how much memory."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.core.api.hostile", str(tmp_path), *names],
        capture_output=True,
        timeout=within,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def judge(answers: list[list[Any]]) -> None:
    for name, noun, _size, status, kind, sentence, took, grown in answers:
        told = (name, noun, status, sentence, took, grown)
        assert 400 <= status < 500, told
        assert kind == "application/problem+json", told
        assert HAN.search(sentence), told
        assert took < 1, told
        assert grown < MOST_MEMORY, told


def test_every_file_that_is_no_table_is_refused_at_once(tmp_path: Path) -> None:
    answers = send(tmp_path, list(hostile.FILES))
    assert len(answers) == 2 * len(hostile.FILES)
    judge(answers)


def test_a_header_alone_changes_nothing(api: Api) -> None:
    worker = api("community_worker", at=world.HOME)
    done = worker.post("/api/v1/people/import", data=hostile.HEAD.encode(), content_type="text/csv")
    nothing = {"created": 0, "updated": 0, "unchanged": 0, "failed": 0, "errors": []}
    assert done.json == nothing if done.status_code == 200 else done.json["detail"]


KINDS = [None, "", "text/plain", "application/json", "application/xml", "image/png", "text/csvx",
         "application/x-www-form-urlencoded", "multipart/form-data", "multipart/mixed; boundary=x",
         "text/csv/x", "application/vnd.ms-excel", "x" * 9_000]  # fmt: skip


@pytest.mark.parametrize("make", [lambda: hostile.GOOD, hostile.workbook], ids=["csv", "xlsx"])
def test_what_is_not_called_a_table_is_not_taken_for_one(
    api: Api, make: Callable[[], bytes]
) -> None:
    worker = api("community_worker", at=world.HOME)
    for kind in KINDS:
        answer = worker.post("/api/v1/people/import", data=make(), content_type=kind)
        assert answer.status_code in (400, 415), (kind, answer.text)
        assert answer.mimetype == "application/problem+json"
        assert HAN.search(answer.json["detail"])
    for kind in ("text/csv", "text/csv; charset=gbk", "TEXT/CSV", TYPE):
        answer = worker.post("/api/v1/people/import?dry_run=true", data=make(), content_type=kind)
        assert answer.json["created"] == 1, kind  # what it is, its first bytes say


def test_the_size_of_a_file_is_kept_to_the_byte(api: Api) -> None:
    worker = api("community_worker", at=world.HOME)
    most = LARGEST_FILE
    for size, statuses in ((most, (400, 422)), (most + 1, (413,))):
        raw = b"name,community\nx,".ljust(size, b"1")
        answer = worker.post("/api/v1/people/import", data=raw, content_type="text/csv")
        assert answer.status_code in statuses
        assert HAN.search(answer.json["detail"])
