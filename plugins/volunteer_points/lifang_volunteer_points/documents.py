"""What stands on the papers that are issued."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_volunteer_points.models import COUNTED, Certificate, ServiceRecord

number = lf.Number("volunteer_points.certificate", "证明编号", "ZM-{code}-{year}-{n:05}")

RECORDED = ("日期", "活动", "服务内容", "时长（小时）", "记录单位", "确认状态")


def counted_in(certificate: Certificate) -> list[Any]:
    """The records that stand within the days of a certificate, the earliest first."""
    return list(
        ServiceRecord.select()
        .where(
            ServiceRecord.volunteer == certificate.volunteer_id,
            ServiceRecord.state.in_(COUNTED),
            ServiceRecord.day >= certificate.since,
            ServiceRecord.day <= certificate.until,
        )
        .order_by(ServiceRecord.start)
    )


def content(certificate: Certificate, caller: lf.Caller) -> list[lf.Section]:
    """Who served, when, at what, how long and recorded by whom.

    A certificate states time, content and the recording unit (志愿服务记录与证明出具办法（试行）
    第十四条至第十七条); that of 2015 also identity, issuer and handler.
    """
    person: Any = certificate.person
    rows = [
        ("姓名", person.name),
        ("志愿者编号", certificate.volunteer.number or "—"),
        ("起止日期", f"{certificate.since} 至 {certificate.until}"),
        ("总时长", f"{certificate.minutes / 60:g} 小时，{certificate.records} 次"),
    ]
    if certificate.old_style:
        rows.insert(1, ("证件类型和号码", f"居民身份证 {person.citizen_id_mask or '—'}"))
        rows += [
            ("经办人", certificate.checked_by or "—"),
            ("用印人", certificate.sealed_by or "—"),
        ]
    return [
        lf.Section("基本信息", ("项目", "内容"), tuple(rows)),
        lf.Section("服务记录", RECORDED, tuple(_line(one) for one in counted_in(certificate))),
    ]


def _line(record: ServiceRecord) -> tuple[str, ...]:
    unit = record.organization.name if record.organization is not None else record.community.name
    synced = "已录入全国系统" if record.sync_status == "synced" else "平台记录"
    return (
        str(record.day), record.title, record.content, f"{record.minutes / 60:g}", unit, synced,
    )  # fmt: skip


certificate = lf.Document("volunteer_points.certificate", "志愿服务记录证明", content=content)
extract = lf.Document("volunteer_points.extract", "志愿服务平台记录", content=content)
"""What a platform gives out before the recording unit has sealed it or the nation's system has it:
it must not be called a certificate (志愿服务记录与证明出具办法（试行）第十五条至第十七条)."""
