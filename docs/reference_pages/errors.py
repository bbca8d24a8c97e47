"""Every kind of refusal: what it is called, what it means, what to do, how a command leaves."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from docs.reference_pages.shared import ROOT, Table, both, table
from docs.reference_pages.shared import code as code_names
from lifang.cli.main import CUT_OFF, INTERRUPTED
from lifang.http.problems import CODES, RETRY_AFTER
from lifang.kit.errors import TITLES, LifangError, problem_type
from lifang.lifecycle.blame import PluginFailed
from lifang.plugins.plugin import Plugin

ADVICE = {
    "malformed": ("按提示改请求：JSON 的写法、地址里的查询项、命令的选项", "mend the request as told: its JSON, its query, its options"),
    "unauthenticated": ("登录，或带上有效的接口令牌", "sign in, or send a token that is valid"),
    "forbidden": ("请有这项权限的人办理，或请安全管理员授权", "ask somebody who may, or a security administrator for the role"),
    "not_found": ("核对编号；也可能无权查看，或插件在那里停用", "check the number; it may also be out of reach, or its plugin off there"),
    "method_not_allowed": ("按 `Allow` 换一种方法", "use a method that `Allow` names"),
    "conflict": ("重新读取记录，看它现在的状态，再决定", "read the record anew, look at its state, then decide"),
    "stale": ("重新读取，核对别人改了什么，用新的 ETag 再提交", "read it anew, see what somebody else changed, send the new ETag"),
    "too_large": ("分成几份，或请管理员调高上限", "send it in parts, or ask for a higher limit"),
    "unsupported_media_type": ("用 `application/json`，导入用 CSV 或 XLSX", "send `application/json`; imports take CSV or XLSX"),
    "invalid": ("按 `errors` 逐个字段修改", "mend each field that `errors` names"),
    "precondition_missing": ("先读取记录，把 ETag 写进 `If-Match`", "read the record first, and send its ETag as `If-Match`"),
    "too_many": ("等一会儿再试", "wait a while, then try again"),
    "busy": ("过 `Retry-After` 秒再试，请求可以原样重发", "try again after `Retry-After` seconds; the same request will do"),
    "not_ready": ("请管理员看 `lifang doctor`", "have an administrator look at `lifang doctor`"),
    "plugin_failed": ("换个办法，或把请求编号告诉管理员", "go another way, or tell an administrator the request's number"),
    "error": ("把请求编号告诉管理员；原因在服务器日志里", "tell an administrator the request's number; the log has the cause"),
}  # fmt: skip
"""What to do about each; a test finds one that is missing."""


def kinds() -> list[type[LifangError]]:
    """Every kind of error, the family's head first."""
    found = [LifangError]
    for one in found:
        found += one.__subclasses__()
    return [one for one in found if one.__module__.startswith("lifang.")]


def problems() -> dict[str, tuple[int, str, int]]:
    """Every code of a problem document: its status, what it means, how a command leaves."""
    told: dict[str, tuple[int, str, int]] = {}
    for one in (*kinds(), PluginFailed):
        told.setdefault(one.code, (one.status, _meaning(one), one.exit_code))
    for status, code in CODES.items():
        told.setdefault(code, (status, "The request does not fit the address.", 2))
    return dict(sorted(told.items(), key=lambda one: one[1]))


def _meaning(kind: type[LifangError]) -> str:
    if kind is LifangError:
        return "What nobody foresaw."
    return (inspect.getdoc(kind) or "").splitlines()[0]


def page(plugins: dict[str, Plugin]) -> Table:
    """Problems, field codes and exit codes."""
    yield "# 错误 · Errors"
    yield ""
    yield "Pages, API and commands refuse in one way: a problem document (RFC 9457) with `type`, `title`, `status`, `code`, `detail`, `errors` and"
    yield "`request_id`. `detail` is the sentence for people, in their language; programs decide by `code`, which never changes."
    yield ""
    for code, (status, meaning, leaves) in problems().items():
        yield from _problem(code, status, meaning, leaves)
    yield "## Codes of fields"
    yield ""
    yield "`errors` names each field with a `code` for programs and a `message` for people. The codes, and which modules give them:"
    yield ""
    rows = ((f"`{code}`", code_names(given)) for code, given in sorted(_fields().items()))
    yield from table("code", "given by", rows=rows)
    yield "## Exit codes"
    yield ""
    told: dict[int, list[str]] = {}
    for code, (_status, _meaning, leaves) in problems().items():
        told.setdefault(leaves, []).append(f"`{code}`")
    rows = [(0, "done"), *((exit, ", ".join(codes)) for exit, codes in sorted(told.items()))]
    rows += [
        (INTERRUPTED, "interrupted by whoever typed it"),
        (CUT_OFF, "whoever read the pipe has gone"),
    ]
    yield from table("exit code", "when", rows=rows)


def _problem(code: str, status: int, meaning: str, leaves: int) -> Table:
    yield f"## {code}"
    yield ""
    title = both(TITLES[status]) if status in TITLES else both("出错了")
    chinese, english = ADVICE.get(code, ("", ""))
    again = RETRY_AFTER.get(code)
    yield from table("", "", rows=[
        ("status", f"{status} {title}"),
        ("type", f"`{problem_type(code)}`"),
        ("means", meaning),
        ("what to do", f"{chinese}。 {english[:1].upper()}{english[1:]}."),
        *([("Retry-After", f"{again} s")] if again else []),
        ("exit code", leaves),
    ])  # fmt: skip


def _fields() -> dict[str, list[str]]:
    """The codes of field errors that are written out in the code, each with its modules."""
    told: dict[str, list[str]] = {}
    for file in _files():
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[1 if parts[0] == "core" else 2 :])
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) == "FieldError"
            ):
                for code in (one.value for one in node.args[1:2] if isinstance(one, ast.Constant)):
                    given = told.setdefault(str(code), [])
                    given += [name] if name not in given else []
    return told


def _files() -> Iterator[Path]:
    for folder in (ROOT / "core" / "lifang", *sorted(ROOT.glob("plugins/*/lifang_*"))):
        yield from sorted(folder.rglob("*.py"))
