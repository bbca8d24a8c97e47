"""How somebody wants to see the pages: language, light or dark, large type; kept in cookies."""

from __future__ import annotations

from flask import Blueprint, Response, request

from lifang.http import cookies
from lifang.kit import words
from lifang.kit.errors import Malformed
from lifang.kit.words import _
from lifang.web.addresses import same_site
from lifang.web.doors import go_to

THEMES = ("auto", "light", "dark")
SIZES = ("normal", "large")
ROWS = {"normal": 20, "large": 10}
"""Rows of a list: fewer choices per page for those who need larger type."""

looks = Blueprint("looks", __name__)


@looks.post("/looks")
def choose() -> Response:
    """Keep one choice and go back to where it was made."""
    response = go_to(same_site(request.form.get("back")))
    theme, size, language = (request.form.get(key) for key in ("theme", "size", "lang"))
    if theme in THEMES:
        _keep(response, "theme", theme)
    elif size in SIZES:
        _keep(response, "size", size)
    elif language in words.LANGUAGES:
        cookies.set_language(response, language)
    else:
        raise Malformed(_("没有这样的显示方式"))
    return response


def _keep(response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=cookies.A_YEAR,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def theme() -> str:
    """The chosen theme, `auto` where the system decides."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def size() -> str:
    """The chosen size of type."""
    chosen = request.cookies.get("size", "normal")
    return chosen if chosen in SIZES else "normal"


def rows() -> int:
    """How many rows a list shows."""
    return ROWS[size()]
