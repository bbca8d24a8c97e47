"""The first page after signing in: how much there is, what waits, and how to begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.access.roles import ROLES
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.kit.words import _, _p
from lifang.lifecycle import isolation, switching, timings
from lifang.mechanisms.laid import desks
from lifang.plugins.hooks import Card
from lifang.resources.resource import Resource
from lifang.services import branches, reading
from lifang.services.branches import number_at
from lifang.services.offers import may
from lifang.services.presenting import names_of
from lifang.services.query import Query
from lifang.web import overview
from lifang.web.addresses import address_of, dashed, home_of, with_query
from lifang.web.doors import go_to
from lifang.web.me import ME
from lifang.web.shell import in_office

COUNTED = ("communities", "people", "organizations")
"""The core's nouns whose number the dashboard shows."""


@dataclass(frozen=True)
class Waiting:
    """Records in a state that an action of the caller's moves on."""

    label: str
    state: str
    number: int
    link: str
    verbs: str


@dataclass(frozen=True)
class Step:
    """One step of setting up: whether it is done or may be left out, and the command for it."""

    title: str
    text: str
    done: bool
    command: str | None = None
    link: str | None = None
    optional: bool = False


def home_page(caller: Caller) -> ResponseReturnValue:
    """The dashboard; residents, who hold no office, begin with themselves."""
    if caller.person is not None and not in_office(caller):
        return go_to(with_query(ME, list(request.args.items())))
    level = overview.level_of(caller)
    within = level.code if level and level.code else None
    figures = figures_of(caller, within)
    administers = switching.may_administer(caller)
    beginning = any(card.value == 0 for card in figures[:1]) or "start" in request.args
    cards = [*caller.instance.plugins.cards(caller), *isolation.notes(caller)]
    timings.note(caller.instance)
    worked_at = desks_of(caller)
    return render_template(
        "web/home.html",
        figures=figures,
        cards=cards,
        level=level,
        alerts=overview.alerts_of(caller),
        due=overview.due_of(caller, within),
        trend=overview.trend_of(caller, within),
        waiting=waiting_for(caller, within),
        held=standings_of(caller),
        openings=openings_of(caller),
        desks=worked_at,
        command=f"lifang desk {worked_at[0][1][3:]}" if worked_at else "lifang inbox",
        steps=steps_of(caller, figures) if administers and beginning else [],
        administers=administers,
        said=reading.told_number,
        done=_("密码已修改") if request.args.get("done") == "password" else None,
    )


@dataclass(frozen=True)
class Standing:
    """A role, and the part of the tree or the organization it is held for."""

    role: str
    where: str
    link: str | None = None


def standings_of(caller: Caller) -> list[Standing]:
    """What the caller is, and where."""
    told = []
    for one in caller.standings:
        role = _(ROLES.get(one.role, one.role))
        if one.everywhere:
            told.append(Standing(role, _("全部")))
        elif one.organization is not None:
            told.append(_held_for(caller, role, Organization, one.organization))
        else:
            told.append(_held_for(caller, role, Community, number_at(one.path or "0")))
    return told


def _held_for(caller: Caller, role: str, model: Any, record: int) -> Standing:
    resource = caller.instance.registry.of(model)
    found = names_of(caller, resource, [record]).get(record)
    if found is None:
        return Standing(role, "—")
    return Standing(role, str(found["name"]), address_of(resource, record))


def desks_of(caller: Caller) -> list[tuple[str, str]]:
    """The desks that have something for the caller: of which plugin, and where."""
    loaded = caller.instance.plugins.loaded
    return [(_(loaded[id].label), f"/p/{dashed(id)}") for id in desks(caller)]


def openings_of(caller: Caller) -> list[tuple[str, str]]:
    """What the caller can register in the communities: the label of each resource, and where."""
    return [
        (_(one.label), f"{home_of(one)}/new")
        for one in caller.instance.registry
        if one.scope is not None and may(caller, one, "create")
    ]


def figures_of(caller: Caller, within: str | None = None) -> list[Card]:
    """How many communities, people and organizations lie within the caller's reach."""
    told = []
    for noun in COUNTED:
        resource = caller.instance.registry.find("core", noun)
        if resource is not None and may(caller, resource, "read"):
            number = reading.count_up(caller, resource, Query(within=within))
            link = _counting(resource, number, *_narrowed(resource, within))
            told.append(Card(_p("plural", resource.label), number, link))
    return told


