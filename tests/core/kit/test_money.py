"""Money is whole fen inside and yuan for everybody, and not a fen is lost between the two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.kit import money

FEN = st.integers(-(10**15) + 1, 10**15 - 1)


@given(FEN)
def test_what_is_written_is_read_back_to_the_fen(fen: int) -> None:
    assert money.fen(money.yuan(fen)) == fen
    assert money.fen(money.grouped(money.yuan(fen))) == fen


@pytest.mark.parametrize(
    ("said", "fen"),
    [
        ("480000", 48000000), ("480,000.50", 48000050), ("480，000.5", 48000050), ("¥3.5元", 350),
        ("￥0.07", 7), (" 12 000 ", 1200000), ("-3.10", -310),
    ],
)  # fmt: skip
def test_yuan_are_read_as_people_write_them(said: str, fen: int) -> None:
    assert money.fen(said) == fen


@pytest.mark.parametrize("said", ["", "abc", "1.234", "1e5", "4,80", "１２", "0x10", "12.", "--3"])
def test_what_is_no_amount_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=".*"):
        money.fen(said)
