"""Who is believed about whom they ask for: proxies on this machine, and those the settings name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from lifang.kit.networks import trusting
from lifang.kit.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def install(app: Flask, told: Settings) -> None:
    """Believe the headers of proxies that are trusted; of nobody else whom they ask for.

    Where plain http is allowed, anybody may say `X-Forwarded-Proto`: it decides about cookies only.
    """
    heard, behind = (ProxyFix(app.wsgi_app, x_for=hops, x_proto=1) for hops in (0, 1))
    others = heard if told.allow_http else app.wsgi_app
    trusted = trusting(told.trusted_proxies)

    def served(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return (behind if trusted(environ.get("REMOTE_ADDR")) else others)(environ, start)

    app.wsgi_app = served  # type: ignore[assignment,method-assign]  # as flask lets one wrap it
