"""A field is stated once: a new one reaches every interface with only its migration."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins" / "dual_reporting" / "lifang_dual_reporting"

FIELD = '    skill = pw.CharField(max_length=60, null=True, verbose_name="手艺")\n'
MIGRATION = '''"""Reports tell what people can mend."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Add the column."""
    field = pw.CharField(max_length=60, null=True)
    migrator.migrate(migrator.add_column("dual_reporting_report", "skill", field))
'''


def test_one_new_field_reaches_every_interface(tmp_path: Path) -> None:
    copied = tmp_path / "copied" / PACKAGE.name
    shutil.copytree(PACKAGE, copied)
    models = copied / "models" / "report.py"
    source = models.read_text()
    before, state, after = source.partition("    state = lf.State(")
    assert state
    models.write_text(before + FIELD + state + after)
    nouns = copied / "resources" / "reporting.py"
    chosen = re.sub(r"\n    columns=\(\"person\"[^\n]+", "", nouns.read_text(), count=1)
    nouns.write_text(chosen)  # a list whose columns nobody chose shows every field
    (copied / "migrations" / "0007_skill.py").write_text(MIGRATION)

    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("LIFANG_")},
        "PYTHONPATH": os.pathsep.join([str(copied.parent), str(ROOT)]),
        "LIFANG_HOME": str(tmp_path / "home"),
        "LIFANG_LANG": "zh",
    }
    script = [sys.executable, "-m", "tests.walks.one_field", str(tmp_path / "script-home")]
    done = subprocess.run(script, env=environ, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "api 水电维修",
        "filter 1",
        "validation 422 skill",
        "export True True",
        "openapi True True",
        "form True",
        "list True",
        "detail True",
        "command True True",
    ]
