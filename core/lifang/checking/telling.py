"""A report as a program reads it: our own JSON, and SARIF 2.1.0 for code scanning."""

from __future__ import annotations

import hashlib
from importlib import metadata
from typing import Any

from lifang.checking.rule import RULES, TIERS, Finding, Rule
from lifang.checking.running import Report
from lifang.kit.words import _

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def told(report: Report, form: str, wanted: int) -> dict[str, Any]:
    """The report in one of the forms for programs, `json` or `sarif`."""
    return as_sarif(report) if form == "sarif" else as_json(report, wanted)


def as_json(report: Report, wanted: int) -> dict[str, Any]:
    """The report with every finding; `reached` says whether the wanted tier holds."""
    return {
        "plugin": report.id,
        "version": report.version,
        "tier": report.tier,
        "wanted": wanted,
        "reached": report.reaches(wanted),
        "deep": report.deep,
        "rules": len(report.asked),
        "fixed": list(report.fixed),
        "findings": [_found(one) for one in report.findings],
    }


def _found(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": finding.rule.severity,
        "tier": finding.rule.tier,
        "path": finding.spot.path,
        "line": finding.spot.line,
        "column": finding.spot.column,
        "message": finding.sentence,
        "exempt": finding.exempt,
    }


def as_sarif(report: Report) -> dict[str, Any]:
    """The report as SARIF: rules with their help, results with places and lasting fingerprints."""
    order = sorted(report.asked | {one.rule.id for one in report.findings})
    driver = {
        "name": "lifang plugin check",
        "semanticVersion": metadata.version("lifang"),
        "rules": [_described(RULES[id]) for id in order],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, order) for one in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _described(rule: Rule) -> dict[str, Any]:
    bad, good = _("不对："), _("应当：")
    told = f"{_(rule.why)}\n\n```python\n# {bad}\n{rule.bad}\n\n# {good}\n{rule.good}\n```"
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": (rule.ask.__doc__ or rule.name).strip().splitlines()[0]},
        "fullDescription": {"text": _(rule.why)},
        "help": {"text": _(rule.why), "markdown": told},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {
            "tags": ["lifang", f"tier-{rule.tier}", TIERS[rule.tier]],
            "precision": "high",
            "problem.severity": rule.severity,
        },
    }


def _result(finding: Finding, order: list[str]) -> dict[str, Any]:
    spot = finding.spot
    region = {"startLine": max(spot.line, 1), "startColumn": max(spot.column, 1)}
    place = {"artifactLocation": {"uri": spot.path, "uriBaseId": "%SRCROOT%"}, "region": region}
    lasting = f"{finding.rule.id}\0{spot.path}\0{sorted(finding.hit.values.items())}"
    told: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": order.index(finding.rule.id),
        "level": finding.rule.severity,
        "message": {"text": finding.sentence},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {
            "lifangFinding/v1": hashlib.sha256(lasting.encode()).hexdigest()[:32]
        },
    }
    if finding.exempt is not None:
        why = {"kind": "inSource", "status": "accepted", "justification": finding.exempt}
        told["suppressions"] = [why]
    return told
