"""Refusals and failures: problem documents (RFC 9457) for programs, pages for people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from lifang.http.request import asked_plugin, for_programs, known_caller, the_instance
from lifang.kit import json
from lifang.kit.errors import LifangError, problem_type, title_of
from lifang.kit.words import _
from lifang.lifecycle.blame import PluginFailed, blamed

log = logging.getLogger("lifang.http")

Problem = dict[str, Any]
Renderer = Callable[[Problem], ResponseReturnValue]

PROBLEM = "application/problem+json"
CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
RETRY_AFTER = {"busy": 1, "not_ready": 10}
"""Seconds after which asking again makes sense; who tries too often is told those that are left."""


def install(app: Flask) -> None:
    """Answer every error of an application in one way."""
    app.register_error_handler(Exception, answer)


def show_with(app: App, render: Renderer) -> None:
    """Let people see problems as pages: `render` gets the document and gives the response."""
    app.extensions["lifang.problem_page"] = render


def problem_of(error: Exception) -> Problem:
    """Tell an error as a problem document; what nobody foresaw is told without its insides."""
    if isinstance(error, LifangError):
        told = error.problem()
    elif isinstance(error, HTTPException):
        status = error.code or 500
        ours = error.description if error.description != type(error).description else None
        detail = ours or _detail(status)
        told = {"status": status, "code": CODES.get(status, "error"), "detail": detail}
    else:
        told = {"status": 500, "code": "error", "detail": _detail(500)}
    status = told["status"]
    head = {
        "type": problem_type(told["code"]),
        "title": title_of(status),
        "status": status,
        "detail": told["detail"],
        "errors": told.get("errors", []),
        "request_id": g.get("request_id"),
    }
    return head | told | {"detail": _inside(told["detail"])}


def _inside(detail: str) -> str:
    """A sentence without where the database lies, which is for the log and whoever works there."""
    place = the_instance().database.place
    return detail.replace(f"（{place}）", "").replace(f" ({place})", "")


def waiting(problem: Problem) -> dict[str, str]:
    """The header that says in how many seconds to ask again, where that makes sense."""
    seconds = problem.get("retry_after") or RETRY_AFTER.get(problem["code"])
    return {"Retry-After": str(seconds)} if seconds else {}


def answer(error: Exception) -> ResponseReturnValue:
    """Turn an error into the response for whoever is asking."""
    if isinstance(error, HTTPException) and (error.code or 500) < 400:
        return error  # a redirect, not a problem
    problem = problem_of(_blamed(error) or error)
    if problem["status"] >= 500:
        told = (request.method, request.path, problem["request_id"])
        if isinstance(error, LifangError):
            log.warning("%s %s refused, request %s: %s", *told, error.sentence)
        else:
            log.error("%s %s failed, request %s", *told, exc_info=error)
    response = _document(problem) if for_programs() else _page(problem)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
    if problem["status"] == 401 and for_programs():
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.extend(waiting(problem))
    return response


def _blamed(error: Exception) -> PluginFailed | None:
    """What to say where it was a plugin's code that raised what nobody foresaw."""
    if isinstance(error, LifangError | HTTPException):
        return None
    return blamed(the_instance().plugins, error, known_caller(), asked_plugin())


def _document(problem: Problem) -> Response:
    return Response(json.dumps(problem), status=problem["status"], mimetype=PROBLEM)


def _page(problem: Problem) -> Response:
    render: Renderer | None = current_app.extensions.get("lifang.problem_page")
    if render is None:
        told = f"{problem['title']}\n{problem['detail']}\n{problem['request_id']}\n"
        return Response(told, status=problem["status"], mimetype="text/plain")
    response = current_app.make_response(render(problem))
    if response.status_code == 200:
        response.status_code = problem["status"]
    return response


def _detail(status: int) -> str:
    """One sentence per status, whatever the library would have said."""
    if status == 404:
        return _("没有找到")
    if status == 405:
        return _("这个地址不支持 {method}", method=request.method)
    if status == 413:
        size = f"{(request.max_content_length or 0) / 1024**2:.0f} MB"
        return _("内容超过了允许的大小：最多 {size}", size=size)
    if status == 415:
        return _("请用 Content-Type: application/json 发送")
    if status < 500:
        return _("请求有误，无法处理")
    return _("出了意外的错误；请把请求编号告诉管理员")
