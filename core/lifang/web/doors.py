"""Who may come in: pages for those signed in, and first the way to a password of one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.http.problems import waiting
from lifang.http.request import current_caller, known_caller
from lifang.kit.errors import LifangError
from lifang.services.accounts import must_change

P = ParamSpec("P")
View = Callable[Concatenate[Caller, P], ResponseReturnValue]

SIGN_IN = "/sign-in"
PASSWORD = "/account/password"  # noqa: S105 – an address


def signed_in(view: View[P]) -> Callable[P, ResponseReturnValue]:
    """Hand a page its caller; those who are not signed in are shown the way and led back after."""

    @wraps(view)
    def enter(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        caller = known_caller()
        if caller is None and request.method in ("GET", "HEAD"):
            return go_to(f"{SIGN_IN}?{urlencode({'next': here()})}")
        caller = current_caller()
        if bound(caller) and request.path != PASSWORD:
            return go_to(PASSWORD)
        return view(caller, *args, **kwargs)

    return enter


def bound(caller: Caller) -> bool:
    """Whether somebody must change their password first; asked of the database once a request."""
    if "bound" not in g:
        g.bound = must_change(caller)
    return bool(g.bound)


Page = tuple[str, int, dict[str, str]]
"""What a page says, its status, and headers of its own."""


def page(template: str, error: LifangError | None, **told: Any) -> Page:
    """A page that says what was wrong, if anything was: answered with its status and its wait."""
    shown = render_template(template, error=error, **told)
    return shown, error.status if error is not None else 200, wait(error)


def wait(error: LifangError | None) -> dict[str, str]:
    """The header that says when to try again what went wrong, where that makes sense."""
    return waiting(error.problem()) if error is not None else {}


def go_to(address: str) -> Response:
    """Lead the browser to another page of this site, after a form as after a link."""
    response = Response(status=303)
    response.headers["Location"] = address
    return response


def here() -> str:
    """The address of this page, with its query string."""
    query = request.query_string.decode("ascii", "replace")
    return f"{request.path}?{query}" if query else request.path
