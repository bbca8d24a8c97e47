"""New accounts: a name, perhaps a first role and its place, and a password shown once."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.access.roles import ROLES
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.kit.errors import Forbidden, Invalid, LifangError, NotFound
from lifang.kit.words import _, n_
from lifang.resources.fields import FieldSpec
from lifang.services import accounts
from lifang.services.offers import may
from lifang.web import forms
from lifang.web.addresses import address_of
from lifang.web.changes import Form, form_page
from lifang.web.doors import Page
from lifang.web.records import head_of

QUESTIONS = (
    FieldSpec(
        "name",
        n_("账号"),
        "text",
        required=True,
        null=False,
        max_length=60,
        help=n_("登录时用的名称"),
    ),
    FieldSpec("person", n_("人员"), "reference", target=Person),
    FieldSpec(
        "role",
        n_("角色"),
        "choice",
        choices=tuple(ROLES.items()),
        help=n_("平台管理员、安全管理员、审计员不填范围；单位联络员填组织范围；其余的填社区范围"),
    ),
    FieldSpec("at", n_("社区范围"), "community", target=Community),
    FieldSpec("unit", n_("组织范围"), "reference", target=Organization),
)
COMMAND = "lifang accounts create … --role … --at …"


def new_account_page(caller: Caller) -> ResponseReturnValue:
    """Ask for a new account, make it, and show its one-time password to be handed over."""
    if not may(caller, caller.instance.registry.of(Account), "create"):
        raise Forbidden(_("只有安全管理员可以管理账号"))
    if request.method == "GET":
        return _ask(Form(forms.blank(caller, QUESTIONS, request.args)))
    controls = forms.answered(caller, QUESTIONS, request.form)
    if name := request.form.get("find"):
        return _ask(Form(forms.looked_for(caller, controls, name)))
    told, judged = forms.payload(caller, controls)
    if Form(judged).problems:
        return _ask(Form(judged))
    try:
        account, password = _make(caller, told)
    except (Forbidden, NotFound):
        raise
    except LifangError as error:
        return _ask(Form(forms.blamed(judged, error), error))
    return _hand_over(caller, int(account.id), password)


def new_password_page(caller: Caller, record: int) -> ResponseReturnValue:
    """Give an account a new one-time password, after it was confirmed."""
    head = head_of(caller, caller.instance.registry.of(Account), record)
    name = str(head.view["name"])
    if request.method == "POST":
        return _hand_over(caller, record, accounts.new_password(caller, name))
    command = f"lifang accounts password {name}"
    return render_template("web/new_password.html", head=head, command=command)


def _make(caller: Caller, told: dict[str, Any]) -> tuple[Account, str]:
    if not told["name"]:
        raise Invalid.about("name", "required", _("请填写「{label}」", label=_("账号")))
    place = told["at"]
    return accounts.create_account(
        caller,
        told["name"],
        person=told["person"],
        role=told["role"],
        at=place["code"] if place else None,
        unit=told["unit"],
    )


def _ask(form: Form) -> Page:
    return form_page(
        "web/form.html",
        form,
        heading=_("新建{label}", label=_("账号")),
        resource=None,
        label=n_("账号"),
        home="/admin/accounts",
        back="/admin/accounts",
        head=None,
        command=COMMAND,
    )


def _hand_over(caller: Caller, record: int, password: str) -> str:
    resource = caller.instance.registry.of(Account)
    head = head_of(caller, resource, record)
    link = address_of(resource, record)
    return render_template("web/one_time.html", head=head, link=link, password=password)
