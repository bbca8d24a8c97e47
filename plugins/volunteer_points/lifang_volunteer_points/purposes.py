"""What volunteers are asked to consent to."""

from __future__ import annotations

import lifang as lf

registration = lf.Purpose(
    "volunteer_points.registration",
    "志愿者注册和服务记录",
    "为注册志愿者、记录和证明志愿服务，处理您的姓名、性别、出生日期、证件号、居住地、联系方式、服务技能"
    "和服务情况，并录入国务院民政部门指定的全国志愿服务信息系统。不作商业使用，不经同意不公开。不同意则不能"
    "注册为志愿者，其他社区服务不受影响；可以随时撤回，撤回前的服务记录依法保存。",
    guardian_until=18,
)
"""志愿服务条例 第七条、第二十条、第二十一条; minors by their guardian (上海市志愿服务条例)."""

from_dual_reporting = lf.Purpose(
    "volunteer_points.from_dual_reporting",
    "双报到服务转为志愿服务记录",
    "您在双报到中自愿参加、经社区确认的服务，将转为您的志愿服务记录，计算时长和积分。单位安排的工作不转入。"
    "不同意不影响双报到；可以随时撤回，已经转入的记录依法保存。",
)
"""Others' data for another use: consent of its own (个人信息保护法 第十四条)."""

purposes = [registration, from_dual_reporting]
