"""How much somebody must hold in their head is bounded, and the bounds are kept by counting."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import lifang

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "lifang"

MODULE_LINES = 400
FUNCTION_LINES = 60
CORE_LINES = 15_000
INTERFACES = ("api", "cli", "http", "web")
INTERFACE_LINES = 11_850
MECHANISMS = ("mechanisms",)
MECHANISM_LINES = 4_260
LIFECYCLE = ("lifecycle",)
LIFECYCLE_LINES = 3_900
CHECKING = ("checking",)
CHECKING_LINES = 2_500
UPKEEP = ("upkeep",)
UPKEEP_LINES = 2_100
SAMPLE = ("sample",)
SAMPLE_LINES = 600
OUTSIDE = ("app", "testing", "__init__.py")
OUTSIDE_LINES = 2_800
HOOKS = 16
FRONT_DOOR_NAMES = 60
MECHANISM_NAMES = 24

SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
"""What counts for nothing in the core's budget (`docs/decisions/0007`, `0011`, `0025`, `0044`)."""

_FROZEN = "a frozen picture of every table, rendered once and never edited"
EXCEPTIONS: dict[str, str] = {
    "core/lifang/migrations/0001_initial.py": _FROZEN,
    "core/lifang/migrations/0001_initial.py::up": _FROZEN,
}
"""A path, or path::function, that may exceed its budget, and why; the list may only shrink."""


@cache
def modules() -> list[Path]:
    """Every module somebody has to read: core, plugins, tests, and what builds them."""
    places = [ROOT / "core", ROOT / "plugins", ROOT / "tests"]
    return sorted(path for place in places for path in place.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


@cache
def code_lines_of(path: Path) -> int:
    """Lines that say something to the interpreter: no blanks, comments or docstrings."""
    source = path.read_text("utf-8")
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def long_modules() -> dict[str, int]:
    sizes = {name_of(path): lines_of(path) for path in modules()}
    return {name: size for name, size in sizes.items() if size > MODULE_LINES}


@cache
def long_functions() -> dict[str, int]:
    found: dict[str, int] = {}
    for path in modules():
        for node in functions(path):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > FUNCTION_LINES:
                found[f"{name_of(path)}::{node.name}"] = size
    return found


def without_exceptions(found: dict[str, int]) -> dict[str, int]:
    return {name: size for name, size in found.items() if name not in EXCEPTIONS}


def test_no_module_is_longer_than_one_sitting() -> None:
    assert without_exceptions(long_modules()) == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert without_exceptions(long_functions()) == {}


def code_lines_in(*parts: str) -> int:
    """Code lines of some folders of the core; without any, of all that are in neither list."""
    elsewhere = (
        *INTERFACES,
        *MECHANISMS,
        *LIFECYCLE,
        *CHECKING,
        *UPKEEP,
        *SAMPLE,
        *OUTSIDE,
    )
    return sum(
        code_lines_of(path)
        for path in CORE.rglob("*.py")
        if (part := path.relative_to(CORE).parts[0]) != "migrations"
        and (part in parts if parts else part not in elsewhere)
    )


def test_the_core_and_what_shows_it_stay_small() -> None:
    assert code_lines_in() <= CORE_LINES
    assert code_lines_in(*INTERFACES) <= INTERFACE_LINES
    assert code_lines_in(*MECHANISMS) <= MECHANISM_LINES
    assert code_lines_in(*LIFECYCLE) <= LIFECYCLE_LINES
    assert code_lines_in(*CHECKING) <= CHECKING_LINES
    assert code_lines_in(*UPKEEP) <= UPKEEP_LINES
    assert code_lines_in(*SAMPLE) <= SAMPLE_LINES
    assert code_lines_in(*OUTSIDE) <= OUTSIDE_LINES


def test_hooks_stay_few() -> None:
    hooks = CORE / "plugins" / "hooks.py"
    named = {node.name for node in functions(hooks)} if hooks.exists() else set()
    assert len({name for name in named if not name.startswith("_")}) <= HOOKS


def test_the_front_door_stays_narrow() -> None:
    mechanisms = [name for name in lifang.__all__ if lifang._HOME[name].startswith("mechanisms.")]
    assert len(lifang.__all__) - len(mechanisms) <= FRONT_DOOR_NAMES
    assert len(mechanisms) <= MECHANISM_NAMES
    assert len(set(lifang.__all__)) == len(lifang.__all__)


def test_every_exception_has_a_reason_and_is_still_needed() -> None:
    assert all(reason.strip() for reason in EXCEPTIONS.values())
    assert set(EXCEPTIONS) <= set(long_modules()) | set(long_functions())
