"""GB18030 as it is written since 2022: characters that had no place of their own have one now."""

from __future__ import annotations

import io

import pytest

from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.services.importing import import_table
from lifang.testing import world

HAN = {
    "FE59": 0x9FB4, "FE61": 0x9FB5, "FE66": 0x9FB6, "FE67": 0x9FB7,
    "FE6D": 0x9FB8, "FE7E": 0x9FB9, "FE90": 0x9FBA, "FEA0": 0x9FBB,
}  # fmt: skip
"""Characters that the older table put into private use."""
UPRIGHT = {
    "A6D9": 0xFE10, "A6DA": 0xFE12, "A6DB": 0xFE11, "A6DC": 0xFE13, "A6DD": 0xFE14,
    "A6DE": 0xFE15, "A6DF": 0xFE16, "A6EC": 0xFE17, "A6ED": 0xFE18, "A6F3": 0xFE19,
}  # fmt: skip
"""Punctuation of upright text; the standard of 2022 tells the comma and the full stop apart so."""


@pytest.mark.once
@pytest.mark.parametrize(("code", "letter"), [*HAN.items(), *UPRIGHT.items()])
def test_two_bytes_are_the_character_the_standard_names(
    boss: Caller, code: str, letter: int
) -> None:
    row = "张".encode("gb18030") + bytes.fromhex(code) + f",{world.HOME}\n".encode()
    done = import_table(boss, people, io.BytesIO(b"name,community\n" + row))
    assert (done["created"], done["errors"]) == (1, [])
    assert Person.get().name == f"张{chr(letter)}"


def test_four_bytes_stay_what_they_are(boss: Caller) -> None:
    names = [f"张{chr(letter)}" for letter in (*HAN.values(), *UPRIGHT.values(), 0x20087, 0x2CAFE)]
    rows = "".join(f"{name},{world.HOME}\n" for name in names)
    raw = f"name,community\n{rows}".encode("gb18030")
    assert import_table(boss, people, io.BytesIO(raw))["created"] == len(names)
    assert [row.name for row in Person.select().order_by(Person.id)] == names


def test_a_private_character_in_unicode_is_left_alone(boss: Caller) -> None:
    raw = f"name,community\n张\ue81e,{world.HOME}\n".encode()
    assert import_table(boss, people, io.BytesIO(raw))["created"] == 1
    assert Person.get().name == "张\ue81e"
