"""Every kind of refusal: what it is called, what it means, what to do, how a command leaves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from docs.reference_pages.shared import ROOT, Table, both, table
from docs.reference_pages.shared import code as code_names
from lifang.cli.main import CUT_OFF, INTERRUPTED
from lifang.http.known_problems import CODES, KINDS, Kind
from lifang.http.problems import RETRY_AFTER
from lifang.kit.errors import TITLES, LifangError, problem_type
from lifang.lifecycle.blame import PluginFailed
from lifang.plugins.plugin import Plugin

GIVEN_BY = ("FieldError", "about", "refuse")
"""What gives a field's code as its second argument: the class, an error about one field, and what plugins call theirs."""


def kinds() -> list[type[LifangError]]:
    """Every kind of error, the family's head first."""
    found = [LifangError]
    for one in found:
        found += one.__subclasses__()
    return [one for one in found if one.__module__.startswith("lifang.")]


def leaving() -> dict[str, int]:
    """How a command leaves, by the code of what it was refused with."""
    told: dict[str, int] = {}
    for one in (*kinds(), PluginFailed):
        told.setdefault(one.code, one.exit_code)
    return told


def page(plugins: dict[str, Plugin]) -> Table:
    """Problems, field codes and exit codes."""
    yield "# 错误 · Errors"
    yield ""
    yield "Pages, API and commands refuse in one way: a problem document (RFC 9457) with `type`, `title`, `status`, `code`, `detail`, `errors` and"
    yield "`request_id`. `detail` is the sentence for people, in their language; programs decide by `code`, which never changes."
    yield ""
    for code, one in KINDS.items():
        yield from _problem(code, one)
    yield "## Codes of fields"
    yield ""
    yield "`errors` names each field with a `code` for programs and a `message` for people. The codes, what they mean, and which modules give them:"
    yield ""
    given = fields()
    rows = ((f"`{code}`", both(CODES[code]) if code in CODES else "–", code_names(given.get(code, ())))
            for code in sorted({*CODES, *given}))  # fmt: skip
    yield from table("code", "means", "given by", rows=rows)
    yield "## Exit codes"
    yield ""
    told: dict[int, list[str]] = {}
    for code, leaves in leaving().items():
        told.setdefault(leaves, []).append(f"`{code}`")
    rows = [(0, "done"), *((exit, ", ".join(codes)) for exit, codes in sorted(told.items()))]
    rows += [
        (INTERRUPTED, "interrupted by whoever typed it"),
        (CUT_OFF, "whoever read the pipe has gone"),
    ]
    yield from table("exit code", "when", rows=rows)


def _problem(code: str, kind: Kind) -> Table:
    yield f"## {code}"
    yield ""
    title = both(TITLES[kind.status]) if kind.status in TITLES else both("出错了")
    again, leaves = RETRY_AFTER.get(code), leaving().get(code)
    yield from table("", "", rows=[
        ("status", f"{kind.status} {title}"),
        ("type", f"`{problem_type(code)}`"),
        ("means", both(kind.means)),
        ("what to do", both(kind.mend)),
        *([("Retry-After", f"{again} s")] if again else []),
        *([("exit code", leaves)] if leaves else []),
    ])  # fmt: skip


def fields() -> dict[str, list[str]]:
    """The codes of field errors that are written out in the code, each with its modules."""
    told: dict[str, list[str]] = {}
    for file in _files():
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[1 if parts[0] == "core" else 2 :])
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in GIVEN_BY
            ):
                for code in (one.value for one in node.args[1:2] if isinstance(one, ast.Constant)):
                    given = told.setdefault(str(code), [])
                    given += [name] if name not in given else []
    return told


def _files() -> Iterator[Path]:
    for folder in (ROOT / "core" / "lifang", *sorted(ROOT.glob("plugins/*/lifang_*"))):
        yield from sorted(folder.rglob("*.py"))
