"""Program-derived addresses, remembered, and the address fields of accounts."""

from __future__ import annotations

from functools import lru_cache

from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError
from gdx_sdk.runtime.accounts import Account, account_in
from gdx_sdk.runtime.source import AccountSource


@lru_cache(maxsize=16_384)
def find_address(seeds: tuple[bytes, ...], program_id: Pubkey) -> tuple[Pubkey, int]:
    """The program-derived address of these seeds and its bump.

    Searching takes about ten hashes, so answers are kept. Raises CodecError when there are more than 15
    seeds or one is longer than 32 bytes.
    """
    if len(seeds) > 15:
        raise CodecError("seeds", len(seeds), "at most 15, the bump is the sixteenth")
    for seed in seeds:
        if len(seed) > 32:
            raise CodecError("seed", seed, "must be at most 32 bytes")
    return Pubkey.find_program_address(list(seeds), program_id)


async def address_field(
    client: AccountSource, address: Pubkey, field: str, kinds: tuple[type[Account], ...]
) -> Pubkey:
    """Read the account at ``address`` and return the key in its ``field``.

    Raises CodecError when there is no account, when it is of none of ``kinds``, or has no such key.
    """
    reply = await client.get_account_info(address)
    if reply.value is None:
        raise CodecError("account", str(address), "does not exist, so its fields cannot be read")
    account = account_in(bytes(reply.value.data), kinds)
    found = getattr(account, field, None)
    if not isinstance(found, Pubkey):
        kind = type(account).__name__ if account is not None else "an account of an unknown type"
        raise CodecError(f"account {address}", kind, f"has no key in a field {field!r}")
    return found
