"""Plugins that do as they should but for one thing, as source trees and as installed packages.

`MISBEHAVING` names them; `write` writes the source of one, for whoever judges it before it is
installed; `installed` lays a tree out where `importlib.metadata` and `import` find it.
"""

from __future__ import annotations

import importlib
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.core.plugins.exemplary import exemplary

Files = dict[str, str]
Change = Callable[[Files, str], None]


@dataclass(frozen=True)
class Misbehaviour:
    """What one of them does wrong, and how it is shown when somebody installs and uses it.

    `shown` is rejected (by its metadata or for what it needs), faulted (at import or registration),
    unmigrated (its tables cannot be made), refused (what it does wrong is, when it does it) or
    harmless. `again` changes a twin of it, where it takes two: `NAME_twin`. `ends` says that
    importing it would end the process.
    """

    what: str
    shown: str
    change: Change
    again: Change | None = None
    ends: bool = False


def at_import(code: str) -> Change:
    """Do something when plugin.py is imported."""

    def change(files: Files, id: str) -> None:
        place = f"lifang_{id}/plugin.py"
        files[place] = files[place].replace("\nplugin = ", f"\n{code.strip()}\n\nplugin = ")

    return change


def swap(place: str, old: str, new: str) -> Change:
    """Say something else in one file of the package, or in `pyproject.toml`."""

    def change(files: Files, id: str) -> None:
        where, said = place if place in files else f"lifang_{id}/{place}", old.replace("$id", id)
        assert said in files[where], f"{where} does not say {said!r}"
        files[where] = files[where].replace(said, new.replace("$id", id))

    return change


def file(place: str, text: str) -> Change:
    """Have one more file in the package."""

    def change(files: Files, id: str) -> None:
        files[f"lifang_{id}/{place}".replace("$id", id)] = text.replace("$id", id)

    return change


def all_of(*changes: Change) -> Change:
    """Several changes that make one fault."""

    def change(files: Files, id: str) -> None:
        for one in changes:
            one(files, id)

    return change


def in_hook(code: str, *, head: str = "import lifang as lf\n") -> Change:
    """Do something else where the cards of the home page are asked for."""
    answer = 'return [lf.Card("便条", str(lf.count(notes, caller, state="open")))]'
    return all_of(
        swap("pages.py", answer, code.strip().replace("\n", "\n    ")),
        swap("pages.py", "import lifang as lf\n", head),
    )


def in_handler(code: str) -> Change:
    """Do something else where an event is heard."""
    return swap(
        "events.py", "lf.get(notes, caller, event.subject)", code.strip().replace("\n", "\n    ")
    )


def in_action(code: str) -> Change:
    """Do something before an action is done."""
    first = 'return {"community": note.community_id}'
    return swap("services.py", first, f"{code.strip()}\n{first}".replace("\n", "\n    "))


def needs(own: str | None, other: str) -> Change:
    """Provide one interface, perhaps, and need another."""
    declared = f'    needs=[lf.need("{other}", "1.0")],\n'
    offered = "" if own is None else f'    provides=[lf.provide("{own}", "1.0", 1, doc="一")],\n'
    known = f'\n[project.entry-points."lifang.provides"]\n"{own}" = "lifang_$id.plugin:plugin"\n'
    last = "\n[tool.hatch"
    return all_of(
        swap("plugin.py", "    hooks=", f"{offered}{declared}    hooks="),
        swap("pyproject.toml", last, last if own is None else known + last),
    )


def requires(*lines: str) -> Change:
    """Require something else beside or in place of the core."""
    told = ", ".join(f'"{line}"' for line in lines)
    return swap("pyproject.toml", '"lifang>=0.1,<1"', told)


def also(name: str, text: str) -> Change:
    """Have one more module of one's own, and import it."""
    return all_of(
        file(f"{name}.py", text),
        swap(
            "plugin.py", "import lifang as lf\n", f"import lifang as lf\nimport lifang_$id.{name}\n"
        ),
    )


STEAL = '''
class Stolen(lf.Record):
    """A table that is the core's by its name."""

    community = lf.place("社区")

    class Meta:
        """Under a name of the core."""

        table_name = "core_stolen"

'''
HOOK = "@lf.hookimpl\ndef home_cards"
COLUMN = "        text = pw.CharField(max_length=200)\n"
EMPTY = "db.execute_sql('DELETE FROM \"core_setting\"')"
LATER = '''"""Later."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Nothing."""


def down(migrator: Any, db: Any) -> None:
    """Nothing."""
'''
UP = "    db.create_tables([Note])"

