"""Renders the template of plugins, and merges its changes into a plugin that was made from it.

The template is shown to copier as a git repository of its versions, under an address that no
machine has (`lifang:plugin_template`): so what a plugin remembers of where it came from is true
everywhere, and `copier update` works with any repository that git is told to take instead.

Copier keeps a copy of every repository by its address, for all processes of a user. Ours is
another one each time under the same address, so copier is given a folder of its own for it.
"""

from __future__ import annotations

import getpass
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lifang.kit.errors import Conflict, Malformed, NotFound, NotReady
from lifang.kit.words import _, language

TEMPLATE = Path(__file__).parents[1] / "plugin_template"
SOURCE = "lifang:"
ANSWERS = ".copier-answers.yml"
WHO = ("-c", "user.name=Lifang", "-c", "user.email=lifang@localhost")
ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "0", "GIT_CONFIG_PARAMETERS": "",
}  # fmt: skip
"""Git with nobody's settings: theirs may ask for a signature or run programs at every commit."""
ELSEWHERE = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR",
}  # fmt: skip
"""What git tells the programs it runs (hooks, rebase --exec) of the repository it is at work on."""
BOTH = re.compile(r"Validation error for question '(\w+)': (.+) · (.+)")


def demand_tools() -> None:
    """Raise NotReady with the exact command for what only authors need."""
    if not all(map(find_spec, ("copier", "ruff"))):
        raise NotReady(_("写插件要多装两个工具，请运行：pip install 'lifang[authors]'"))
    if shutil.which("git") is None:
        raise NotReady(_("写插件要用 git；请先安装它"))


def who() -> dict[str, str]:
    """The answers `author` and `contact`, as far as this machine knows who is writing."""
    asked = ("config", "--get", "--default", "")  # it is no failure that nobody has said
    told = {"author": _git(*asked, "user.name"), "contact": _git(*asked, "user.email")}
    return {"author": getpass.getuser()} | {name: said for name, said in told.items() if said}


def render(
    folder: Path, answers: Mapping[str, Any], defaults: Mapping[str, Any], *, asking: bool
) -> None:
    """Write a plugin; what is not answered is asked, or as `defaults` and the template have it.

    Raises Malformed for an answer that cannot be.
    """
    now = _version()
    with _versions({now: TEMPLATE}) as address, _refusals():
        from copier import run_copy

        run_copy(
            address, folder, dict(answers), vcs_ref=now, user_defaults=dict(defaults),
            defaults=not asking, quiet=True,
        )  # fmt: skip
    _shape(folder)


def update(folder: Path, old: str | None) -> tuple[str, str, list[str]]:
    """Merge what changed in the template since a plugin was made; its author's changes stay.

    `old` is the wheel of Lifang with the template of then; without it, pip looks for that version.
    Gives both versions, and the files that were changed. Raises NotFound where there is nothing to
    update or to compare with, Conflict where changes are not committed or git refuses.
    """
    answers = folder / ANSWERS
    if not answers.is_file():
        raise NotFound(_("{path} 不存在；只能更新用 lifang plugin new 开始的插件", path=answers))
    lines = (line.partition(": ") for line in answers.read_text("utf-8").splitlines())
    made, now = next((said for word, _sep, said in lines if word == "_commit"), ""), _version()
    if made == now:
        return made, now, []
    here = folder.resolve()
    kept = any((place / ".git").exists() for place in (here, *here.parents))
    if not kept or _git("status", "-s", at=folder):
        raise Conflict(_("更新前请先用 git 提交 {folder} 里的全部修改", folder=folder))
    with TemporaryDirectory(prefix="lifang-template-") as place:
        before = _unpacked(Path(old) if old else _downloaded(made, Path(place)), Path(place))
        with _versions({made: before, now: TEMPLATE}), _refusals():
            from copier import run_update

            run_update(folder, vcs_ref=now, defaults=True, overwrite=True, quiet=True)
    _shape(folder)
    return made, now, [line[3:] for line in _git("status", "-s", at=folder).split("\n") if line]


