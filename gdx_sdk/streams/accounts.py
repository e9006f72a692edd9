"""Streams of account states, of one account or all of a program's, with slots that only rise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from solders.pubkey import Pubkey

from gdx_sdk.client.replies import account_from, reading
from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.runtime import Account, MemcmpFilter
from gdx_sdk.streams.items import AccountUpdate, Origin
from gdx_sdk.streams.requests import account_request, filters_to_rpc, passes_filters, program_request
from gdx_sdk.streams.stream import Stream
from gdx_sdk.streams.views import AccountViews, Verdict

if TYPE_CHECKING:
    from gdx_sdk.client.reader import Reader
    from gdx_sdk.client.replies import AccountInfo
    from gdx_sdk.streams._frames import Notification
    from gdx_sdk.streams.streams import Streams

A = TypeVar("A", bound=Account)

READ_AT_ONCE = 100
REMEMBER_GONE_SLOTS = 1_000


class _States(Stream[AccountUpdate[A]]):
    """What both streams of accounts share: judging states, and reading those that cannot be ordered."""

    _kind: type[A]
    _owner: Pubkey | None
    _commitment: str
    _views: AccountViews

    def _data(self, address: Pubkey, info: AccountInfo | None) -> bytes | None:
        """The account's data; None when it is not there for this stream."""
        raise NotImplementedError

    def _judged(
        self, found: Iterable[tuple[Pubkey, bytes | None]], slot: int, asked_at: int | None
    ) -> list[AccountUpdate[A]]:
        """Updates for those states that are news; `asked_at` None means that they were pushed."""
        news = []
        for address, data in found:
            if asked_at is None:
                verdict, origin = self._views.judge_pushed(address, slot, data), Origin.PUSHED
            else:
                verdict, origin = self._views.judge_read(address, slot, data, asked_at), Origin.READ
            if verdict is Verdict.NEW:
                news.append(AccountUpdate(address, self._decoded(address, data), slot, origin))
        return news

    def _decoded(self, address: Pubkey, data: bytes | None) -> A | None:
        if data is None:
            return None
        try:
            return self._kind.decode(data)
        except CodecError as error:
            raise CodecError(f"account {address}: {error.field}", error.value, error.rule) from error

    async def _take(self, client: Reader, notifications: Sequence[Notification]) -> list[AccountUpdate[A]]:
        # All are read before any is judged: what is judged and then not yielded would be lost.
        pushed = [(one.slot, *self._pushed(one)) for one in notifications]
        states = [(slot, address, self._data(address, info)) for slot, address, info in pushed]
        return [
            update for slot, address, data in states for update in self._judged([(address, data)], slot, None)
        ]

    def _pushed(self, notification: Notification) -> tuple[Pubkey, AccountInfo | None]:
        raise NotImplementedError

    async def _settle(self, client: Reader) -> list[AccountUpdate[A]] | None:
        """Read some of the accounts of which two states in one slot were pushed."""
        addresses = self._views.undecided[:READ_AT_ONCE]
        if not addresses:
            return None
        asked_at = self._views.stamp()
        reply = await client.get_multiple_accounts(addresses, self._commitment)
        if await self._is_behind(reply.slot, max(map(self._views.slot_of, addresses))):
            return []
        pairs = zip(addresses, reply.value, strict=True)
        found = [(address, self._data(address, info)) for address, info in pairs]
        return self._judged(found, reply.slot, asked_at)


class AccountStream(_States[A]):
    """The states of one account: the present one, then every change. Made by `Streams.stream_account`."""

    def __init__(self, streams: Streams, kind: type[A], address: Pubkey, commitment: str) -> None:
        super().__init__(streams, account_request(address, commitment=commitment))
        self.name = f"{kind.__name__} {address}"
        self._kind, self._address, self._commitment = kind, address, commitment
        self._owner = kind.PROGRAM_ID
        self._views = AccountViews()

    def _data(self, address: Pubkey, info: AccountInfo | None) -> bytes | None:
        if info is None or not info.data:
            return None  # a closed account may linger without data, lamports or owner
        if self._owner is not None and info.owner != self._owner:
            raise CodecError(
                f"account {address}: owner", str(info.owner), f"must be the program {self._owner}"
            )
        return info.data

    def _pushed(self, notification: Notification) -> tuple[Pubkey, AccountInfo | None]:
        with reading(self._request.method, notification.value):
            return self._address, account_from(notification.value)

    async def _read_state(self, client: Reader) -> tuple[int, list[AccountUpdate[A]]]:
        while True:
            asked_at = self._views.stamp()
            reply = await client.get_account_info(self._address, self._commitment)
            if not await self._is_behind(reply.slot, self._views.slot_of(self._address)):
                break
        news = self._judged([(self._address, self._data(self._address, reply.value))], reply.slot, asked_at)
        return reply.slot, news


class ProgramStream(_States[A]):
    """The states of every account of one type. Made by `Streams.stream_program`.

    An endpoint does not push that an account was closed, or that it stopped matching the filters: that is
    found when the stream compares with the chain, every `reconcile_s`.
    """

    def __init__(
        self,
        streams: Streams,
        kind: type[A],
        filters: Sequence[MemcmpFilter | int],
        program_id: Pubkey | None,
        commitment: str,
    ) -> None:
        owner = program_id or kind.PROGRAM_ID
        if owner is None:
            raise InputError("program_id", None, f"{kind.__name__} does not say which program owns it")
        self._filters = [kind.discriminator_filter(), *filters]
        super().__init__(streams, program_request(owner, self._filters, commitment=commitment))
        self.name = f"{kind.__name__} of {owner}"
        self._kind, self._owner, self._commitment = kind, owner, commitment
        self._views = AccountViews()

    def _data(self, address: Pubkey, info: AccountInfo | None) -> bytes | None:
        is_ours = info is not None and info.owner == self._owner and passes_filters(info.data, self._filters)
        return info.data if info is not None and is_ours else None

    def _pushed(self, notification: Notification) -> tuple[Pubkey, AccountInfo | None]:
        method, value = self._request.method, notification.value
        with reading(method, value):
            return Pubkey.from_string(value["pubkey"]), account_from(value["account"])

    async def _read_state(self, client: Reader) -> tuple[int, list[AccountUpdate[A]]]:
        while True:
            asked_at = self._views.stamp()
            slot, found = await self._scan(client)
            if not await self._is_behind(slot, self.synced_slot):
                break
        gone = [(address, None) for address in self._views.present() if address not in found]
        news = self._judged([*found.items(), *gone], slot, asked_at)
        self._views.forget_gone(slot - REMEMBER_GONE_SLOTS)
        return slot, news

    async def _scan(self, client: Reader) -> tuple[int, dict[Pubkey, bytes | None]]:
        config: dict[str, Any] = {"encoding": "base64", "commitment": self._commitment, "withContext": True}
        config["filters"] = filters_to_rpc(self._filters)
        method = "getProgramAccounts"
        result = await client.rpc(method, [str(self._owner), config])
        with reading(method, result):
            slot, entries = int(result["context"]["slot"]), result["value"]
            accounts = [
                (Pubkey.from_string(entry["pubkey"]), account_from(entry["account"])) for entry in entries
            ]
        return slot, {address: self._data(address, info) for address, info in accounts}