MISBEHAVING: dict[str, Misbehaviour] = {
    "raises_at_import": Misbehaviour(
        "raises when it is imported", "faulted", at_import('raise RuntimeError("no coffee")')
    ),
    "exits_at_import": Misbehaviour(
        "raises SystemExit when it is imported", "faulted", at_import("import sys\n\nsys.exit(3)")
    ),
    "ends_at_import": Misbehaviour(
        "ends the process when it is imported", "faulted", at_import("import os\n\nos._exit(7)"),
        ends=True,
    ),
    "hangs_at_import": Misbehaviour(
        "never finishes its import", "faulted", at_import("import time\n\ntime.sleep(3600)")
    ),
    "recurses_at_import": Misbehaviour(
        "calls itself without end when it is imported", "faulted",
        at_import("def again():\n    return again()\n\n\nagain()"),
    ),
    "syntax_error": Misbehaviour(
        "is no Python", "faulted", file("pages.py", "def home_cards(caller:\n")
    ),
    "no_plugin": Misbehaviour(
        "its entry point is no plugin", "faulted",
        file("plugin.py", '"""Nothing."""\n\nplugin = 42\n'),
    ),
    "another_id": Misbehaviour(
        "calls itself by another name than its entry point", "faulted",
        swap("plugin.py", '    "$id"', '    "dual_reporting"'),
    ),
    "same_id_twice": Misbehaviour(
        "two distributions have one id", "rejected", lambda files, id: None,
        again=swap("pyproject.toml", 'same_id_twice_twin = "', 'same_id_twice = "'),
    ),
    "core_of_the_future": Misbehaviour(
        "requires a core that is not there", "rejected", requires("lifang>=9")
    ),
    "pinned": Misbehaviour(
        "pins another version of what the core uses", "rejected",
        requires("lifang>=0.1,<1", "click==7.0"),
    ),
    "requires_what_is_absent": Misbehaviour(
        "requires a package that is not there", "rejected",
        requires("lifang>=0.1,<1", "lifang-nowhere>=1"),
    ),
    "missing_need": Misbehaviour(
        "needs an interface nobody provides", "rejected", needs(None, "nobody.knows")
    ),
    "needs_in_a_circle": Misbehaviour(
        "needs what another provides who needs what it provides", "rejected",
        needs("circle.one", "circle.two"), again=needs("circle.two", "circle.one"),
    ),
    "raises_in_hook": Misbehaviour(
        "raises in its hook", "refused", in_hook('raise RuntimeError("no cards today")')
    ),
    "exits_in_hook": Misbehaviour(
        "calls sys.exit in its hook", "refused",
        in_hook("sys.exit(1)", head="import sys\n\nimport lifang as lf\n"),
    ),
    "recurses_in_hook": Misbehaviour(
        "calls itself without end in its hook", "refused", in_hook("return home_cards(caller)")
    ),
    "wrong_types_from_hook": Misbehaviour(
        "gives something else than cards", "refused", in_hook('return "42"')
    ),
    "slow_hook": Misbehaviour(
        "takes long in its hook, each time", "refused",
        in_hook("time.sleep(0.3)\nreturn []", head="import time\n\nimport lifang as lf\n"),
    ),
    "swallows_exceptions": Misbehaviour(
        "catches everything and says nothing", "harmless",
        in_hook("try:\n    return [lf.Card('便条', str(1 / 0))]\nexcept:\n    return []"),
    ),
    "raises_in_action": Misbehaviour(
        "raises in its action", "refused", in_action('raise RuntimeError("not today")')
    ),
    "exits_in_action": Misbehaviour(
        "calls sys.exit in its action", "refused", in_action("import sys\n\nsys.exit(4)")
    ),
    "raises_in_handler": Misbehaviour(
        "raises in its handler", "refused", in_handler('raise RuntimeError("not now")')
    ),
    "exits_in_handler": Misbehaviour(
        "calls sys.exit in its handler", "refused", in_handler("import sys\n\nsys.exit(5)")
    ),
    "leaves_a_transaction_open": Misbehaviour(
        "begins a transaction in its hook and leaves it", "refused",
        in_hook('lf.Person._meta.database.execute_sql("BEGIN IMMEDIATE")\nreturn []'),
    ),
    "writes_past_the_gateway": Misbehaviour(
        "saves the core's records by itself", "harmless",
        in_action("note.text = note.text.strip()\nnote.save()"),
    ),
    "reaches_inside": Misbehaviour(
        "imports what lies behind the front door", "harmless",
        also("inside", '"""Reach inside."""\n\nfrom lifang.services import gateway as gateway\n'),
    ),
    "patches_the_core": Misbehaviour(
        "puts something of its own in the place of a function of the core", "harmless",
        at_import("lf.Card.__repr__ = lambda self: 'patched'"),
    ),
    "two_nouns_of_one_name": Misbehaviour(
        "declares a noun twice", "faulted", swap("plugin.py", "[notes]", "[notes, notes]")
    ),
    "core_table": Misbehaviour(
        "keeps a table under a name of the core", "faulted",
        all_of(at_import(STEAL),
               swap("plugin.py", "[notes]", '[notes, lf.Resource(Stolen, label="便条")]')),
    ),
    "events_of_another": Misbehaviour(
        "declares what another plugin's events carry", "faulted",
        swap("schemas.py", '"$id.note.closed"', '"dual_reporting.report.ended"'),
    ),
    "default_out_of_bounds": Misbehaviour(
        "has a setting whose default it would refuse", "faulted",
        swap("settings.py", "default=30", "default=0"),
    ),
    "unknown_hook": Misbehaviour(
        "implements a hook that is none", "faulted",
        all_of(swap("pages.py", "def home_cards", "def home_crads"),
               swap("plugin.py", "home_cards", "home_crads")),
    ),
    "first_hook": Misbehaviour(
        "wants to be asked before all others", "faulted",
        swap("pages.py", HOOK, HOOK.replace("hookimpl", "hookimpl(tryfirst=True)")),
    ),
    "wrapping_hook": Misbehaviour(
        "wraps the hooks of all others", "faulted",
        all_of(swap("pages.py", HOOK, HOOK.replace("hookimpl", "hookimpl(wrapper=True)")),
               in_hook("return (yield)")),
    ),
    "renamed_hook": Misbehaviour(
        "implements a hook under another name", "faulted",
        all_of(swap("pages.py", HOOK, '@lf.hookimpl(specname="home_cards")\ndef cards'),
               swap("plugin.py", "home_cards", "cards")),
    ),
    "async_hook": Misbehaviour(
        "has a hook that is a coroutine", "faulted", swap("pages.py", "def home", "async def home")
    ),
    "handles_signals": Misbehaviour(
        "takes a signal for itself at import", "faulted",
        at_import("import signal\n\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"),
    ),
    "starts_a_thread": Misbehaviour(
        "starts a thread at import", "harmless",
        at_import("import threading\n\nthreading.Thread(target=dict, daemon=True).start()"),
    ),
    "forks": Misbehaviour(
        "starts a process at import", "harmless",
        at_import("import subprocess\n\nsubprocess.run(['true'], check=True)"),
    ),
    "asks_the_network": Misbehaviour(
        "asks another machine at import", "faulted",
        at_import("import urllib.request\n\nurllib.request.urlopen('http://127.0.0.1:1/')"),
    ),
    "prints": Misbehaviour(
        "writes to standard output at import", "harmless", at_import('print("hello")')
    ),
    "moves_about": Misbehaviour(
        "changes the environment at import", "harmless",
        at_import('import os\n\nos.environ["MOVED_ABOUT"] = "yes"'),
    ),
    "bad_translations": Misbehaviour(
        "its catalogue cannot be read", "harmless",
        file("locale/en/LC_MESSAGES/lifang_$id.po", 'msgid "便条\nmsgstr\n'),
    ),
    "core_template": Misbehaviour(
        "brings a template of the core", "harmless",
        file("templates/base.html", "<h1>{{ title|safe }}</h1><script>alert(1)</script>\n"),
    ),
    "migration_raises": Misbehaviour(
        "its migration raises", "unmigrated",
        swap("migrations/0001_initial.py", UP, f'{UP}\n    raise RuntimeError("half way")'),
    ),
    "migration_of_another": Misbehaviour(
        "its migration changes a table of the core", "harmless",
        swap("migrations/0001_initial.py", UP, f"{UP}\n    {EMPTY}"),
    ),
    "migration_differs": Misbehaviour(
        "its migration makes other columns than its models have", "refused",
        swap("migrations/0001_initial.py", COLUMN, ""),
    ),
    "migration_gap": Misbehaviour(
        "its migrations skip a number", "harmless",
        file("migrations/0003_later.py", LATER),
    ),
}  # fmt: skip


def write(folder: Path, name: str) -> Path:
    """Write the source tree of a misbehaving plugin into a folder; gives its own folder there.

    Its twin, where it takes two, lies beside it as `NAME_twin`.
    """
    told = MISBEHAVING[name]
    if told.again is not None:
        write_changed(folder, f"{name}_twin", told.again)
    return write_changed(folder, name, told.change)


def write_changed(folder: Path, id: str, change: Change) -> Path:
    """Write an exemplary plugin under some id, but for a change."""
    files = exemplary(id)
    change(files, id)
    for place, text in files.items():
        where = folder / id / place
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text, encoding="utf-8")
    return folder / id


def installed(tree: Path, site: Path) -> Path:
    """Lay a source tree out in a folder of `sys.path` as its wheel would; gives the package."""
    told = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [package] = [one for one in tree.glob("lifang_*") if one.is_dir()]
    shutil.copytree(package, site / package.name)
    info = site / f"{told['name'].replace('-', '_')}-{told['version']}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.4", f"Name: {told['name']}", f"Version: {told['version']}"]
    lines.append(f"Summary: {told['description']}")
    lines += [f"Requires-Dist: {line}" for line in told["dependencies"]]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in told["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")
    importlib.invalidate_caches()
    return site / package.name
