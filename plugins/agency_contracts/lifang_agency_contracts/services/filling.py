"""What every record of a contract takes from it."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang import _
from lifang_agency_contracts.models import Contract


def of_its_provider(record: Any, caller: lf.Caller) -> None:
    """Whatever belongs to a contract is its provider's to see."""
    contract = Contract.get_by_id(record.contract_id)
    if contract.provider_id is None:
        raise lf.Conflict(_("合同「{name}」还没有承接主体", name=contract.name))
    record.provider = contract.provider_id


def same_contract(record: Any, *others: Any) -> None:
    """What is put together belongs to one contract; raises Invalid."""
    if any(other.contract_id != record.contract_id for other in others):
        raise lf.Invalid(_("所选的指标、人员或月报不属于这份合同"))
