"""Sentences are Chinese in the code and English for those who ask for it."""

import os
import subprocess
import sys
import threading

import pytest

from lifang.kit import words
from lifang.kit.words import _, _p, language, n_, using

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "插件说：{name} 走了"
msgstr "The plugin says: {name} left"

msgid "插件说：坏的占位符 {name}"
msgstr "A broken placeholder: {nome}"

msgid "插件说：尚未翻译"
msgstr ""

msgctxt "ballot"
msgid "插件说：关"
msgstr "closed"

msgid "插件说：关"
msgstr "off"
"""


@pytest.fixture
def catalogues(monkeypatch):
    monkeypatch.setattr(words, "_folders", [])
    monkeypatch.setattr(words, "_catalogues", {})


@pytest.fixture
def folder(tmp_path, catalogues):
    messages = tmp_path / "locale" / "en" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    (messages / "plugin.po").write_text(CATALOGUE, encoding="utf-8")
    words.add_catalogue(tmp_path / "locale")
    return tmp_path / "locale"


@pytest.fixture
def environment(monkeypatch):
    for name in ("LIFANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_chinese_is_spoken_without_any_catalogue(environment):
    assert _("{count} 条记录", count=3) == "3 条记录"
    assert n_("稍后翻译") == "稍后翻译"


def test_a_sentence_without_values_may_hold_braces():
    with using("zh"):
        assert _("集合写作 {a, b}") == "集合写作 {a, b}"


@pytest.mark.parametrize(
    ("variables", "spoken"),
    [
        ({}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "zh"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_GB.UTF-8"}, "zh"),
        ({"LC_MESSAGES": "en_US", "LANG": "zh_CN"}, "en"),
        ({"LC_ALL": "", "LANG": "en_US"}, "en"),
        ({"LIFANG_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({"LIFANG_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, "zh"),
    ],
)
def test_the_environment_chooses_the_language(environment, variables, spoken):
    for name, value in variables.items():
        environment.setenv(name, value)
    assert language() == spoken


def test_a_chosen_language_outranks_the_environment_and_ends_with_its_block(environment):
    environment.setenv("LIFANG_LANG", "zh")
    with using("en"):
        assert language() == "en"
        with using("zh"):
            assert language() == "zh"
        assert language() == "en"
    assert language() == "zh"


def test_a_language_chosen_in_one_thread_is_not_spoken_in_another(environment):
    heard = []
    with using("en"):
        other = threading.Thread(target=lambda: heard.append(language()))
        other.start()
        other.join()
    assert heard == ["zh"]


def test_a_plugin_catalogue_translates_its_sentences(folder):
    with using("en"):
        assert _("插件说：{name} 走了", name="张燕") == "The plugin says: 张燕 left"
        assert _("插件说：尚未翻译") == "插件说：尚未翻译"
        assert _("") == ""
    with using("zh"):
        assert _("插件说：{name} 走了", name="张燕") == "插件说：张燕 走了"


def test_one_word_may_mean_two_things_in_two_contexts(folder):
    with using("en"):
        assert _("插件说：关") == "off"
        assert _p("ballot", "插件说：关") == "closed"
    with using("zh"):
        assert _p("ballot", "插件说：关") == "插件说：关"


def test_a_broken_placeholder_in_a_translation_falls_back_to_chinese(folder):
    with using("en"):
        assert _("插件说：坏的占位符 {name}", name="x") == "插件说：坏的占位符 x"


def test_the_wording_of_whoever_came_first_wins(folder, tmp_path):
    second = tmp_path / "second" / "en" / "LC_MESSAGES"
    second.mkdir(parents=True)
    (second / "other.po").write_text(CATALOGUE.replace('"off"', '"shut"'), encoding="utf-8")
    words.add_catalogue(tmp_path / "second")
    words.add_catalogue(tmp_path / "second")
    with using("en"):
        assert _("插件说：关") == "off"


def test_a_catalogue_added_later_is_heard_at_once(catalogues, tmp_path):
    with using("en"):
        assert _("插件说：关") == "插件说：关"
    messages = tmp_path / "en" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    (messages / "late.po").write_text(CATALOGUE, encoding="utf-8")
    words.add_catalogue(tmp_path)
    with using("en"):
        assert _("插件说：关") == "off"


def test_a_compiled_catalogue_is_used_until_its_source_is_newer(folder, tmp_path):
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = folder / "en" / "LC_MESSAGES" / "plugin.po"
    compiled = source.with_suffix(".mo")
    with source.open("rb") as read, compiled.open("wb") as written:
        write_mo(written, read_po(read))
    source.write_text(CATALOGUE.replace('"off"', '"shut"'), encoding="utf-8")
    os.utime(source, (1_000_000, 1_000_000))
    with using("en"):
        assert _("插件说：关") == "off"
    os.utime(compiled, (999_999, 999_999))
    words.add_catalogue(tmp_path / "another")
    with using("en"):
        assert _("插件说：关") == "off"  # who comes later is no reason to read it anew
    words.drop_catalogue(folder)
    with using("en"):
        assert _("插件说：关") == "插件说：关"
    words.add_catalogue(folder)
    with using("en"):
        assert _("插件说：关") == "shut"


def test_a_catalogue_that_cannot_be_read_leaves_its_sentences_chinese(folder, caplog):
    messages = folder / "en" / "LC_MESSAGES"
    (messages / "torn.po").write_text("没有关键字\n", encoding="utf-8")
    (messages / "empty.mo").write_bytes(b"no catalogue at all")
    with using("en"):
        assert _("插件说：关") == "off"
    assert "torn" in caplog.text
    assert "empty" in caplog.text


def test_importing_words_costs_no_babel_and_no_gettext():
    script = (
        "import sys, lifang.kit.words; print([m for m in ('babel', 'gettext') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
