"""What people are told of, in their inbox."""

from __future__ import annotations

import lifang as lf

accepted = lf.Notice(
    "dual_reporting.accepted", "报到已接收", "{person}的报到已由{community}接收，回执号 {receipt}"
)
rejected = lf.Notice(
    "dual_reporting.rejected",
    "报到被退回",
    "向{community}的报到已退回；原因和应报到的社区见报到记录",
)
suspended = lf.Notice(
    "dual_reporting.suspended", "服务暂停", "{person}在{community}的服务自 {since} 起暂停"
)
transfer_proposed = lf.Notice(
    "dual_reporting.transfer_proposed", "建议转移报到", "您已迁居；报到要转到{place}的，请申请转移"
)
transfer_asked = lf.Notice(
    "dual_reporting.transfer_asked", "待放行的转移", "有一份报到申请转移，最迟 {due} 放行"
)
ended = lf.Notice("dual_reporting.ended", "报到已结束", "{person}在{community}的报到已结束")

notices = [accepted, rejected, suspended, transfer_proposed, transfer_asked, ended]
