"""Reading the chain: typed calls over a transport."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, TypeVar, cast, overload

from solders.hash import Hash
from solders.pubkey import Pubkey

from gdx_sdk.client.replies import (
    COMMITMENTS,
    AccountInfo,
    ChainClock,
    LatestBlockhash,
    Reply,
    SignatureStatus,
    account_from,
    reading,
    status_from,
)
from gdx_sdk.client.scanning import METHOD, AccountColumns, columns_of, reading_accounts, texts_of
from gdx_sdk.client.transport import RpcTransport
from gdx_sdk.errors import AccountNotFound, InputError
from gdx_sdk.runtime import Account, FixedAccount, MemcmpFilter
from gdx_sdk.runtime.encoding import decode_base64

A = TypeVar("A", bound=Account)

CLOCK_ADDRESS = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_CLOCK = struct.Struct("<QqQQq")  # slot, epoch start, epoch, leader schedule epoch, unix time
MAX_SIGNATURES_PER_CALL = 256


class Reader:
    """Reads accounts and facts of the chain. Every call may raise `RpcError` or `TransportError`."""

    def __init__(self, transport: RpcTransport, commitment: str) -> None:
        if commitment not in COMMITMENTS:
            raise InputError("commitment", commitment, f"must be one of {', '.join(COMMITMENTS)}")
        self.transport, self.commitment = transport, commitment

    async def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The raw result of any JSON-RPC method."""
        return await self.transport.call(method, list(params))

    async def get_account_info(
        self, address: Pubkey, commitment: str | None = None
    ) -> Reply[AccountInfo | None]:
        """The account as stored, None when there is none; the same shape as solana-py's call."""
        result = await self.rpc("getAccountInfo", [str(address), self._config(commitment, encoding="base64")])
        with reading(f"getAccountInfo of {address}", result):
            return Reply(account_from(result["value"]), int(result["context"]["slot"]))

    async def get_multiple_accounts(
        self, addresses: Sequence[Pubkey], commitment: str | None = None
    ) -> Reply[list[AccountInfo | None]]:
        """Up to 100 accounts in one call, in order, all as of one slot."""
        config = self._config(commitment, encoding="base64")
        result = await self.rpc("getMultipleAccounts", [[str(address) for address in addresses], config])
        with reading("getMultipleAccounts", result):
            accounts = [account_from(value) for value in result["value"]]
            if len(accounts) != len(addresses):
                raise ValueError(len(accounts))
            return Reply(accounts, int(result["context"]["slot"]))

    async def fetch(self, kind: type[A], address: Pubkey, *, commitment: str | None = None) -> A:
        """The account of type `kind` at `address`.

        Raises `AccountNotFound` when there is none, `CodecError` when it is another program's or of another
        type.
        """
        found = await kind.fetch(self, address, commitment=commitment)
        if found is None:
            raise AccountNotFound(kind.__name__, address)
        return found

    async def fetch_optional(
        self, kind: type[A], address: Pubkey, *, commitment: str | None = None
    ) -> A | None:
        """As `fetch`, but None when there is no account."""
        return await kind.fetch(self, address, commitment=commitment)

    async def fetch_multiple(
        self, kind: type[A], addresses: Sequence[Pubkey], *, commitment: str | None = None
    ) -> list[A | None]:
        """Many accounts of one type in order, 100 per call; None where there is no account."""
        return await kind.fetch_multiple(self, addresses, commitment=commitment)

    @overload
    async def scan(
        self,
        kind: type[A],
        filters: Sequence[MemcmpFilter | int] = (),
        *,
        fields: None = None,
        program_id: Pubkey | None = None,
        commitment: str | None = None,
    ) -> list[tuple[Pubkey, A]]: ...

    @overload
    async def scan(
        self,
        kind: type[FixedAccount],
        filters: Sequence[MemcmpFilter | int] = (),
        *,
        fields: Sequence[str],
        program_id: Pubkey | None = None,
        commitment: str | None = None,
    ) -> AccountColumns: ...

    async def scan(
        self,
        kind: type[Any],
        filters: Sequence[MemcmpFilter | int] = (),
        *,
        fields: Sequence[str] | None = None,
        program_id: Pubkey | None = None,
        commitment: str | None = None,
    ) -> list[tuple[Pubkey, Any]] | AccountColumns:
        """Accounts of type `kind` that pass every filter: `kind.memcmp(field, value)` or a data length.

        Each as address and object; or with `fields` (needs numpy, and a type of fixed size) as columns of
        these fields, for which the node sends no more than the bytes that hold them.
        """
        program = program_id or kind.PROGRAM_ID
        if program is None:
            raise InputError("program_id", None, f"{kind.__name__} does not say which program owns it")
        wanted = [kind.discriminator_filter(), *filters]
        if fields is None:
            found = await self.scan_data(program, wanted, commitment=commitment)
            return [(address, kind.decode_at(address, data)) for address, data in found]
        return await self._scan_columns(program, kind, wanted, fields, commitment)

    async def _scan_columns(
        self,
        program_id: Pubkey,
        kind: type[FixedAccount],
        filters: Sequence[MemcmpFilter | int],
        fields: Sequence[str],
        commitment: str | None,
    ) -> AccountColumns:
        part = kind.window(*fields)
        params = self._scan_params(program_id, filters, (part.offset, part.length), commitment)
        with reading_accounts():
            return columns_of(part, await self.rpc(METHOD, params))

    def _scan_params(
        self,
        program_id: Pubkey,
        filters: Sequence[MemcmpFilter | int],
        data_slice: tuple[int, int] | None,
        commitment: str | None,
    ) -> list[Any]:
        config = self._config(commitment, encoding="base64")
        config["filters"] = [
            {"dataSize": part} if isinstance(part, int) else part.to_rpc() for part in filters
        ]
        if data_slice is not None:
            config["dataSlice"] = {"offset": data_slice[0], "length": data_slice[1]}
        return [str(program_id), config]

    async def scan_data(
        self,
        program_id: Pubkey,
        filters: Sequence[MemcmpFilter | int] = (),
        *,
        data_slice: tuple[int, int] | None = None,
        commitment: str | None = None,
    ) -> list[tuple[Pubkey, bytes]]:
        """Address and data of a program's accounts; `data_slice` is (offset, length) of the part wanted."""
        params = self._scan_params(program_id, filters, data_slice, commitment)
        with reading_accounts():
            result = await self.rpc(METHOD, params)
        with reading(METHOD, result):
            return [
                (Pubkey.from_string(address), decode_base64(text.encode()))
                for address, text in zip(*texts_of(result), strict=True)
            ]

    async def get_balance(self, address: Pubkey, *, commitment: str | None = None) -> int:
        """Lamports at `address`; 0 when there is no account."""
        result = await self.rpc("getBalance", [str(address), self._config(commitment)])
        with reading(f"getBalance of {address}", result):
            return int(result["value"])

    async def get_token_balance(self, token_account: Pubkey, *, commitment: str | None = None) -> int:
        """Atoms in a token account."""
        result = await self.rpc("getTokenAccountBalance", [str(token_account), self._config(commitment)])
        with reading(f"getTokenAccountBalance of {token_account}", result):
            return int(result["value"]["amount"])

    async def get_minimum_balance(self, data_length: int) -> int:
        """Lamports that keep an account of `data_length` bytes alive."""
        return await self._integer("getMinimumBalanceForRentExemption", [data_length])

    async def get_slot(self, *, commitment: str | None = None) -> int:
        """The present slot."""
        return await self._integer("getSlot", [self._config(commitment)])

    async def get_block_height(self, *, commitment: str | None = None) -> int:
        """The present block height, which is what blockhashes expire by."""
        return await self._integer("getBlockHeight", [self._config(commitment)])

    async def get_clock(self, *, commitment: str | None = None) -> ChainClock:
        """Slot, epoch and unix time as programs see them."""
        reply = await self.get_account_info(CLOCK_ADDRESS, commitment)
        if reply.value is None or len(reply.value.data) < _CLOCK.size:
            raise AccountNotFound("clock", CLOCK_ADDRESS)
        slot, _, epoch, _, unix_ts = _CLOCK.unpack_from(reply.value.data)
        return ChainClock(slot, epoch, unix_ts)

    async def get_time(self, *, commitment: str | None = None) -> int:
        """Unix seconds as programs see them."""
        return (await self.get_clock(commitment=commitment)).unix_ts

    async def get_latest_blockhash(self, *, commitment: str | None = None) -> LatestBlockhash:
        """A blockhash to sign with."""
        result = await self.rpc("getLatestBlockhash", [self._config(commitment)])
        with reading("getLatestBlockhash", result):
            value = result["value"]
            return LatestBlockhash(Hash.from_string(value["blockhash"]), int(value["lastValidBlockHeight"]))

    async def get_statuses(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> list[SignatureStatus | None]:
        """What became of each transaction, in order; None while the cluster has not seen it."""
        found: list[SignatureStatus | None] = []
        for start in range(0, len(signatures), MAX_SIGNATURES_PER_CALL):
            part = list(signatures[start : start + MAX_SIGNATURES_PER_CALL])
            config = {"searchTransactionHistory": search_history}
            result = await self.rpc("getSignatureStatuses", [part, config])
            with reading("getSignatureStatuses", result):
                values = result["value"]
                if len(values) != len(part):
                    raise ValueError(len(values))
                found += map(status_from, values)
        return found

    async def get_transaction(
        self, signature: str, *, commitment: str | None = None
    ) -> dict[str, Any] | None:
        """A transaction with its meta data as JSON-RPC gives it; None when it is not known (yet)."""
        level = commitment or self.commitment
        config = self._config("confirmed" if level == "processed" else level, encoding="base64")
        config["maxSupportedTransactionVersion"] = 0
        result = await self.rpc("getTransaction", [signature, config])
        with reading(f"getTransaction of {signature}", result):
            if result is not None:
                int(result["slot"])
            return cast("dict[str, Any] | None", result)

    async def _integer(self, method: str, params: list[Any]) -> int:
        result = await self.rpc(method, params)
        with reading(method, result):
            if type(result) is not int:
                raise TypeError(result)
            return result

    def _config(self, commitment: str | None, **more: Any) -> dict[str, Any]:
        return {"commitment": commitment or self.commitment, **more}
