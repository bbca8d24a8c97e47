"""The API for people: what the asking account can call, each call with an example, every problem.

All of it is the description that programs read (`/api/openapi.json`), page by page. No script and
nothing from elsewhere; calls are tried in a terminal with the line that each page gives.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from lifang.http import known_problems
from lifang.http.described import conventions, described
from lifang.http.known_problems import CODES, KINDS
from lifang.kit.errors import NotFound, problem_type, title_of
from lifang.kit.words import _

docs = Blueprint("docs", __name__)

HOME = "/api/docs"
GENERAL = "general"
"""Where the operations are listed that belong to nothing else."""

Described = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One operation, where it is asked."""

    method: str
    path: str
    told: Described

    @property
    def link(self) -> str:
        """Its page."""
        return f"{HOME}/{self.tag}/{self.told['operationId']}"

    @property
    def tag(self) -> str:
        """What it belongs to."""
        return str(next(iter(self.told.get("tags", ())), GENERAL))


@docs.get(HOME)
def show_docs() -> ResponseReturnValue:
    """What holds of every call, and what there is to call."""
    spec, numbers = described(), defaultdict[str, int](int)
    for call in _calls(spec):
        numbers[call.tag] += 1
    groups = [(one["name"], one["description"], numbers[one["name"]]) for one in spec["tags"]]
    groups.append((GENERAL, _("其他"), numbers[GENERAL]))
    return render_template(
        "web/api_docs.html", groups=groups, conventions=conventions(), kinds=_kinds()
    )


@docs.get(f"{HOME}/<tag>")
def show_group(tag: str) -> ResponseReturnValue:
    """What can be asked of one noun."""
    spec = described()
    found = [call for call in _calls(spec) if call.tag == tag]
    if not found:
        raise NotFound(_("没有找到"))
    return render_template("web/api_group.html", label=_label(spec, tag), tag=tag, calls=found)


@docs.get(f"{HOME}/<tag>/<name>")
def show_call(tag: str, name: str) -> ResponseReturnValue:
    """One operation: what it takes, what it answers, an example of each, a line to try it with."""
    spec = described()
    call = next((one for one in _calls(spec) if one.told["operationId"] == name), None)
    if call is None or call.tag != tag:
        raise NotFound(_("没有找到"))
    asked = [_resolved(spec, one) for one in call.told.get("parameters", ())]
    taken = call.told.get("requestBody", {})
    sent = _content(spec, taken)
    answers = [
        (status, _resolved(spec, one)) for status, one in sorted(call.told["responses"].items())
    ]
    good = next(one for status, one in answers if status.startswith("2"))
    return render_template(
        "web/api_call.html",
        call=call,
        label=_label(spec, tag),
        asked=asked,
        sent=sent,
        example=_shown(sent) or _table(taken),
        answers=answers,
        answered=_content(spec, good),
        answer=_shown(_content(spec, good)),
        line=_line(call, asked, sent, good),
    )


@docs.get("/api/problems")
def show_problems() -> ResponseReturnValue:
    """Every kind of problem, and the codes of fields."""
    codes = {code: _(said) for code, said in CODES.items()}
    return render_template("web/api_problems.html", kinds=_kinds(), codes=codes)


@docs.get("/api/problems/<code>")
def show_problem(code: str) -> ResponseReturnValue:
    """One kind of problem: what it means, what mends it, an example."""
    if code not in KINDS:
        raise NotFound(_("没有找到"))
    return render_template(
        "web/api_problem.html",
        code=code,
        kind=KINDS[code],
        title=title_of(KINDS[code].status),
        example=_written(known_problems.example(code)),
    )


def _kinds() -> list[tuple[str, str, int, str]]:
    return [(code, problem_type(code), one.status, _(one.means)) for code, one in KINDS.items()]


def _calls(spec: Described) -> Iterator[Call]:
    for path, verbs in spec["paths"].items():
        for method, told in verbs.items():
            yield Call(method.upper(), path, told)


def _label(spec: Described, tag: str) -> str:
    return next((one["description"] for one in spec["tags"] if one["name"] == tag), _("其他"))


def _resolved(spec: Described, told: Described) -> Described:
    """What a pointer within the description leads to."""
    while "$ref" in told:
        kind, name = told["$ref"].split("/")[-2:]
        told = spec["components"][kind][name]
    return told


def _content(spec: Described, told: Described) -> Described:
    """The schema of what is sent or answered as JSON; nothing where that is a file."""
    schema = told.get("content", {}).get("application/json", {}).get("schema", {})
    return _resolved(spec, schema)


def _table(taken: Described) -> str:
    """The first line of a table that is sent; nothing where none is."""
    schema = taken.get("content", {}).get("text/csv", {}).get("schema", {})
    return str(next(iter(schema.get("examples", ())), ""))


def _shown(schema: Described) -> str:
    return _written(schema["examples"][0]) if "examples" in schema else ""


def _written(one: Any) -> str:
    return json.dumps(one, ensure_ascii=False, indent=2)


def _line(call: Call, asked: list[Described], sent: Described, good: Described) -> str:
    """A line for a terminal that asks this."""
    path, words, own = call.path, [], {"Idempotency-Key": f"{call.told['operationId']}-1"}
    for one in asked:
        value = next(iter(one["schema"].get("examples", ())), "7" if one["name"] == "id" else "…")
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(value))
        elif one["in"] == "header" and (one.get("required") or one["name"] in own):
            words.append(f"-H '{one['name']}: {own.get(one['name'], value)}'")
    if good.get("content", {}).keys() - {"application/json"}:
        words.append("-OJ")  # a file to keep
    first = f'curl -X {call.method} -H "Authorization: Bearer $TOKEN"'
    words += _given(call, sent)
    return " \\\n  ".join([first, *words, f"'{request.host_url.rstrip('/')}{path}'"])


def _given(call: Call, sent: Described) -> list[str]:
    """What such a line sends: JSON, a table, or a form with a file and what else it must say."""
    kinds = call.told.get("requestBody", {}).get("content", {})
    if "examples" in sent:
        given = json.dumps(sent["examples"][0], ensure_ascii=False)
        return ["-H 'Content-Type: application/json'", f"-d '{given}'"]
    if "text/csv" in kinds:
        return ["-H 'Content-Type: text/csv'", "--data-binary '@table.csv'"]
    form = next(iter(kinds.values()))["schema"]["properties"] if kinds else {}
    return [f"-F '{name}={one.get('enum', ['@scan.pdf'])[0]}'" for name, one in form.items()]
