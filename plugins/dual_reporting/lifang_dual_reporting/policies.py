"""What several nouns ask of a record before it is kept."""

from __future__ import annotations

from typing import NoReturn

import lifang as lf


def refuse(field: str, code: str, sentence: str) -> NoReturn:
    """Refuse a record because of one field, with a sentence that says what would be right."""
    raise lf.Invalid(sentence, errors=[lf.FieldError(field, code, sentence)])
