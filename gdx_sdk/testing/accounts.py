"""Accounts for tests: say what matters, the rest is zero."""

from __future__ import annotations

from typing import Any, TypeVar

from gdx_sdk.errors import InputError
from gdx_sdk.runtime import Account

A = TypeVar("A", bound=Account)


def build_account(kind: type[A], **fields: Any) -> A:
    """An account of `kind` with these fields, all others as zero bytes decode.

    Works for every type of fixed size; `InputError` names a field that the type does not have.
    """
    size = int(getattr(kind, "SIZE", 0))
    if not size:
        raise InputError("kind", kind.__name__, "must have a fixed size")
    blank = kind.decode(kind.DISCRIMINATOR + bytes(size - len(kind.DISCRIMINATOR)))
    names = tuple(kind.LAYOUT.offsets)
    unknown = sorted(set(fields) - set(names))
    if unknown:
        raise InputError("fields", unknown, f"{kind.__name__} has {', '.join(names)}")
    values = {name: fields.get(name, getattr(blank, name)) for name in names}
    return kind(**values)
