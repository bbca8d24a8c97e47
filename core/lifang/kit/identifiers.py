"""The numbers given to people, organizations and places: what they say, whether they can be.

Rules: GB 11643 (citizen id), GB 32100 and GB 11714 (unified social credit code), the numbering
plan for mobile phones, the statistical division codes. A refusal never repeats the number: refusals
end up in logs and on other people's screens.
"""

from __future__ import annotations

import re
from datetime import date

from lifang.kit.text import Refused, without_unseen
from lifang.kit.words import _, n_

_FULL_WIDTH = {0xFEE0 + code: code for code in range(0x21, 0x7F)}  # not NFKC: it turns ① into 1
_CITIZEN_ID = re.compile(r"[0-9]{17}[0-9X]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
_DIGITS = re.compile(r"[0-9]+")
_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(f"[{_USCC_LETTERS}]*")
_SUBJECT_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_OLDEST = 120

# GB 32100: which kinds of bodies each registering authority registers. Civil affairs also registers
# village (54) and residents' committees (55).
_USCC_TYPES = {
    "1": "1239",  # establishment organs: organ, institution, mass organization
    "2": "19",  # foreign affairs
    "3": "123459",  # justice: law firm, notary, legal service, forensic body, arbitration
    "4": "19",  # culture
    "5": "123459",  # civil affairs: association, social service agency, foundation
    "6": "129",  # tourism
    "7": "129",  # religious affairs
    "8": "19",  # trade unions
    "9": "123",  # market regulation: enterprise, sole trader, farmers' cooperative
    "A": "19",  # the military's establishment office
    "N": "1239",  # agriculture: collective economic organizations
    "Y": "1",  # everyone else
}


class IdentifierError(Refused):
    """A number that cannot be what it is meant to be."""


def check_citizen_id(text: str, today: date) -> str:
    """Return a citizen id as it is stored, or say why it cannot be one.

    Its area is only six digits: it is that of the first registration and need not exist today.
    """
    from stdnum.cn import ric

    number = _compact(text)
    if len(number) == 15 and _DIGITS.fullmatch(number):
        raise IdentifierError(_("15 位的旧身份证号码已停用，请填写 18 位号码"), "length")
    _demand_length(number, 18, n_("公民身份号码"))
    if _CITIZEN_ID.fullmatch(number) is None:
        raise IdentifierError(
            _("公民身份号码的前 17 位只能是数字，最后一位是数字或 X"), "characters"
        )
    _demand_possible_birth(number, today)
    if ric.calc_check_digit(number) != number[-1]:
        raise IdentifierError(
            _("公民身份号码的最后一位（校验码）与前 17 位不符，请逐位核对"), "checksum"
        )
    return number


def citizen_id_birth_date(number: str) -> date:
    """Read the birth date out of a checked citizen id."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def make_citizen_id(area: str, birth: date, sequence: int) -> str:
    """Make the citizen id of an area (six digits), a birth date and a sequence from 0 to 999."""
    from stdnum.cn import ric

    master = f"{area}{birth:%Y%m%d}{sequence:03d}"
    return master + ric.calc_check_digit(master + "0")  # it looks at all but the last character


def check_uscc(text: str) -> str:
    """Return a unified social credit code as it is stored, or say why it cannot be one."""
    from stdnum.cn import uscc

    code = _compact(text)
    if len(code) == 15 and _DIGITS.fullmatch(code):
        raise IdentifierError(
            _("这是 15 位的旧工商注册号，请填写营业执照或登记证书上的 18 位统一社会信用代码"),
            "old_number",
        )
    _demand_length(code, 18, n_("统一社会信用代码"))
    _demand_uscc_shape(code)
    if _subject_check(code[8:16]) != code[16]:
        raise IdentifierError(
            _("统一社会信用代码第 17 位（主体标识码的校验位）与第 9–16 位不符，请逐位核对"),
            "subject_checksum",
        )
    if uscc.calc_check_digit(code[:17]) != code[17]:
        raise IdentifierError(
            _("统一社会信用代码最后一位（校验码）与前 17 位不符，请逐位核对"), "checksum"
        )
    return code


def make_uscc(authority: str, body_type: str, region: str, subject: str) -> str:
    """Make the code of a body (subject: eight characters), computing both check characters."""
    from stdnum.cn import uscc

    first = f"{authority}{body_type}{region}{subject}{_subject_check(subject)}"
    return first + uscc.calc_check_digit(first)


def check_phone(text: str) -> str:
    """Return a mainland mobile number as its eleven digits, or say why it cannot be one."""
    number = re.sub(r"[-()（）.]", "", _compact(text))
    for prefix in ("+86", "0086"):
        number = number.removeprefix(prefix)
    if len(number) == 13:
        number = number.removeprefix("86")
    if not _DIGITS.fullmatch(number):
        raise IdentifierError(_("手机号码只能是数字，例如 138 开头的 11 位号码"), "characters")
    _demand_length(number, 11, n_("手机号码"))
    if _MOBILE.fullmatch(number) is None:
        raise IdentifierError(_("手机号码应以 13 至 19 开头"), "prefix")
    return number


def check_email(text: str) -> str:
    """Return an e-mail address as it is written to, or say why it cannot be one."""
    address = "".join(without_unseen(text).translate(_FULL_WIDTH).split())
    if len(address) > 100 or _EMAIL.fullmatch(address) is None:
        raise IdentifierError(_("邮箱的写法有误，例如 name@example.cn"), "email")
    return address


def _compact(text: str) -> str:
    """Drop what copying and pasting leaves behind: spaces, full width, marks nobody sees."""
    narrow = without_unseen(text).translate(_FULL_WIDTH)
    return "".join(narrow.split()).upper()


def _demand_length(number: str, length: int, label: str) -> None:
    if len(number) != length:
        told = {"label": _(label), "length": length, "given": len(number)}
        raise IdentifierError(_("{label}应为 {length} 位，现在是 {given} 位", **told), "length")


def _demand_possible_birth(number: str, today: date) -> None:
    try:
        birth = citizen_id_birth_date(number)
    except ValueError as error:
        raise IdentifierError(
            _("公民身份号码第 7–14 位应为真实的出生日期（年 4 位、月 2 位、日 2 位）"), "date"
        ) from error
    if birth > today:
        raise IdentifierError(_("公民身份号码中的出生日期晚于今天"), "future")
    age = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    if age > _OLDEST:
        raise IdentifierError(
            _("公民身份号码中的出生日期距今超过 {years} 年", years=_OLDEST), "too_old"
        )


def _demand_uscc_shape(code: str) -> None:
    if any(letter in "IOSVZ" for letter in code):
        raise IdentifierError(
            _("统一社会信用代码不用字母 I、O、S、V、Z：请核对是否应为 1、0、5、U、2"), "letters"
        )
    if _USCC.fullmatch(code) is None:
        raise IdentifierError(_("统一社会信用代码只能由数字和大写字母组成"), "characters")
    types = _USCC_TYPES.get(code[0])
    if types is None:
        known = _("、").join(_USCC_TYPES)
        told = _("统一社会信用代码第 1 位（登记管理部门）应为 {known} 之一", known=known)
        raise IdentifierError(told, "authority")
    if code[1] not in types:
        told = _("统一社会信用代码以 {authority} 开头时，第 2 位（机构类别）应为 {known} 之一",
                 authority=code[0], known=_("、").join(types))  # fmt: skip
        raise IdentifierError(told, "type")
    if not _DIGITS.fullmatch(code[2:8]):
        raise IdentifierError(
            _("统一社会信用代码第 3–8 位（登记机关行政区划码）只能是数字"), "region"
        )


def _subject_check(subject: str) -> str:
    """Compute the check character of an organization code by GB 11714 (A is 10, Z is 35)."""
    total = sum(
        int(letter, 36) * weight for letter, weight in zip(subject, _SUBJECT_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]
