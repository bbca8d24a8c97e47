"""Certificates: asked for, checked against the records, sealed and issued, and revoked."""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_volunteer_points import documents
from lifang_volunteer_points.models import Certificate
from lifang_volunteer_points.policies import demand_serving, refuse
from lifang_volunteer_points.settings import certificate_notice_days, certificate_style

inner_notice = lf.PublicNotice("volunteer_points.certificate", "志愿服务证明公示")
PLATFORM = "平台记录"


def demand_period(certificate: Certificate, caller: lf.Caller) -> None:
    """A certificate is about days that have been, of somebody who serves honestly."""
    if certificate.person_id is not None:
        return
    if not certificate.since <= certificate.until <= lf.today():
        refuse("until", "order", _("截止日期不早于起始日期，不晚于今天"))
    demand_serving(certificate.volunteer)
    certificate.person = certificate.volunteer.person
    certificate.community = certificate.volunteer.community
    style = certificate_style(int(certificate.volunteer.community_id))
    certificate.old_style = style == "2015"


@lf.action("核对", moves={"requested": "checked"}, not_by="owner")
def check(certificate: Certificate, caller: lf.Caller) -> None:
    """Add up what stands; in the style of 2015 it is posted inside first, for some days."""
    _count(certificate)
    certificate.checked_by = caller.name
    if certificate.old_style:
        place, hours = certificate.community, f"{certificate.minutes / 60:g}"
        days = f"{certificate.since} 至 {certificate.until}"
        inner_notice.post(
            certificate, caller, title="志愿服务证明公示", community=place,
            text=f"{certificate.person.name}，{days}，志愿服务 {hours} 小时。",
            working_days=certificate_notice_days(place),
        )  # fmt: skip


@lf.action("用印", moves={"checked": "sealed"}, not_by=("owner", "check"))
def seal(certificate: Certificate, caller: lf.Caller) -> None:
    """The recording unit vouches for it with its seal."""
    if certificate.old_style:
        inner_notice.require_over(certificate, caller)
    certificate.sealed_by = caller.name


@lf.action("出具", moves={"checked": "issued", "sealed": "issued"})
def issue(certificate: Certificate, caller: lf.Caller) -> lf.Data:
    """Print it: a certificate where it is sealed or all of it is in the national system.

    Otherwise it is what this platform has recorded, and says so.
    """
    if certificate.old_style and not certificate.sealed_by:
        raise lf.Conflict(_("旧式证明须先公示和用印"))
    _count(certificate)
    unsynced = any(one.sync_status != "synced" for one in documents.counted_in(certificate))
    kept = bool(certificate.sealed_by) or not unsynced
    kind, mark = (documents.certificate, "") if kept else (documents.extract, PLATFORM)
    told = kind.issue(
        certificate, caller, issuer=certificate.community.name, on=lf.today(), mark=mark,
        number=documents.number.next(certificate.community, caller), holder=certificate.person.name,
    )  # fmt: skip
    certificate.number, certificate.code = told.number, told.code
    certificate.issued_at = lf.now()
    return {"number": told.number}


@lf.action("撤销", moves={"issued": "revoked"})
def revoke(certificate: Certificate, caller: lf.Caller, *, reason: str) -> None:
    """Let a certificate prove nothing any more; whoever verifies it is told."""
    for kind in (documents.certificate, documents.extract):
        kind.revoke(certificate, caller, reason=reason)


def _count(certificate: Certificate) -> None:
    """What is certified is what stands when it is: disputed records are left out."""
    standing = documents.counted_in(certificate)
    certificate.records = len(standing)
    certificate.minutes = sum(one.minutes for one in standing)
    if not standing:
        raise lf.Conflict(_("这段时间没有已锁定的服务记录，不能出具"))
