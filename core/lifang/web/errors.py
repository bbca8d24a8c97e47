"""Refusals and failures as pages: what happened, what can be done, and a way back."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.http.problems import Problem
from lifang.kit.words import _, n_
from lifang.web.addresses import same_site
from lifang.web.shell import surroundings

ADVICE = {
    401: n_("登录后再试。"),
    403: n_("如果工作需要这项权限，请联系管理员为您授权。"),
    404: n_("它可能不存在、已被移除，或者不在您的管辖范围内。"),
    413: n_("请减小内容后再试。"),
    429: n_("请稍后再试。"),
    503: n_("请过一会儿再试；您填写的内容可以用浏览器的「后退」找回。"),
}


def error_page(problem: Problem) -> ResponseReturnValue:
    """Show one problem; a page that cannot even be framed is told plainly."""
    status = int(problem["status"])
    page = render_template(
        "web/error.html",
        problem=problem,
        advice=_(ADVICE[status]) if status in ADVICE else None,
        back=_back(),
        **_frame(),
    )
    return page, status


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
        return {"visitor": None, "navigation": [], "theme": "auto", "size": "normal"}
