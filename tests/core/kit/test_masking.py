"""Personal data has one mask per kind, and the mask hides what it promises to hide."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.kit.masking import KINDS, mask


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("citizen_id", "620102198001010033", "620102***********3"),
        ("citizen_id", "11010519491231002X", "110105***********X"),
        ("citizen_id", "H12345678", "*********"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "09318123456", "093****3456"),
        ("phone", "8123456", "****56"),
        ("phone", "110", "****"),
        ("birth_date", "1980-01-01", "1980-**-**"),
        ("birth_date", "1980-01", "1980-**"),
        ("birth_date", "1980", "1980"),
        ("name", "张燕", "张*"),
        ("name", "张海燕", "张*燕"),
        ("name", "欧阳海燕", "欧**燕"),
        ("name", "燕", "*"),
        ("name", "𠮷海㐂", "𠮷*㐂"),
        ("name", "阿依古丽·买买提", "阿******提"),
        ("name", "葛\U000e0100海\U000e0101", "葛\U000e0100*"),
        ("address", "示例小区3号楼2单元501室", "示例小区3号楼***"),
        ("address", "示例小区３号楼２单元５０１室", "示例小区３号楼***"),
        ("address", "白银路123号3栋501", "白银路123号3栋***"),
        ("address", "白银路123号501室", "白银路123号***"),
        ("address", "红星巷5号院一号楼三单元", "红星巷5号院一号楼***"),
        ("address", "百合苑A座1201", "百合苑A座***"),
        ("address", "示例小区12幢", "示例小区12幢***"),
        ("address", "示例小区7#2-301", "示例小区7#***"),
        ("address", "示例小区2单元501号", "示例小区***"),
        ("address", "示例小区3-2-501", "示例小区***"),
        ("address", "示例小区501室", "示例小区***"),
        ("address", "榆中县青城镇示例村", "榆中县青城镇示例村***"),
        ("address", "老王家", "***"),
    ],
)
def test_a_value_shows_no_more_than_its_mask(kind, value, shown):
    assert mask(kind, value) == shown


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_stays_nothing(kind):
    assert mask(kind, "") == ""


def test_a_kind_without_a_mask_is_a_mistake_and_never_shown():
    with pytest.raises(KeyError):
        mask("salary", "9000")


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 30), st.integers(1, 9))
def test_a_home_is_never_in_the_mask_of_its_address(building, entrance, floor, door):
    home = f"{entrance}单元{floor}{door:02d}室"
    shown = mask("address", f"示例小区{building}号楼{home}")
    assert shown == f"示例小区{building}号楼***"
    assert mask("address", f"示例小区{home}") == "示例小区***"


@given(st.text(min_size=1, max_size=60))
def test_every_address_can_be_masked_and_shows_a_beginning_only(value):
    shown = mask("address", value)
    assert shown.endswith("***")
    assert value.startswith(shown.removesuffix("***"))


def test_a_hostile_address_is_masked_quickly():
    begun = time.perf_counter()
    for value in ("1" * 50_000, "一 " * 25_000, "1" + " " * 50_000, "区" * 50_000, "1号" * 25_000):
        mask("address", value)
    assert time.perf_counter() - begun < 2
