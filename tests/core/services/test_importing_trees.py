"""A tree with closed and removed nodes in it leaves as a file and comes back, like any other."""

from __future__ import annotations

import io
from typing import Any

import pytest

from lifang.builtin.places import communities
from lifang.entities.caller import Caller
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.services.exchange import export, import_table
from lifang.services.gateway import write
from lifang.services.query import Query
from lifang.testing import world


def plant(boss: Caller, code: str, kind: str, parent: str) -> int:
    told = {"code": code, "name": code, "kind": kind, "parent": {"code": parent}}
    return int(write(communities, "create", boss, told).id)


def closed(boss: Caller, grid: int) -> None:
    write(communities, "update", boss, {"valid_to": "2025-01-01"}, grid)


def closed_and_followed(boss: Caller, grid: int) -> None:
    closed(boss, grid)
    plant(boss, "g1", "grid", world.HOME)  # the code is used again


def removed(boss: Caller, grid: int) -> None:
    write(communities, "remove", boss, None, grid)


@pytest.mark.parametrize("gone", [closed, closed_and_followed, removed])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_lies_under_a_node_that_is_gone_comes_back_unchanged(
    boss: Caller, form: str, gone: Any
) -> None:
    grid = plant(boss, "g1", "grid", world.HOME)
    plant(boss, "b1", "building", "g1")
    gone(boss, grid)
    raw = b"".join(export(boss, communities, Query(), form=form))
    done = import_table(boss, communities, io.BytesIO(raw))
    assert (done["failed"], done["errors"]) == (0, [])
    assert (done["created"], done["updated"]) == (0, 0)
    assert done["unchanged"] == {closed: 10, closed_and_followed: 11, removed: 9}[gone]


def test_an_endless_number_is_no_number() -> None:
    spec = FieldSpec("measure", "数值", "number")
    assert schema.JUDGES["number"](spec, 1e308) == 1e308
    for endless in (float("inf"), float("-inf"), float("nan")):
        with pytest.raises(ValueError, match="数字"):
            schema.JUDGES["number"](spec, endless)
