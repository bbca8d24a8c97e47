"""What dual reporting keeps."""

from __future__ import annotations

import peewee as pw

import lifang as lf


class Report(lf.Record):
    """One person's report, from one organization, to one community."""

    person = lf.ref(lf.Person, "人员")
    organization = lf.ref(lf.Organization, "所在单位", null=True)
    community = lf.place("居住社区")  # where it belongs: permission, activation, events look here
    state = lf.State("状态", submitted="已提交", accepted="已接收", ended="已结束")

    class Meta:
        """One person has one standing report, wherever it is."""

        table_name = "dual_reporting_report"
        unique = (lf.unique("person", state=("submitted", "accepted")),)


class ServiceEntry(lf.Record):
    """What somebody who reports to a community did there, from when to when.

    `nature` says whether it was done of one's own will and unpaid, or ordered by the employer in
    paid time: that is no voluntary service (志愿服务条例 第二条、第二十五条).
    """

    person = lf.ref(lf.Person, "人员")
    organization = lf.ref(lf.Organization, "所在单位", null=True)
    community = lf.place("服务社区")
    start = lf.InstantField(verbose_name="开始时间")
    end = lf.InstantField(verbose_name="结束时间")
    minutes = pw.IntegerField(default=0, verbose_name="时长（分钟）")
    content = pw.CharField(max_length=200, verbose_name="服务内容")
    nature = pw.CharField(
        max_length=10,
        choices=[("voluntary", "自愿服务"), ("duty", "单位安排（工作时间）")],
        verbose_name="性质",
    )
    state = lf.State("状态", submitted="待社区确认", confirmed="已确认", voided="已作废")
    person_id: int
    organization_id: int | None
    community_id: int

    class Meta:
        """Looked for by person, in the order of time."""

        table_name = "dual_reporting_service_entry"
        indexes = ((("person", "start"), False),)
