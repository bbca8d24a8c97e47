"""Each rule finds what it is about, and nothing in a plugin that is as it should be."""

from __future__ import annotations

import subprocess

import pytest

from lifang.checking import deep
from lifang.checking.rule import RULES, TEXTS
from lifang.kit.words import using
from tests.core.checking.conftest import Judge
from tests.core.checking.test_misbehaving import NAMED
from tests.core.plugins.misbehaving import (
    Change,
    all_of,
    at_import,
    file,
    in_action,
    in_handler,
    requires,
    swap,
)

PYPROJECT = "pyproject.toml"
HEAD = "import lifang as lf\n"
BROKEN: dict[str, list[Change]] = {
    "LF101": [swap(PYPROJECT, "[project]\n", "[project\n"),
              swap(PYPROJECT, 'version = "1.0.0"', 'version = "one"'),
              requires("lifang>=0.1,<1", "!!")],
    "LF102": [swap(PYPROJECT, ".plugin:plugin", ".plugin:plugins"),
              swap(PYPROJECT, "\n[tool.hatch", 'other = "lifang_$id.plugin:plugin"\n[tool.hatch'),
              swap(PYPROJECT, "lifang_$id.plugin:plugin", "lifang_$id.elsewhere:plugin")],
    "LF103": [swap(PYPROJECT, '\n$id = "', '\nTried-One = "')],
    "LF104": [swap("plugin.py", '    "$id"', '    "people"')],
    "LF105": [requires("lifang>=0.1,<0.2"), requires("lifang"), requires("lifang<1"),
              requires("lifang>=0.1"), requires("peewee>=4,<5")],
    "LF106": [requires("lifang>=0.1,<1", "tool==1.2.3"),
              requires("lifang>=0.1,<1", "tool @ https://example.org/tool.whl")],
    "LF107": [requires("lifang>=0.1,<1", "marshmallow<3")],
    "LF110": [swap(PYPROJECT, '"Apache-2.0"', '"Apache 2"')],
    "LF111": [all_of(swap(PYPROJECT, "authors = [", "keywords = [] #"),
                     swap(PYPROJECT, "maintainers = [", "#"))],
    "LF112": [all_of(swap(PYPROJECT, "Security =", "Home ="),
                     lambda files, id: files.update(
                         {"README.md": files["README.md"].replace("Security 安全", "Else")}))],
    "LF202": [in_handler("lf.secrets(event)")],
    "LF203": [at_import("import pytest")],
    "LF204": [at_import("import lifang_dual_reporting"), at_import("import lifang_nowhere")],
    "LF211": [at_import('open("x", "w")'), at_import("from pathlib import Path\nPath('x').touch()"),
              at_import("def go():\n    print(1)\n\n\ngo()"), at_import("while False:\n    pass")],
    "LF214": [in_action("import os\n\nos.fork()"),
              in_action("import multiprocessing as m\n\nm.Process(target=dict)")],
    "LF216": [in_action("import locale\n\nlocale.setlocale(locale.LC_ALL, '')")],
    "LF217": [in_action("import sys\n\nsys.modules['lifang'] = None"),
              in_action("setattr(lf, 'write', None)")],
    "LF218": [in_action("eval(note.text)"), in_action("import pickle\n\npickle.loads(b'')")],
    "LF219": [in_action("try:\n    1 / 0\nexcept BaseException:\n    pass")],
    "LF221": [in_action("while True:\n    note.text += '.'")],
    "LF223": [in_action("import time\n\ntime.sleep(30)")],
    "LF224": [in_action("print(note)")],
    "LF302": [swap("pages.py", "(caller: lf.Caller)", "(caller: lf.Caller, user)")],
    "LF304": [swap("pages.py", "@lf.hookimpl\n", "")],
    "LF305": [swap("events.py", ", caller: lf.Caller)", ")"),
              swap("events.py", ", caller: lf.Caller)", ", caller: lf.Caller, more)")],
    "LF306": [swap("events.py", '@lf.on("$id.note.closed"', '@lf.on("$id.note.*"')],
    "LF307": [swap("schemas.py", "keep=1095", "version=2")],
    "LF308": [also_route := at_import(
        "import flask\n\nbp = flask.Blueprint('x', 'x')\n\n\n@bp.route('/people')\n"
        "def people():\n    return ''")],
    "LF311": [swap("resources.py", '"community_worker"', '"community_staff"')],
    "LF313": [at_import(HEAD + "\nbare = lf.Resource(None, label='便条')")],
    "LF314": [at_import(HEAD + "\nbare = lf.Resource(None, label='便条', scope=None, never='x')")],
    "LF320": [swap("settings.py", "保留天数", "")],
    "LF321": [swap("settings.py", ', help="办结以后"', "")],
    "LF322": [at_import('token = lf.Setting("api_token", str, "令牌", default="a")'),
              at_import('x = lf.Setting("x", str, "令牌", default="a", secret=True)')],
    "LF330": [in_handler("from lifang_tried.models import Note\n\nNote.update(text='').execute()"),
              in_action("lf.Person.delete().execute()")],
    "LF401": [swap("models.py", 'table_name = "$id_note"', 'table_name = "note"'),
              swap("migrations/0001_initial.py", 'drop_table("$id_note")', 'drop_table("core_x")')],
    "LF402": [swap("models.py", 'lf.place("社区")', 'lf.place("社区", on_delete="CASCADE")')],
    "LF404": [swap("migrations/0001_initial.py", "def down(", "def undo(")],
    "LF406": [lambda files, id: files.pop(f"lifang_{id}/migrations/0001_initial.py")],
    "LF410": [at_import('class Card(lf.Record):\n    import peewee as pw\n\n'
                        '    phone = pw.CharField()'
                        "\n\n    class Meta:\n        table_name = 'tried_note'")],
    "LF421": [in_action("note._meta.database.execute_sql(f'SELECT {note.text} FROM tried_note')"),
              in_action("note._meta.database.execute_sql('SELECT ' + note.text)")],
    "LF502": [file("templates/$id/a.html", "{{ note|safe }}"),
              at_import("import markupsafe\n\n\ndef shown(text):\n"
                        "    return markupsafe.Markup(text)")],
    "LF503": [file("templates/$id/a.html", '<a onclick="x()">'),
              file("templates/$id/a.html", "<script>\nx()\n</script>")],
    "LF504": [file("templates/$id/a.html", '<img src="https://example.org/a.png">'),
              file("static/$id/a.css", "@import url(//example.org/a.css);")],
    "LF510": [in_action("said = lf._('没有译文')"), swap("plugin.py", "便条", "没有译文")],
    "LF512": [swap("locale/en/LC_MESSAGES/lifang_tried.po", 'msgstr "days"', 'msgstr "{n} days"')],
    "LF601": [swap("README.md", "## Roles 角色", "## Else")],
    "LF602": [swap("README.md", "| `days` |", "| `weeks` |")],
    "LF603": [lambda files, id: files.update(
        {"README.md": files["README.md"].replace(".closed", "")})],
    "LF604": [swap("CHANGELOG.md", "## 1.0.0", "## 0.9.0")],
}  # fmt: skip
"""For each rule, changes to a plugin that is as it should be, each of which breaks it."""

