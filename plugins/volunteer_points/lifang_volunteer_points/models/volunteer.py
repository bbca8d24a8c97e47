"""Who serves: volunteers, their teams, what they learnt, and what they were honoured for."""

from __future__ import annotations

import peewee as pw

import lifang as lf

CATEGORIES = [
    ("elderly", "为老服务"),
    ("children", "儿童和青少年服务"),
    ("environment", "环境卫生"),
    ("safety", "平安巡防"),
    ("repair", "便民维修"),
    ("health", "健康和心理"),
    ("law", "法律和政策宣传"),
    ("culture", "文化体育"),
    ("rescue", "应急救援"),
    ("other", "其他"),
]


class Team(lf.Record):
    """A voluntary service organization, or a team inside a community.

    A community's own team needs the consent of the residents' committee (志愿服务条例 第四十二条)
    and keeps its records under its guidance (志愿服务记录与证明出具办法（试行）第二十六条).
    """

    name = pw.CharField(max_length=120, verbose_name="名称")
    kind = pw.CharField(
        max_length=12,
        choices=[("organization", "志愿服务组织"), ("internal", "社区内部团队")],
        verbose_name="类别",
    )
    community = lf.place("所在社区")
    organization = lf.ref(lf.Organization, "所属组织", null=True)
    leader = lf.ref(lf.Person, "负责人", null=True)
    consented_on = lf.DayField(null=True, verbose_name="居民委员会同意日期")
    state = lf.State("状态", active="活动中", dissolved="已解散")
    community_id: int
    organization_id: int | None
    leader_id: int | None

    class Meta:
        """One name in one community."""

        table_name = "volunteer_points_team"
        unique = (lf.unique("community", "name", state="active"),)


class Volunteer(lf.Record):
    """Somebody who has registered to serve of their own will and unpaid.

    Basic information is that of the law (志愿服务记录与证明出具办法（试行）第五条): name, sex,
    birth date, id number, residence and contact are the person's own; skills and category are here.
    `minutes`, `points` and `stars` follow from what is kept elsewhere and are counted anew.
    """

    person = lf.ref(lf.Person, "人员")
    community = lf.place("注册社区")
    number = pw.CharField(max_length=40, null=True, verbose_name="志愿者编号")
    category = pw.CharField(max_length=12, choices=CATEGORIES, verbose_name="服务类别")
    skills = pw.CharField(max_length=200, null=True, verbose_name="服务技能")
    available = pw.CharField(max_length=120, null=True, verbose_name="可服务时间")
    team = lf.ref(Team, "所在团队", null=True)
    referrer = pw.CharField(max_length=40, null=True, verbose_name="介绍人的志愿者编号")
    minutes = pw.IntegerField(default=0, verbose_name="服务时长（分钟）")
    points = pw.IntegerField(default=0, verbose_name="可用积分")
    reached = pw.IntegerField(default=0, verbose_name="达到的星级")
    stars = pw.IntegerField(default=0, verbose_name="已授予星级")
    left_on = lf.DayField(null=True, verbose_name="退出日期")
    banned_until = lf.DayField(null=True, verbose_name="停止记录至")
    state = lf.State("状态", registered="已注册", left="已退出")
    person_id: int
    community_id: int
    team_id: int | None

    class Meta:
        """A person is registered once, wherever that is."""

        table_name = "volunteer_points_volunteer"
        unique = (lf.unique("person", state="registered"), lf.unique("number"))


class Training(lf.Record):
    """What a volunteer was taught (志愿服务记录与证明出具办法（试行）第八条)."""

    volunteer = lf.ref(Volunteer, "志愿者")
    name = pw.CharField(max_length=120, verbose_name="培训名称")
    content = pw.CharField(max_length=200, verbose_name="培训内容")
    minutes = pw.IntegerField(verbose_name="学时（分钟）")
    organization = lf.ref(lf.Organization, "组织者")
    day = lf.DayField(verbose_name="日期")
    volunteer_id: int
    organization_id: int

    class Meta:
        """Looked for by volunteer."""

        table_name = "volunteer_points_training"


class Award(lf.Record):
    """What a volunteer was honoured with (志愿服务记录与证明出具办法（试行）第九条)."""

    volunteer = lf.ref(Volunteer, "志愿者")
    name = pw.CharField(max_length=120, verbose_name="名称")
    day = lf.DayField(verbose_name="日期")
    grantor = pw.CharField(max_length=120, verbose_name="授予单位")
    volunteer_id: int

    class Meta:
        """Looked for by volunteer."""

        table_name = "volunteer_points_award"
