"""What a page does, as a command: whoever does it often can type it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from lifang.resources.fields import FieldSpec
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource
from lifang.services.presenting import View
from lifang.services.query import NOW, SORTED_BY_DEFAULT, Query
from lifang.web.addresses import dashed


def typed(*words: str) -> str:
    """A command, quoted for a shell; `…` stands for what has to be filled in."""
    return shlex.join(["lifang", *words]).replace("'…'", "…")


def options(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Options with what they say."""
    return [word for name, said in pairs for word in (f"--{dashed(name)}", said)]


def line(resource: Resource[Any], verb: str, *words: str) -> str:
    """A command on a resource, quoted for a shell."""
    nouns = [dashed(resource.noun)]
    if resource.plugin != CORE:
        nouns.insert(0, dashed(resource.plugin))
    return typed(*nouns, dashed(verb), *words)


def named(resource: Resource[Any], view: View) -> str:
    """The word by which the command line knows a record: a code, a name, or its number."""
    if resource.id == "core.communities":
        return str(view["code"])
    return str(view["name"] if resource.id == "core.accounts" else view["id"])


def list_line(resource: Resource[Any], query: Query, *verb: str) -> str:
    """The command that lists what a page shows, or does something else with it."""
    words = [dashed(word) for word in verb[1:]]
    if query.within:
        words += ["--within", query.within]
    if query.as_of != NOW:
        words += ["--tree", query.as_of]
    if query.q:
        words += ["--q", query.q]
    for name, operator, values in query.filters:
        option = f"--{dashed(name)}" + (f"--{operator}" if operator else "")
        for value in values:
            words += [option, str(value)]
    if query.sort != SORTED_BY_DEFAULT:
        words.append(f"--sort={query.sort}")
    return line(resource, verb[0] if verb else "list", *words)


def asking_line(
    resource: Resource[Any], verb: str, specs: Iterable[FieldSpec], view: View | None = None
) -> str:
    """The command that writes, with a place for every answer that has to be given."""
    words = [] if view is None else [named(resource, view)]
    asked = options((spec.name, "…") for spec in specs if spec.required)
    return line(resource, verb, *words, *asked)
