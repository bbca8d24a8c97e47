"""What a stranger sends means one thing only, or is refused with its place."""

import json
import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifang.kit.errors import Malformed
from lifang.kit.json import dumps, loads_strict

storable = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a machine may have much to do
@given(plain)
def test_what_we_write_is_read_back(data):
    assert loads_strict(dumps(data)) == data
    assert loads_strict(json.dumps(data).encode()) == data  # with everything escaped


def test_instants_and_days_are_written_as_iso_8601():
    told = {"at": datetime(2026, 1, 2, 3, tzinfo=UTC), "on": date(2026, 1, 2), "名": "𠮷"}
    assert dumps(told).decode() == '{"at":"2026-01-02T03:00:00+00:00","on":"2026-01-02","名":"𠮷"}'


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "第 1 行第 1 列"),
        (b"{", "第 1 行第 2 列"),
        (b'{"a": 1,\n "b" 2}', "第 2 行第 6 列"),
        (b"[1] 2", "第 1 行第 5 列"),
        (b"\xef\xbb\xbf{}", "第 1 行第 1 列"),
        (b'{"a": "\xff"}', "UTF-8 编码：第 8 个字节"),
        (b'"\xed\xa0\x80"', "UTF-8"),  # a surrogate in disguise
        (b'"a\tb"', "第 1 行"),  # a raw control character
        (b'"a\x00b"', "第 1 行"),
        (b'{"x": NaN}', "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"-Infinity", "-Infinity"),
        (b"[1e400]", "1e400 太大"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "键 c 出现了两次"),
        (b'{"\\u0061": 1, "a": 2}', "键 a 出现了两次"),
        (b"[9223372036854775808]", "9223372036854775808 超出 64 位"),
        (b"-9223372036854775809", "超出 64 位"),
        (b"1" * 5000, "超出 64 位"),
        (b'{"name": "a\\u0000b"}', r"\$\.name 含有"),
        (b'{"people": [{"name": "ok"}, {"name": "\\ud83d"}]}', r"\$\.people\[1\]\.name 含有"),
        (b'{"\\udc00": 1}', r"\$ 含有"),
        (b"[" * 33 + b"]" * 33, "嵌套超过 32 层"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "嵌套超过 32 层"),
        (b"[" * 200_000, "嵌套超过 32 层"),
    ],
)
def test_a_body_that_could_be_misread_is_refused(raw, sentence):
    with pytest.raises(Malformed, match=sentence):
        loads_strict(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 32 + b"]" * 32,
        b"[" + b"[]," * 100 + b"{}]",  # wide is not deep
        b'["' + b"[{" * 500 + b'"]',  # brackets in a string are text
        b'["\\"' + b"[" * 500 + b'"]',
        b"[9223372036854775807, -9223372036854775808]",
        b'"\\ud83d\\ude00"',  # a pair is a character
        b'{"a": 1, "A": 2}',
        b'"\\\\u0000"',  # a backslash followed by text
    ],
)
def test_a_body_at_the_limits_is_read(raw):
    assert loads_strict(raw) == json.loads(raw)


def test_the_depth_is_the_readers_choice():
    assert loads_strict(b"[[1]]", max_depth=2) == [[1]]
    with pytest.raises(Malformed, match="超过 1 层"):
        loads_strict(b"[[1]]", max_depth=1)


def test_a_hostile_body_is_refused_quickly():
    begun = time.perf_counter()
    for raw in (b'["' + b'\\"' * 500_000 + b"[" * 50, b'"' * 500_000 + b"[" * 50):
        with pytest.raises(Malformed):
            loads_strict(raw)
    assert time.perf_counter() - begun < 2


def test_what_is_shown_of_a_body_is_short_and_printable():
    key = json.dumps("\u202e" + "x" * 100)
    with pytest.raises(Malformed) as caught:
        loads_strict(f"{{{key}: 1, {key}: 2}}".encode())
    assert "\u202e" not in caught.value.sentence
    assert len(caught.value.sentence) < 80
