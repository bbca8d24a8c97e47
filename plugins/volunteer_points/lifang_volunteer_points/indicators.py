"""What is reported upwards about voluntary service; each is read from the records when asked.

That a registered volunteer serves 25 hours a year is asked of 全国文明城市.
"""

from __future__ import annotations

import lifang as lf
from lifang_volunteer_points.models import COUNTED
from lifang_volunteer_points.resources import (
    redemptions,
    service_records,
    sign_ups,
    volunteers,
)

STANDING = list(COUNTED)

registered = lf.Measure(volunteers, standing=(None, "left_on"))
hours = lf.Measure(service_records, total="minutes", state=STANDING)
people = lf.Measure(service_records, distinct="person", state=STANDING)
expected = lf.Measure(sign_ups, state=["present", "served", "absent"])
handed_out = lf.Measure(redemptions, total="points", state=["picked_up", "done"])
earned = lf.Measure(service_records, total="points", state=STANDING)

indicators = [
    lf.Indicator(
        "volunteer_points.registered", "注册志愿者", registered, unit="人", digits=0,
        better="higher", note="期末在册的志愿者",
    ),
    lf.Indicator(
        "volunteer_points.records", "参与人次", lf.Measure(service_records, state=STANDING),
        unit="人次", digits=0, better="higher", note="已锁定的服务记录",
    ),
    lf.Indicator(
        "volunteer_points.hours", "志愿服务总时长", hours, unit="小时", over=60, better="higher",
        note="已锁定的服务时长",
    ),
    lf.Indicator(
        "volunteer_points.hours_per_head", "志愿者人均服务时长", hours, registered,
        unit="小时", over=60, better="higher", note="已锁定的时长，除以期末在册的志愿者；全国文明城市要求每年 25 小时",
    ),
    lf.Indicator(
        "volunteer_points.active", "活跃率", people, registered, unit="%", times=100,
        better="higher", note="本期有已锁定记录的人，占期末在册志愿者的比例；按年看",
    ),
    lf.Indicator(
        "volunteer_points.no_show", "未到率", lf.Measure(sign_ups, state="absent"), expected,
        unit="%", times=100, better="lower", note="有名额而没有来的报名，占应到的比例",
    ),
    lf.Indicator(
        "volunteer_points.redeemed", "积分兑换率", handed_out, earned, unit="%", times=100,
        note="本期领取物品用去的积分，占本期服务所得的比例",
    ),
    lf.Indicator(
        "volunteer_points.outstanding", "未兑换积分",
        lf.Measure(volunteers, total="points", standing=(None, None)), unit="分", digits=0,
        note="志愿者手中的积分，按现在计",
    ),
]  # fmt: skip