def _git(*words: str, at: Path | None = None, **environ: str) -> str:
    """What git answers, in a folder and its environment. Raises Conflict where it refuses."""
    command = [str(shutil.which("git")), *words]
    done = subprocess.run(  # noqa: S603 – git, with words of our own
        command, cwd=at, env=_environ() | environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        told = {
            "folder": at or Path.cwd(),
            "words": shlex.join(words),
            "why": " ".join(done.stderr.split()),
        }
        raise Conflict(_("在 {folder} 里运行 git {words} 没有成功：{why}", **told))
    return done.stdout.rstrip()


def _environ() -> dict[str, str]:
    return {name: said for name, said in os.environ.items() if name not in ELSEWHERE}


def _version() -> str:
    return "v" + metadata.version("lifang")


@contextmanager
def _versions(templates: Mapping[str, Path]) -> Iterator[str]:
    """The address of a repository of the template's versions, for as long as it is needed."""
    with TemporaryDirectory(prefix="lifang-template-") as folder:
        repository = Path(folder) / "plugin_template"
        repository.mkdir()
        git = partial(_git, at=repository, **ALONE)
        git("init", "--quiet", "--template=")
        for tag, template in templates.items():
            git("rm", "-r", "--quiet", "--force", "--ignore-unmatch", ".")
            shutil.copytree(template, repository, dirs_exist_ok=True)
            git("add", "--all", "--force")
            git(*WHO, "commit", "--quiet", "--allow-empty", "--message", tag)
            git("tag", tag)
        with _found_in(Path(folder)):
            yield f"git+{SOURCE}plugin_template"


@contextmanager
def _found_in(folder: Path) -> Iterator[None]:
    """Let copier find in a folder what is at our address, and keep its copy of it there too."""
    from plumbum import local

    before, environ = dict(os.environ), _environ()
    first = int(environ.get("GIT_CONFIG_COUNT") or 0)  # after what somebody else has said there
    settings = {f"url.{folder}/.insteadOf": SOURCE, "core.hooksPath": os.devnull}
    for number, (key, value) in enumerate(settings.items(), first):
        environ |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    environ["GIT_CONFIG_COUNT"] = str(first + len(settings))
    environ["COPIER_CACHE_DIR"] = str(folder / "kept")
    with local.env():  # plumbum runs git for copier, with a copy of the environment
        local.env.clear()
        local.env.update(environ)
        _become(environ)
        try:
            yield
        finally:
            _become(before)


def _become(environ: Mapping[str, str]) -> None:
    """Change this process's environment, name by name."""
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]
    os.environ.update(environ)


def _half(error: Exception) -> str:
    """What the template says of an answer in both languages, in the one that is spoken."""
    said = BOTH.fullmatch(str(error))
    if said is None:
        return str(error)
    return _("{field}：{message}", field=said[1], message=said[3 if language() == "en" else 2])


@contextmanager
def _refusals() -> Iterator[None]:
    """Say what copier refuses in one sentence; standard output is for answers."""
    from copier.errors import CopierError, UserMessageError
    from plumbum import ProcessExecutionError

    with redirect_stdout(sys.stderr):
        try:
            yield
        except (ValueError, UserMessageError) as error:
            raise Malformed(_("模板不接受这些回答：{why}", why=_half(error))) from None
        except CopierError as error:
            raise Conflict(_("模板没有写成：{why}", why=error)) from None
        except ProcessExecutionError as error:  # of git
            raise Conflict(_("模板没有写成：{why}", why=" ".join(error.stderr.split()))) from None


def _shape(folder: Path) -> None:
    """Lay the code out as the plugin's own check wants it, however long its names are."""
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", str(folder)]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603 – our own words


def _downloaded(version: str, place: Path) -> Path:
    """The wheel of an earlier Lifang, from where pip finds packages here."""
    wanted = f"lifang=={version.removeprefix('v')}"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(place), wanted]
    subprocess.run(command, capture_output=True, check=False)  # noqa: S603 – pip, our own words
    found = next(place.glob("lifang-*.whl"), None)
    if found is None:
        raise NotFound(_("下载不到 {wanted}；请用 --from 指明它的软件包（.whl）", wanted=wanted))
    return found


def _unpacked(wheel: Path, place: Path) -> Path:
    """The template in a wheel of Lifang."""
    template = place / "old" / "lifang" / "plugin_template"
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place / "old")
    except (OSError, zipfile.BadZipFile):
        pass
    if not template.is_dir():
        raise NotFound(_("{path} 不是里坊的软件包，里面没有插件模板", path=wheel))
    return template
