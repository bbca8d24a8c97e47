"""Days that a yearly notice moves, as the district has loaded them."""

from __future__ import annotations

import peewee as pw

from lifang.store.fields import DayField
from lifang.store.record import Table


class CalendarDay(Table):
    """A day that is worked or free though its day of the week says otherwise (`kit.calendar`)."""

    day = DayField(primary_key=True)
    kind = pw.CharField(max_length=10)
    name = pw.CharField(max_length=60)

    class Meta:
        """A table of the machine."""

        table_name = "core_calendar_day"
