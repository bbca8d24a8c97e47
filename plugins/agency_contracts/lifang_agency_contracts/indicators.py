"""What is reported upwards of purchased services; every figure is read from the records."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.resources.money import payments
from lifang_agency_contracts.resources.service import progress, service_logs, staff_members

rendered = lf.Measure(service_logs, total="quantity", dated="start", state="accepted", lapsed=False)
served = lf.Measure(service_logs, total="users", dated="start", state="accepted", lapsed=False)
paid = lf.Measure(payments, total="amount", dated="paid_on", state="paid")

INDICATORS = [
    lf.Indicator(
        "agency_contracts.services",
        "专业服务量",
        rendered,
        unit="次",
        digits=0,
        better="higher",
        note="社区已确认的服务，不含证书过期期间的服务",
    ),
    lf.Indicator(
        "agency_contracts.users",
        "服务人次",
        served,
        unit="人次",
        digits=0,
        better="higher",
        note="社区已确认的服务的人次",
    ),
    lf.Indicator(
        "agency_contracts.completion",
        "平均目标完成率",
        lf.Measure(progress, total="completion"),
        lf.Measure(progress),
        unit="%",
        over=100,
        better="higher",
        note="当期报送的月报中，各项指标累计完成率的平均数",
    ),
    lf.Indicator(
        "agency_contracts.on_time",
        "进度正常的指标比例",
        lf.Measure(progress, light="green"),
        lf.Measure(progress),
        unit="%",
        times=100,
        better="higher",
        note="当期报送的月报中，完成率不落后于时间进度的指标",
    ),
    lf.Indicator(
        "agency_contracts.budget_execution",
        "预算执行率",
        paid,
        lf.Measure(contracts, total="amount", dated="signed_on"),
        unit="%",
        times=100,
        note="当期已付款，除以当期签订的合同金额；按年度看",
    ),
    lf.Indicator(
        "agency_contracts.cost_per_service",
        "单次服务成本",
        paid,
        rendered,
        unit="元",
        over=100,
        digits=2,
        better="lower",
        note="当期已付款，除以当期的专业服务量",
    ),
    lf.Indicator(
        "agency_contracts.turnover",
        "社工流失率",
        lf.Measure(staff_members, dated="until", state="left"),
        lf.Measure(staff_members, standing=("since", None)),
        unit="%",
        times=100,
        better="lower",
        note="当期离岗的社工，除以期末前到岗过的社工",
    ),
]
