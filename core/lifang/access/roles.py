"""The roles, and which includes the rights of which (`domain/conventions.md`)."""

from __future__ import annotations

from functools import cache

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

INSTANCE_ROLES = ("platform_administrator", "security_administrator", "auditor")
"""Held for the whole instance, never for a part of the tree."""

LADDER = (
    "district_admin",
    "subdistrict_admin",
    "community_secretary",
    "community_worker",
    "grid_worker",
)
"""Each includes the rights of those after it, within its own subtree."""

FIRST_ADMINISTRATOR = (
    "platform_administrator",
    "security_administrator",
    "auditor",
    "district_admin",
)


@cache
def included(role: str) -> tuple[str, ...]:
    """A role and every role whose rights it includes."""
    if role not in LADDER:
        return (role,)
    return LADDER[LADDER.index(role) :]
