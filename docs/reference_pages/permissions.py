"""Who may do what with every noun, by role."""

from __future__ import annotations

from typing import Any

from docs.reference_pages.shared import Table, both, code, table
from lifang.entities.account import ROLES
from lifang.kit import words
from lifang.plugins.plugin import Plugin
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name


def permissions_page(plugins: dict[str, Plugin]) -> Table:
    """Who may do what with every noun."""
    yield "# Permissions"
    yield ""
    yield "Who may do what, as the declarations say it. `own`: only what is theirs; `unit`: only their organization's; roles of the"
    yield (
        "ladder include those below them: "
        + " > ".join(
            (
                "district_admin",
                "subdistrict_admin",
                "community_secretary",
                "community_worker",
                "grid_worker",
            )
        )
        + ". What a role does not"
    )
    yield "name it may not do; the platform's three administrators hold instance-wide roles."
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
