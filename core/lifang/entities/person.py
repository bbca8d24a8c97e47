"""People, and how they and organizations belong to communities and to one another."""

from __future__ import annotations

import peewee as pw

from lifang.entities.community import Community, place
from lifang.entities.organization import Organization
from lifang.store.fields import DayField
from lifang.store.record import Record, ref, unique
from lifang.store.sensitive import Sensitive

SEXES = {"unknown": "未知", "male": "男", "female": "女", "unspecified": "未说明"}
STATUSES = {
    "permanent": "常住",
    "floating": "流动",
    "moved_out": "已迁出",
    "deceased": "已故",
}
AFFILIATION_KINDS = {"resides": "居住", "works": "工作", "located": "驻地", "serves": "服务"}


class Person(Record):
    """Someone who lives or works here; one person is one record, wherever they are known."""

    name = pw.CharField(max_length=120, verbose_name="姓名")
    sex = pw.CharField(
        max_length=12, choices=list(SEXES.items()), default="unknown", verbose_name="性别"
    )
    status = pw.CharField(
        max_length=12, choices=list(STATUSES.items()), default="permanent", verbose_name="状态"
    )
    birth_date = Sensitive("出生日期", kind="birth_date", help_text="年、年-月或年-月-日")
    citizen_id = Sensitive("公民身份号码", kind="citizen_id", help_text="18 位")
    phone = Sensitive("手机号", kind="phone", help_text="11 位")
    address = Sensitive("住址", kind="address", help_text="小区、楼号、单元、室")
    merged_into = pw.ForeignKeyField("self", null=True, verbose_name="已合并到")
    merged_into_id: int | None

    class Meta:
        """One standing person per citizen id, told by the blind index."""

        table_name = "core_person"
        unique = (unique("citizen_id_index"),)


class Affiliation(Record):
    """How a person or an organization belongs to a community, from one day to another."""

    person = ref(Person, "人员", null=True)
    organization = ref(Organization, "组织", null=True)
    community = place("社区")
    person_id: int | None
    organization_id: int | None
    community_id: int
    kind = pw.CharField(max_length=10, choices=list(AFFILIATION_KINDS.items()), verbose_name="关系")
    from_date = DayField(null=True, verbose_name="开始日期")
    to_date = DayField(null=True, verbose_name="结束日期")
    primary = pw.BooleanField(default=False, verbose_name="主要")

    class Meta:
        """Looked up from both sides on every permission question."""

        table_name = "core_affiliation"
        indexes = ((("person", "community"), False), (("organization", "community"), False))


class Membership(Record):
    """A seat of a person or an organization in an organization, perhaps held for another one."""

    person = ref(Person, "人员", null=True)
    member_organization = ref(Organization, "成员组织", null=True, backref="memberships_held")
    organization = ref(Organization, "组织", backref="members")
    role = pw.CharField(max_length=60, null=True, verbose_name="身份")
    post = pw.CharField(max_length=60, null=True, verbose_name="职务")
    person_id: int | None
    member_organization_id: int | None
    organization_id: int
    on_behalf_of = ref(Organization, "代表组织", null=True, backref="represented_by")
    from_date = DayField(null=True, verbose_name="开始日期")
    to_date = DayField(null=True, verbose_name="结束日期")
    end_reason = pw.CharField(max_length=120, null=True, verbose_name="结束原因")

    class Meta:
        """Looked up by organization for liaisons."""

        table_name = "core_membership"


__all__ = ["Affiliation", "Community", "Membership", "Organization", "Person"]
