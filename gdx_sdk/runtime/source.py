"""Reading account data through any client that answers as solana-py's ``AsyncClient`` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError

BATCH = 100  # the RPC method's own limit of addresses per call
MAX_CALLS_AT_ONCE = 8


class AccountSource(Protocol):
    """The two calls that fetching needs; ``solana.rpc.async_api.AsyncClient`` has them."""

    async def get_account_info(self, pubkey: Pubkey, commitment: Any = None) -> Any:
        """Answer with ``.value``: an account (``data``, ``owner``) or ``None``."""

    async def get_multiple_accounts(self, pubkeys: list[Pubkey], commitment: Any = None) -> Any:
        """Answer with ``.value``: for each address an account or ``None``, in order."""


async def account_data(
    client: AccountSource, address: Pubkey, owner: Pubkey | None, commitment: Any = None
) -> bytes | None:
    """The account's data, ``None`` when there is none; CodecError when another program owns it."""
    reply = await client.get_account_info(address, commitment)
    return _owned(address, reply.value, owner)


async def accounts_data(
    client: AccountSource, addresses: Sequence[Pubkey], owner: Pubkey | None, commitment: Any = None
) -> list[bytes | None]:
    """As ``account_data`` for many addresses, in order: calls of 100, eight at once at most."""
    from asyncio import Semaphore, TaskGroup

    permits = Semaphore(MAX_CALLS_AT_ONCE)

    async def read(part: list[Pubkey]) -> list[bytes | None]:
        async with permits:
            reply = await client.get_multiple_accounts(part, commitment)
        return [_owned(address, account, owner) for address, account in zip(part, reply.value, strict=True)]

    parts = [list(addresses[start : start + BATCH]) for start in range(0, len(addresses), BATCH)]
    if len(parts) == 1:
        return await read(parts[0])
    try:
        async with TaskGroup() as group:
            tasks = [group.create_task(read(part)) for part in parts]
    except BaseExceptionGroup as group_of_errors:
        first = group_of_errors.exceptions[0]  # the others were called off because of it
        raise first from first.__cause__
    return [data for task in tasks for data in task.result()]


def _owned(address: Pubkey, account: Any, owner: Pubkey | None) -> bytes | None:
    if account is None:
        return None
    if owner is not None and account.owner != owner:
        if account.owner == Pubkey.default() and not account.data:
            rule = f"must be the program {owner}; this account has been closed, or never was created"
            raise CodecError(f"account {address}: owner", str(account.owner), rule)
        raise CodecError(f"account {address}: owner", str(account.owner), f"must be the program {owner}")
    return bytes(account.data)
