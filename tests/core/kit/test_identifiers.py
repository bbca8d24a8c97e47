"""Numbers given by the state are checked by their own rules, and refused with a reason."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.kit.identifiers import (
    IdentifierError,
    check_citizen_id,
    check_phone,
    check_uscc,
    citizen_id_birth_date,
    make_citizen_id,
    make_uscc,
)

TODAY = date(2026, 7, 1)
USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

areas = st.integers(110000, 659999).map(str)
births = st.dates(TODAY - timedelta(days=120 * 365), TODAY)
citizen_ids = st.builds(make_citizen_id, areas, births, st.integers(0, 999))
registers = st.sampled_from(
    ["11", "12", "13", "51", "52", "53", "54", "55", "81", "91", "92", "93"]
)
subjects = st.text(USCC_LETTERS, min_size=8, max_size=8)
usccs = st.builds(
    lambda register, area, subject: make_uscc(register[0], register[1], area, subject),
    *(registers, areas, subjects),
)


@pytest.mark.parametrize(
    ("number", "birth"),
    [
        ("11010519491231002X", date(1949, 12, 31)),
        ("620102198001010033", date(1980, 1, 1)),
        ("620103196511051246", date(1965, 11, 5)),
    ],
)
def test_the_worked_citizen_ids_are_right(number, birth):
    assert check_citizen_id(number, TODAY) == number
    assert citizen_id_birth_date(number) == birth
    assert make_citizen_id(number[:6], birth, int(number[14:17])) == number


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "\u202d11010519491231002X\u202c",
        "\ufeff11010519491231002X\u3000",
    ],
)
def test_a_citizen_id_is_stored_one_way_however_it_is_typed(typed):
    assert check_citizen_id(typed, TODAY) == "11010519491231002X"


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        ("", "length", "应为 18 位，现在是 0 位"),
        ("62010219800101003", "length", "应为 18 位，现在是 17 位"),
        ("6201021980010100333", "length", "现在是 19 位"),
        ("620102800101003", "length", "15 位的旧身份证号码"),
        ("62010219800101003O", "characters", "最后一位是数字或 X"),
        ("6201021980010100X3", "characters", "前 17 位只能是数字"),
        ("①20102198001010033", "characters", "前 17 位只能是数字"),
        ("٦20102198001010033", "characters", "前 17 位只能是数字"),
        ("620102198002300035", "date", "第 7–14 位应为真实的出生日期"),
        ("620102190002290037", "date", "真实的出生日期"),
        ("620102000001010030", "date", "真实的出生日期"),
        (make_citizen_id("620102", date(2026, 7, 2), 3), "future", "晚于今天"),
        (make_citizen_id("620102", date(1905, 7, 1), 3), "too_old", "超过 120 年"),
        ("620102198001010032", "checksum", "逐位核对"),
        ("62010219800101003X", "checksum", "逐位核对"),
    ],
)
def test_a_citizen_id_is_refused_with_its_reason(typed, code, sentence):
    with pytest.raises(IdentifierError, match=sentence) as caught:
        check_citizen_id(typed, TODAY)
    assert caught.value.code == code
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("birth", [date(2026, 7, 1), date(1905, 7, 2), date(2024, 2, 29)])
def test_the_youngest_and_the_oldest_are_accepted(birth):
    number = make_citizen_id("620102", birth, 14)
    assert check_citizen_id(number, TODAY) == number


def test_a_refusal_never_repeats_the_number():
    for typed in ("620102198001010032", "620102198002300035", "62010219800101003O", "6201021980"):
        with pytest.raises(IdentifierError) as caught:
            check_citizen_id(typed, TODAY)
        assert typed[:6] not in str(caught.value)


@given(citizen_ids)
def test_a_made_citizen_id_is_a_right_one(number):
    assert check_citizen_id(number, TODAY) == number
    assert make_citizen_id(number[:6], citizen_id_birth_date(number), int(number[14:17])) == number


@given(citizen_ids, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_in_a_citizen_id_is_always_noticed(number, place, character):
    # Every weight is prime to 11 and two digits differ by less than 11, so the sum must change.
    corrupted = number[:place] + character + number[place + 1 :]
    if corrupted == number:
        assert check_citizen_id(corrupted, TODAY) == number
        return
    with pytest.raises(IdentifierError):
        check_citizen_id(corrupted, TODAY)


@given(citizen_ids, st.integers(0, 16))
def test_two_neighbours_swapped_in_a_citizen_id_are_always_noticed(number, place):
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(IdentifierError):
            check_citizen_id(swapped, TODAY)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(text):
    for check in (lambda t: check_citizen_id(t, TODAY), check_uscc, check_phone):
        try:
            assert check(check(text)) == check(text)
        except IdentifierError as error:
            assert error.sentence and error.code


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",
        "55620102MLA001016E",
        "52620102MJY2026070",
        "91620102MA72AB3C3D",
    ],
)
def test_the_worked_credit_codes_are_right(code):
    assert check_uscc(code) == code
    assert make_uscc(code[0], code[1], code[2:8], code[8:16]) == code


def test_the_misprint_of_the_standard_is_noticed():
    with pytest.raises(IdentifierError) as caught:
        check_uscc("91350100M000100Y4Z")
    assert caught.value.code == "letters"
    with pytest.raises(IdentifierError, match="最后一位"):
        check_uscc("91350100M000100Y44")


@pytest.mark.parametrize("typed", ["91620102 ma72ab3c3d", "９１６２０１０２ＭＡ７２ＡＢ３Ｃ３Ｄ"])
def test_a_credit_code_is_stored_one_way_however_it_is_typed(typed):
    assert check_uscc(typed) == "91620102MA72AB3C3D"


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        ("620102200012345", "old_number", "15 位的旧工商注册号.*18 位"),
        ("91620102MA72AB3C3", "length", "应为 18 位，现在是 17 位"),
        ("9162O102MA72AB3C3D", "letters", "不用字母 I、O、S、V、Z"),
        ("91620102MA72AB3C3-", "characters", "数字和大写字母"),
        ("91620102ＭＡ７２中B3C3D", "characters", "数字和大写字母"),
        ("B1620102MA72AB3C3D", "authority", "第 1 位.*应为 1、2、3"),
        ("94620102MA72AB3C3D", "type", "以 9 开头时，第 2 位.*应为 1、2、3 之一"),
        ("56620102MA72AB3C3D", "type", "以 5 开头时"),
        ("916201A2MA72AB3C3D", "region", "第 3–8 位"),
        ("91620102MA72AB3C4D", "subject_checksum", "第 17 位"),
        ("91620102MA72AB3C3E", "checksum", "最后一位"),
    ],
)
def test_a_credit_code_is_refused_with_its_reason(typed, code, sentence):
    with pytest.raises(IdentifierError, match=sentence) as caught:
        check_uscc(typed)
    assert caught.value.code == code


def test_a_letter_led_authority_is_accepted():
    code = make_uscc("N", "2", "620102", "YYN20260")
    assert check_uscc(code) == code


@given(usccs)
def test_a_made_credit_code_is_a_right_one(code):
    assert check_uscc(code) == code


@given(usccs, st.integers(0, 17), st.sampled_from(USCC_LETTERS))
def test_one_wrong_character_in_a_credit_code_is_always_noticed(code, place, character):
    # Every weight is prime to 31 and two values differ by less than 31, so the sum must change.
    corrupted = code[:place] + character + code[place + 1 :]
    if corrupted != code:
        with pytest.raises(IdentifierError):
            check_uscc(corrupted)


@pytest.mark.parametrize(
    "typed",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "(+86)13812345678",
        "008613812345678",
        "8613812345678",
        "１３８１２３４５６７８",
        "\u202d13812345678\u202c",
    ],
)
def test_a_phone_is_stored_one_way_however_it_is_typed(typed):
    assert check_phone(typed) == "13812345678"


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        ("", "characters", "只能是数字"),
        ("1381234567✗", "characters", "只能是数字"),
        ("1381234567", "length", "应为 11 位，现在是 10 位"),
        ("138123456789", "length", "现在是 12 位"),
        ("12812345678", "prefix", "13 至 19"),
        ("09318123456", "prefix", "13 至 19"),
        ("+85291234567", "characters", "只能是数字"),
    ],
)
def test_a_phone_is_refused_with_its_reason(typed, code, sentence):
    with pytest.raises(IdentifierError, match=sentence) as caught:
        check_phone(typed)
    assert caught.value.code == code
