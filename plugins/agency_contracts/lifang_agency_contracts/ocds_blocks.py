"""What releases are made of: parties, amounts, moments, documents."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang_agency_contracts import policies
from lifang_agency_contracts.models import Contract

Said = dict[str, Any]

SCHEME = "CN-USCI"
"""The list of unified social credit identifiers, as org-id.guide names it."""

RENDERED = ("implementation", "contractTermination")
"""Releases that tell what was done and paid."""


def parties(contract: Contract, tag: str) -> list[Said]:
    """The organizations that a release names, with what each is there for."""
    roles = {"planning": ["buyer"], "tender": ["buyer", "procuringEntity"]}.get(tag, ["buyer"])
    told = [(contract.purchaser, roles)]
    if tag not in ("planning", "tender"):
        told.append((contract.provider, ["supplier"]))
    if tag in RENDERED:
        told = [
            (contract.purchaser, ["buyer", "payer"]),
            (contract.provider, ["supplier", "payee"]),
        ]
    return [
        known(
            **named(one),
            identifier=known(scheme=SCHEME if one.uscc else None, id=one.uscc, legalName=one.name),
            roles=roles_,
        )
        for one, roles_ in told
    ]


def named(organization: Any) -> Said:
    """An organization by its credit code, or by our own number where it has none."""
    number = f"{SCHEME}-{organization.uscc}" if organization.uscc else f"lifang-{organization.id}"
    return {"id": number, "name": organization.name}


def document(type: str, url: str | None) -> list[Said]:
    """A document that lies at an address, if it does."""
    return [{"id": type, "documentType": type, "url": url, "language": "zh"}] if url else []


def money(fen: int) -> Said:
    """An amount in yuan; its shortest decimal has the fen exactly, below a hundred billion yuan."""
    return {"amount": fen / 100 if fen % 100 else fen // 100, "currency": "CNY"}


def moment(at: dt.datetime, caller: lf.Caller) -> str:
    """An instant as people of the instance read it, with its offset."""
    return policies.local(at, caller).isoformat(timespec="seconds")


def known(**told: Any) -> Said:
    """What is there to be told; the standard knows no empty values."""
    return {name: value for name, value in told.items() if value not in (None, [], {}, "")}
