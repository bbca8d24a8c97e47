"""Runs a plugin in a process of its own, within a time limit, and hears what was found there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from lifang.checking.rule import RULES, Finding, Spot, hit
from lifang.checking.source import Source

LIMIT = 240.0
"""Seconds after which whatever is still running is ended."""
LAST = 400
"""Characters of what a process said last that are told."""


def ask_deep(source: Source, *, limit: float = LIMIT) -> list[Finding]:
    """Ask every deep rule of a plugin; its code runs in another process, on an instance of its own.

    What ends that process, or holds it up beyond the limit, is a finding like any other.
    """
    from lifang.checking import deep  # noqa: F401 – declares the deep rules

    place = (source.folder or source.wheel or Path()).resolve()
    with tempfile.TemporaryDirectory(prefix="lifang-check-") as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "lifang.checking.deep", str(place), folder, str(answer)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LIFANG_")}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"  # else an import writes what Python compiles
        with (Path(folder) / "said").open("w+b") as said:
            process = subprocess.Popen(  # noqa: S603 – ourselves
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment,
                start_new_session=True, cwd=folder,
            )  # fmt: skip
            try:
                code: int | None = process.wait(limit)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _end(process)
            said.seek(0)
            last = said.read().decode("utf-8", "replace").strip()[-LAST:]
        found = _read(answer)
    if code != 0 or found is None:
        why = f"> {limit:g} s" if code is None else last or f"exit {code}"
        return [*(found or ()), Finding(RULES["LF701"], hit(source.spot, why=why))]
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def _read(answer: Path) -> list[Finding] | None:
    """What was found so far: a line for each finding."""
    if not answer.exists():
        return None
    told: list[dict[str, Any]] = [
        json.loads(line) for line in answer.read_text("utf-8").splitlines()
    ]
    return [Finding(RULES[one["rule"]], hit(Spot(*one["spot"]), **one["values"])) for one in told]
