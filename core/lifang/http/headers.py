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
    app.before_request(_draw_nonce)
    app.after_request(_add)
    app.context_processor(lambda: {"csp_nonce": g.get("csp_nonce", "")})


def policy(nonce: str) -> str:
    """The policy of a page: nothing from elsewhere, and no script or style without its nonce."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
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


def _draw_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(18)


def _add(response: Response) -> Response:
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    if "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = policy(g.get("csp_nonce", ""))
    if g.get("caller") is not None or "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response
