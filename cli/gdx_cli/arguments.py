"""Arguments that name things on chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from solders.pubkey import Pubkey


def address(text: str, hint: str) -> Pubkey:
    """A base58 address."""
    found = _maybe_address(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is not a base58 address", param_hint=hint)
    return found


def market_key(text: str, hint: str = "SYMBOL_OR_ADDRESS") -> Pubkey:
    """A market's address, given as such or by its symbol."""
    from gdx_sdk import pdas
    from gdx_sdk.errors import InputError

    found = _maybe_address(text)
    if found is not None:
        return found
    try:
        return pdas.market(text)
    except InputError as error:
        raise click.BadParameter(str(error), param_hint=hint) from error


def batch_id(text: str, hint: str = "BATCH_ID") -> bytes:
    """32 bytes in hexadecimal."""
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not hexadecimal", param_hint=hint) from error
    if len(found) != 32:
        raise click.BadParameter(f"{text!r} has {len(found)} bytes, not 32", param_hint=hint)
    return found


def _maybe_address(text: str) -> Pubkey | None:
    from solders.pubkey import Pubkey

    try:
        return Pubkey.from_string(text)
    except ValueError:
        return None
