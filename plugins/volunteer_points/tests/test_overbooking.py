"""However many sign up at once, a shift has as many people as places, and the others wait."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lifang as lf
from lifang.kit.errors import Busy
from lifang_volunteer_points.models import SignUp
from lifang_volunteer_points.resources import sign_ups
from lifang_volunteer_points.services.attendance import places


def test_of_twenty_who_sign_up_at_once_as_many_have_a_place_as_there_are(busy: Any):
    shift = busy.shift(slots=3, start=lf.now() + dt.timedelta(days=2))
    people = [busy.volunteer(f"王{number}") for number in range(20)]
    callers = [busy.self_of(one) for one in people]

    def sign_up(number: int) -> str:
        told = {"shift": shift.id, "volunteer": people[number].id}
        with busy.instance.database.connection():
            for _try in range(60):
                try:
                    return str(lf.write(sign_ups, "create", callers[number], told).state)
                except Busy:
                    continue  # as a client would after a 503
        raise AssertionError("always busy")

    with ThreadPoolExecutor(8) as pool:
        states = Counter(pool.map(sign_up, range(20)))
    assert states == {"signed_up": 3, "waiting": 17}
    line = places.line(shift, busy.boss)
    assert (line.taken, line.waiting) == (3, 17)
    assert Counter(one.state for one in SignUp.select()) == states
