"""What dual reporting tells people; whom and when is said in `events/telling.py`.

Of a person only the name is told, and that by reference: each reader sees it where they may.
"""

from __future__ import annotations

import lifang as lf

receipt = lf.Notice(
    "dual_reporting.receipt", "报到已接收", "「{place}」已接收{who}的报到，回执号 {number}"
)
rejected = lf.Notice(
    "dual_reporting.rejected",
    "报到被退回",
    "「{place}」退回了{who}的报到，原因见记录；应报到的社区：{right}",
)
proposed = lf.Notice(
    "dual_reporting.proposed",
    "迁居后转移报到",
    "您登记的住址变了，报到可以转到「{place}」；要转的，请申请转移",
)
asked = lf.Notice(
    "dual_reporting.asked",
    "待放行的转移",
    "有人申请把报到从「{old}」转到「{new}」，请在 {until} 前放行；逾期自动放行",
)
transferred = lf.Notice(
    "dual_reporting.transferred", "报到已转出", "{who}的报到已从「{old}」转往「{new}」"
)
suspended = lf.Notice(
    "dual_reporting.suspended", "暂停服务", "{who}暂停服务，自 {since} 至 {until}"
)
resumed = lf.Notice("dual_reporting.resumed", "恢复服务", "{who}自 {since} 起恢复服务")
ended = lf.Notice("dual_reporting.ended", "报到已结束", "{who}在「{place}」的报到已结束")
deadline = lf.Notice(
    "dual_reporting.deadline", "报到截止提醒", "报到截止日期为 {until}，还有 {days} 天；请尽快报到"
)
unit_deadline = lf.Notice(
    "dual_reporting.unit_deadline",
    "单位报到截止提醒",
    "报到截止日期为 {until}，还有 {days} 天；本单位还有 {people} 人没有向「{place}」报到",
)
half_year = lf.Notice(
    "dual_reporting.half_year",
    "半年没有报到或服务",
    "{since} 至 {until}，您没有报到或服务；本地要求每半年报到并服务一次",
)
visits = lf.Notice(
    "dual_reporting.visits",
    "单位活动次数不足",
    "{since} 至 {until}，本单位到「{place}」{times} 次，少于本地要求",
)
feedback = lf.Notice(
    "dual_reporting.feedback",
    "服务反馈单待回执",
    "「{place}」发来服务反馈单（{since} 至 {until}），请在 {due} 前回执",
    required=True,
)
review_sheet = lf.Notice(
    "dual_reporting.review_sheet",
    "年度评议反馈表待回执",
    "「{place}」发来 {year} 年度评议反馈表，请在 {due} 前逐份回执",
    required=True,
)
opened = lf.Notice(
    "dual_reporting.opened", "年度评议已启动", "「{place}」已启动 {year} 年度评议，请填写自评"
)
leader = lf.Notice(
    "dual_reporting.leader",
    "待填写的领导点评",
    "「{place}」已启动 {year} 年度评议，请为本单位的人填写领导点评",
)
reviewed = lf.Notice("dual_reporting.reviewed", "年度评议已有结果", "您的 {year} 年度评议已有结果")
overdue = lf.Notice(
    "dual_reporting.overdue",
    "反馈逾期未回执",
    "「{unit}」没有按时回执「{place}」的反馈，期限为 {due}",
)
tasks = lf.Notice("dual_reporting.tasks", "任务清单已下达", "「{place}」下达了 {month} 的任务清单")
promoted = lf.Notice(
    "dual_reporting.promoted", "候补的岗位有名额了", "您候补的岗位「{post}」有名额了，已为您认领"
)

notices = [
    receipt, rejected, proposed, asked, transferred, suspended, resumed, ended, deadline,
    unit_deadline, half_year, visits, feedback, review_sheet, opened, leader, reviewed, overdue,
    tasks, promoted,
]  # fmt: skip
