"""Puts the web application together: pages, API and health over one instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from lifang.api.routes import blueprint as api
from lifang.app.health import Health
from lifang.http import cookies, csrf, headers, problems, request
from lifang.kit.networks import trusting
from lifang.kit.settings import Settings
from lifang.services.instance import Instance
from lifang.web.pages import blueprint as pages

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LARGEST_BODY = 1024 * 1024
"""Bytes of a request's body; what takes files says so itself."""


class Site(Flask):
    """The web application: what a plugin's `sys.exit` ends is its own request."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer the request."""
        try:
            return super().dispatch_request()
        except SystemExit as end:
            raise RuntimeError("SystemExit") from end


def create_app(instance: Instance) -> Flask:
    """Make the application of an instance; it opens nothing and can be served as it is."""
    app = Site("lifang.web", static_folder=None)
    app.secret_key = instance.keys.secret("web")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.session_interface = cookies.FormSessions()
    headers.install(app)
    request.install(app, instance)
    csrf.install(app)
    problems.install(app)
    Health(instance).install(app)
    app.register_blueprint(api)
    app.register_blueprint(pages)
    _believe(app, instance.settings)
    return app


def _believe(app: Flask, told: Settings) -> None:
    """Believe the headers of proxies here and of those that are named; of nobody else who asks.

    Where plain http is allowed, anybody may say `X-Forwarded-Proto`: it decides about cookies only.
    """
    heard, behind = (ProxyFix(app.wsgi_app, x_for=hops, x_proto=1) for hops in (0, 1))
    others = heard if told.allow_http else app.wsgi_app
    trusted = trusting(told.trusted_proxies)

    def served(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return (behind if trusted(environ.get("REMOTE_ADDR")) else others)(environ, start)

    app.wsgi_app = served  # type: ignore[assignment,method-assign]  # as flask lets one wrap it
