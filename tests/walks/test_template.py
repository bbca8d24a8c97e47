"""What the template writes is whole for every choice, and follows the template when it changes."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.walks.beginning import BIN, ROOT, WHO, begin, run

TEMPLATE = ROOT / "plugin_template"
CHOICES = {
    "none": "none",
    "tables": "tables",
    "personal": "personal,pages,settings",
    "told_outside_of_the_district_and_counted": "outside,indicators",
}
CONCERNS = {
    "personal": (), "pages": ("pages.py",), "settings": ("settings.py",),
    "indicators": ("indicators.py",), "outside": ("events.py", "settings.py"),
}  # fmt: skip
ANSWERS = ".copier-answers.yml"
LEFT_OVER = re.compile(r"\{\{|\{%|%\}")
ALWAYS = {"__init__.py", "plugin.py"}
WITH_RECORDS = {"models.py", "services.py", "resources.py", "schemas.py"}
GIT = ("git", "-c", "user.name=author", "-c", "user.email=author@chengguan.example",
       "-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false")  # fmt: skip
SETTINGS = """\
[user]
    email = jia@chengguan.example
[commit]
    gpgSign = true
[tag]
    gpgSign = true
[gpg]
    program = false
[core]
    hooksPath = ~/hooks
"""
"""Of an author's git: what asks for signatures, and runs programs that refuse."""


def commit(folder: Path, message: str, tag: str | None = None) -> None:
    run("git", "add", "--all", "--force", at=folder)
    run(*GIT, "commit", "--quiet", "--allow-empty", "--message", message, at=folder)
    if tag:
        run(*GIT, "tag", tag, at=folder)


@pytest.mark.once
def test_every_choice_gives_its_files_and_no_other_and_they_are_well_laid_out(
    tmp_path: Path,
) -> None:
    for id, parts in CHOICES.items():
        folder = tmp_path / id
        licence = "MIT" if id == "tables" else "Apache-2.0"
        words = ("--with", parts, "--record", "case", "--licence", licence, "--json")
        said = begin(folder, id, "--yes", *WHO, *words)
        assert said.code == 0, said.err
        assert (said.json["id"], len(said.json["next"])) == (id, 4)
        package = folder / f"lifang_{id}"
        chosen = [] if parts == "none" else parts.split(",")
        wanted = ALWAYS | (WITH_RECORDS if chosen else set())
        wanted |= {name for one in chosen for name in CONCERNS.get(one, ())}
        assert {path.name for path in package.glob("*.py")} == wanted, id
        for path in folder.rglob("*"):
            told = str(path.relative_to(tmp_path)) + (
                path.read_text("utf-8") if path.is_file() else ""
            )
            assert not LEFT_OVER.search(told) and str(tmp_path) not in told, path
        assert (folder / "hatch_build.py").read_bytes() == (
            ROOT / "core/hatch_build.py"
        ).read_bytes()
        original = "MIT License" if id == "tables" else (ROOT / "LICENSE").read_text("utf-8")
        assert (folder / "LICENSE").read_text("utf-8").startswith(original)
    folders = [tmp_path / id for id in CHOICES]
    for folder in folders:  # each by its own settings
        run(BIN / "ruff", "check", "--no-cache", "--quiet", folder, at=folder)
        run(BIN / "ruff", "format", "--check", "--no-cache", "--quiet", folder, at=folder)


@pytest.mark.once
def test_what_cannot_be_begun_is_refused_with_what_would_be_right(tmp_path: Path) -> None:
    for words, code, sentence in (
        (("Lost", *WHO), 2, "例如 lost_and_found"),
        (
            ("lost", *WHO, "--with", "tables,magic"),
            2,
            "没有「magic」这个部分；可以是：tables、pages、",
        ),
        (("lost", "--author", "甲", "--contact", "nobody"), 2, "应是邮箱"),
        (("lost", *WHO, "--licence", "BSD"), 2, "Apache-2.0、MIT"),
        (("lost", "--update"), 4, "只能更新用 lifang plugin new 开始的插件"),
    ):
        said = begin(tmp_path / "lost", "--yes", *words)
        assert (said.code, sentence in said.err) == (code, True), said.err
    assert not (tmp_path / "lost").exists()
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / "mine.txt").write_text("mine")
    assert "请用 --folder 另选一个文件夹" in begin(tmp_path / "lost", "lost", "--yes", *WHO).err


@pytest.mark.once
def test_an_authors_git_is_asked_who_writes_and_has_no_say_in_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbum import local  # runs git for copier, in the environment of when it was imported

    home, folder = tmp_path / "home", tmp_path / "toys"
    (home / "hooks").mkdir(parents=True)
    (home / ".gitconfig").write_text(SETTINGS, "utf-8")
    for name in ("pre-commit", "post-commit", "post-checkout"):
        (home / "hooks" / name).write_text("#!/bin/sh\nexit 1\n")
        (home / "hooks" / name).chmod(0o755)
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "GIT_CONFIG_GLOBAL", "COPIER_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    for name, value in (("COUNT", "1"), ("KEY_0", "user.name"), ("VALUE_0", "甲")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    for name in ("GIT_DIR", "GIT_INDEX_FILE"):  # as a hook of theirs would call us
        monkeypatch.setenv(name, str(home / "elsewhere"))
    before = dict(os.environ), dict(local.env)
    said = begin(folder, "toys", "--yes", "--with", "none")
    assert said.code == 0, said.err
    assert (dict(os.environ), dict(local.env)) == before
    told = (folder / ANSWERS).read_text("utf-8")
    for line in ("_commit: v" + metadata.version("lifang"), "_src_path: git+lifang:plugin_template",
                 "author: 甲", "contact: jia@chengguan.example"):  # fmt: skip
        assert line in told.split("\n"), told
    # nothing is kept where other processes, and whoever begins the next, would find it
    assert {path.name for path in home.iterdir()} == {".gitconfig", "hooks"}


