"""Endpoints and attempts as people work with them."""

from __future__ import annotations

import re

import lifang as lf
from lifang import _
from lifang_webhooks import addresses, signing
from lifang_webhooks.models import Attempt, Endpoint

TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}")

MANAGING = "read create update remove export pause resume test rotate_secret"


def check_types(written: str) -> str:
    """Types of events, one a line; raises ValueError naming the one that is none."""
    told = sorted(set(re.split(r"[\s,，、]+", written)) - {""})
    for one in told:
        if one != lf.ANY and not TYPE.fullmatch(one):
            raise ValueError(
                _("「{type}」不是事件类型；写作 core.person.moved，或 * 表示全部", type=one)
            )
    return "\n".join(told)


def complete(endpoint: Endpoint, caller: lf.Caller) -> None:
    """A new endpoint has a secret, and an active one an address that may be sent to."""
    if endpoint.state == "active":
        addresses.demand_allowed(endpoint.address, caller)
    if not endpoint.salt:
        signing.renew(endpoint, caller)


@lf.action("暂停发送", moves={"active": "paused"})
def pause(endpoint: Endpoint, caller: lf.Caller, *, reason: str) -> None:
    """Send nothing more; what is on its way becomes a dead letter, what happens now is not told."""
    endpoint.reason = reason[:200]


@lf.action("恢复发送", moves={"paused": "active"})
def resume(endpoint: Endpoint, caller: lf.Caller) -> None:
    """Tell an endpoint again what happens from now on."""
    endpoint.reason = endpoint.problem = None
    endpoint.failing_since = None  # type: ignore[assignment]  # peewee knows no null


@lf.action(
    "发送测试",
    event="tested",
    when=lambda view: view["state"] == "active",
    among={"state": "active"},
)
def test(endpoint: Endpoint, caller: lf.Caller) -> None:
    """Send an event that means nothing, to see whether it arrives."""
    if endpoint.state != "active":
        raise lf.Conflict(_("接收地址已暂停；请先恢复"))


# a secret is shown to whoever asked for that one, so no list offers to change many
@lf.action("更换密钥", event="secret_rotated", among={"id": 0})
def rotate_secret(endpoint: Endpoint, caller: lf.Caller) -> None:
    """Make a new secret, shown once; for a day the old one signs beside it."""
    signing.renew(endpoint, caller)
    endpoint.rotated_at = lf.now()


endpoints = lf.Resource(
    Endpoint,
    label="接收地址",
    columns=("name", "community", "state", "last_success", "last_failure", "problem"),
    search=["name"],
    hidden=("salt", "former_salt", "failing_since"),
    locked=("secret", "rotated_at", "reason", "last_success", "last_failure", "problem"),
    checks={"address": addresses.check, "types": check_types},
    rules=[complete],
    actions=[test, rotate_secret, pause, resume],
    timers=["due"],
    roles={
        "platform_administrator": MANAGING,
        "district_admin": MANAGING,
        "auditor": "read",
    },
    never="reveal export_full import",
)

attempts = lf.Resource(
    Attempt,
    label="发送记录",
    scope=lf.Via("endpoint"),
    columns=("at", "endpoint", "type", "event", "status", "ms", "error"),
    locked=("endpoint", "at", "type", "event", "delivery", "status", "ms", "error"),
    roles={"platform_administrator": "read", "district_admin": "read", "auditor": "read"},
    never="create update remove import export export_full reveal",
)
