"""The headers by which browsers protect the people who use these pages."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

HSTS = "max-age=31536000"
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # signing in on the spot needs the position and the camera; nothing here needs the rest
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
}


def install(app: Flask) -> None:
    """Give every response its headers, and templates the nonce of theirs as `csp_nonce`."""
    app.after_request(_add)
    app.context_processor(lambda: {"csp_nonce": _nonce()})


def policy(nonce: str) -> str:
    """The policy of a page: nothing from elsewhere, and no script or style without its nonce."""
    with_nonce = f" 'nonce-{nonce}'" if nonce else ""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self'{with_nonce}",
            f"style-src 'self'{with_nonce}",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


BARE = policy("")
"""The policy of what is no page and was given no nonce."""


def _nonce() -> str:
    """The nonce of this answer, drawn when the first template asks for it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    nonce: str = g.csp_nonce
    return nonce


def _add(response: Response) -> Response:
    headers = response.headers
    said = {name.lower() for name, _value in headers}
    nonce = g.get("csp_nonce")
    told = {**FIXED, "Content-Security-Policy": policy(nonce) if nonce else BARE}
    headers.extend([(name, told[name]) for name in told if name.lower() not in said])
    if g.get("caller") is not None or "cache-control" not in said:
        headers["Cache-Control"] = "no-store"
    if request.is_secure:
        headers["Strict-Transport-Security"] = HSTS
    headers["X-Request-Id"] = g.get("request_id", "")
    return response
