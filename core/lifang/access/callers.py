"""From an account to a caller: every request reads its rights anew, so a revoked one is gone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import peewee as pw

from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import Community
from lifang.kit import clock

if TYPE_CHECKING:
    from lifang.services.instance import Instance


def caller_for(
    instance: Instance,
    account: Account,
    *,
    source: str,
    request_id: str | None = None,
    trace: str | None = None,
    scope: frozenset[str] | None = None,
) -> Caller:
    """Make the caller of an account, with the rights it holds now, narrowed to a token's scope."""
    number: int = account.id
    return Caller(
        instance=instance,
        snapshot=instance.plugins.refresh(),
        name=account.name,
        source=source,
        account=number,
        person=account.person_id,
        standings=standings_of(instance, number),
        request_id=request_id or new_request_id(),
        trace=trace,
        scope=scope,
    )


def standings_of(instance: Instance, account: int) -> tuple[Standing, ...]:
    """The roles an account holds today, and where; a grant in a removed place is worth nothing."""
    today = clock.today()

    def build(values: Sequence[Any]) -> Any:
        held = Grant.until.is_null() | (Grant.until >= today)
        return (
            Grant.select(Grant.role, Community.path, Grant.organization, Grant.community)
            .join(Community, pw.JOIN.LEFT_OUTER)
            .where(Grant.account == values[0], Grant.removed_at.is_null(), held)
        )

    return tuple(
        Standing(role=role, path=path, organization=organization)
        for role, path, organization, community in instance.database.ask(
            ("standings", today), (account,), build
        )
        if community is None or path is not None
    )


def plugin_caller(
    instance: Instance,
    plugin: str,
    *,
    actor: str | None,
    correlation: str | None,
    cause: int | None,
) -> Caller:
    """A plugin acting by itself, after an event on behalf of whoever caused the event."""
    return Caller(
        instance=instance,
        snapshot=instance.plugins.refresh(),
        name=f"plugin:{plugin}",
        source="event",
        plugin=plugin,
        on_behalf_of=actor,
        correlation=correlation,
        cause=cause,
    )


def new_request_id() -> str:
    """A name for one request, for logs, audit and problem documents."""
    return secrets.token_hex(8)
