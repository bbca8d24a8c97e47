"""The commands as people type them, each in a process of its own, from an empty folder on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lifang

DIVISIONS = Path(lifang.__file__).parent / "builtin" / "data" / "lanzhou-divisions.csv"
LIFANG = Path(sys.executable).parent / "lifang"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    told = {name: value for name, value in os.environ.items() if not name.startswith("LIFANG_")}
    return {**told, "LIFANG_HOME": str(tmp_path / "var"), "LIFANG_LANG": "zh"}


def test_a_district_begins_to_work_from_the_command_line(environ: dict[str, str]) -> None:
    def lifang(*words: str, code: int = 0) -> str:
        done = subprocess.run([LIFANG, *words], env=environ, capture_output=True, text=True)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert done.stderr == "" or code or words[0] == "plugin"
        return done.stdout

    lifang("people", "list", code=6)
    lifang("init", "--admin", "boss", "--root", "620100000000")
    assert "新建 1304 条" in lifang("communities", "import", str(DIVISIONS))
    assert "没有变化：1304" in lifang("communities", "import", str(DIVISIONS))
    told = json.loads(lifang("communities", "list", "--within", "620102000000", "--json"))
    assert told["next"] is None
    assert {item["code"][:6] for item in told["items"]} == {"620102"}
    assert "├── 酒泉路街道" in lifang("communities", "tree", "620102000000")
    lifang("people", "create", "--name", "李强", "--community", "620102001001")
    lifang("dual-reporting", "reports", "list", code=4)
    lifang("plugin", "enable", "dual_reporting", "--at", "620102000000")
    report = ("dual-reporting", "reports")
    lifang(*report, "create", "--person", "1", "--community", "620102001001")
    lifang(*report, "accept", "1")
    lifang(*report, "accept", "1", code=5)
    assert json.loads(lifang(*report, "show", "1", "--json"))["state"] == "accepted"
    assert "完好" in lifang("audit", "verify")
    lifang("doctor")
