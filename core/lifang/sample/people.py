"""People and organizations who never were: plausible enough to learn with, marked as samples.

People are known by their address (示例小区) and a phone block the operators have not opened (154);
organizations by their name (示例…) and a block of subject codes nobody was seen to hold (YY).
Checksums are right, so samples pass wherever real data would. The same random generator, with the
same seed, tells the same people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from lifang.kit.identifiers import make_citizen_id, make_uscc
from lifang.sample import names

PHONE_BLOCK = "154"
SUBJECT_BLOCK = "YY"
_NUMBERS = 10**8
_STRIDE = 61_803_399  # shares no factor with the block's size: every number comes once
_AGES = ((0, 5, 5), (6, 17, 12), (18, 34, 23), (35, 59, 38), (60, 79, 18), (80, 99, 4))
_SUBJECT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SURNAMES = tuple(one for _share, group in names.SURNAMES_BY_SHARE for one in group.split())
_SURNAME_SHARES = tuple(
    accumulate(share for share, group in names.SURNAMES_BY_SHARE for _one in group.split())
)
_BRANDS = tuple(names.BRANDS.split())


def sample_people(
    rng: Random, count: int, area_codes: Sequence[str], *, today: date = date(2025, 1, 1)
) -> Iterator[dict[str, str]]:
    """Tell of `count` people as `people` takes them (without a community), nobody twice.

    `area_codes` are division codes; their first six digits open the citizen ids. Ages are as of
    `today`. Phones are unique up to a hundred million people.
    """
    taken: set[str] = set()
    first_number = rng.randrange(_NUMBERS)
    for index in range(count):
        sex = rng.choice(("male", "female"))
        citizen_id, birth = _citizen(rng, sex, area_codes, today, taken)
        yield {
            "name": _person_name(rng, sex),
            "sex": sex,
            "birth_date": birth.isoformat(),
            "citizen_id": citizen_id,
            "phone": f"{PHONE_BLOCK}{(first_number + index * _STRIDE) % _NUMBERS:08d}",
            "address": _address(rng),
        }


def sample_organizations(
    rng: Random, count: int, area_codes: Sequence[str]
) -> Iterator[dict[str, str]]:
    """Tell of `count` organizations: name, kind, and `uscc` or else `no_uscc_reason`.

    The first ten are one of each kind, so that even a small sample shows them all.
    """
    kinds = list(names.ORGANIZATIONS)
    weights = [share for share, _ways in names.ORGANIZATIONS.values()]
    each_once = rng.sample(kinds, len(kinds))
    codes: set[str] = set()
    named: dict[str, int] = {}
    for index in range(count):
        kind = each_once[index] if index < len(kinds) else rng.choices(kinds, weights)[0]
        pattern, register = rng.choice(names.ORGANIZATIONS[kind][1])
        told = {"name": _organization_name(rng, pattern, named), "kind": kind}
        if register:
            told["uscc"] = _code(rng, register, area_codes, codes)
        else:
            told["no_uscc_reason"] = names.NO_CODE_REASONS[kind]
        yield told


def _citizen(
    rng: Random, sex: str, area_codes: Sequence[str], today: date, taken: set[str]
) -> tuple[str, date]:
    while True:
        youngest, oldest, _share = rng.choices(_AGES, [share for *_ages, share in _AGES])[0]
        birth = today - timedelta(days=rng.randint(youngest * 365, oldest * 365 + 364))
        sequence = rng.randrange(1, 1000, 2) if sex == "male" else rng.randrange(0, 1000, 2)
        citizen_id = make_citizen_id(rng.choice(area_codes)[:6], birth, sequence)
        if citizen_id not in taken:
            taken.add(citizen_id)
            return citizen_id, birth


def _person_name(rng: Random, sex: str) -> str:
    """Name somebody: mostly two or three characters, now and then what software stumbles over."""
    male = sex == "male"
    chance = rng.random()
    if chance < 0.015:
        own = rng.choice(names.MALE_DOTTED if male else names.FEMALE_DOTTED)
        father = rng.choice([name for name in names.MALE_DOTTED if name != own])
        return f"{own}·{father}"
    if chance < 0.025:
        return rng.choice(names.MALE_WHOLE if male else names.FEMALE_WHOLE)
    surname = rng.choices(_SURNAMES, cum_weights=_SURNAME_SHARES)[0]
    given = names.MALE_GIVEN if male else names.FEMALE_GIVEN
    if chance < 0.035:
        return surname + rng.choice(names.RARE_GIVEN)
    return surname + "".join(rng.choices(given, k=1 if rng.random() < 0.15 else 2))


def _address(rng: Random) -> str:
    building, entrance = rng.randint(1, 30), rng.randint(1, 4)
    return f"示例小区{building}号楼{entrance}单元{rng.randint(1, 18)}{rng.randint(1, 4):02d}室"


def _organization_name(rng: Random, pattern: str, named: dict[str, int]) -> str:
    """Name an organization; namesakes are numbered, as towns number their schools."""
    brand = rng.choice(_BRANDS)
    name = pattern.format(brand)
    named[name] = named.get(name, 0) + 1
    return name if named[name] == 1 else pattern.format(f"{brand}第{named[name]}")


def _code(rng: Random, register: str, area_codes: Sequence[str], taken: set[str]) -> str:
    while True:
        subject = SUBJECT_BLOCK + "".join(rng.choices(_SUBJECT_LETTERS, k=6))
        code = make_uscc(register[0], register[1], rng.choice(area_codes)[:6], subject)
        if code not in taken:
            taken.add(code)
            return code
