"""One family of errors: each knows its status, its code, its exit code and its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from lifang.kit.words import _, n_

TITLES = {
    400: n_("请求有误"),
    401: n_("需要登录"),
    403: n_("没有权限"),
    404: n_("没有找到"),
    405: n_("不支持这种方法"),
    409: n_("与现状冲突"),
    412: n_("已被别人修改"),
    413: n_("内容太大"),
    415: n_("不支持这种内容类型"),
    422: n_("内容需要修改"),
    428: n_("缺少前提条件"),
    429: n_("太频繁"),
    503: n_("暂时不能服务"),
}
"""What a problem is called, by its HTTP status."""


def problem_type(code: str) -> str:
    """The name of a kind of problem, the same in every interface; a server explains it there."""
    return f"/api/problems/{code}"


def title_of(status: int) -> str:
    """What a problem is called in the user's language."""
    return _(TITLES[status]) if status in TITLES else _("出错了")


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field, in the user's language."""

    field: str
    code: str
    message: str


class LifangError(Exception):
    """Something a person or a client can be told: never a bug, always a sentence.

    `status` is the HTTP status, `exit_code` that of the command line (`decisions.md` 28), `code` a
    stable word for programs. `extra` travels into the problem document (for example `current`).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str, *, errors: Sequence[FieldError] = (), **extra: Any) -> None:
        """Keep the sentence, already in the user's language, and what each field did wrong."""
        super().__init__(sentence)
        self.sentence = sentence
        self.errors = tuple(errors)
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """Tell this error as the members of an RFC 9457 problem document."""
        told: dict[str, Any] = {
            "type": problem_type(self.code),
            "title": title_of(self.status),
            "status": self.status,
            "code": self.code,
            "detail": self.sentence,
            "errors": [asdict(error) for error in self.errors],
        }
        return told | self.extra


class Malformed(LifangError):
    """The request cannot even be read: broken JSON, an unknown query key."""

    status, code, exit_code = 400, "malformed", 2


def demand_known(key: str, said: object, known: Iterable[str]) -> None:
    """Raise Malformed, with what would be right, for a word that is none of those known."""
    words = list(known)
    if said not in words:
        listed = _("、").join(words)
        raise Malformed(_("「{key}」须为其中之一：{known}", key=key, known=listed))


class Unauthenticated(LifangError):
    """Nobody is signed in."""

    status, code, exit_code = 401, "unauthenticated", 3


class Forbidden(LifangError):
    """The caller can read it and may not do this to it."""

    status, code, exit_code = 403, "forbidden", 3


class NotFound(LifangError):
    """It does not exist, or the caller cannot read it, or its plugin is off: told alike."""

    status, code, exit_code = 404, "not_found", 4


class Conflict(LifangError):
    """The record is in another state, already exists, or the request was used for another."""

    status, code, exit_code = 409, "conflict", 5


class Stale(LifangError):
    """Someone else changed the record first."""

    status, code, exit_code = 412, "stale", 5


class Invalid(LifangError):
    """The input can be read and says something that cannot be so."""

    status, code, exit_code = 422, "invalid", 2

    @classmethod
    def about(cls, field: str, code: str, sentence: str) -> Self:
        """What one field says cannot be so: the code for programs, the sentence for people."""
        return cls(sentence, errors=[FieldError(field, code, sentence)])


class PreconditionMissing(LifangError):
    """The request must name the version it was made for."""

    status, code, exit_code = 428, "precondition_missing", 5


class TooMany(LifangError):
    """Too many attempts in too short a time; `retry_after` gives the seconds to wait."""

    status, code, exit_code = 429, "too_many", 3


class Busy(LifangError):
    """The database is held by others; try again in a moment."""

    status, code, exit_code = 503, "busy", 6


class NotReady(LifangError):
    """The instance cannot work yet: no folder, a wrong key, outstanding migrations."""

    status, code, exit_code = 503, "not_ready", 6


def told_by(error: BaseException) -> str:
    """What an error says to people: ours and plugins' a sentence, others their class too."""
    ours = type(error).__module__.partition(".")[0].startswith("lifang")
    return str(error) if ours and str(error) else f"{type(error).__name__}: {error}"
