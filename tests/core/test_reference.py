"""The reference pages say what the declarations say today, and leave nothing out."""

from __future__ import annotations

import inspect
import re
from functools import cache

import pytest

from docs.generate import DOCS, pages, stale
from docs.reference_pages import errors, layers, shared
from lifang.cli.main import COMMANDS
from lifang.entities.account import ROLES
from lifang.http.known_problems import CODES, KINDS
from lifang.kit import words
from lifang.kit.settings import RESERVED
from lifang.kit.settings_keys import KEYS, VARIABLES
from lifang.plugins import hooks

VARIABLE = re.compile(r"\bLIFANG_[A-Z_]*[A-Z]\b")
INSIDE = {"LIFANG_COMPLETE", "LIFANG_DEBUG"}
"""What shells say to ask for completions, and what is refused by name."""


@cache
def made() -> dict[str, str]:
    return pages()


@pytest.fixture(autouse=True)
def own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_folders", [])  # without words of plugins that other tests loaded
    monkeypatch.setattr(words, "_catalogues", {})


def kept(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text("utf-8")


@pytest.mark.once
def test_the_reference_is_as_the_declarations_say() -> None:
    wrong = stale(made())
    assert not wrong, f"python docs/generate.py writes {wrong}"


@pytest.mark.once
def test_a_page_that_is_out_of_date_missing_or_left_over_is_named() -> None:
    told = made()
    assert stale(told | {"reference/hooks.md": "# Hooks\n"}) == ["reference/hooks.md"]
    assert stale(told | {"reference/more.md": ""}) == ["reference/more.md"]
    less = {name: text for name, text in told.items() if name != "reference/api/core.md"}
    assert stale(less) == ["reference/api/core.md"]


def test_every_hook_key_variable_and_command_has_an_entry() -> None:
    told = {name for name, one in inspect.getmembers(hooks) if hasattr(one, "lifang_spec")}
    assert told
    for name in told:
        assert f"## `{name}(" in kept("hooks"), name
    for name in (*KEYS, *VARIABLES, *RESERVED):
        assert re.search(rf"^\| `{name}[ `]", kept("configuration"), re.M), name
    for name in COMMANDS:
        assert re.search(rf"^## {name}$", kept("commands/core"), re.M), name


def test_every_variable_that_the_code_names_is_explained() -> None:
    files = list((shared.ROOT / "core" / "lifang").rglob("*.py"))
    named = {one for path in files for one in VARIABLE.findall(path.read_text("utf-8"))}
    assert named - INSIDE - {*VARIABLES, *RESERVED} == set()
    for name in named - INSIDE:
        (line,) = [one for one in kept("configuration").splitlines() if f"`{name}`" in one]
        assert all(cell.strip() for cell in line.strip("|").split("|")), line


def test_every_setting_event_and_role_has_an_entry() -> None:
    plugins = shared.declared()
    settings, events, permissions = kept("settings"), kept("events"), kept("permissions")
    for plugin in plugins.values():
        for name in plugin.settings:
            assert f"| `{name}` |" in settings, name
        for resource in plugin.resources:
            assert f"(`{resource.id}`)" in permissions, resource.id
            for name in (*resource.timers, *(one.event for one in resource.actions.values())):
                assert f"| `{resource.aggregate}.{name}` |" in events, name
        for name in plugin.payloads:
            assert f"| `{name}` |" in events, name
    assert all(f"| {label} · " in permissions for label in ROLES.values())


def test_every_error_has_an_entry_that_says_what_to_do() -> None:
    page = kept("errors")
    assert {one.code for one in errors.kinds()} <= set(KINDS)
    for code, one in KINDS.items():
        assert f"\n## {code}\n" in page
        assert one.means and one.mend
    ours = {code for code, given in errors.fields().items() if "lifang." in " ".join(given)}
    assert ours - set(CODES) == set()


def test_every_layer_has_a_page_that_says_what_it_may_import() -> None:
    for layer in layers.layers():
        page = (DOCS / "layers" / f"{layer}.md").read_text("utf-8")
        assert f"modules/{layer}.md" in page, layer
        silent = [name for name, said, _lines in layers.modules(layer) if not said]
        assert silent == []
    ours = {path.stem for path in (DOCS / "layers").glob("*.md")} - {"index"}
    assert ours == set(layers.layers())
