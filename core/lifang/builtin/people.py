"""People and organizations, and how they belong to communities and to one another."""

from __future__ import annotations

import datetime as dt

import marshmallow as ma

from lifang.builtin.merging import homes_of, merge
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Affiliation, Membership, Person
from lifang.events.event import Data
from lifang.kit import clock, identifiers
from lifang.kit.errors import Conflict, Invalid
from lifang.kit.words import _
from lifang.resources.action import action
from lifang.resources.reach import Linked, Via
from lifang.resources.resource import Resource
from lifang.services.gateway import write

WORKERS = {
    "grid_worker": "read",
    "community_worker": "create update import export",
    "community_secretary": "remove",
}


@action("迁居", event="moved")
def move(person: Person, caller: Caller, *, community: Community, date: dt.date) -> Data:
    """Move a person's primary residence to another community from a day on."""
    if date > clock.today():
        raise Invalid.about("date", "future", _("迁居日期不能晚于今天"))
    home = homes_of(person).first()
    if home is not None and home.community_id == community.id:
        raise Conflict(_("这个人已经住在「{name}」", name=community.name))
    if home is not None and home.from_date is not None and date < home.from_date:
        sentence = _("迁居日期早于在原社区开始居住的日期 {day}", day=home.from_date)
        raise Invalid.about("date", "too_early", sentence)
    told = {"person": person.id, "community": community.id, "kind": "resides", "from_date": date}
    # the new home first: whoever moves somebody could not see them while they had none
    new = write(affiliations, "create", caller, told | {"primary": home is None})
    if home is not None:
        write(affiliations, "end", caller, {"date": date}, home.id)
        write(affiliations, "update", caller, {"primary": True}, int(new.id))
    old = home.community_id if home is not None else None
    return {"old": old, "new": community.id, "date": date.isoformat()}


class Moved(ma.Schema):
    """What is told of a move: from where (nowhere for a first home), to where, on which day."""

    old = ma.fields.Integer(strict=True, required=True, allow_none=True)
    new = ma.fields.Integer(strict=True, required=True)
    community = ma.fields.Integer(strict=True, required=True)
    date = ma.fields.Date(required=True)


@action("结束", event="ended")
def end(affiliation: Affiliation, caller: Caller, *, date: dt.date) -> Data:
    """End a person's or an organization's belonging to a community on a day."""
    if affiliation.to_date is not None:
        raise Conflict(_("这个关系已于 {day} 结束", day=affiliation.to_date))
    affiliation.to_date = date
    return {"community": affiliation.community_id}


def one_side(affiliation: Affiliation, caller: Caller) -> None:
    """An affiliation is a person's or an organization's, and ends after it began."""
    if (affiliation.person_id is None) == (affiliation.organization_id is None):
        raise Invalid.about("person", "one_of", _("请在「人员」和「组织」中填写且只填写一项"))
    _ends_after_it_began(affiliation)


def one_primary_home(affiliation: Affiliation, caller: Caller) -> None:
    """A person has at most one primary residence at a time."""
    if not affiliation.primary or affiliation.kind != "resides" or affiliation.to_date is not None:
        return
    person = affiliation.person_id
    taken = person and homes_of(person).where(Affiliation.id != affiliation.id)
    if taken and taken.exists():
        raise Conflict(_("这个人已有主要居住地；请用「迁居」操作"), reason="primary")


def one_member(membership: Membership, caller: Caller) -> None:
    """A seat is a person's or an organization's, and ends after it began."""
    if (membership.person_id is None) == (membership.member_organization_id is None):
        raise Invalid.about("person", "one_of", _("请在「人员」和「成员组织」中填写且只填写一项"))
    _ends_after_it_began(membership)


def _ends_after_it_began(link: Affiliation | Membership) -> None:
    if link.from_date and link.to_date and link.to_date < link.from_date:
        raise Invalid.about("to_date", "order", _("结束日期早于开始日期"))


def credit_code_or_reason(organization: Organization, caller: Caller) -> None:
    """An organization has its credit code, or says why it has none."""
    if not organization.uscc and not organization.no_uscc_reason:
        raise Invalid.about("uscc", "required", _("请填写统一社会信用代码；没有代码的，请填写原因"))
    if organization.uscc and organization.no_uscc_reason:
        sentence = _("已有统一社会信用代码，不需要填写无代码原因")
        raise Invalid.about("no_uscc_reason", "one_of", sentence)


organizations = Resource(
    Organization,
    label="组织",
    columns=["name", "kind", "uscc", "community"],
    search=["name"],
    scope=Linked(
        Affiliation,
        here="organization",
        there="community",
        shown_as="community",
        label="所在社区",
        writes={"kind": "located", "primary": True},
        elsewhere={"kind": "serves", "primary": False},
        whole=("located", "works", "resides"),
        partial={"serves": ("name", "kind", "uscc")},
    ),
    owner=Linked(Membership, here="organization", there="person"),
    unit="id",
    identity="uscc",
    checks={"uscc": identifiers.check_uscc},
    rules=[credit_code_or_reason],
    roles={"resident": "read:own", "unit_liaison": "read:unit", **WORKERS},
)

people = Resource(
    Person,
    label="人员",
    noun="people",
    columns=["name", "sex", "status", "community"],
    search=["name"],
    scope=Linked(
        Affiliation,
        here="person",
        there="community",
        shown_as="community",
        label="居住社区",
        writes={"kind": "resides", "primary": True},
        elsewhere={"primary": False},
        whole=("resides",),
    ),
    owner="id",
    unit=Linked(Membership, here="person", there="organization"),
    identity="citizen_id",
    hidden=["merged_into"],
    actions=[move, merge],
    roles={
        "resident": "read:own",
        "unit_liaison": "read:unit",
        "grid_worker": "read",
        "community_worker": "create update move import export",
        "community_secretary": "remove reveal merge",
        "district_admin": "export_full",
    },
)

affiliations = Resource(
    Affiliation,
    label="归属关系",
    columns=["person", "organization", "community", "kind", "from_date", "to_date"],
    owner="person",
    unit="organization",
    locked=["to_date"],
    dated="from_date",
    actions=[end],
    rules=[one_side, one_primary_home],
    roles={
        "resident": "read:own",
        "unit_liaison": "read:unit",
        **WORKERS,
        "community_worker": "create update end import export",
    },
)

memberships = Resource(
    Membership,
    label="成员关系",
    columns=["person", "member_organization", "organization", "role", "post"],
    scope=Via("organization"),
    dated="from_date",
    owner="person",
    unit="organization",
    rules=[one_member],
    roles={"resident": "read:own", "unit_liaison": "read:unit", **WORKERS},
)
