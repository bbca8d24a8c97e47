"""The commands of a page, run in the order in which its readers type them.

They stand in ```console blocks, one a line after `$ `; what is printed beneath one, it must say,
`…` standing for anything and a space for as many columns as need be. HTML comments, seen by nobody
who reads the page, say the rest:

    <!-- written: lost_and_found -> . -->       here the author writes these files of tests/walks
    <!-- appended: more.po -> file.po -->       here these lines are added to a file
    <!-- trust -->                              the next block takes long, or needs the network
    <!-- runs: no, because … -->                the next block is not run
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lifang.testing.commands import Said

WALKS = Path(__file__).parent
PART = re.compile(
    r"<!-- (?P<how>written|appended): (?P<source>\S+) -> (?P<target>\S+) -->"
    r"|(?P<never><!-- runs: no, because .+? -->\n)?(?P<slow><!-- trust -->\n)?"
    r"^```console\n(?P<block>.*?)^```$",
    re.M | re.S,
)
SHELL = re.compile(r"[|<>&;$`]")
"""What only a shell understands."""
MARK = "\x1e"


@dataclass(frozen=True)
class Step:
    """A command of a page, and the lines it must say; one of our own says nothing."""

    command: str
    says: tuple[str, ...] = ()


def steps(page: Path, *, slow: bool) -> Iterator[Step]:
    """What a reader of a page does."""
    for part in PART.finditer(page.read_text("utf-8")):
        if part["how"]:
            yield from _write(part["how"], WALKS / part["source"], part["target"])
        elif not part["never"] and (slow or not part["slow"]):
            yield from _commands(part["block"])


def _commands(block: str) -> Iterator[Step]:
    for one in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, *says = re.sub(r"\\\n", "", one).splitlines()
        yield Step(command, tuple(line.strip() for line in says if line.strip()))


def files(folder: Path) -> list[Path]:
    """What somebody wrote in a folder."""
    told = (one for one in sorted(folder.rglob("*.*")) if one.is_file())
    return [one for one in told if one.suffix != ".mo" and "__pycache__" not in one.parts]


def _write(how: str, source: Path, target: str) -> Iterator[Step]:
    told = {one: f"{target}/{one.relative_to(source)}" for one in files(source)}
    for path, to in (told or {source: target}).items():
        yield Step(f"cat '{path}' {'>>' if how == 'appended' else '>'} '{to}'")


def run_all(told: list[Step], at: Path, environ: Mapping[str, str]) -> list[str]:
    """Run commands in one shell, as somebody types them; gives what each said.

    Raises AssertionError at the first that fails or does not say what the page promises.
    """
    script = ["set -euo pipefail"]
    for step in told:
        script += [f"printf '{MARK}'", step.command]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=at, env=dict(environ), text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout.split(MARK)[1:]
    if done.returncode:
        raise AssertionError(f"$ {told[len(said) - 1].command}\n{said[-1]}")
    for step, output in zip(told, said, strict=True):
        compare(step, output)
    return said


def run_here(told: list[Step], at: Path, say: Callable[..., Said]) -> None:
    """Run commands in this process, which takes a tenth of the time; only others get a shell.

    `say` runs a command of Lifang by its words. `export` holds for all that follows.
    """
    for step in told:
        words = [os.path.expandvars(one) for one in shlex.split(step.command, comments=True)]
        refused, otherwise = step.command.partition(" || ")[1:]
        if words[0] == "export":
            os.environ.update([words[1].split("=", 1)])
        elif words[0] == "lifang" and (refused or not SHELL.search(step.command)):
            asked = words[1 : words.index("||")] if refused else words[1:]
            done = say(*asked)
            output = done.out + done.err
            assert bool(done.code) == bool(refused), f"$ {step.command}\n{output}"
            told_then = otherwise.removeprefix("echo ").replace("$?", str(done.code))
            compare(step, output + told_then)
        else:
            run_all([step], at, os.environ)


def compare(step: Step, output: str) -> None:
    """Hold what was said against what the page promises; raises AssertionError."""
    seen = [" ".join(one.split()) for one in output.splitlines()]
    for line in step.says:
        wanted = ".*".join(re.escape(word) for word in " ".join(line.split()).split("…"))
        if not any(re.fullmatch(wanted, one) for one in seen):
            raise AssertionError(f"$ {step.command}\n{output}\ndoes not say: {line}")
