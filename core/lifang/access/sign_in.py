"""Signing in: by password into a session kept on the server, by token for programs."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from lifang.access.passwords import check_password
from lifang.entities.account import Account, Session, Token
from lifang.kit import clock
from lifang.kit.errors import TooMany, Unauthenticated
from lifang.kit.words import _
from lifang.store.database import Database
from lifang.store.record import moment

TOKEN_PREFIX = "lft_"  # noqa: S105 – a public prefix by which leaked tokens are recognised
LOCK_AFTER = 5
LOCK_FOR = dt.timedelta(minutes=15)
LONGEST_TOKEN = dt.timedelta(days=365)


def digest(secret: str) -> str:
    """What is kept of a cookie or token: long random values need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_account(name: str) -> Account | None:
    """The standing account of a name."""
    found: Account | None = Account.get_or_none(
        Account.name == name,
        Account.removed_at.is_null(),
        Account.disabled == False,  # noqa: E712 – SQL
    )
    return found


def verify(name: str, password: str) -> Account:
    """Check a name and a password, outside any transaction: hashing must not hold up writers.

    Raises Unauthenticated with one sentence for every cause, TooMany while the account is locked.
    """
    account = find_account(name)
    now = clock.now()
    if account is not None and account.locked_until is not None and account.locked_until > now:
        left = int((account.locked_until - now).total_seconds()) + 1
        minutes = _("登录失败次数过多，请 {n} 分钟后再试，或请管理员解锁", n=-(-left // 60))
        raise TooMany(minutes, retry_after=left)
    if check_password(account.password if account else None, password) and account is not None:
        return account
    raise Unauthenticated(_("账号或密码不正确"))


def forget_failures(account: Account) -> None:
    """Somebody signed in: what failed before counts no more."""
    Account.update(failures=0, locked_until=None).where(Account.id == account.id).execute()


def count_failure(name: str) -> None:
    """Count a failed sign-in and lock the account for a while after the fifth."""
    account = find_account(name)
    if account is None:
        return
    failures = account.failures + 1
    locked = clock.now() + LOCK_FOR if failures >= LOCK_AFTER else None
    Account.update(failures=0 if locked else failures, locked_until=locked).where(
        Account.id == account.id
    ).execute()


def open_session(account: Account) -> str:
    """Start a session and give the cookie's value, which is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    Session.create(digest=digest(secret), account=account, created_at=now, seen_at=now)
    return secret


def account_of_session(
    database: Database, secret: str, *, idle: dt.timedelta, longest: dt.timedelta
) -> Account | None:
    """The account of a running session, or None when it ended, idled out or grew too old."""

    def build(values: Sequence[Any]) -> Any:
        told = (Session.digest == values[0], Session.ended_at.is_null())
        lively = (Session.seen_at > values[1], Session.created_at > values[2])
        return Session.select(Session.account).where(*told, *lively)

    now = clock.now()
    values = (digest(secret), str(moment(now - idle)), str(moment(now - longest)))
    return _standing(database, database.ask("session", values, build))


def _standing(database: Database, rows: list[tuple[Any, ...]]) -> Account | None:
    """The account a session or token names, unless it was disabled or removed."""
    account = database.standing(Account, rows[0][0]) if rows else None
    return account if account is not None and not account.disabled else None


def touch_session(secret: str) -> None:
    """Note that a session was used, at most once a minute."""
    now = clock.now()
    Session.update(seen_at=now).where(
        Session.digest == digest(secret), Session.seen_at < now - dt.timedelta(minutes=1)
    ).execute()


def session_is_due(secret: str) -> bool:
    """Whether the session's last use was noted more than a minute ago."""
    minute_ago = clock.now() - dt.timedelta(minutes=1)
    query = Session.select().where(Session.digest == digest(secret), Session.seen_at < minute_ago)
    return bool(query.exists())


def end_session(secret: str) -> None:
    """End one session."""
    Session.update(ended_at=clock.now()).where(Session.digest == digest(secret)).execute()


def end_sessions(account: int) -> None:
    """End every session of an account: its password changed or it was disabled."""
    Session.update(ended_at=clock.now()).where(
        Session.account == account, Session.ended_at.is_null()
    ).execute()


def open_token(account: Account, *, days: int, label: str = "", scope: str = "") -> str:
    """Make an API token and give its value, which is kept nowhere; at most a year long."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    Token.create(
        digest=digest(secret),
        account=account,
        label=label,
        scope=scope,
        created_at=now,
        expires_at=now + min(dt.timedelta(days=days), LONGEST_TOKEN),
    )
    return secret


def bearer(database: Database, secret: str) -> tuple[Account, frozenset[str] | None]:
    """The account of a token and what it is narrowed to, None for nothing.

    Raises Unauthenticated when the token is unknown, expired or revoked.
    """

    def build(values: Sequence[Any]) -> Any:
        told = (Token.digest == values[0], Token.expires_at > values[1])
        stands = Account.removed_at.is_null() & (Account.disabled == False)  # noqa: E712 – SQL
        query = Token.select(Token.scope, Account.id, Account.name, Account.person).join(Account)
        return query.where(*told, Token.revoked_at.is_null(), stands)

    rows = database.ask("token", (digest(secret), str(moment(clock.now()))), build)
    if not rows:
        raise Unauthenticated(_("令牌无效或已过期"))
    scope, number, name, person = rows[0]
    return Account(id=number, name=name, person=person), frozenset(scope.split()) or None
