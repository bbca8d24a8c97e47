"""What a plugin's distribution says of itself before anything of it is imported."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lifang.checking.rule import Hits, hit, rule
from lifang.checking.source import GROUP, Source
from lifang.kit.words import n_
from lifang.plugins.plugin import ID

ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
CORE = "lifang"


def core_version() -> Version:
    """The version of the core that judges."""
    return Version(metadata.version(CORE))


def cap() -> str:
    """Below what a plugin's requirement of the core stays: its next major version."""
    return str(core_version().major + 1)


def requirements(source: Source) -> list[Requirement]:
    """What the distribution requires, as far as it can be read."""
    found = []
    for line in source.project.get("dependencies") or ():
        try:
            found.append(Requirement(str(line)))
        except InvalidRequirement:
            continue
    return found


@rule(
    "LF101",
    tier=1,
    says=n_("读不懂 {file}：{why}"),
    why=n_("名称、版本和入口都写在清单里；读不懂清单，装之前就什么也不知道。"),
    bad="[project\nname = lifang-lost-and-found",
    good='[project]\nname = "lifang-lost-and-found"\nversion = "0.1.0"',
)
def metadata_parses(source: Source) -> Hits:
    """The manifest can be read and says name and version."""
    spot = source.manifest_spot("[project]")
    if source.manifest_path not in source.files:
        yield hit(spot, file=source.manifest_path, why="missing")
        return
    try:
        project = source.manifest.get("project")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        yield hit(spot, file=source.manifest_path, why=error)
        return
    if not isinstance(project, dict):
        yield hit(spot, file=source.manifest_path, why="[project]")
        return
    for key in ("name", "version"):
        if not project.get(key) and key not in project.get("dynamic", ()):
            yield hit(spot, file=source.manifest_path, why=f"project.{key}")
    if told := project.get("version"):
        try:
            Version(str(told))
        except InvalidVersion as error:
            yield hit(source.manifest_spot("version"), file=source.manifest_path, why=error)
    for line in project.get("dependencies") or ():
        try:
            Requirement(str(line))
        except InvalidRequirement as error:
            told = str(error).splitlines()[0]
            yield hit(source.manifest_spot(str(line)), file=source.manifest_path, why=told)


@rule(
    "LF102",
    tier=1,
    says=n_("须有且只有一个 lifang.plugins 入口，写作 模块:plugin；现在是 {found}"),
    why=n_("框架凭这个入口找到插件；没有就看不见，多于一个就是几个插件共一个包，不能分别安装和停用。"),
    bad='[project.entry-points."lifang.plugins"]\na = "lifang_a.plugin"\nb = "lifang_b.plugin:plugin"',
    good='[project.entry-points."lifang.plugins"]\nlost_and_found = "lifang_lost_and_found.plugin:plugin"',
)
def one_entry_point(source: Source) -> Hits:
    """The entry point is single, well written, and leads to something that is there."""
    entries = source.entries
    spot = source.manifest_spot(GROUP)
    if len(entries) != 1:
        yield hit(spot, found=", ".join(entries) or "—")
        return
    ((name, value),) = entries.items()
    module, _colon, attribute = value.partition(":")
    found = next((one for one in source.parsed if one.name == module), None)
    broken = found is not None and found.tree is None
    there = found is not None and (broken or attribute in found.bound | found.imported.keys())
    if not ENTRY.fullmatch(value) or not there:
        yield hit(source.manifest_spot(value), found=f"{name} = {value}")


@rule(
    "LF103",
    tier=1,
    says=n_("插件的 id「{id}」与入口名「{name}」须相同，只用小写字母、数字和下划线，2 到 40 个"),
    why=n_("id 用在网址、表名和命令里，入口名是装之前就知道的 id；两者不同，装上就报故障。"),
    bad='lost-and-found = "lifang_lost_and_found.plugin:plugin"',
    good='lost_and_found = "lifang_lost_and_found.plugin:plugin"\nplugin = lf.Plugin("lost_and_found", "失物招领")',
)
def id_is_the_entry_point(source: Source) -> Hits:
    """Id and entry point are one name."""
    for name in source.entries:
        if not ID.fullmatch(name) or source.id != name:
            yield hit(source.spot, id=source.id, name=name)


