"""A small plugin as it should be, file by file: what misbehaving ones differ from."""

from __future__ import annotations

PYPROJECT = """[build-system]
requires = ["hatchling>=1.27", "babel>=2.17,<3"]
build-backend = "hatchling.build"

[project]
name = "lifang-$name"
version = "1.0.0"
description = "便条：社区里的便条。Notes: what is noted in a community."
readme = "README.md"
requires-python = ">=3.11"
license = "Apache-2.0"
license-files = ["LICENSE"]
authors = [{ name = "Somebody", email = "somebody@example.org" }]
maintainers = [{ name = "Somebody", email = "somebody@example.org" }]
classifiers = ["Programming Language :: Python :: 3.11", "Typing :: Typed"]
dependencies = ["lifang>=0.1,<1"]

[project.urls]
Security = "https://example.org/security"

[project.entry-points."lifang.plugins"]
$id = "lifang_$id.plugin:plugin"

[tool.hatch.build.targets.wheel]
packages = ["lifang_$id"]
"""

README = """# lifang-$name 便条

**中文。** 记下社区里的便条，办结后归档。

**English.** Notes are taken in a community and closed when they are done with.

## States 状态

`open` 待处理 → `closed` 已办结.

## Roles 角色

| role | may |
|---|---|
| `community_worker` 社区工作者 | read, create, update, close, import, export in their community |

## Events 事件

Emitted 发出: `$id.note.created`, `.updated`, `.removed`, `.closed`. Heard 听取: `$id.note.closed`.

## Settings 设置

| setting | label | default |
|---|---|---|
| `days` | 保留天数 | 30 |

## Personal data 个人信息

None. 不保存个人信息。

## Security 安全

Tell security@example.org. 请告诉 security@example.org。

Licence: Apache-2.0.
"""

CHANGELOG = "# Changelog of lifang-$name\n\n## 1.0.0 (2026-11-01)\n\nThe first version.\n"

PLUGIN = '''"""Notes (便条) of a community."""

import lifang as lf
from lifang_$id.events import handlers
from lifang_$id.pages import home_cards
from lifang_$id.resources import notes
from lifang_$id.schemas import payloads
from lifang_$id.settings import days

plugin = lf.Plugin(
    "$id",
    "便条",
    resources=[notes],
    handlers=handlers,
    payloads=payloads,
    settings=[days],
    hooks=[home_cards],
)
'''

MODELS = '''"""What is kept of notes."""

from __future__ import annotations

import peewee as pw

import lifang as lf


class Note(lf.Record):
    """What somebody noted in a community."""

    community = lf.place("社区")
    text = pw.CharField(max_length=200, verbose_name="内容")
    state = lf.State("状态", open="待处理", closed="已办结")
    community_id: int

    class Meta:
        """Kept under the plugin's name."""

        table_name = "$id_note"
'''

SERVICES = '''"""What is done with notes."""

from __future__ import annotations

import lifang as lf
from lifang_$id.models import Note


@lf.action("办结", moves={"open": "closed"})
def close(note: Note, caller: lf.Caller) -> lf.Data:
    """Be done with a note."""
    return {"community": note.community_id}
'''

RESOURCES = '''"""Notes as people work with them."""

from __future__ import annotations

import lifang as lf
from lifang_$id.models import Note
from lifang_$id.services import close

notes = lf.Resource(
    Note,
    label="便条",
    search=["text"],
    actions=[close],
    roles={"community_worker": "read create update close import export"},
)
'''

SCHEMAS = '''"""What the events of notes carry."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf


class Closed(ma.Schema):
    """A note was done with."""

    community = ma.fields.Integer(strict=True, required=True)


payloads = [lf.payload("$id.note.closed", Closed, keep=1095)]
'''

EVENTS = '''"""What notes hear."""

from __future__ import annotations

import lifang as lf
from lifang_$id.resources import notes


@lf.on("$id.note.closed")
def look_again(event: lf.Event, caller: lf.Caller) -> None:
    """Look at what was closed."""
    lf.get(notes, caller, event.subject)


handlers = [look_again]
'''

PAGES = '''"""What notes show on the dashboard."""

from __future__ import annotations

import lifang as lf
from lifang_$id.resources import notes


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many notes are open where this caller looks."""
    return [lf.Card("便条", str(lf.count(notes, caller, state="open")))]
'''

SETTINGS = '''"""What districts set for themselves."""

from __future__ import annotations

import lifang as lf

days = lf.Setting(
    "days", int, "保留天数", default=30, unit="天", minimum=1, maximum=365, help="办结以后"
)
'''

MIGRATION = '''"""The notes of communities."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the table of notes."""

    class Community(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Note(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        community = pw.ForeignKeyField(Community)
        text = pw.CharField(max_length=200)
        state = pw.CharField(max_length=40, default="open")

        class Meta:
            database = db
            table_name = "$id_note"

    db.create_tables([Note])


def down(migrator: Any, db: Any) -> None:
    """Take the table of notes away."""
    migrator.migrate(migrator.drop_table("$id_note"))
'''

CATALOGUE = """msgid ""
msgstr ""
"Project-Id-Version: lifang-$name\\n"
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

msgid "便条"
msgstr "Notes"

msgid "内容"
msgstr "Text"

msgid "待处理"
msgstr "Open"

msgid "已办结"
msgstr "Closed"

msgid "办结"
msgstr "Close"

msgid "天"
msgstr "days"

msgid "保留天数"
msgstr "Days kept"

msgid "办结以后"
msgstr "After it was closed"
"""

FILES = {
    "pyproject.toml": PYPROJECT,
    "README.md": README,
    "CHANGELOG.md": CHANGELOG,
    "LICENSE": "Apache License, Version 2.0\nhttps://www.apache.org/licenses/LICENSE-2.0\n",
    "lifang_$id/__init__.py": '"""Notes (便条)."""\n',
    "lifang_$id/py.typed": "",
    "lifang_$id/plugin.py": PLUGIN,
    "lifang_$id/models.py": MODELS,
    "lifang_$id/services.py": SERVICES,
    "lifang_$id/resources.py": RESOURCES,
    "lifang_$id/schemas.py": SCHEMAS,
    "lifang_$id/events.py": EVENTS,
    "lifang_$id/pages.py": PAGES,
    "lifang_$id/settings.py": SETTINGS,
    "lifang_$id/migrations/0001_initial.py": MIGRATION,
    "lifang_$id/locale/en/LC_MESSAGES/lifang_$id.po": CATALOGUE,
}


def exemplary(id: str) -> dict[str, str]:
    """The files of a plugin that does as it should, by their place in its folder."""
    name = id.replace("_", "-")
    return {
        place.replace("$id", id): text.replace("$id", id).replace("$name", name)
        for place, text in FILES.items()
    }
