"""Where plugins come from: a wheel, a source folder, the catalogue or the index, always by hash."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound
from lifang.kit.words import _
from lifang.lifecycle import catalogue, installing, pip, wheels
from lifang.lifecycle.catalogue import Catalogue, Entry
from lifang.lifecycle.pip import Brought, Offline
from lifang.lifecycle.states import Listed
from lifang.lifecycle.wheels import Wheel
from lifang.plugins.loading import DENIED
from lifang.plugins.manager import discover
from lifang.plugins.tables import PluginRow, bump_generation
from lifang.services.auditing import Change, record_note
from lifang.upkeep.backup import Steps

HASH = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Fetched:
    """A wheel that was fetched: from where, whether its hash was known before, what it brings."""

    wheel: Wheel
    source: str
    known: bool
    brings: tuple[Brought, ...] = ()
    offline: Offline = Offline()


def present(source: str) -> str | None:
    """The id, where a source names a plugin whose package is on this machine."""
    id = source.replace("-", "_")
    return id if id in discover() else None


@contextmanager
def fetched(
    caller: Caller,
    source: str,
    *,
    hash: str | None = None,
    offline: Offline = Offline(),  # noqa: B008 – frozen
) -> Iterator[Fetched]:
    """Fetch the wheel of a source for as long as the block runs, held against its known hash.

    A source is a wheel file, a source folder, an id of the catalogue, or `name==version` of the
    index. Raises Forbidden to who does not run the instance, NotFound where there is none, Invalid
    for what is no plugin, Conflict for another hash and where packages here would be changed.
    """
    if not caller.runs_it:
        raise Forbidden(_("只有平台管理员可以安装、升级插件的软件包"))
    told = caller.instance.settings
    known = catalogue.configured(told)
    wanted = _wanted(hash)
    place = told.home / "plugins"
    place.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=place) as folder:
        path, entry = _find(source, known, Path(folder), offline)
        wheel = wheels.read(path)
        listed = _listed(known, entry, wheel)
        for sha256 in (wanted, listed):
            if sha256 and sha256 != wheel.sha256:
                raise Conflict(
                    _(
                        "{name} 的 SHA-256 是 {found}，应为 {wanted}：内容被改动过，不能安装",
                        name=path.name,
                        found=wheel.sha256,
                        wanted=sha256,
                    )
                )
        local = entry is None and Path(source).exists()
        _refuse(wheel, known)
        brings = pip.brought(wheel, offline)
        yield Fetched(wheel, source, bool(wanted or listed or local), brings, offline)


def _wanted(hash: str | None) -> str | None:
    if hash is None:
        return None
    found = HASH.fullmatch(hash.lower())
    if found is None:
        raise Invalid(_("--hash 应为 sha256: 加 64 位十六进制数"))
    return found[1]


def _find(source: str, known: Catalogue, into: Path, offline: Offline) -> tuple[Path, Entry | None]:
    """The wheel a source means, fetched or built where need be, and its entry in the catalogue."""
    path = Path(source)
    if source.endswith(".whl"):
        if not path.is_file():
            raise NotFound(_("没有文件 {path}", path=path))
        return path, None
    id = source.replace("-", "_")
    if id in known.entries:  # also where a folder here happens to be called like it: ./ID is that
        return _from_catalogue(known, known.entries[id], into, offline)
    if (path / "pyproject.toml").is_file():
        return pip.build(path, into), None
    try:
        asked = Requirement(source)
    except InvalidRequirement:
        asked = None
    pinned = asked is not None and re.fullmatch(r"==[^*,]+", str(asked.specifier))
    if asked is None or not pinned or asked.url:
        raise NotFound(
            _(
                "没有找到插件「{source}」；可以写 wheel 文件、源码文件夹、插件目录里的编号，"
                "或软件包名称==版本",
                source=source,
            )
        )
    return pip.download(source, into, offline), None


def _from_catalogue(
    known: Catalogue, entry: Entry, into: Path, offline: Offline
) -> tuple[Path, Entry]:
    release = entry.latest
    if entry.status == "withdrawn" or release is None:
        instead = _("；请改用「{id}」", id=entry.successor) if entry.successor else ""
        raise Conflict(_("目录里的「{id}」已撤回或没有版本{instead}", id=entry.id, instead=instead))
    beside = known.wheel(release)
    if beside is not None:
        return beside, entry
    return pip.download(f"{entry.distribution}=={release.version}", into, offline), entry


def _listed(known: Catalogue, entry: Entry | None, wheel: Wheel) -> str:
    """The hash the catalogue gives a wheel, whatever way it came; empty where it gives none."""
    if entry is not None and entry.id != wheel.id:
        told = {"file": wheel.path.name, "id": wheel.id, "wanted": entry.id}
        raise Conflict(_("{file} 里是插件「{id}」，不是「{wanted}」", **told))
    entry = known.entries.get(wheel.id)
    if entry is None or canonicalize_name(entry.distribution) != canonicalize_name(
        wheel.distribution
    ):
        return ""
    return next((one.sha256 for one in entry.versions if one.version == wheel.version), "")


def _refuse(wheel: Wheel, known: Catalogue) -> None:
    """Raise Conflict with every reason why a wheel cannot be installed here."""
    reasons = []
    core = metadata.version("lifang")
    if not wheel.core.contains(core, prereleases=True):
        reasons.append(_("它需要 lifang {wanted}，这里是 {core}", wanted=wheel.core, core=core))
    here = discover().get(wheel.id)
    if here and canonicalize_name(here.distribution) != canonicalize_name(wheel.distribution):
        reasons.append(_("编号「{id}」已由软件包 {name} 使用", id=wheel.id, name=here.distribution))
    others = [
        one.id
        for one in discover().values()
        if canonicalize_name(one.distribution) == canonicalize_name(wheel.distribution)
        and one.id != wheel.id
    ]
    if others:
        told_of = {"name": wheel.distribution, "id": others[0]}
        reasons.append(_("软件包 {name} 在这里是插件「{id}」", **told_of))
    listed = [one for one in known.denied if one.covers(wheel.id, wheel.version)]
    reasons += [_(DENIED, why=one.why()) for one in listed]
    if reasons:
        why = _("；").join(reasons)
        raise Conflict(_("不能安装 {name}：{why}", name=wheel.path.name, why=why))


def demand_new(id: str) -> None:
    """Raise Conflict where a plugin is here already: then it is upgraded."""
    row = PluginRow.get_or_none(PluginRow.name == id, PluginRow.state == "installed")
    if row is not None and id in discover():
        raise Conflict(
            _("插件「{plugin}」已经安装；升级用 lifang plugin upgrade {plugin}", plugin=id)
        )


def install(caller: Caller, found: Fetched, progress: Steps = lambda _s, _d, _o: None) -> Listed:
    """Install what was fetched and make its tables; it is on nowhere yet.

    Raises NotReady with the command to run where packages cannot be installed by this user, or with
    what went wrong; then the package is taken away again.
    """
    wheel, told = found.wheel, caller.instance.settings
    demand_new(wheel.id)
    pip.demand_writable(wheel.path)
    before = discover().get(wheel.id)
    known = before is not None or PluginRow.get_or_none(PluginRow.name == wheel.id) is not None
    progress(_("安装"), 0, 3)
    kept = wheels.keep(told, wheel)
    pip.install(kept, wheel.sha256, found.brings, found.offline)
    progress(_("安装"), 1, 3)
    try:
        with caller.instance.database.transaction():
            note(caller, "fetch", found)
        one = installing.install(caller, wheel.id)
    except LifangError:
        if before is None:
            pip.uninstall(wheel.distribution)
        raise
    if known:  # some process may have its code loaded
        with caller.instance.database.transaction():
            bump_generation()
    progress(_("安装"), 3, 3)
    return one


def note(caller: Caller, verb: str, found: Fetched, before: str | None = None) -> None:
    """Tell the trail which packages came onto this machine, each with its hash, and from where."""
    wheel = found.wheel
    come = [(wheel.distribution, before, wheel.version, wheel.sha256)]
    come += [(one.name, None, one.version, one.sha256) for one in found.brings]
    changes = [Change(name, old, f"{new} sha256:{sha256}") for name, old, new, sha256 in come]
    reason = f"{wheel.id} {wheel.version} ← {found.source}"
    record_note(caller, "plugin", verb, reason=reason, changes=changes)
