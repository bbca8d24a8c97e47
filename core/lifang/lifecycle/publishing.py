"""A catalogue as it is handed on: an index and pages that work from a stick, wheels beside them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from lifang.kit import json
from lifang.kit.errors import Conflict
from lifang.kit.words import LANGUAGES, SOURCE, _, n_, using
from lifang.lifecycle import catalogue, wheels
from lifang.lifecycle.catalogue import INDEX, Catalogue, Entry
from lifang.plugins.declared import said

PAGES = Path(__file__).parent / "pages"
STATUSES = {
    "active": n_("可以使用"),
    "deprecated": n_("不再建议使用"),
    "withdrawn": n_("已撤回"),
}
CAPABILITIES = {
    "tables": n_("有自己的表"),
    "pages": n_("有自己的页面"),
    "outside": n_("与外部系统往来"),
    "duties": n_("有自己的后台任务"),
}
NAMES = {SOURCE: "中文", "en": "English"}


def build(folder: Path, wheels_in: Path | None = None) -> Catalogue:
    """Write index and pages into a catalogue's folder; measure and copy the wheels of a folder.

    Raises Invalid for a file that says something wrong, Conflict where a wheel has another hash
    than the catalogue says.
    """
    told = catalogue.gathered(folder)
    known = sorted((wheels_in or folder / "wheels").glob("*.whl"))
    for one in told["plugins"]:
        one["versions"] = [_measured(one, dict(v), known, folder) for v in one.get("versions", ())]
        one.pop("_file")
    (folder / INDEX).unlink(missing_ok=True)
    part = folder / f".{INDEX}.part"
    part.write_bytes(json.dumps(told))
    part.rename(folder / INDEX)
    try:
        made = catalogue.read(folder)
    except BaseException:
        (folder / INDEX).unlink()
        raise
    shutil.copyfile(PAGES / "catalogue.css", folder / "catalogue.css")
    for language in LANGUAGES:
        with using(language):
            _pages(folder, made, language)
    return made


def _measured(
    plugin: dict[str, Any], release: dict[str, Any], known: list[Path], folder: Path
) -> dict[str, Any]:
    """A release with the hash and the file of its wheel, which then lies beside the catalogue."""
    for path in known:
        name, version, _build, _tags = parse_wheel_filename(path.name)
        if name != canonicalize_name(plugin["distribution"]) or version != Version(
            str(release["version"])
        ):
            continue
        wheel = wheels.read(path)
        if release.get("sha256") not in (None, "", wheel.sha256) or wheel.id != plugin["id"]:
            raise Conflict(
                _("{file} 与目录不符：编号 {id}，SHA-256 {found}",
                  file=path.name, id=wheel.id, found=wheel.sha256)
            )  # fmt: skip
        beside = folder / "wheels" / path.name
        beside.parent.mkdir(exist_ok=True)
        if not beside.exists() or not beside.samefile(path):
            shutil.copyfile(path, beside)
        return release | {"sha256": wheel.sha256, "file": f"wheels/{path.name}"}
    return release


def _pages(folder: Path, made: Catalogue, language: str) -> None:
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES), autoescape=True, trim_blocks=True
    )
    suffix = "" if language == SOURCE else f".{language}"
    other = next(one for one in LANGUAGES if one != language)
    turned = "" if other == SOURCE else f".{other}"
    shared = {
        "_": _,
        "said": said,
        "lang": "zh-CN" if language == SOURCE else language,
        "suffix": suffix,
        "statuses": STATUSES,
        "other_lang": other,
        "other_name": NAMES[other],
    }
    index = templates.get_template("index.html").render(
        shared,
        plugins=made.search(()),
        bundles=list(made.bundles.values()),
        denied=made.denied,
        other=f"index{turned}.html",
    )
    (folder / f"index{suffix}.html").write_text(index, encoding="utf-8")
    for one in made.entries.values():
        beside = {release.file for release in one.versions if (folder / release.file).is_file()}
        page = templates.get_template("plugin.html").render(
            shared, one=one, facts=_facts(one), beside=beside, other=f"{one.id}{turned}.html"
        )
        (folder / f"{one.id}{suffix}.html").write_text(page, encoding="utf-8")


def _facts(one: Entry) -> list[tuple[str, str]]:
    """What is told of a plugin beside its name and versions."""
    listed = _("、").join
    told = [
        (_("软件包"), one.distribution),
        (_("需要的 lifang"), one.core),
        (_("检查等级"), str(one.tier)),
        (_("个人信息"), said(one.personal_data) or _("不保存")),
        (_("它做什么"), listed(_(CAPABILITIES[name]) for name in one.capabilities)),
        (_("提供接口"), listed(one.provides)),
        (_("需要接口"), listed(one.needs)),
        (_("维护者"), one.maintainer),
        (_("许可"), one.licence),
    ]
    return [(label, value) for label, value in told if value]
