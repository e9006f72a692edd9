"""Accounts for tests: say what matters, the rest is zero, or what a healthy exchange has there."""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib.resources import files
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
    return _with(kind.decode(kind.DISCRIMINATOR + bytes(size - len(kind.DISCRIMINATOR))), fields)


def sample_account(kind: type[A], **fields: Any) -> A:
    """An account of `kind`, one of the five programs' own, as the programs wrote it, but with these fields.

    All samples are of one exchange: BTC-PERP at 50,000 USDT, Alice long 0.1 BTC against Bob after one batch,
    her session, and the market's settlement. Without `fields` an account holds to every rule of its program;
    with them that is up to you. `InputError` names a type or field that there is not.
    """
    stored = _samples().get(kind.__name__)
    if stored is None or stored[: len(kind.DISCRIMINATOR)] != kind.DISCRIMINATOR:
        raise InputError("kind", kind.__name__, f"must be one of {', '.join(_samples())}")
    return _with(kind.decode(stored), fields)


def _with(account: A, fields: dict[str, Any]) -> A:
    names = tuple(account.LAYOUT.offsets)
    unknown = sorted(set(fields) - set(names))
    if unknown:
        raise InputError("fields", unknown, f"{type(account).__name__} has {', '.join(names)}")
    return type(account)(**{name: fields.get(name, getattr(account, name)) for name in names})


@cache
def _samples() -> dict[str, bytes]:
    """Type → data; `gdx_sdk.testing._samples` writes the file."""
    stored = json.loads(files(__package__).joinpath("accounts.json").read_bytes())
    return {name: base64.b64decode(text) for name, text in stored.items()}
