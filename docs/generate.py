"""Writes the reference pages from the declarations of the core and of this repository's plugins.

`python docs/generate.py` writes them, `--check` only says which are out of date, as a test does.
What is here is said once, in the declarations: nobody edits these pages by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, Python knows only docs/

from docs.reference_pages import (
    api,
    checks,
    commands,
    configuration,
    errors,
    events,
    hooks,
    layers,
    metrics,
    permissions,
    settings,
)
from docs.reference_pages.shared import ROOT, declared
from lifang.kit import words

DOCS = ROOT / "docs"
PAGES = {
    "checks": checks.checks_page,
    "configuration": configuration.page,
    "errors": errors.page,
    "events": events.events_page,
    "hooks": hooks.hooks_page,
    "metrics": metrics.page,
    "permissions": permissions.permissions_page,
    "settings": settings.settings_page,
}
MANY = (api, commands, layers)
"""What takes a page for each plugin, or for each layer."""


def pages() -> dict[str, str]:
    """Every page by its place below docs/, as it should be."""
    plugins = declared()
    with words.using("zh"):
        made = {f"reference/{name}.md": page(plugins) for name, page in PAGES.items()}
        for module in MANY:
            made |= module.pages(plugins)
        return {name: "\n".join(lines).rstrip() + "\n" for name, lines in made.items()}


def stale(made: dict[str, str]) -> list[str]:
    """The pages that do not say what they should, and those that should not be there."""
    kept = {
        path
        for folder in {Path(name).parent for name in made}
        for path in (DOCS / folder).glob("*.md")
    }
    ours = {DOCS / name for name in made} | {
        DOCS / "reference" / name for name in ("README.md", "benchmarks.md")
    }
    wrong = [name for name, text in made.items() if _read(DOCS / name) != text]
    return wrong + [str(path.relative_to(DOCS)) for path in sorted(kept - ours)]


def _read(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None


def main(check: bool) -> int:  # noqa: FBT001 – called once, below
    """Write what is out of date, or only say so and leave with 1."""
    made = pages()
    wrong = stale(made)
    for name in wrong:
        sys.stdout.write(f"docs/{name}\n")
        if name not in made and not check:
            (DOCS / name).unlink()
        elif not check:
            (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
            (DOCS / name).write_text(made[name], "utf-8")
    return int(check and bool(wrong))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
