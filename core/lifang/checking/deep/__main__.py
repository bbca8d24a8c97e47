"""`python -m lifang.checking.deep PLUGIN FOLDER ANSWER`: asks the deep rules, in this process.

Writes a line of JSON for each finding into the file ANSWER as soon as it is known; the instance and
whatever else is needed is made in FOLDER.
"""

from __future__ import annotations

import json
import sys
import traceback
import zipfile
from importlib import import_module, invalidate_caches, metadata
from pathlib import Path
from typing import TextIO

from lifang.checking import deep
from lifang.checking.deep.subject import Subject, running
from lifang.checking.deep.watching import Watch
from lifang.checking.rule import RULES, Finding, hit
from lifang.checking.source import GROUP, Source


def main(place: Path, folder: Path, answer: Path) -> None:
    """Ask every deep rule; what keeps the plugin from running is told as LF701."""
    source = Source.read(place)
    with answer.open("w", encoding="utf-8", buffering=1) as stream:
        try:
            at_hand(source, folder)
            watch = Watch(source.package)
            with watch.watching():
                for value in source.entries.values():
                    import_module(value.partition(":")[0])
            with running(source, folder / "home", effects=watch.found) as subject:
                for one in ask(subject):
                    _tell(stream, one)
        except BaseException as error:
            why = getattr(error, "sentence", "") or f"{type(error).__name__}: {error}"
            _tell(stream, Finding(RULES["LF701"], hit(source.spot, why=why)))


def ask(subject: Subject) -> list[Finding]:
    """Ask every deep rule; one that the plugin itself broke off tells so."""
    found: list[Finding] = []
    for rule in deep.RULES:
        try:
            found += rule(subject)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{Path(where.filename).name}:{where.lineno}"
            why = f"{rule.id}: {type(error).__name__}: {error} ({at})"
            found.append(Finding(RULES["LF701"], hit(subject.spot(), why=why)))
    return found


def at_hand(source: Source, folder: Path) -> None:
    """Let the plugin be imported and found: from its own folder, or from what its wheel holds."""
    site = folder / "site"
    site.mkdir()
    if source.wheel is not None:
        with zipfile.ZipFile(source.wheel) as wheel:
            wheel.extractall(site)
    else:
        _describe(source, site)
    sys.path[:0] = [str(site), *([str(source.folder)] if source.folder else [])]
    invalidate_caches()


def _describe(source: Source, site: Path) -> None:
    """Write the metadata that an installation would have, where the plugin is not installed."""
    name, version = str(source.project["name"]), str(source.project.get("version", "0"))
    if any(one.name in source.entries for one in metadata.entry_points(group=GROUP)):
        return
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Summary: {source.project.get('description', '')}"]
    lines += [f"Requires-Dist: {one}" for one in source.project.get("dependencies") or ()]
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    groups: list[str] = []
    for group, entries in source.project.get("entry-points", {}).items():
        groups += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(groups) + "\n", "utf-8")


def _tell(stream: TextIO, one: Finding) -> None:
    spot = [one.spot.path, one.spot.line, one.spot.column]
    stream.write(json.dumps({"rule": one.rule.id, "spot": spot, "values": dict(one.hit.values)}))
    stream.write("\n")


if __name__ == "__main__":
    main(*(Path(one).resolve() for one in sys.argv[1:4]))
