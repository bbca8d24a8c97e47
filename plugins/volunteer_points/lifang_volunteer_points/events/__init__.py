"""What volunteer points hears: of its own records, of time, and of other plugins."""

from lifang_volunteer_points.events.counting import (
    count_hours,
    count_points,
    count_shop,
    count_stars,
    let_expire,
    pass_day,
    revoke_certificates,
    thank_referrer,
)
from lifang_volunteer_points.events.others import follow_void, take_over
from lifang_volunteer_points.events.serving import (
    begin,
    end,
    fill_or_reopen,
    forget_distances,
    let_move_up,
    lock,
    record_service,
)

handlers = [
    thank_referrer, let_move_up, fill_or_reopen, begin, end, forget_distances, record_service, lock,
    count_hours, revoke_certificates, count_points, count_stars, count_shop, let_expire, pass_day,
    take_over, follow_void,
]  # fmt: skip
