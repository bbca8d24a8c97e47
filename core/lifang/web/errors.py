"""Refusals and failures as pages: what happened, what can be done, and a way back."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from lifang.http.csrf import from_here
from lifang.http.problems import Problem, waiting
from lifang.kit.words import _, n_
from lifang.web.addresses import same_site
from lifang.web.doors import here
from lifang.web.shell import surroundings

ADVICE = {
    401: n_("登录后再试。"),
    403: n_("如果工作需要这项权限，请联系管理员为您授权。"),
    404: n_("它可能不存在、已被移除，或者不在您的管辖范围内。"),
    413: n_("请减小内容后再试。"),
    500: n_("这件事可能没有办完：请先查看记录，再决定是否重做。"),
    503: n_("这一次什么也没有写入，请过一会儿再试。"),
}
FORM, MOST = "application/x-www-form-urlencoded", 200_000  # bytes
SECRET = {"password", "old"}
"""Fields of forms that are never written into a page again."""


def error_page(problem: Problem) -> ResponseReturnValue:
    """Show one problem; a page that cannot even be framed is told plainly."""
    status = int(problem["status"])
    page = render_template(
        "web/error.html",
        problem=problem,
        advice=_(ADVICE.get(status, "")),
        back=_back(),
        again=request.method == "GET" and (status >= 500 or bool(waiting(problem))),
        typed=_typed(problem),
        place=here(),
        **_frame(),
    )
    return page, status


def _typed(problem: Problem) -> list[tuple[str, str]]:
    """What was typed into a form of ours that came to nothing, so that it can be sent once more."""
    undone = problem["status"] in (401, 503) or problem.get("reason") == "expired"
    short = request.mimetype == FORM and (request.content_length or 0) < MOST
    if not undone or request.method != "POST" or not short or not from_here():
        return []
    told = [] if SECRET & set(request.form) else request.form.items(multi=True)
    return [(name, value) for name, value in told if name != "csrf_token"]


def _back() -> str | None:
    """The page this one was reached from, if it was one of ours."""
    came = request.referrer or ""
    prefix = request.host_url.rstrip("/")
    return same_site(came.removeprefix(prefix)) if came.startswith(f"{prefix}/") else None


def _frame() -> dict[str, Any]:
    """The navigation, or none when whatever failed keeps it from being drawn."""
    try:
        return surroundings()
    except Exception:
        g.caller = None  # the base template asks once more
        return surroundings()
