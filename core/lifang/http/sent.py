"""Wheels that are sent along: kept under their names for as long as they are read."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import request

from lifang.kit.errors import Invalid
from lifang.kit.words import _

NAME = re.compile(r"[A-Za-z0-9_.+!-]{1,200}\.whl")
"""What the name of a wheel may be: it says what is in it, and is a path of nothing."""


@contextmanager
def wheel() -> Iterator[dict[str, Any]]:
    """The part `file` of a form as `file`, a path; nothing where none was sent.

    Raises Invalid for a name that no wheel has.
    """
    part = request.files.get("file")
    if part is None or not part.filename:
        yield {}
        return
    if not NAME.fullmatch(part.filename):
        raise Invalid.about("file", "invalid", _("请上传 wheel 文件，文件名不要改动"))
    with tempfile.TemporaryDirectory(prefix="lifang-sent-") as folder:
        path = Path(folder) / part.filename
        part.save(path)
        yield {"file": path}