@rule(
    "LF104",
    tier=1,
    says=n_("id「{id}」已被 {owner} 占用"),
    why=n_("同一台机器上一个 id 只有一个插件；与框架自己的命令同名的插件，它的命令谁也叫不到。"),
    bad='plugin = lf.Plugin("people", "人员补充")',
    good='plugin = lf.Plugin("people_extras", "人员补充")',
)
def id_is_free(source: Source) -> Hits:
    """Nobody else on this machine has the id, least of all the core."""
    from lifang.cli.main import COMMANDS

    taken = {name.replace("-", "_") for name in COMMANDS} | {"core", CORE}
    if source.id in taken:
        yield hit(source.spot, id=source.id, owner=CORE)
    own = canonicalize_name(str(source.project.get("name", "")))
    for entry in metadata.entry_points(group=GROUP):
        other = entry.dist.name if entry.dist else ""
        if entry.name == source.id and canonicalize_name(other) != own:
            yield hit(source.spot, id=source.id, owner=other)


def _with_core(source: Source) -> Mapping[str, str]:
    """The manifest with the core's requirement as it should be."""
    text = source.text("pyproject.toml") or ""
    right = f"{CORE}>={core_version().major}.{core_version().minor},<{cap()}"
    return {"pyproject.toml": re.sub(r"""(?<=["'])lifang\s*(?:[<>=!~][^"']*)?(?=["'])""", right, text)}


@rule(
    "LF105",
    tier=1,
    says=n_("对核心的要求「{found}」须有下限，上限为下一个主版本，例如 lifang>={least},<{cap}"),
    why=n_("没有上限，核心一改就在别人那里坏；上限定在主版本之内，用户就升不了核心，也得不到安全修补。"),
    bad='dependencies = ["lifang>=0.1,<0.2"]',
    good='dependencies = ["lifang>=0.1,<1"]',
    fix=_with_core,
)
def core_is_required_in_one_major(source: Source) -> Hits:
    """The core's requirement has a lower bound and stops at the next major version."""
    told = [one for one in requirements(source) if canonicalize_name(one.name) == CORE]
    version = core_version()
    least = f"{version.major}.{version.minor}"
    if not told:
        yield hit(source.manifest_spot("dependencies"), found="—", least=least, cap=cap())
    for one in told:
        low = [part for part in one.specifier if part.operator in (">=", ">", "~=")]
        high = [part for part in one.specifier if part.operator in ("<", "<=", "==", "~=")]
        majors = [Version(part.version) for part in high if part.operator == "<"]
        capped = len(high) == 1 and len(majors) == 1 and _is_major(majors[0])
        if not low or not capped or not one.specifier.contains(version, prereleases=True):
            spot = source.manifest_spot(CORE + str(one.specifier)[:1])
            yield hit(spot, found=one, least=least, cap=cap())


def _is_major(version: Version) -> bool:
    return not version.minor and not version.micro and not version.is_prerelease


@rule(
    "LF106",
    tier=2,
    says=n_("依赖「{found}」锁死了版本或写了地址；请写下限和下一个主版本"),
    why=n_("同一个 Python 里只有一份软件包：一个插件锁死的版本，别的插件和核心就用不了；直接的地址绕过了核对散列值的安装。"),
    bad='dependencies = ["requests==2.31.0", "tool @ https://example.cn/tool.whl"]',
    good='dependencies = ["requests>=2.31,<3"]',
)
def nothing_is_pinned(source: Source) -> Hits:
    """No dependency is pinned to one version or fetched from an address."""
    for one in requirements(source):
        pinned = any(
            part.operator in ("==", "===") and not part.version.endswith(".*")
            for part in one.specifier
        )
        if pinned or one.url:
            yield hit(source.manifest_spot(one.name), found=one)


@rule(
    "LF107",
    tier=1,
    says=n_("依赖「{found}」与核心所用的 {name} {version} 合不来"),
    why=n_("插件与核心装在同一个 Python 里；合不来的要求，要么装不上，要么装上就换掉核心正在用的版本。"),
    bad='dependencies = ["lifang>=0.1,<1", "marshmallow<3"]',
    good='dependencies = ["lifang>=0.1,<1"]  # marshmallow 由核心带来',
)
def resolves_beside_the_core(source: Source) -> Hits:
    """What it requires goes together with what the core has here."""
    beside = {canonicalize_name(Requirement(one).name) for one in metadata.requires(CORE) or ()}
    for one in requirements(source):
        name = canonicalize_name(one.name)
        if name not in beside or (one.marker and not one.marker.evaluate()):
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if not one.specifier.contains(version, prereleases=True):
            spot = source.manifest_spot(one.name)
            yield hit(spot, found=one, name=name, version=version)