def own_changes(folder: Path) -> None:
    """The author makes the plugin their own."""
    services = next(folder.glob("lifang_*")) / "services.py"
    services.write_text(
        services.read_text("utf-8").replace("Close it and say", "Close it, say"), "utf-8"
    )
    (folder / "mine.md").write_text("mine\n", "utf-8")
    commit(folder, "what is mine")


def is_merged(folder: Path) -> bool:
    """Whether the author's changes stand, and the template's new line beside them."""
    services = next(folder.glob("lifang_*")) / "services.py"
    mine = "Close it, say" in services.read_text("utf-8") and (folder / "mine.md").exists()
    files = [path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in (".py", ".md")]
    assert not any("<<<<<<<" in text for text in files)
    return mine and ".new-cache/" in (folder / ".gitignore").read_text("utf-8")


def newer(template: Path) -> None:
    ignored = template / "template" / ".gitignore.jinja"
    ignored.write_text(".new-cache/\n" + ignored.read_text("utf-8"), "utf-8")


@pytest.mark.once
def test_copier_update_brings_a_change_of_the_template_and_keeps_what_is_the_authors(
    tmp_path: Path,
) -> None:
    from copier import run_copy, run_update

    template, folder = tmp_path / "template", tmp_path / "toys"
    shutil.copytree(TEMPLATE, template)
    run("git", "init", "--quiet", at=template)
    commit(template, "one", "v1.0.0")
    answers = {"id": "toys", "parts": ["tables"], "author": "甲", "contact": "a@chengguan.example"}
    run_copy(str(template), folder, answers, defaults=True, quiet=True)
    run("git", "init", "--quiet", at=folder)
    own_changes(folder)
    newer(template)
    commit(template, "two", "v2.0.0")
    run_update(folder, defaults=True, overwrite=True, quiet=True)
    assert is_merged(folder)
    assert "_commit: v2.0.0" in (folder / ANSWERS).read_text("utf-8")


def begun_with_an_earlier_one(tmp_path: Path) -> tuple[Path, Path]:
    """A plugin as the Lifang before would have left it, whose template had a line less; its wheel.

    It is not yet kept by git.
    """
    folder, wheel = tmp_path / "toys", tmp_path / "lifang-0.0.9-py3-none-any.whl"
    assert begin(folder, "toys", "--yes", *WHO, "--with", "tables").code == 0
    assert "模板没有更新的版本" in begin(folder, "toys", "--update").out
    ignored, answers = folder / ".gitignore", folder / ANSWERS
    ignored.write_text(ignored.read_text("utf-8").replace("dist/\n", ""), "utf-8")
    told = re.sub("_commit: .*", "_commit: v0.0.9", answers.read_text("utf-8"))
    answers.write_text(told, "utf-8")
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in TEMPLATE.rglob("*"):
            if path.is_file():
                text = path.read_text("utf-8")
                text = text.replace("dist/\n", "") if path.name == ".gitignore.jinja" else text
                archive.writestr(f"lifang/plugin_template/{path.relative_to(TEMPLATE)}", text)
    return folder, wheel


@pytest.mark.once
def test_a_plugin_begun_offline_is_updated_from_the_wheel_it_was_begun_with(tmp_path: Path) -> None:
    folder, wheel = begun_with_an_earlier_one(tmp_path)
    run("git", "init", "--quiet", at=folder)
    own_changes(folder)
    (folder / "unsaved.md").write_text("not yet kept\n", "utf-8")
    (folder / "mine.md").write_text("changed\n", "utf-8")
    refused = begin(folder, "toys", "--update", "--from", str(wheel))
    assert (refused.code, "请先用 git 提交" in refused.err) == (5, True), refused
    commit(folder, "kept")
    said = begin(folder, "toys", "--update", "--from", str(wheel), "--json")
    assert said.code == 0, said.err
    assert sorted(said.json["changed"]) == [ANSWERS, ".gitignore"]
    assert (folder / ".gitignore").read_text("utf-8").count("dist/\n") == 1
    assert "_commit: v0.0.9" not in (folder / ANSWERS).read_text("utf-8")
    assert (folder / "mine.md").read_text("utf-8") == "changed\n"


@pytest.mark.once
def test_why_a_plugin_is_not_updated_is_told_in_the_words_of_git(tmp_path: Path) -> None:
    folder, wheel = begun_with_an_earlier_one(tmp_path)
    answers = folder / ANSWERS
    answers.write_text(answers.read_text("utf-8").replace("git+lifang:", "git+/nowhere/"), "utf-8")

    def refusal(of: Path = wheel) -> str:
        said = begin(folder, "toys", "--update", "--from", str(of))
        assert said.code in (4, 5), said
        return said.err

    assert f"请先用 git 提交 {folder}" in refusal()
    (folder / ".git").write_text("broken\n")
    assert f"在 {folder} 里运行 git status -s 没有成功：fatal: invalid gitfile" in refusal()
    (folder / ".git").unlink()
    run("git", "init", "--quiet", at=folder)
    commit(folder, "from nowhere")
    assert "不是里坊的软件包" in refusal(tmp_path / "no.whl")
    assert re.search("模板没有写成：[^：]*fatal: repository '/nowhere/", refusal(), re.S)
