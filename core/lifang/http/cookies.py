"""The cookies: a session's secret, the form session that holds the CSRF token, the language."""

from __future__ import annotations

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

LANGUAGE = "lang"
A_YEAR = 365 * 24 * 3600


def session_name() -> str:
    """What the session's cookie is called: browsers keep `__Host-` ones to https and one host."""
    return "__Host-lifang" if request.is_secure else "lifang"


def read_session() -> str | None:
    """The secret of the session the browser claims to have."""
    return request.cookies.get(session_name()) or None


def set_session(response: Response, secret: str) -> None:
    """Give the browser its session; how long it lasts is decided on the server."""
    response.set_cookie(
        session_name(), secret, secure=request.is_secure, httponly=True, samesite="Lax", path="/"
    )


def clear_session(response: Response) -> None:
    """Take the session back from the browser."""
    response.delete_cookie(
        session_name(), secure=request.is_secure, httponly=True, samesite="Lax", path="/"
    )


def keep(response: Response, name: str, value: str) -> None:
    """Remember what somebody chose."""
    response.set_cookie(
        name, value, max_age=A_YEAR, secure=request.is_secure, httponly=True, samesite="Lax"
    )


class FormSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, used for the CSRF token and flashed messages and nothing else."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Begin with an empty one where the browser sent none: programs never do."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def get_cookie_name(self, app: Flask) -> str:
        """Name it like the session's own cookie."""
        return "__Host-lifang-form" if request.is_secure else "lifang-form"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Keep it to https wherever there is https."""
        return bool(request.is_secure)

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Keep it from scripts."""
        return True

    def get_cookie_samesite(self, app: Flask) -> str:
        """Send it with links from elsewhere, never with their forms."""
        return "Lax"
