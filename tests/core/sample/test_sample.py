"""Samples pass for real people and organizations everywhere, and are marked for people to see."""

from collections import Counter
from datetime import date
from random import Random

import pytest

from lifang.kit.identifiers import (
    check_citizen_id,
    check_phone,
    check_uscc,
    citizen_id_birth_date,
)
from lifang.kit.masking import mask
from lifang.kit.text import clean_name
from lifang.sample.people import sample_organizations, sample_people

AREAS = ["620102000000", "620103"]
TODAY = date(2026, 6, 1)
KINDS = {
    *("party", "government", "institution", "enterprise", "self_governing", "mass_organization"),
    *("social_organization", "property_company", "platform", "other"),
}


def seeded(seed):
    return Random(seed)


@pytest.fixture(scope="module")
def people():
    return list(sample_people(seeded(7), 3000, AREAS, today=TODAY))


@pytest.fixture(scope="module")
def organizations():
    return list(sample_organizations(seeded(7), 1000, AREAS))


def test_the_same_seed_tells_the_same_people(people):
    assert list(sample_people(seeded(7), 3000, AREAS, today=TODAY)) == people
    assert list(sample_people(seeded(8), 3, AREAS, today=TODAY)) != people[:3]


def test_every_sample_person_passes_every_check(people):
    for person in people:
        assert clean_name(person["name"]) == person["name"]
        assert check_citizen_id(person["citizen_id"], TODAY) == person["citizen_id"]
        assert person["citizen_id"][:6] in {"620102", "620103"}
        assert citizen_id_birth_date(person["citizen_id"]).isoformat() == person["birth_date"]
        assert person["sex"] == ("male" if int(person["citizen_id"][16]) % 2 else "female")
        assert check_phone(person["phone"]) == person["phone"]


def test_sample_people_are_plainly_samples(people):
    assert all(person["address"].startswith("示例小区") for person in people)
    assert all(person["phone"].startswith("154") for person in people)
    assert mask("address", people[0]["address"]).endswith("号楼***")


def test_nobody_is_told_twice(people):
    for key in ("citizen_id", "phone"):
        assert len({person[key] for person in people}) == len(people)


def test_one_crowded_area_still_has_no_one_twice():
    crowd = list(sample_people(seeded(1), 20_000, ["620102"], today=date(2026, 1, 1)))
    assert len({person["citizen_id"] for person in crowd}) == len(crowd)


def test_sample_names_are_common_and_now_and_then_hard(people):
    names = [person["name"] for person in people]
    surnames = Counter(name[0] for name in names)
    assert {surname for surname, _count in surnames.most_common(3)} <= set("王李张刘陈")
    assert 0.1 < sum(len(name) == 2 for name in names) / len(names) < 0.25
    assert any("·" in name for name in names)
    assert any(ord(max(name)) > 0xFFFF for name in names)
    assert any(name.startswith(("欧阳", "司马", "上官", "令狐", "尉迟")) for name in names)


def test_sample_people_are_of_all_ages(people):
    ages = [TODAY.year - int(person["birth_date"][:4]) for person in people]
    assert min(ages) < 6
    assert 80 <= max(ages) <= 100
    working = sum(18 <= age < 60 for age in ages) / len(ages)
    assert working == pytest.approx(0.61, abs=0.05)


def test_every_kind_of_organization_is_there_from_ten_on(organizations):
    assert {told["kind"] for told in organizations[:10]} == KINDS
    counts = Counter(told["kind"] for told in organizations)
    assert counts.most_common(1)[0][0] == "enterprise"
    assert 0.35 < counts["enterprise"] / len(organizations) < 0.55


def test_every_sample_organization_has_a_right_code_or_a_reason(organizations):
    for told in organizations:
        assert ("uscc" in told) != ("no_uscc_reason" in told)
        if "uscc" in told:
            assert check_uscc(told["uscc"]) == told["uscc"]
        else:
            assert told["kind"] in {"party", "self_governing", "other"}
            assert told["no_uscc_reason"]


def test_the_code_of_an_organization_fits_its_kind(organizations):
    registers = {
        "government": {"11"},
        "institution": {"12"},
        "enterprise": {"91", "92", "93"},
        "self_governing": {"54", "55"},
        "mass_organization": {"13", "81"},
        "social_organization": {"51", "52", "53"},
        "property_company": {"91"},
        "platform": {"91"},
    }
    for told in organizations:
        if "uscc" in told:
            assert told["uscc"][:2] in registers[told["kind"]]


def test_sample_organizations_are_plainly_samples_and_never_twice(organizations):
    assert all("示例" in told["name"] for told in organizations)
    assert all(clean_name(told["name"]) == told["name"] for told in organizations)
    assert len({told["name"] for told in organizations}) == len(organizations)
    codes = [told["uscc"] for told in organizations if "uscc" in told]
    assert len(set(codes)) == len(codes)
