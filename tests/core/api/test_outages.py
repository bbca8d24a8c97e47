"""A database that is away, full, or comes back; refusals that say when to ask again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from flask import Flask

from lifang.services.instance import Instance
from lifang.store.embedded import Embedded
from lifang.testing import served, world
from tests.core.api.conftest import Api

PEOPLE = "/api/v1/people"


@contextmanager
def away(instance: Instance) -> Iterator[None]:
    """Take the database away: a file is moved, a server ends its connections and takes no more."""
    database = instance.database
    database.close()
    if isinstance(database, Embedded):
        there = sorted(database.path.parent.glob("lifang.db*"))
        for file in there:
            file.rename(file.with_name(f"away.{file.name}"))
        yield
        assert not database.path.exists(), "an empty one was begun in its place"
        for file in there:
            file.with_name(f"away.{file.name}").rename(file)
        return
    name = database.place.rpartition("/")[2]
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
    try:
        served.server().execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        with suppress(psycopg.OperationalError):
            served.server().execute(f"{end} '{name}'")
        yield
    finally:
        served.server().execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


def test_a_database_that_is_away_is_told_without_its_place_until_it_is_back(
    api: Api, app: Flask, instance: Instance
) -> None:
    client, place = api("community_worker", at=world.HOME), instance.database.place
    assert client.get(PEOPLE).status_code == 200
    with away(instance):
        for path in (PEOPLE, "/people", "/sign-in", f"/api/v1/verify/{'2' * 16}"):
            answer = client.get(path)
            assert answer.status_code == 503, (path, answer.text)
            assert 1 <= int(answer.headers["Retry-After"]) <= 10
            assert place not in answer.text and "数据库" in answer.text
        page = client.get("/people?q=z")
        assert 'href="/people?q=z">再试一次' in page.text and "Traceback" not in page.text
        english = client.get(PEOPLE, headers={"Accept-Language": "en"}).json
        assert english["detail"].startswith("The database ") and "(" not in english["detail"]
    assert client.get(PEOPLE).status_code == 200


def test_a_full_disk_refuses_what_is_written_and_nothing_else(api: Api, instance: Instance) -> None:
    client, database = api("community_worker", at=world.HOME), instance.database
    if not isinstance(database, Embedded):
        return  # a server tells of its own disk
    told = {"name": "李强", "community": {"code": world.HOME}}
    with database.connection():  # which the client, in this thread, uses too
        (pages,) = database.engine.execute_sql("PRAGMA page_count").fetchone()
        database.engine.execute_sql(f"PRAGMA max_page_count = {pages}")
        answers = [client.post(PEOPLE, json=told) for _n in range(60)]
        refused = [one for one in answers if one.status_code != 201]
        assert refused and {one.status_code for one in refused} == {503}
        assert refused[0].json["code"] == "not_ready" and "磁盘满了" in refused[0].json["detail"]
        assert client.get(PEOPLE).status_code == 200
        database.engine.execute_sql("PRAGMA max_page_count = 1000000")
        assert client.post(PEOPLE, json=told).status_code == 201


def test_who_guesses_too_often_is_told_how_long_to_wait(app: Flask) -> None:
    stranger = app.test_client()
    path = f"/verify/{'2' * 16}"
    for _guess in range(20):
        assert stranger.get(f"/api/v1{path}").status_code == 404
    answer, shown = stranger.get(f"/api/v1{path}"), stranger.get(path)
    assert (answer.status_code, shown.status_code) == (429, 429)
    seconds = answer.json["retry_after"]
    assert 890 < seconds <= 901 and answer.headers["Retry-After"] == str(seconds)
    assert 890 < int(shown.headers["Retry-After"]) <= 901 and "15 分钟" in shown.text
