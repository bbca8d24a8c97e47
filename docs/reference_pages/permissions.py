"""Who may do what with every noun, by role."""

from __future__ import annotations

from typing import Any

from docs.reference_pages.shared import Table, both, code, table
from lifang.access.roles import FIRST_ADMINISTRATOR, INSTANCE_ROLES, ROLES, included
from lifang.kit import words
from lifang.plugins.plugin import Plugin
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name


def permissions_page(plugins: dict[str, Plugin]) -> Table:
    """Who may do what with every noun."""
    yield "# 角色和权限 · Roles and permissions"
    yield ""
    yield "Who may do what, as the declarations say it. A role is held at a community and everything under it, for an organization, or for the whole"
    yield "instance, until a day if one was named. `own`: only what is theirs; `unit`: only their organization's. What a role does not name it may not do."
    yield ""
    yield "## 角色 · Roles"
    yield ""
    yield from table("role", "in code", "held for", "includes", rows=map(_role, ROLES))
    yield f"The first administrator, made by `lifang init`, holds {code(FIRST_ADMINISTRATOR)}."
    yield ""
    for plugin in plugins.values():
        yield f"## {both(plugin.label)}"
        yield ""
        for resource in plugin.resources:
            yield f"### {both(resource.label)} (`{resource.id}`)"
            yield ""
            yield from table("role", "may", rows=_roles(resource))
            if resource.never:
                yield f"Given to nobody on purpose: {code(sorted(resource.never))}."
                yield ""


def _role(role: str) -> list[str]:
    held = {"unit_liaison": "an organization", "resident": "oneself"}.get(
        role, "a part of the tree"
    )
    held = "the instance" if role in INSTANCE_ROLES else held
    return [both(ROLES[role]), f"`{role}`", held, code(included(role)[1:])]


def _roles(resource: Resource[Any]) -> list[list[str]]:
    rows = []
    for role, verbs in resource.roles.items():
        told = []
        for verb, reaches in verbs.items():
            with words.using("en"):
                label = verb_name(resource, verb)
            narrow = "" if "tree" in reaches else f" ({', '.join(sorted(reaches))})"
            told.append(f"`{verb}`{narrow}" + (f" {label}" if verb in resource.actions else ""))
        rows.append([both(ROLES.get(role, role)) if role in ROLES else role, ", ".join(told)])
    return rows
