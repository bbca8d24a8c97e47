"""What every request begins with: its name, its language, a connection, and who is asking."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack, suppress

from flask import Flask, current_app, g, request

from lifang.access import sign_in
from lifang.access.callers import caller_for, new_request_id
from lifang.entities.caller import Caller
from lifang.http import cookies
from lifang.kit import words
from lifang.kit.errors import Busy, Forbidden, Unauthenticated
from lifang.kit.networks import near
from lifang.kit.words import _
from lifang.lifecycle.blame import demand_going
from lifang.services.instance import Instance

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of a table that somebody who is signed in sends; it is streamed to disk."""

FILES = ("/import", "/api/v1/plugins", "/actions/upgrade", "/plugins/bring", "/upgrade")
"""Where the addresses end that take files."""

BARE = frozenset({"healthz", "readyz", "metrics"})
"""Endpoints that answer without a caller and without a connection of their own."""


def install(app: Flask, instance: Instance) -> None:
    """Let every request of an application begin and end here."""
    app.extensions["lifang"] = instance
    app.before_request(_begin)
    app.teardown_request(_end)


def the_instance() -> Instance:
    """The instance that the running application serves."""
    instance: Instance = current_app.extensions["lifang"]
    return instance


def current_caller() -> Caller:
    """Whoever is asking; raises Unauthenticated where nobody is signed in."""
    caller = known_caller()
    if caller is None:
        raise Unauthenticated(_("请先登录"))
    return caller


def known_caller() -> Caller | None:
    """Whoever is asking, or None where nobody is signed in."""
    caller: Caller | None = g.get("caller")
    return caller


def asked_plugin() -> str:
    """The id of the plugin whose noun is asked for, whether there is one or not; else nothing."""
    asked = request.view_args or {}
    named = asked.get("area") or asked.get("plugin") or "" if "noun" in asked else ""
    return str(named).replace("-", "_")


def for_programs() -> bool:
    """Whether the request is for the API, which answers in JSON whatever happens."""
    path = request.path
    return f"{path}/".startswith("/api/") and not path.startswith(("/api/docs", "/api/problems"))


def _begin() -> None:
    g.request_id, g.trace = new_request_id(), request.headers.get("traceparent")
    g.caller = None
    g.held = ExitStack()
    g.held.enter_context(words.using(_language()))
    if _bare(request.endpoint):
        return
    _refuse_plain_http()
    g.held.enter_context(the_instance().database.connection())
    g.caller = _by_token() or _by_session()
    if g.caller is not None:
        demand_going(the_instance().plugins, asked_plugin(), g.caller)
    if g.caller is not None and request.path.endswith(FILES):
        request.max_content_length = LARGEST_FILE
    if g.caller is not None and request.path.endswith("/attachments"):
        request.max_content_length = (the_instance().settings.attachment_mb + 1) * 1024 * 1024


def _end(_error: BaseException | None) -> None:
    """Give the connection back: idle threads of the server must not keep theirs."""
    held: ExitStack | None = g.pop("held", None)
    if held is not None:
        held.close()


def _bare(endpoint: str | None) -> bool:
    return endpoint in BARE or (endpoint or "").endswith(".static") or endpoint == "static"


def _language() -> str:
    """The language chosen, else the one the browser asks for, else the instance's."""
    chosen = request.cookies.get(cookies.LANGUAGE)
    if chosen in words.LANGUAGES:
        return chosen
    if "Accept-Language" in request.headers:
        asked = request.accept_languages.best_match(words.LANGUAGES)
        if asked:
            return asked
    return the_instance().settings.language


def _refuse_plain_http() -> None:
    """Without https only this machine is served, unless the instance says otherwise."""
    if request.is_secure or the_instance().settings.allow_http or near(request.remote_addr):
        return
    raise Forbidden(_("请用 https 访问；可信的内部网络可设置 allow_http = true"))


def _by_token() -> Caller | None:
    """A program, by the token in its header; one in the address would end up in logs."""
    given = request.authorization
    if given is None or given.type != "bearer":
        return None
    instance = the_instance()
    account, scope = sign_in.bearer(instance.database, given.token or "")
    return caller_for(
        instance, account, source="api", request_id=g.request_id, trace=g.trace, scope=scope
    )


def _by_session() -> Caller | None:
    """A person, by the cookie of a session that is still running; using it keeps it running."""
    secret = cookies.read_session()
    if secret is None:
        return None
    instance = the_instance()
    account = sign_in.account_of_session(
        instance.database,
        secret,
        idle=dt.timedelta(minutes=instance.settings.session_idle_minutes),
        longest=dt.timedelta(hours=instance.settings.session_hours),
    )
    if account is None:
        return None
    if sign_in.session_is_due(secret):
        with suppress(Busy), instance.database.transaction():
            sign_in.touch_session(secret)
    return caller_for(instance, account, source="web", request_id=g.request_id, trace=g.trace)
