"""Names stay as people write them and are found however people type them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.kit.text import Refused, clean_name, clean_paragraph, fold, grams, query_grams

HARD_NAMES = [
    "王",
    "张燕",
    "𠮷田",
    "㐂",
    "䶮",
    "李𬭎",
    "阿依古丽·买买提",
    "阿不都拉•艾力",
    "扎西 才让",
    "欧阳修",
    "ئايگۈل",
    "ᠪᠠᠭᠠᠲᠤᠷ",
    "O'Brien",
    "Müller",
    "张三（小）",
    "木" * 40,
    "葛\U000e0100飾",
]


@pytest.mark.parametrize("name", HARD_NAMES)
def test_a_hard_name_is_kept_character_by_character(name):
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  张燕 ", "张燕"),
        ("\u3000张\u3000燕\u3000", "张\u3000燕"),
        ("\ufeff张燕\u200b", "张燕"),
        ("张燕\r\n", "张燕"),
        ("Mu\u0308ller", "Müller"),
        ("\u212b", "Å"),
    ],
)
def test_a_name_is_stored_composed_and_without_its_edges(typed, stored):
    assert clean_name(typed) == stored


@pytest.mark.parametrize(
    ("typed", "position", "code_point"),
    [
        ("张\0燕", 2, "U+0000"),
        ("张\n燕", 2, "U+000A"),
        ("张\t燕", 2, "U+0009"),
        ("张燕\x7f", 3, "U+007F"),
        ("张\x85燕", 2, "U+0085"),
        ("张\u2028燕", 2, "U+2028"),
        ("\u202e燕张", 1, "U+202E"),
        ("张\u2066燕", 2, "U+2066"),
        ("张\u200f燕", 2, "U+200F"),
        ("张\u200b燕", 2, "U+200B"),
        ("张\ud842", 2, "U+D842"),
        ("张\uffff", 2, "U+FFFF"),
    ],
)
def test_a_character_nobody_can_see_is_refused_by_its_place(typed, position, code_point):
    with pytest.raises(Refused, match=f"第 {position} 个字.*U") as caught:
        clean_name(typed)
    assert code_point in caught.value.sentence
    assert caught.value.code == "characters"


@pytest.mark.parametrize("typed", ["", "  ", "\u3000", "\ufeff", "\u200d"])
def test_an_empty_name_is_refused(typed):
    with pytest.raises(Refused, match="不能为空") as caught:
        clean_name(typed)
    assert caught.value.code == "blank"


@given(st.text())
def test_a_clean_name_is_clean(typed):
    try:
        name = clean_name(typed)
    except Refused:
        return
    assert clean_name(name) == name == unicodedata.normalize("NFC", name)


def test_a_paragraph_keeps_its_lines_and_refuses_what_nobody_sees():
    assert (
        clean_paragraph("第一行 \r\n\r\n\t第二行\rMu\u0308ller\n\n") == "第一行\n\n\t第二行\nMüller"
    )
    assert clean_paragraph("") == ""
    for typed in ("一\n二\0", "一\n\u202e二", "一\n二\ud800"):
        with pytest.raises(Refused, match="看不见"):
            clean_paragraph(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("Straße", "STRASSE"),
        ("张\u200b燕", "张燕"),
        ("\u202e张燕\u202c", "张燕"),
        ("葛\U000e0100", "葛"),
        ("ﷺ", "صلى الله عليه وسلم"),
        ("  张燕", "张燕\u3000"),
        ("Mu\u0308ller", "müller"),
    ],
)
def test_what_looks_alike_is_compared_alike(one, other):
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


def test_a_name_is_found_by_its_characters_and_its_initials():
    assert grams("张海燕") == {
        *("张", "海", "燕", "张海", "海燕", "张海燕"),
        *("z", "h", "y", "zh", "hy", "zhy"),
    }


def test_a_dotted_name_is_found_across_dot_and_space():
    for name in ("阿依·买买", "阿依•买买", "阿依・买买", "阿依 买买", "阿依买买"):
        assert grams(name) == grams("阿依·买买")
    assert {"依买", "依买买", "aym"} <= grams("阿依·买买")


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("重庆银行", "cqy"),
        ("银行", "yh"),
        ("曾国藩", "zgf"),
        ("单田芳", "stf"),
        ("解海龙", "xhl"),
        ("仇英", "qy"),
        ("区小明", "oxm"),
        ("翟志刚", "zzg"),
        ("尉迟恭", "ycg"),
        ("万俟卨", "mq"),
        ("覃小红", "qxh"),
        ("谌小红", "sxh"),
        ("示例ABC公司", "lab"),
        ("Ａ座物业", "azw"),
    ],
)
def test_initials_follow_how_the_name_is_read(name, initials):
    assert initials in grams(name)


def test_a_character_nobody_can_spell_breaks_the_initials_and_is_found_itself():
    found = grams("张𠮷燕")
    assert {"𠮷", "张𠮷", "𠮷燕", "z", "y"} <= found
    assert "zy" not in found


@given(st.text(st.characters(whitelist_categories=["Lo", "Ll", "Nd"]), min_size=1, max_size=12))
def test_every_piece_of_a_name_finds_it(name):
    found = grams(name)
    folded = fold(name)
    assert all(1 <= len(piece) <= 3 for piece in found)
    for start in range(len(folded)):
        for end in range(start + 1, len(folded) + 1):
            assert set(query_grams(folded[start:end])) <= found


@pytest.mark.parametrize(
    ("query", "pieces"),
    [
        ("", []),
        (" · ", []),
        ("张", ["张"]),
        ("ZW", ["zw"]),
        ("ｚｗｙ", ["zwy"]),
        ("阿依古丽", ["阿依古", "依古丽"]),
        ("阿依·古丽", ["阿依古", "依古丽"]),
        ("啊啊啊啊啊", ["啊啊啊"]),
    ],
)
def test_a_query_is_looked_up_by_its_pieces(query, pieces):
    assert query_grams(query) == pieces
