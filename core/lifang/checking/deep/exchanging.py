"""Files: what was exported can be imported again, and changes nothing."""

from __future__ import annotations

import io
from typing import Any

from lifang.checking.deep.rows import filled
from lifang.checking.deep.subject import Subject
from lifang.checking.rule import Hits, hit, rule
from lifang.entities.caller import Caller
from lifang.kit.errors import LifangError
from lifang.resources.resource import Resource
from lifang.services.exchange import export, import_table
from lifang.services.query import Query


@rule("LF750", tier=3, deep=True)
def exported_is_imported_unchanged(subject: Subject) -> Hits:
    """A list that may be exported and imported comes back as it left."""
    filled(subject)
    for one in subject.plugin.resources:
        caller = _may_both(subject, one)
        if caller is None or subject.made.get(one.model) is None:
            continue
        try:
            told = b"".join(export(caller, one, Query(), form="csv"))
            if told.count(b"\n") < 2:
                continue
            back = import_table(caller, one, io.BytesIO(told), dry_run=True)
        except LifangError as error:
            yield hit(subject.spot(one.model), noun=one.noun, what=error.sentence)
            continue
        if back["created"] or back["updated"] or back["failed"]:
            first = back["errors"][0]["message"] if back["errors"] else ""
            counted = {k: back[k] for k in ("created", "updated", "failed") if back[k]}
            yield hit(subject.spot(one.model), noun=one.noun, what=f"{counted} {first}".strip())


def _may_both(subject: Subject, resource: Resource[Any]) -> Caller | None:
    """Somebody who may do both to a list, or None where nobody may."""
    for role, verbs in resource.roles.items():
        whole = {verb for verb, reach in verbs.items() if "tree" in reach}
        if {"import", "export", "create", "update"} <= whole:
            return subject.caller(role, subject.on)
    return None
