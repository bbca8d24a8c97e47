"""What goes out as a table comes back as it was, also from the service itself."""

from __future__ import annotations

import io
import time
from importlib import resources

from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.builtin.places import communities
from lifang.entities.community import Community
from lifang.events.tables import EventRow
from lifang.services import sheets
from lifang.services.exchange import export, import_table
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r＝＋－＠ab里,\"\n"), max_size=8))
def test_whatever_is_tamed_comes_back_and_starts_no_formula(text: str) -> None:
    tamed = sheets.tame(text)
    assert sheets.untame(tamed) == text
    assert tamed[:1] not in set("=+-@\t\r＝＋－＠")


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.text("ab里,\"\n\r'= ", max_size=5), min_size=2, max_size=2), max_size=4)
)
def test_cells_survive_the_file(rows: list[list[str]]) -> None:
    told = [row for row in rows if any(cell.strip() for cell in row)]
    tamed = [[sheets.tame(cell) for cell in row] for row in told]
    raw = sheets.BOM + sheets.written([["a", "b"], *tamed])
    read = sheets.read(io.BytesIO(raw))
    assert [row for _number, row in read.rows()] == told


def test_the_divisions_of_a_city_are_planted_in_seconds_and_only_once(
    empty_instance: Instance,
) -> None:
    boss, steps = world.boss(empty_instance), []
    with resources.as_file(resources.files("lifang.builtin") / "data") as folder:
        file = folder / "lanzhou-divisions.csv"
        assert import_table(boss, communities, file, dry_run=True)["created"] == 1304
        assert not Community.select().exists()
        started = time.process_time()
        done = import_table(boss, communities, file, progress=lambda *step: steps.append(step))
        took = time.process_time() - started
        again = import_table(boss, communities, file)
    assert done == {"created": 1304, "updated": 0, "unchanged": 0, "failed": 0, "errors": []}
    assert again == {"created": 0, "updated": 0, "unchanged": 1304, "failed": 0, "errors": []}
    assert steps[-1] == (2608, 2608), "every row is judged, and then written"
    assert took < 5
    types = [row[0] for row in EventRow.select(EventRow.type).order_by(EventRow.pos).tuples()]
    done = ["core.job.finished", "core.community.import_finished"]
    assert types == ["core.community.created"] * 1304 + done


def test_an_export_needs_no_connection_of_the_one_who_asked(instance: Instance) -> None:
    boss = world.boss(instance)
    resource = instance.registry.of(Community)
    for form in ("csv", "json"):
        chunks = export(boss, resource, Query(), form=form)
        instance.database.engine.close()
        assert world.FOREIGN.encode() in b"".join(chunks)
        assert instance.database.engine.is_closed()
        instance.database.engine.connect()
