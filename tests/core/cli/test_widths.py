from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lifang.cli import widths

TEXT = st.text(alphabet="ab 张伟社区，。（）「」·é\u0301", max_size=60)


def test_a_chinese_character_takes_two_columns() -> None:
    assert widths.width("abc") == 3
    assert widths.width("张伟 a") == 6
    assert widths.width("e\u0301") == 1
    assert widths.width("𬭎") == 2


@given(TEXT, st.integers(2, 30))
def test_what_is_cut_and_padded_takes_exactly_its_room(text: str, room: int) -> None:
    fitted = widths.pad(widths.cut(text, room), room)
    assert widths.width(fitted) == room


@given(TEXT, st.integers(8, 30))
def test_wrapping_loses_no_character(text: str, room: int) -> None:
    lines = widths.wrap(text, room)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(alphabet="张伟社区ab ", max_size=60), st.integers(8, 30))
def test_no_line_is_wider_than_its_room(text: str, room: int) -> None:
    longest = max((len(word) for word in text.split() if word.isascii()), default=0)
    assert all(widths.width(line) <= max(room, longest) for line in widths.wrap(text, room))


def test_no_line_begins_with_a_comma_or_ends_with_an_opening_bracket() -> None:
    lines = widths.wrap("一二三，四五六（七八九）十", 6)
    assert lines == ["一二三，", "四五六", "（七八", "九）十"]


def test_stored_text_can_neither_move_nor_colour_a_screen() -> None:
    assert widths.plain("张\x1b[31m伟\n李\t") == "张 [31m伟 李"
