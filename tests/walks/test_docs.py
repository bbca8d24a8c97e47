"""The documentation is built without a warning, and asks nothing of anybody elsewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.walks.beginning import BIN, ROOT

LARGE = ("reference/commands", "reference/api")
"""Tables that follow from declarations alone; they take as long as everything else together."""
FETCHED = re.compile(
    r"<(?:script|link|img|iframe|source|object|embed)\b[^>]*?(?:src|href|data)=\"(?:https?:)?//[^\"]*"
    r"|url\(['\"]?(?:https?:)?//[^)]*|@import[^;]*//[^;]*"
)


def build(into: Path, builder: str, *more: str) -> list[str]:
    """Build all pages anew; gives the warnings."""
    told = into.with_suffix(".warnings")
    words = ["-m", "sphinx", "-q", "-E", "-b", builder, "-w", told, *more, ROOT / "docs", into]
    done = subprocess.run(
        [BIN / "python", *map(str, words)], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return told.read_text("utf-8").splitlines()


@pytest.mark.once
def test_every_link_and_example_of_the_pages_leads_somewhere(tmp_path: Path) -> None:
    """Read and resolved, not written; without the large tables, which `trust` also builds."""
    left_out = ",".join(["_build", "layers/modules", *LARGE])
    told = build(tmp_path / "read", "dummy", "-D", f"exclude_patterns={left_out}")
    assert [one for one in told if not re.search("reference/(commands|api)/", one)] == []


@pytest.mark.trust
def test_the_pages_are_built_without_a_warning_and_fetch_nothing(tmp_path: Path) -> None:
    pages = tmp_path / "html"
    assert build(pages, "html") == []
    made = [path for path in pages.rglob("*") if path.suffix in (".html", ".css")]
    assert len(made) > 100
    fetched = {
        path.name: found for path in made if (found := FETCHED.findall(path.read_text("utf-8")))
    }
    assert fetched == {}
    index = (pages / "searchindex.js").read_text("utf-8")
    for pair in ("积分", "区工", "作者"):  # 社区工作者 is looked for by its pairs
        assert f'"{pair}":' in index or pair.encode("unicode_escape").decode() in index, pair
    assert re.search(
        r'<svg class="architecture".*href="layers/services.html"',
        (pages / "index.html").read_text(),
    )
