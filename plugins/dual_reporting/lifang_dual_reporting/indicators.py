"""What dual reporting reports upwards."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.models.report import SERVING
from lifang_dual_reporting.resources import reports

reporting = lf.Indicator(
    "dual_reporting.reporting",
    "在册报到人数",
    lf.Measure(reports, standing=(None, None), state=SERVING),
    unit="人",
    digits=0,
    better="higher",
    note="到期末已登记、现在已接收、服务中或暂停的报到记录",
)

indicators = [reporting]
