"""The roles, and which includes the rights of which (`domain/conventions.md`)."""

from __future__ import annotations

from functools import cache

from lifang.entities.account import ROLES as ROLES

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
