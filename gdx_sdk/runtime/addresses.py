"""Program-derived addresses, remembered, and addresses that accounts on chain hold."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError
from gdx_sdk.runtime.accounts import Account
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


class ChainLookup:
    """Reads accounts of known types, each address once, for the keys and values in their fields."""

    def __init__(self, client: AccountSource, *kinds: type[Account]) -> None:
        self._client = client
        # One discriminator may begin another: the longer one is the account's.
        self._kinds = sorted(kinds, key=lambda kind: len(kind.DISCRIMINATOR), reverse=True)
        self._read: dict[Pubkey, Account] = {}

    async def field(self, address: Pubkey, path: str) -> Any:
        """The value of a field (dots reach into records) of the account at ``address``.

        Raises CodecError when there is no such account, when it is of none of the known types or of
        another program, or when it has no such field.
        """
        record: Any = await self._account(address)
        for name in path.split("."):
            record = getattr(record, name, None)
        if record is None:
            kind = type(self._read[address]).__name__
            raise CodecError(f"account {address}", kind, f"has no value in a field {path!r}")
        return record

    async def key(self, address: Pubkey, path: str) -> Pubkey:
        """As ``field``, for a field that holds a key."""
        found = await self.field(address, path)
        if not isinstance(found, Pubkey):
            raise CodecError(f"account {address}: {path}", found, "must be a key")
        return found

    async def _account(self, address: Pubkey) -> Account:
        if address not in self._read:
            reply = await self._client.get_account_info(address)
            if reply.value is None:
                raise CodecError("account", str(address), "does not exist, so its fields cannot be read")
            self._read[address] = self._decode(address, bytes(reply.value.data), reply.value.owner)
        return self._read[address]

    def _decode(self, address: Pubkey, data: bytes, owner: Pubkey) -> Account:
        for kind in self._kinds:
            if kind.PROGRAM_ID in (None, owner) and data.startswith(kind.DISCRIMINATOR):
                return kind.decode(data)
        names = ", ".join(kind.__name__ for kind in self._kinds)
        rule = f"must be one of {names}, by its discriminator and owner"
        raise CodecError(f"account {address}", data[:8].hex(), rule)
