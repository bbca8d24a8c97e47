"""A whole district for `lifang demo --reports`: too many for a story, and alike each time.

People and units come in by import, as a district's lists do. What they did in a year is told by
the plugins that offer it (`lifang.sample` among their entry points), and put in as the database
keeps it: thousands a second, without the history that every single deed would have left.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from typing import Any

from lifang.builtin.people import organizations, people
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Membership
from lifang.kit import clock
from lifang.kit.words import _p
from lifang.resources.resource import Resource
from lifang.sample.people import sample_organizations, sample_people
from lifang.sample.stage import Known, Progress
from lifang.services.importing import import_table
from lifang.store.record import Record

GROUP = "lifang.sample"
AREA = "620104"
"""Whose codes the numbers of these people begin with: the story's are of other districts."""
OWN = 60
"""Of so many the first unit is in the first community, and so are they."""
HOMES = 4
"""In so many communities the people of one unit live."""
LEAST, CHUNK = 60, 5_000


def fill(boss: Caller, homes: Sequence[Community], reports: int, progress: Progress) -> Known:
    """People with units in some communities, three units for 200 people, and a year of theirs.

    Of all there is, one each is given by its noun, and the first `unit` and one of its `people`.
    """
    filling, units, around = Filling(boss, progress), max(LEAST, reports * 3 // 200), len(homes) - 1
    seats = [homes[0 if n == 0 else 1 + n % around] for n in range(units)]
    told = sample_organizations(random.Random(1), units, [AREA])  # noqa: S311 – samples
    offices = filling.bring(organizations, told, seats)
    whose = [0 if n < OWN else 1 + n % (units - 1) for n in range(reports)]
    lives = [
        homes[0 if n < OWN else 1 + (unit * 7 + n // units % HOMES) % around]
        for n, unit in enumerate(whose)
    ]
    everybody = filling.bring(people, _grown(reports), lives)
    both = [(who, offices[unit]) for who, unit in zip(everybody, whose, strict=True)]
    filling(Membership, ({"person": who, "organization": unit} for who, unit in both))
    reporting = [(who, int(h.id), unit) for (who, unit), h in zip(both, lives, strict=True)]
    located = [(unit, int(seat.id)) for unit, seat in zip(offices, seats, strict=True)]
    known: Known = {"unit": offices[0], "people": everybody[0]}
    for offered in metadata.entry_points(group=GROUP):
        if offered.name in boss.instance.plugins.loaded:
            known |= offered.load()(filling, reporting, located, clock.today())
    boss.instance.database.engine.execute_sql("ANALYZE")
    return known


def _grown(count: int) -> Iterator[dict[str, str]]:
    """People of an age to work; about six in ten of a sample are."""
    first, last = (str(clock.today().year - age) for age in (58, 22))
    sample = sample_people(random.Random(2), 3 * count + 100, [AREA])  # noqa: S311 – samples
    return (one for one in sample if first < one["birth_date"] < last)


class Filling:
    """Brings lists in, and puts rows into tables as the database keeps them."""

    def __init__(self, boss: Caller, progress: Progress) -> None:
        """Act for somebody, and tell how far each list and table is."""
        self.boss, self.progress, self.now = boss, progress, clock.now()

    def bring(
        self, of: Resource[Any], told: Iterable[Known], homes: Sequence[Community]
    ) -> list[int]:
        """Import a list of those who belong to some communities; gives their numbers."""
        rows = [{**one, "community": home.code} for home, one in zip(homes, told, strict=False)]
        text = io.StringIO()
        sink = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
        sink.writeheader()
        sink.writerows(rows)
        ids = of.model.select(of.model.id)
        before, label = {one.id for one in ids}, _p("plural", of.label)
        source = io.BytesIO(text.getvalue().encode())
        import_table(self.boss, of, source, progress=lambda *far: self.progress(label, *far))
        return sorted(one.id for one in ids.clone() if one.id not in before)

    def __call__(self, model: type[Record], rows: Iterable[Known]) -> list[int]:
        """Insert rows of a table; what is not said is as the model has it. Gives their numbers."""
        common = {"version": 1, "created_at": self.now, "updated_at": self.now}
        told, fields, found = [common | row for row in rows], model._meta.fields, list[int]()
        said = ("id", *told[0]) if told else ()
        defaults = [o for name, o in fields.items() if name not in said and o.default is not None]
        preset = [o.db_value(o.default() if callable(o.default) else o.default) for o in defaults]
        columns, database = [fields[name] for name in said], self.boss.instance.database
        names = [one.column_name for one in (*columns, *defaults)]
        for some in (told[at : at + CHUNK] for at in range(0, len(told), CHUNK)):
            with database.transaction():
                ids = list(database.allocate(model, len(some)))
                made = ({**row, "id": id} for id, row in zip(ids, some, strict=True))
                kept = ([*(o.db_value(row[o.name]) for o in columns), *preset] for row in made)
                database.insert(model._meta.table_name, names, kept)
            found += ids
            label = _p("plural", self.boss.instance.registry.of(model).label)
            self.progress(label, len(found), len(told))
        return found
