"""The jobs' view of the chain, by `gdx_sdk`: what each of them reads, and the instructions they send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_keepers.core.clock import Now
from gdx_keepers.core.settlement import ChainHeads, MarketHead
from gdx_keepers.errors import Transient
from gdx_keepers.feeds import Quote
from gdx_keepers.jobs.funding import FundingView
from gdx_keepers.jobs.liquidator import MarketScan
from gdx_keepers.jobs.oracle import Published
from gdx_keepers.jobs.premium import PremiumView
from gdx_keepers.jobs.pruner import BatchRecord, PrunerState
from gdx_keepers.views import OwnedPosition, is_trading, market_scan
from gdx_sdk import instructions, pdas
from gdx_sdk.accounts import (
    FundingState,
    GlobalConfig,
    PerpMarket,
    PriceFeed,
    RelayerBeat,
    SettlementBatch,
    UserPosition,
)
from gdx_sdk.batch import SealedBatch
from gdx_sdk.client import Client
from gdx_sdk.errors import AccountNotFound
from gdx_sdk.runtime import Account
from gdx_sdk.validity import OracleAction, feed_validity, is_allowed

MARK_MAX_AGE_SECONDS = 300  # as the funding program has it

A = TypeVar("A", bound=Account)


class SdkChain:
    """Reads through one client. Feeds of markets are remembered: each read of a market refreshes its own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._feeds: dict[Pubkey, Pubkey] = {}

    async def check(self) -> None:
        """Raises when the endpoint does not answer or is unhealthy."""
        await self._client.rpc("getHealth")

    async def check_balance(self, address: Pubkey, minimum_lamports: int) -> None:
        """`Transient` names the signer when it can soon pay no fees any more."""
        lamports = await self._client.get_balance(address)
        if lamports < minimum_lamports:
            raise Transient(f"{address} has {lamports} lamports, fewer than {minimum_lamports}")

    async def chain_time(self) -> tuple[int, int]:
        """Slot and unix seconds of the chain's clock account."""
        clock = await self._client.get_clock()
        return clock.slot, clock.unix_ts

    async def account_data(self, address: Pubkey) -> bytes | None:
        """An account's bytes; None when there is no such account."""
        found = (await self._client.get_account_info(address)).value
        return found.data if found is not None else None

    async def read_market(self, address: Pubkey) -> PerpMarket:
        """The market; its feed is remembered."""
        return self._learn(address, await self._client.fetch(PerpMarket, address))

    # --- relayer ---

    async def read_heads(self, markets: Sequence[Pubkey]) -> ChainHeads:
        """Configuration, beat and markets, as of one slot."""
        addresses = [pdas.config(), pdas.relayer_beat(), *markets]
        found = (await self._client.get_multiple_accounts(addresses)).value
        datas = [account.data if account is not None else None for account in found]
        config = _decoded(GlobalConfig, addresses[0], datas[0])
        beat = RelayerBeat.decode(datas[1]) if datas[1] is not None else None
        heads = {}
        for address, data in zip(markets, datas[2:], strict=True):
            market = self._learn(address, _decoded(PerpMarket, address, data))
            heads[address] = MarketHead(market.last_batch_sequence, market.last_batch_id)
        return ChainHeads(config.active_relayer, config.relayer_epoch, heads, beat.slot if beat else 0)

    def settle_batch(self, batch: SealedBatch, relayer: Pubkey, relayer_epoch: int) -> Instruction:
        """`settle_batch` for a market that has been read."""
        feed = self._feeds[batch.market]
        return instructions.settle_batch(relayer, batch, relayer_epoch=relayer_epoch, price_feed=feed)

    def beat(self, relayer: Pubkey) -> Instruction:
        """`beat`."""
        return instructions.beat(relayer)

    # --- liquidator ---

    async def scan(
        self, markets: Sequence[Pubkey], liquidator: Pubkey, now: Now, *, must_read: bool = False
    ) -> list[MarketScan]:
        """Every market with its open positions and the liquidator's own."""
        del must_read  # it always reads
        config = await self._client.fetch(GlobalConfig, pdas.config())
        scans = []
        for address in markets:
            market, feed = await self._market_and_feed(address)
            by_market = UserPosition.memcmp("market", address)
            found = await self._client.scan(UserPosition, [by_market])
            positions = [OwnedPosition.of(key, item) for key, item in found]
            scans.append(
                market_scan(address, market, feed, config, positions, liquidator=liquidator, now=now)
            )
        return scans

    def liquidate(self, market: Pubkey, target: Pubkey, liquidator: Pubkey, size_e8: int) -> Instruction:
        """`liquidate` in a market that has been read."""
        feed = self._feeds[market]
        return instructions.liquidate(liquidator, target, market, size_e8=size_e8, price_feed=feed)

    # --- funding and premium ---

    async def read_funding(self, markets: Sequence[Pubkey], now: Now) -> list[FundingView]:
        """Each market's first unpaid hour."""
        views = []
        for address in markets:
            _, feed = await self._market_and_feed(address)
            funding = await self._client.fetch(FundingState, pdas.funding_state(address))
            is_usable = is_allowed(OracleAction.UPDATE_FUNDING, feed_validity(feed, now.ts))
            views.append(FundingView(address, funding.next_hour, is_usable))
        return views

    def update_funding(self, market: Pubkey) -> Instruction:
        """`update_funding` for a market that has been read."""
        return instructions.update_funding(market, price_feed=self._feeds[market])

    async def read_premiums(self, markets: Sequence[Pubkey], now: Now) -> list[PremiumView]:
        """Each market's last sample, and whether mark and index price are fresh enough for another."""
        views = []
        for address in markets:
            market, feed = await self._market_and_feed(address)
            funding = await self._client.fetch(FundingState, pdas.funding_state(address))
            is_usable = (
                is_allowed(OracleAction.UPDATE_FUNDING, feed_validity(feed, now.ts))
                and is_trading(market)
                and now.ts - market.mark_ts <= MARK_MAX_AGE_SECONDS
            )
            views.append(PremiumView(address, funding.last_sample_ts, is_usable))
        return views

    def sample_premium(self, market: Pubkey) -> Instruction:
        """`sample_premium` for a market that has been read."""
        return instructions.sample_premium(market, price_feed=self._feeds[market])

    # --- oracle ---

    async def read_published(self, symbols: Sequence[str], publisher: Pubkey) -> list[Published | None]:
        """The publisher's last word in each feed; None where the feed does not list it."""
        addresses = [pdas.price_feed(symbol) for symbol in symbols]
        feeds = await self._client.fetch_multiple(PriceFeed, addresses)
        published: list[Published | None] = []
        for address, feed in zip(addresses, feeds, strict=True):
            if feed is None:
                raise AccountNotFound("PriceFeed", address)
            listed = feed.publishers[: feed.publisher_count]
            mine = next((item for item in listed if item.key == publisher), None)
            published.append(Published(mine.price_e6, mine.publish_ts, mine.publish_slot) if mine else None)
        return published

    def publish_price(self, symbol: str, publisher: Pubkey, quote: Quote) -> Instruction:
        """`publish_price`."""
        return instructions.publish_price(
            publisher,
            pdas.price_feed(symbol),
            price_e6=quote.price_e6,
            confidence_e6=quote.confidence_e6,
            publish_ts=quote.ts,
        )

    # --- pruner ---

    async def read_records(self, markets: Sequence[Pubkey]) -> PrunerState:
        """Every record of those markets that exist, and of all that were closed."""
        config = await self._client.fetch(GlobalConfig, pdas.config())
        if config.has_closed_markets:
            found = [item for _, item in await self._client.scan(SettlementBatch)]
            # Read after the records: the market of a record just made would be taken for closed.
            existing = await self._client.scan(PerpMarket)
        else:
            found = []
            datas = await self._client.fetch_multiple(PerpMarket, list(markets))
            existing = [(key, market) for key, market in zip(markets, datas, strict=True) if market]
            for _, market in existing:
                by_market = SettlementBatch.memcmp("market_index", market.market_index)
                found += [item for _, item in await self._client.scan(SettlementBatch, [by_market])]
        address_of = {market.market_index: key for key, market in existing}
        records = (
            BatchRecord(
                item.batch_id, address_of.get(item.market_index), item.relayer, item.sequence, item.timestamp
            )
            for item in found
        )
        return PrunerState(
            tuple(record for record in records if record.market is None or record.market in markets),
            {key: market.last_batch_sequence for key, market in existing},
            config.batch_retention_seconds,
        )

    def prune_batch(self, record: BatchRecord) -> Instruction:
        """`prune_batch`."""
        return instructions.prune_batch(record.market, record.batch_id, relayer=record.relayer)

    async def _market_and_feed(self, address: Pubkey) -> tuple[PerpMarket, PriceFeed]:
        market = await self.read_market(address)
        return market, await self._client.fetch(PriceFeed, market.price_oracle)

    def _learn(self, address: Pubkey, market: PerpMarket) -> PerpMarket:
        self._feeds[address] = market.price_oracle
        return market


def _decoded(kind: type[A], address: Pubkey, data: bytes | None) -> A:
    if data is None:
        raise AccountNotFound(kind.__name__, address)
    return kind.decode(data)
