"""Puts the web application together: pages, API and health over one instance."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue

from lifang.api.routes import blueprint as api
from lifang.app.health import Health
from lifang.http import cookies, csrf, headers, problems, proxies, request
from lifang.services.instance import Instance
from lifang.web.pages import blueprint as pages

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
    proxies.install(app, instance.settings)
    return app
