"""Whether the files of the records are all there and as they were added."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from typing import Any

from lifang.entities.attachment import Attachment
from lifang.kit.errors import NotFound
from lifang.services import depot
from lifang.services.instance import Instance

PATIENCE = 10.0
"""Seconds for reading files whole, in any order; that each is there is always looked at."""


def spoilt(instance: Instance) -> tuple[list[Any], int, int]:
    """The attachments whose file is missing or altered, how many were read, how many there are."""
    rows: Any = Attachment.select().order_by(Attachment.id)
    lost: list[Any] = []
    there: list[Any] = []
    for row in rows:
        (there if depot.here(instance, row.place) else lost).append(row)
    altered = list(_altered(instance, random.sample(there, len(there))))
    found = [row for row, wrong in altered if wrong]
    return sorted(lost + found, key=lambda row: int(row.id)), len(altered), len(there) + len(lost)


def _altered(instance: Instance, rows: list[Any]) -> Iterator[tuple[Any, bool]]:
    """Each attachment that was read in time, and whether its file is another than was added."""
    until = time.monotonic() + PATIENCE
    for row in rows:
        if time.monotonic() > until:
            return
        digest = hashlib.sha256()
        try:
            with depot.opened(instance, row.place) as stream:
                while piece := stream.read(depot.PIECE):
                    digest.update(piece)
        except NotFound:
            digest = hashlib.sha256(b"?")
        yield row, digest.hexdigest() != row.digest
