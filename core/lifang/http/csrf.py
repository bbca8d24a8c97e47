"""Forged requests: what a browser is made to send from elsewhere changes nothing here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from lifang.http.request import for_programs, known_caller
from lifang.kit.errors import Forbidden
from lifang.kit.words import _

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OURS = frozenset({"same-origin", "none"})

_protection: Any = CSRFProtect()  # Flask-WTF ships no types


def install(app: Flask) -> None:
    """Refuse every changing request that a cookie stands for and no token of ours comes with."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # who is asking has to be known first
    app.config["WTF_CSRF_SSL_STRICT"] = False  # the origin is checked below, https or not
    app.config["WTF_CSRF_TIME_LIMIT"] = 3600 * app.extensions["lifang"].settings.session_hours
    _protection.init_app(app)
    app.before_request(_protect)


def _protect() -> None:
    """Let programs with a token through: no browser can be made to send that header."""
    if request.method in SAFE or request.endpoint is None:
        return
    caller = known_caller()
    if for_programs() and (caller is None or caller.source == "api"):
        return
    if not from_here():
        raise Forbidden(_("这个请求来自别的网站，已被拒绝"), reason="elsewhere")
    try:
        _protection.protect()
    except CSRFError as error:
        told = _("页面已过期或缺少 X-CSRFToken，请刷新后再提交")
        raise Forbidden(told, reason="expired") from error


def from_here() -> bool:
    """Whether the browser says the request began on one of our own pages, as far as it says."""
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in OURS
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    same_scheme = parts.scheme == "https" or not request.is_secure
    return parts.netloc == request.host and same_scheme
