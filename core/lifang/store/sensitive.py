"""Sensitive fields: what is stored is ciphertext, a blind index and the mask, side by side."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import peewee as pw

if TYPE_CHECKING:
    SealedBase = pw.Field["Sealed | None"]
else:
    SealedBase = pw.Field

SEARCHABLE_KINDS = frozenset({"citizen_id", "phone"})
"""Kinds that may be looked up exactly; an index over anything else would only help an attacker."""


@dataclass(frozen=True)
class Sealed:
    """A value that only the gateway can open: ciphertext bound to its table, column and row."""

    blob: bytes

    def __str__(self) -> str:
        """Never show anything by accident."""
        return "***"


class Sensitive(SealedBase):
    """A column whose plain value never reaches the database or a list.

    Beside `<name>` (ciphertext) lie `<name>_mask` (shown everywhere) and, for phones and citizen
    ids, `<name>_index` (HMAC for exact search). The attribute of a record holds a `Sealed`;
    anything else is refused, so a plain value can never be stored by accident.
    """

    field_type = "BLOB"

    def __init__(self, label: str = "", *, kind: str = "", **options: Any) -> None:
        """`kind` is one of citizen_id, phone, birth_date, name, address, category, email."""
        self.kind = kind
        super().__init__(**{"verbose_name": label or None, "null": True, **options})

    @property
    def searchable(self) -> bool:
        """Whether the field has a blind index."""
        return self.kind in SEARCHABLE_KINDS

    def bind(self, model: Any, name: str, set_attribute: bool = True) -> None:  # noqa: FBT001, FBT002 – peewee's signature
        """Add the companion columns beside the ciphertext when the model is made."""
        super().bind(model, name, set_attribute)
        if not self.kind or not set_attribute:
            return
        label = self.verbose_name
        mask = pw.CharField(max_length=120, null=True, verbose_name=label)
        model._meta.add_field(f"{name}_mask", mask)
        if self.searchable:
            index = pw.CharField(max_length=64, null=True, index=True)
            model._meta.add_field(f"{name}_index", index)

    def among(self, record: Any, caller: Any, values: Collection[str]) -> bool | None:
        """Whether a value is one of some, and no more of it; None where there is none."""
        sealed, table = getattr(record, self.name), self.model._meta.table_name
        opened = caller.instance.keys.open
        return sealed and opened(sealed, table=table, column=self.name, row=record.id) in values

    def db_value(self, value: Any) -> Any:
        """Store ciphertext only."""
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise TypeError(f"{self.name}: only a sealed value can be stored")
        return value.blob

    def python_value(self, value: Any) -> Any:
        """Hand out an opaque value."""
        return None if value is None else Sealed(bytes(value))
