"""Accounts, and what each may do where."""

from __future__ import annotations

from typing import Any

import peewee as pw

from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.record import Record, Table, ref, unique
from lifang.store.sensitive import Sensitive

ROLES = {
    "platform_administrator": "平台管理员",
    "security_administrator": "安全管理员",
    "auditor": "审计员",
    "district_admin": "区级管理员",
    "subdistrict_admin": "街道管理员",
    "community_secretary": "社区书记",
    "community_worker": "社区工作者",
    "grid_worker": "网格员",
    "unit_liaison": "单位联络员",
    "resident": "居民",
}


LANGUAGES = [("zh", "中文"), ("en", "English")]


class Account(Record):
    """Someone who can sign in; the password is kept as an Argon2id hash."""

    name = pw.CharField(max_length=60, verbose_name="账号")
    person = ref(Person, "人员", null=True)
    person_id: int | None
    home_code = pw.CharField(max_length=40, null=True, verbose_name="所在地编号")
    password = pw.CharField(max_length=200, null=True, verbose_name="密码散列")
    must_change = pw.BooleanField(default=True, verbose_name="须改密码")
    disabled = pw.BooleanField(default=False, verbose_name="已停用")
    email = Sensitive("邮箱", kind="email", help_text="接收通知，例如 name@example.cn")
    language = pw.CharField(max_length=2, null=True, choices=LANGUAGES, verbose_name="通知的语言")
    failures = pw.IntegerField(default=0)
    locked_until: pw.Field[Any] = InstantField(null=True, verbose_name="锁定至")
    system_user = pw.IntegerField(null=True, verbose_name="操作系统用户")

    class Meta:
        """Names are unique among standing accounts."""

        table_name = "core_account"
        unique = (unique("name"),)


class Grant(Record):
    """A role of an account, in a community's subtree, for an organization, or everywhere."""

    account = ref(Account, "账号")
    role = pw.CharField(max_length=40, choices=list(ROLES.items()), verbose_name="角色")
    community = ref(Community, "社区", null=True)
    organization = ref(Organization, "组织", null=True)
    account_id: int
    community_id: int | None
    organization_id: int | None
    until = DayField(null=True, verbose_name="有效至")

    class Meta:
        """Read at the start of every request."""

        table_name = "core_grant"


class Session(Table):
    """A signed-in browser; the cookie's value is kept only as a hash, so a dump opens nothing."""

    id = IdField()
    digest = pw.CharField(max_length=64, unique=True)
    account = pw.ForeignKeyField(Account)
    created_at = InstantField()
    seen_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        """A table of the machine."""

        table_name = "core_session"


class Token(Table):
    """An API token: shown once, kept as a hash, and never worth more than its owner's rights."""

    id = IdField()
    digest = pw.CharField(max_length=64, unique=True)
    account = pw.ForeignKeyField(Account)
    label = pw.CharField(max_length=60, default="")
    scope = pw.CharField(max_length=400, default="")
    created_at = InstantField()
    expires_at = InstantField()
    used_at = InstantField(null=True)
    revoked_at = InstantField(null=True)

    class Meta:
        """A table of the machine."""

        table_name = "core_token"


class Idempotency(Table):
    """The answer to a request that may be repeated: a reference, never personal data."""

    id = IdField()
    account = pw.ForeignKeyField(Account)
    key = pw.CharField(max_length=120)
    route = pw.CharField(max_length=200)
    body = pw.CharField(max_length=64)
    status = pw.IntegerField()
    record = pw.BigIntegerField(null=True)
    at = InstantField()

    class Meta:
        """One answer per account and key."""

        table_name = "core_idempotency"
        indexes = ((("account", "key"), True),)