def waiting_for(caller: Caller, within: str | None = None) -> list[Waiting]:
    """What the caller could move on: one line for each resource and state."""
    told = []
    for resource in caller.instance.registry:
        if resource.state is None or not may(caller, resource, "read"):
            continue
        if within and not resource.placed:
            continue
        for state, label in resource.by_name[resource.state].choices:
            if verbs := _movers(caller, resource, state):
                query = Query(filters=((resource.state, "", (state,)),), within=within)
                number = reading.count_up(caller, resource, query)
                asked = [(resource.state, state), *_narrowed(resource, within)]
                link = _counting(resource, number, *asked)
                told.append(
                    Waiting(
                        _p("plural", resource.label), _(label), number, link, _("、").join(verbs)
                    )
                )
    return [one for one in told if one.number]


def _counting(resource: Resource[Any], number: int, *filters: tuple[str, str]) -> str:
    """The list behind a number; it counts exactly what was not counted to the end here."""
    more = [("count", "true")] if number > reading.AT_MOST else []
    return with_query(home_of(resource), [*filters, *more])


def _narrowed(resource: Resource[Any], within: str | None) -> list[tuple[str, str]]:
    """How the address of a list, or of the tree, says the level a number is of."""
    if not within:
        return []
    return [("within" if resource.placed else "at", within)]


def _movers(caller: Caller, resource: Resource[Any], state: str) -> list[str]:
    """The work that starts in just this state and that the caller may do somewhere."""
    return [
        _(action.label)
        for name, action in resource.actions.items()
        if action.waits and state in action.moves and may(caller, resource, name)
    ]


def steps_of(caller: Caller, figures: list[Card]) -> list[Step]:
    """The way from an empty instance to one that is of use."""
    counted = dict(zip(COUNTED, figures, strict=False))
    planted = "communities" in counted and counted["communities"].value != 0
    peopled = "people" in counted and counted["people"].value != 0
    accounts = caller.instance.registry.of(Account)
    plugins = switching.listed(caller)
    on = any(switch.on for plugin in plugins for switch in plugin.switches)
    return [
        Step(_("创建管理员账号"), _("您已登录：这一步已经完成"), done=True),
        _root(caller),
        Step(
            _("导入社区与网格"),
            _("表格四列：代码、名称、类别、上级；再次导入只改变有变化的行"),
            planted,
            "lifang communities import communities.csv",
            "/communities" if planted else "/communities/import",
        ),
        Step(
            _("启用插件"),
            _("在全区或某个街道、社区启用，下级自动继承"),
            on,
            "lifang plugin enable dual-reporting --at 620102000000",
            "/admin/plugins",
        ),
        Step(
            _("为同事建立账号"),
            _("每人一个账号；角色和范围决定各自能看到什么"),
            _others(caller),
            "lifang accounts create wang --role community_worker --at 620102001001",
            "/admin/accounts" if may(caller, accounts, "read") else None,
        ),
        Step(
            _("登记人员与组织"),
            _("在网页上逐个登记，或从表格导入；其他系统可以通过接口登记"),
            peopled,
            "lifang people create --name … --community 620102001001",
            "/people",
        ),
        Step(
            _("试用示例数据"),
            _(
                "示例人员都是虚构的，不会放进为居民服务的实例；另建一个示例实例试用，用完删除它的文件夹即可"
            ),
            caller.instance.sample,
            "LIFANG_HOME=~/lifang-demo lifang demo --port 8001",
            optional=True,
        ),
    ]


def _root(caller: Caller) -> Step:
    """Where the tree begins, or will as `init` was told, and the time zone."""
    tops = branches.tops(caller)
    accounts, home = caller.instance.registry.of(Account), None
    if not tops and caller.account is not None and may(caller, accounts, "read"):
        home = reading.view(caller, accounts, caller.account)["home_code"]
    place = _("、").join(f"{one.name} {one.code}" for one in tops[:3]) or home
    zone = caller.instance.settings.zone
    told = _("{place}，时区 {zone}；时区写在 lifang.toml 的 zone 一行，改后重新启动",
             place=place or _("还没有填写所在地，导入社区后以最上级为准"), zone=zone)  # fmt: skip
    link = "/communities" if tops else "/communities/import"
    return Step(_("行政区与时区"), told, bool(place), link=link)


def _others(caller: Caller) -> bool:
    """Whether somebody else can sign in already, as far as the caller may know."""
    resource = caller.instance.registry.of(Account)
    return may(caller, resource, "read") and reading.count(caller, resource, Query()) > 1
