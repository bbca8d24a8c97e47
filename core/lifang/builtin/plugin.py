"""The core's declaration."""

from __future__ import annotations

from pathlib import Path

from lifang.builtin.accounts import accounts, grants
from lifang.builtin.households import household_members, households
from lifang.builtin.jobs import jobs
from lifang.builtin.people import Moved, affiliations, memberships, organizations, people
from lifang.builtin.places import communities
from lifang.events.payloads import payload
from lifang.mechanisms.consents import consents
from lifang.mechanisms.posted import notice_objections, public_notices
from lifang.plugins.plugin import Plugin
from lifang.resources.registry import CORE

plugin = Plugin(
    CORE,
    "核心",
    resources=[
        communities,
        people,
        organizations,
        affiliations,
        memberships,
        households,
        household_members,
        consents,
        public_notices,
        notice_objections,
        accounts,
        grants,
        jobs,
    ],
    payloads=[payload("core.person.moved", Moved)],
    folder=Path(__file__).parent.parent,
)
