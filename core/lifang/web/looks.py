"""How somebody wants to see the pages: language, light or dark, large type; kept in cookies."""

from __future__ import annotations

import re

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

COLUMNS, LISTS = "columns", 20
"""The cookie that keeps chosen columns, and for how many lists."""
SAFE = re.compile("[a-z0-9_]{1,80}")

looks = Blueprint("looks", __name__)


@looks.post("/looks")
def choose() -> Response:
    """Keep one choice and go back to where it was made."""
    response = go_to(same_site(request.form.get("back")))
    theme, size, language = (request.form.get(key) for key in ("theme", "size", "lang"))
    if theme in THEMES:
        cookies.keep(response, "theme", theme)
    elif size in SIZES:
        cookies.keep(response, "size", size)
    elif listed := request.form.get("list"):
        cookies.keep(response, COLUMNS, _remembered(listed, request.form.getlist("columns")))
    elif language in words.LANGUAGES:
        cookies.keep(response, cookies.LANGUAGE, language)
    else:
        raise Malformed(_("没有这样的显示方式"))
    return response


def columns(listed: str) -> list[str]:
    """The columns somebody chose for a list, as they were kept; none where they did not."""
    return _known().get(listed, [])


def _known() -> dict[str, list[str]]:
    """The columns of every list for which some were chosen: `core.people=phone.status|…`."""
    told = (one.partition("=") for one in request.cookies.get(COLUMNS, "").split("|"))
    return {listed: names.split(".") for listed, _sep, names in told if listed and names}


def _remembered(listed: str, names: list[str]) -> str:
    """The same with those of one list, none for the usual ones; only the latest lists are kept."""
    if not all(SAFE.fullmatch(name.replace(".", "_", 1)) for name in (listed, *names)):
        raise Malformed(_("没有这样的显示方式"))
    known = {key: told for key, told in _known().items() if key != listed}
    known |= {listed: names} if names else {}
    return "|".join(f"{key}={'.'.join(told)}" for key, told in [*known.items()][-LISTS:])


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
