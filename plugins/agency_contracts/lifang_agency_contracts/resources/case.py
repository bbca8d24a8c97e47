"""Case files: read by assignment only, whatever role anybody holds above."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts.models import CaseFile, CaseNote
from lifang_agency_contracts.services import case

case_files = lf.Resource(
    CaseFile,
    label="个案档案",
    scope=lf.Via("contract"),
    columns=["called", "contract", "worker", "supervisor", "state"],
    title="called",
    locked=["outcome", "expert"],
    editable=["open"],
    rules=[case.demand_own_case],
    actions=[case.close, case.reassign, case.hand_back, case.let_judge],
    roles={"resident": "read:own create:own update:own close:own reassign:own"},
    never="remove let_judge hand_back import export export_full reveal",
    confidential=lf.Confidential(
        ("worker", "supervisor"),
        break_glass="security_administrator",
        anonymised=case.anonymised,
        viewers=("expert",),
    ),
)

case_notes = lf.Resource(
    CaseNote,
    label="个案记录",
    scope=lf.Via("case"),
    columns=["case", "day"],
    dated="day",
    rules=[case.demand_open],
    roles={"resident": "read:own create:own update:own"},
    never="remove import export export_full reveal",
    confidential=lf.Confidential(lf.Via("case")),
)