ELSEWHERE = {"LF001", "LF002", "LF003", "LF405", "LF513"}
"""Rules that have tests of their own."""


def test_the_exemplary_plugin_breaks_no_rule(judge: Judge) -> None:
    report = judge()
    assert (report.findings, report.tier, report.id) == ((), 4, "tried")


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_each_rule_names_what_breaks_it(rule: str, judge: Judge) -> None:
    for number, change in enumerate(BROKEN[rule]):
        report = judge(change)
        told = [one for one in report.findings if one.rule.id == rule]
        assert told, (rule, number, report.findings)
        assert report.tier < RULES[rule].tier
        for one in told:
            with using("zh"):
                assert "{" not in one.sentence or rule in ("LF511", "LF512"), one.sentence


def test_every_rule_has_a_text_examples_and_a_test() -> None:
    static = RULES.keys() - {one.id for one in deep.RULES}
    assert RULES.keys() == TEXTS.keys()
    assert static == BROKEN.keys() | set(NAMED.values()) | ELSEWHERE
    for one in RULES.values():
        assert one.bad and one.good and one.bad != one.good, one.id
        with using("en"):
            assert one.ask.__doc__


def test_what_is_right_is_not_found_fault_with(judge: Judge) -> None:
    """What looks like a fault and is none."""
    report = judge(
        in_action(
            "import threading\n\nlock = threading.Lock()\nwith lock:\n    pass\n"
            "while True:\n    if note:\n        break\n"
            "try:\n    note.text.index('x')\nexcept ValueError:\n    pass\n"
            "try:\n    int(note.text)\nexcept Exception:\n    note.text = ''\n    raise\n"
            "note.text = note.text.strip()"
        ),
        at_import(
            "import datetime as dt\nimport logging\nimport re\nfrom typing import TYPE_CHECKING\n\n"
            "log = logging.getLogger('x')\nWORD = re.compile('x')\nLONGEST = dt.timedelta(days=1)\n"
            "LISTED: list[str] = []\nLISTED.append('x')\n\n"
            "if TYPE_CHECKING:\n    import nowhere\n\n"
            "try:\n    import orjson_or_not\nexcept ImportError:\n    orjson_or_not = None\n\n\n"
            "def deep(node):\n    if node is None:\n        return 0\n"
            "    return 1 + deep(node.above)"
        ),
        file("templates/$id/a.html", '{# |safe #}<a href="https://example.org">x</a><p>on = 1</p>'),
    )
    assert report.findings == ()


def test_migrations_that_were_released_stay_as_they_were(judge: Judge, tmp_path) -> None:
    """By a tag of git, or by the wheel that was released."""
    assert not judge().findings
    folder = tmp_path / "tried"
    migration = folder / "lifang_tried" / "migrations" / "0001_initial.py"
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "lifang-tried-1"]):
        subprocess.run([*git, *words], check=True)
    assert not judge().findings
    changed = swap("migrations/0001_initial.py", "max_length=200", "max_length=100")
    assert [one.rule.id for one in judge(changed).findings] == ["LF405"]
    assert judge(changed).findings[0].spot.path.endswith(migration.name)