@rule(
    "LF108",
    tier=3,
    severity="warning",
    says=n_("requires-python「{found}」把核心能用的 Python {version} 排除在外，或没有写"),
    why=n_("核心能装的地方，插件也应当能装；写上 requires-python，安装工具才不会在旧的 Python 上装出一个坏的。"),
    bad='requires-python = ">=3.13"',
    good='requires-python = ">=3.11"',
)
def runs_where_the_core_runs(source: Source) -> Hits:
    """It asks for no newer Python than the core does."""
    told = str(source.project.get("requires-python") or "")
    own = metadata.metadata(CORE).get("Requires-Python") or ">=3.11"
    least = re.sub(r"[^\d.]", "", own.split(",")[0])
    try:
        fits = bool(told) and SpecifierSet(told).contains(least)
    except ValueError:
        fits = False
    if not fits:
        yield hit(source.manifest_spot("requires-python"), found=told or "—", version=least)


@rule(
    "LF110",
    tier=3,
    says=n_("许可证「{found}」不是有效的 SPDX 写法，或没有随附许可证文本"),
    why=n_("没有有效的许可证，别的区就无权使用和修改；采购和审计时首先看它。"),
    bad='license = "Apache 2"',
    good='license = "Apache-2.0"\nlicense-files = ["LICENSE"]',
)
def licence_is_valid(source: Source) -> Hits:
    """The licence is an SPDX expression, and its text is there."""
    told = source.project.get("license")
    told = told.get("text") if isinstance(told, dict) else told
    try:
        valid = bool(told) and bool(canonicalize_license_expression(str(told)))
    except InvalidLicenseExpression:
        valid = False
    names = {Path(path).name.partition(".")[0].upper() for path in source.files}
    if not valid or not names & {"LICENSE", "LICENCE", "COPYING"}:
        yield hit(source.manifest_spot("license"), found=told or "—")


@rule(
    "LF111",
    tier=3,
    says=n_("没有写维护者；请在清单的 authors 或 maintainers 里写明"),
    why=n_("出了问题，使用的人要知道找谁；没有人维护的插件不应当装进政务系统。"),
    bad='[project]\nname = "lifang-lost-and-found"',
    good='maintainers = [{ name = "某区社会工作部", email = "plugins@example.cn" }]',
)
def somebody_maintains_it(source: Source) -> Hits:
    """Somebody is named who looks after it."""
    people = [*(source.project.get("authors") or ()), *(source.project.get("maintainers") or ())]
    if not any(isinstance(one, dict) and (one.get("name") or one.get("email")) for one in people):
        yield hit(source.manifest_spot("[project]"))


@rule(
    "LF112",
    tier=3,
    says=n_("没有说安全问题报给谁；请写 SECURITY.md、清单里的 urls.Security，或 README 里「安全」一节"),
    why=n_("发现漏洞的人找不到私下报告的地方，就只能公开，或者不说。"),
    bad="# 失物招领\n\n（没有「安全」一节）",
    good="## 安全 Security\n\n发现漏洞请私下写信给 security@example.cn，不要公开提交。",
)
def weaknesses_can_be_reported(source: Source) -> Hits:
    """It says where a weakness is reported."""
    urls = source.project.get("urls") or {}
    told = any("security" in str(name).lower() for name in urls)
    written = any(path.upper().endswith("SECURITY.MD") for path in source.files)
    text = readme(source)[1]
    section = re.search(r"^#+ .*(security|安全)", text, re.M | re.I)
    if not (told or written or section):
        yield hit(source.manifest_spot("[project]"))


def readme(source: Source) -> tuple[str, str]:
    """The README's path and text; of a wheel, what its metadata carries of it."""
    if source.wheel is not None:
        return source.manifest_path, str(source.project.get("readme") or "")
    told = source.project.get("readme")
    path = told.get("file") if isinstance(told, dict) else told
    path = path if isinstance(path, str) else "README.md"
    return path, source.text(path) or ""
