"""Evaluations, what each thing got, and appeals."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts.models import Appeal, Evaluation, ScoreItem
from lifang_agency_contracts.services import evaluation
from lifang_agency_contracts.services.filling import of_its_provider

evaluations = lf.Resource(
    Evaluation,
    label="评估",
    scope=lf.Via("contract"),
    unit="evaluator",
    columns=["contract", "stage", "evaluator", "total", "grade", "state"],
    hidden=["kept"],
    locked=["expert", "summary", "total", "grade", "round"],
    editable=["commissioned"],
    rules=[evaluation.demand_running],
    actions=[
        evaluation.name_expert,
        evaluation.submit,
        evaluation.send_back,
        evaluation.countersign,
        evaluation.conclude,
        evaluation.recheck,
        evaluation.reopen,
    ],
    roles={
        "subdistrict_admin": "read create update remove send_back countersign recheck export",
        "district_admin": "conclude",
        "unit_liaison": "read:unit name_expert:unit submit:unit",
        "auditor": "read",
    },
    never="reopen import export_full reveal",
)

score_items = lf.Resource(
    ScoreItem,
    label="评分",
    scope=lf.Via("evaluation"),
    unit="evaluator",
    columns=["evaluation", "dimension", "name", "full", "points", "degree", "reason"],
    locked=["evaluator"],
    rules=[evaluation.demand_scorable],
    roles={
        "subdistrict_admin": "read export",
        "unit_liaison": "read:unit create:unit update:unit remove:unit",
    },
    never="import export_full reveal",
)

appeals = lf.Resource(
    Appeal,
    label="评估申诉",
    scope=lf.Via("contract"),
    unit="provider",
    columns=["contract", "provider", "state"],
    locked=["provider", "decision"],
    editable=["filed"],
    rules=[of_its_provider, evaluation.demand_in_time],
    actions=[evaluation.uphold, evaluation.dismiss],
    roles={
        "subdistrict_admin": "read",
        "district_admin": "uphold dismiss",
        "unit_liaison": "read:unit create:unit update:unit",
    },
    never="remove import export export_full reveal",
)
