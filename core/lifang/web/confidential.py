"""Pages of what is confidential: breaking the glass over a record, and its anonymised copy."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from lifang.entities.caller import Caller
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.mechanisms import confidential
from lifang.resources.resource import Resource
from lifang.web import commands
from lifang.web.addresses import address_of
from lifang.web.doors import go_to, page
from lifang.web.shown import Shown


def uncover_page(caller: Caller, resource: Resource[Any], record: int) -> Any:
    """Ask why a record must be read by somebody it was not assigned to, and lead there."""
    confidential.may_uncover(caller, resource)
    reason, error = request.form.get("reason", ""), None
    if request.method == "POST":
        try:
            confidential.uncover(caller, resource, record, reason=reason)
            return go_to(address_of(resource, record))
        except Invalid as refused:
            error = refused
    return page(
        "web/uncover.html",
        error,
        resource=resource,
        record=record,
        reason=reason,
        command=commands.line(resource, "uncover", str(record), "--reason", "…"),
    )


def anonymised_page(caller: Caller, resource: Resource[Any], record: int) -> str:
    """What a record says without saying of whom."""
    shown = confidential.anonymised(caller, resource, record)
    names = resource.by_name
    return render_template(
        "web/anonymised.html",
        resource=resource,
        record=record,
        facts=[
            Shown(_(names[name].label) if name in names else name, str(said))
            for name, said in shown.items()
        ],
        command=commands.line(resource, "anonymised", str(record)),
    )
