"""Coming in and going out: signing in, signing out, a password of one's own."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from lifang.access import sign_in
from lifang.entities.caller import Caller
from lifang.http import cookies
from lifang.http.request import known_caller, the_instance
from lifang.kit.errors import Invalid, LifangError, TooMany, Unauthenticated
from lifang.kit.words import _
from lifang.services import accounts
from lifang.services.entering import enter
from lifang.web.addresses import same_site
from lifang.web.doors import PASSWORD, SIGN_IN, Page, go_to, page, signed_in

entry = Blueprint("entry", __name__)


@entry.get(SIGN_IN)
def ask() -> ResponseReturnValue:
    """Ask who is there."""
    if known_caller() is not None:
        return go_to(same_site(request.args.get("next")))
    return _ask(request.args.get("next"), None)


@entry.post(SIGN_IN)
def come_in() -> ResponseReturnValue:
    """Let somebody in with name and password; a new session every time."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    target = same_site(request.form.get("next"))
    try:
        secret = enter(the_instance(), name, password)
    except (Unauthenticated, TooMany) as error:
        return _ask(target, error, name)
    response = go_to(target)
    cookies.set_session(response, secret)
    return response


@entry.post("/sign-out")
def go_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    secret = cookies.read_session()
    if secret is not None:
        with the_instance().database.transaction():
            sign_in.end_session(secret)
    response = go_to(SIGN_IN)
    cookies.clear_session(response)
    return response


@entry.route(PASSWORD, methods=["GET", "POST"])
@signed_in
def change_password(caller: Caller) -> ResponseReturnValue:
    """Let somebody choose a password that nobody handed to them."""
    if request.method == "GET":
        return _ask_password(None)
    old, new, again = (request.form.get(key, "") for key in ("old", "password", "again"))
    try:
        if new != again:
            raise Invalid.about("again", "different", _("两次填写的新密码不一样"))
        accounts.change_password(caller, old=old, new=new)
    except Invalid as error:
        return _ask_password(error)
    return _anew(caller)


def _ask_password(error: Invalid | None) -> Page:
    wrong = {one.field: one.message for one in error.errors} if error is not None else {}
    problems = [(sentence, name) for name, sentence in wrong.items()]
    return page("web/password.html", error, wrong=wrong, problems=problems)


def _anew(caller: Caller) -> Response:
    """Changing a password ends every session, this one too; here a fresh one begins."""
    account = sign_in.find_account(caller.name)
    assert account is not None  # noqa: S101 – somebody just changed its password
    with the_instance().database.transaction():
        secret = sign_in.open_session(account)
    response = go_to("/?done=password")
    cookies.set_session(response, secret)
    return response


def _ask(target: str | None, error: LifangError | None, name: str = "") -> Page:
    return page("web/sign_in.html", error, next=same_site(target), name=name)
