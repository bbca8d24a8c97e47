"""C2, H1: 50 plugins installed, each with a table, a noun, a card and a handler, against none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.app.instance import opened
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.lifecycle import switching
from lifang.services.accounts import first_administrator
from lifang.testing import world
from lifang.testing.temporary import tell_of
from tests.bench.rounds import Result, cpu_of, cpu_of_command, interleaved

FIFTY = tuple(f"shelf_{number:02d}" for number in range(50))
TABLE = """
    class Book(lf.Record):
        title = pw.CharField(max_length=100, verbose_name="书名")
        community = lf.place("社区")

        class Meta:{database}
            table_name = "{id}_book"
"""
PLUGIN = """
    import peewee as pw

    import lifang as lf

{table}

    books = lf.Resource(
        Book, label="图书", roles={{"community_worker": "read create update remove"}}
    )


    @lf.on("{id}.book.created")
    def shelve(event, caller):
        pass


    @lf.hookimpl
    def home_cards(caller: lf.Caller) -> list[lf.Card]:
        return [lf.Card("{id}", str(lf.count(books, caller)), "/p/{area}/books")]


    plugin = lf.Plugin("{id}", "{id}", resources=[books], handlers=[shelve], hooks=[home_cards])
"""
MIGRATION = """
    import peewee as pw

    import lifang as lf


    def up(migrator, db):
        class Community(pw.Model):
            id = lf.IdField()

            class Meta:
                database = db
                table_name = "core_community"

        class Book(pw.Model):
            id = lf.IdField()
            version = pw.IntegerField(default=1)
            created_at = lf.InstantField()
            created_by = pw.BigIntegerField(null=True)
            updated_at = lf.InstantField()
            removed_at = lf.InstantField(null=True)
            title = pw.CharField(max_length=100)
            community = pw.ForeignKeyField(Community, on_delete="RESTRICT")

            class Meta:
                database = db
                table_name = "{id}_book"

        db.create_tables([Book])
"""


def write_packages(folder: Path) -> Path:
    """Fifty distributions as pip leaves them, in a folder to be on the import path."""
    for id in FIFTY:
        table = TABLE.format(id=id, database="")
        told = {"id": id, "area": id.replace("_", "-"), "table": textwrap.indent(table, "")}
        package = folder / f"lifang_{id}"
        (package / "migrations").mkdir(parents=True)
        (package / "__init__.py").touch()
        for name, text in (("plugin.py", PLUGIN), ("migrations/0001_initial.py", MIGRATION)):
            (package / name).write_text(textwrap.dedent(text.format(**told)), encoding="utf-8")
        told = [f"Summary: {id}", "Requires-Dist: lifang>=0.1,<1"]
        entry = f"{package.name}.plugin:plugin"
        (tell_of(folder, package.name, id, entry, "1.0.0", told) / "RECORD").touch()
    return folder


def environment(home: Path, packages: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIFANG_")}
    path = os.pathsep.join([str(packages), str(Path(__file__).parents[2])])
    return kept | {"LIFANG_HOME": str(home), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}


def build(home: Path, how: str) -> None:
    """In a process of its own: an instance with the plugins installed, or on too."""
    for instance in world.new_instance(home):
        world.plant(instance)
        first_administrator(instance, "boss", home_code=world.CITY, system_user=os.getuid())
        boss = world.boss(instance)
        for id in FIFTY if how != "none" else ():
            switching.install(boss, id)
            if how == "on":
                switching.switch(boss, id, at=world.CHENGGUAN, on=True)


def serve(home: Path) -> None:
    """Answer every line, a page and how often, with the CPU seconds of one."""
    with opened(home) as instance:
        with instance.database.transaction():
            account = Account.create(name="w", must_change=False)
            place = Community.get(Community.code == world.CHENGGUAN)
            Grant.create(account=account, role="community_worker", community=place)
            session, token = sign_in.open_session(account), sign_in.open_token(account, days=1)
        client = create_app(instance).test_client()
        client.set_cookie("lifang", session, path="/")
        headers = {"Authorization": f"Bearer {token}"}

        def ask(path: str) -> None:
            answer = client.get(path, headers=headers if path.startswith("/api/") else {})
            assert answer.status_code == 200, (path, answer.text)

        for line in sys.stdin:
            path, times = json.loads(line)
            print(cpu_of(lambda path=path: ask(path), times), flush=True)


@contextmanager
def served(home: Path, packages: Path) -> Iterator[Any]:
    """A process that has an instance open; gives a function from a page to its CPU seconds."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.fifty", "serve", str(home)],
        env=environment(home, packages), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None

        def page(path: str, times: int = 20) -> float:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps([path, times]) + "\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield page
        process.stdin.close()


def fifty(folder: Path) -> list[Result]:
    """C2: a command with all installed and none on. H1: pages with all on that touch none."""
    packages, bare = write_packages(folder / "packages"), folder / "bare"
    bare.mkdir()
    homes = {"none": bare, "installed": packages, "on": packages}
    for how, path in homes.items():
        command = [sys.executable, "-m", "tests.bench.fifty", "build", str(folder / how), how]
        subprocess.run(command, env=environment(folder / how, path), check=True)
    lifang = str(Path(sys.executable).parent / "lifang")

    def start(how: str, words: tuple[str, ...]) -> float:
        return cpu_of_command([lifang, *words], env=environment(folder / how, homes[how]))

    results = []
    for said, words in (
        ("`lifang --help`", ("--help",)),
        ("`lifang people list`", ("people", "list")),
    ):
        took = interleaved(
            {how: lambda how=how, words=words: start(how, words) for how in ("none", "installed")},
            rounds=11,
        )
        what = f"{said}, 50 installed, none on ÷ none, CPU"
        results.append(
            took.shorter("C2", what, base="none", ours="installed", floor=1.6, target=1.25)
        )
    with ExitStack() as stack:
        pages = {
            how: stack.enter_context(served(folder / how, homes[how])) for how in ("none", "on")
        }
        for said, path in (("the page of people", "/people"), ("people as JSON", "/api/v1/people")):
            took = interleaved(
                {how: lambda page=page, path=path: page(path) for how, page in pages.items()},
                rounds=9,
            )
            what = f"{said}, 50 on that do not touch it ÷ none, CPU"
            results.append(took.shorter("H1", what, base="none", ours="on", floor=1.3, target=1.1))
    return results


if __name__ == "__main__":
    deed, place = sys.argv[1], Path(sys.argv[2])
    if deed == "build":
        build(place, sys.argv[3])
    else:
        serve(place)
