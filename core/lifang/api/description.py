"""The description of the API (OpenAPI 3.1), made from the declarations that its reader can read."""

from __future__ import annotations

from importlib import metadata
from json import loads
from typing import Any

from apispec import APISpec
from flask import Response, current_app, request
from flask.blueprints import BlueprintSetupState

from lifang.api import (
    confidential,
    desks,
    event_paths,
    inbox,
    indicators,
    me,
    paper_paths,
    plugins,
    schemas,
    settings,
    sheets,
)
from lifang.api.finishing import finish
from lifang.api.operations import READING, Noun, content, problem, problem_name
from lifang.api.rules import blueprint, refuse_query
from lifang.entities.caller import Caller
from lifang.http.described import conventions, describe_with
from lifang.http.known_problems import CODES, KINDS, example
from lifang.http.problems import PROBLEM
from lifang.http.request import known_caller, the_instance
from lifang.kit import json, words
from lifang.kit.errors import TITLES, problem_type
from lifang.kit.words import _, _p
from lifang.lifecycle import states
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource
from lifang.services import event_log
from lifang.services.offers import may

ADDRESS = "/openapi.json"
KEPT = 64
"""Descriptions kept in memory: one for each set of readable nouns and each language."""

Cache = dict[tuple[Any, ...], bytes]


@blueprint.get(ADDRESS)
def describe() -> Response:
    """Describe what the caller can read; whoever is not signed in sees the core's own nouns."""
    refuse_query()
    response = Response(_made(), mimetype="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.record_once
def _teach(state: BlueprintSetupState) -> None:
    describe_with(state.app, lambda: loads(_made()))


def _made() -> bytes:
    caller = known_caller()
    nouns, events = readable(caller), caller is None or bool(event_log.sight(caller))
    life = caller is None or states.may_administer(caller)
    epoch = the_instance().plugins.refresh().epoch
    key = (epoch, words.language(), events, life, *(resource.id for resource in nouns))
    cache: Cache = current_app.extensions.setdefault("lifang.descriptions", {})
    made = cache.get(key)
    if made is None:
        if len(cache) >= KEPT:
            cache.clear()
        made = cache[key] = json.dumps(description(nouns, events=events, life=life))
    return made


def readable(caller: Caller | None) -> list[Resource[Any]]:
    """The nouns of which the caller can read something."""
    everything = the_instance().registry
    if caller is None:
        return [resource for resource in everything if resource.plugin == CORE]
    return [resource for resource in everything if may(caller, resource, "read")]


def description(nouns: list[Resource[Any]], *, events: bool, life: bool) -> dict[str, Any]:
    """The whole description of some nouns, of the event bus and of plugins for who may see them."""
    shared: dict[Any, str] = {
        **({event_paths: _p("plural", "事件")} if events else {}),
        inbox: _("收件箱"),
        indicators: _p("plural", "指标"),
        sheets: _("台账和报表"),
        settings: _p("plural", "设置"),
        desks: _("工作台"),
        **({plugins: _("插件")} if life else {}),
    }
    told = [Noun(resource) for resource in nouns]
    spec = APISpec(
        title="里坊 Lifang",
        version=metadata.version("lifang"),
        openapi_version="3.1.0",
        info={"description": _introduction()},
        servers=[{"url": "/"}],
        security=[{"bearer": []}],
        tags=[{"name": one.slug, "description": one.labels} for one in told]
        + [{"name": one.SLUG, "description": label} for one, label in shared.items()],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    _add_shared(spec)
    schemes = [one for some in [*told, *shared] for one in some.described()]
    more = (Noun.paths, confidential.paths, paper_paths.of)
    paths = [one for noun in told for paths_of in more for one in paths_of(noun)]
    paths += [*paper_paths.shared(), *(one for some in shared for one in some.paths())]
    for name, schema in schemes:
        spec.components.schema(name, component=schema)
    for path, operations in paths:
        spec.path(path=path, operations=operations)
    spec.path(path=f"/api{ADDRESS}", operations={"get": _itself()})
    spec.path(path=f"/api{me.ADDRESS}", operations={"get": _oneself()})
    return finish(spec.to_dict())


def _introduction() -> str:
    """What holds of every operation, and every kind of problem, as Markdown."""
    kinds = (f"- [`{code}`]({problem_type(code)}) {one.status}: {_(one.means)}"
             for code, one in KINDS.items())  # fmt: skip
    codes = (f"- `{code}`: {_(said)}" for code, said in CODES.items())
    parts = [
        (_("社区治理框架的接口"), _("由声明生成，与现状一致。")),
        *conventions(),
        (_("问题的种类"), "\n".join(kinds)),
        (_("errors 里的 code"), "\n".join(codes)),
    ]
    return "\n\n".join(f"## {heading}\n\n{text}" for heading, text in parts)


def _add_shared(spec: APISpec) -> None:
    place = {"id": 7, "name": _("示例社区"), "code": "620102001001"}
    shared = {
        "Reference": schemas.REFERENCE,
        **schemas.GIVEN,
        "CommunityReference": schemas.COMMUNITY_REFERENCE | {"examples": [place]},
        "Problem": schemas.PROBLEM,
        "Imported": schemas.IMPORTED,
        "Preview": schemas.PREVIEW,
        "Bulk": schemas.BULK,
        "History": schemas.HISTORY,
    }
    for name, schema in shared.items():
        spec.components.schema(name, component=schema)
    for status, title in {0: _("其他问题"), **TITLES}.items():
        told = {
            code: {"value": example(code)} for code, one in KINDS.items() if one.status == status
        }
        content = {PROBLEM: {"schema": schemas.ref("Problem"), "examples": told}}
        wait = {"Retry-After": {"schema": {"type": "integer"}}} if status in (429, 503) else {}
        response = {"description": _(title), "headers": wait, "content": content}
        spec.components.response(problem_name(status), component=response)


def _itself() -> dict[str, Any]:
    answered = {"description": "OpenAPI 3.1", "content": content({"type": "object"})}
    return {
        "operationId": "describe_api",
        "summary": _("这份说明"),
        "security": [{}, {"bearer": []}],
        "responses": {"200": answered, **{str(n): problem(n) for n in READING if n != 404}},
    }


def _oneself() -> dict[str, Any]:
    refused = {**{str(n): n for n in (*READING, 409)}, "default": 0}
    problems = {word: problem(n) for word, n in refused.items()}
    answered = {
        "description": _("我的资料、同意和办理的事项"),
        "content": content({"type": "object"}),
    }
    return {
        "operationId": "show_me",
        "summary": _("我的：资料、同意、办理的事项"),
        "responses": {"200": answered, **problems},
    }
