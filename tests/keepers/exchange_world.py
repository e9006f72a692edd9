"""A whole exchange on a chain of either engine: programs, market, feed, people, and a `Client`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from gdx_keepers.core.clock import Now
from gdx_localnet import RpcFault, start_in_thread
from gdx_localnet.fixture import mint_account
from solders.account import Account
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_associated_token_account, mint_to
from spl.token.models import MintToParams

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.batch import Trade
from gdx_sdk.client import Client
from gdx_sdk.client.transport import RpcRefusal
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.testing import FEED_LIMITS, config_args
from gdx_sdk.units import Side
from tests.chain_lane import AnyChain, Genesis, Lane, RemoteChain, build_embedded, program_files, wallet

SYMBOL = "SOL-PERP"
START_TS = 1_767_225_600
PRICE_E6 = 100_000_000
ONE = 10**8
USDT = 10**6
TAKER_PPM, MAKER_PPM = 500, -100
PARAMS = {
    "max_leverage": 10,
    "initial_margin_ratio_bps": 1_000,
    "maintenance_margin_ratio_bps": 500,
    "maker_fee_ppm": MAKER_PPM,
    "taker_fee_ppm": TAKER_PPM,
    "liquidation_fee_ppm": 5_000,
    "price_band_bps": 1_000,
    "min_position_size_e8": 1_000_000,
    "max_position_size_e8": 10_000 * ONE,
    "max_open_interest_e8": 100_000 * ONE,
    "max_slippage_per_hour_atoms": 1_000_000 * USDT,
}


class InProcess:
    """An `RpcTransport` into the chain, without sockets. `tap` sees every call first and may raise."""

    def __init__(self, chain: AnyChain) -> None:
        self.chain = chain
        self.calls: list[str] = []

    async def call(self, method: str, params: list[Any]) -> Any:
        self.calls.append(method)
        try:
            return self.chain.rpc(method, params)
        except RpcFault as fault:
            raise RpcRefusal(method, fault.body()["message"], fault.code, fault.data) from fault

    async def aclose(self) -> None:
        """Nothing to close."""


def key(name: str) -> Keypair:
    """A key pair made from a name."""
    return Keypair.from_seed(name.encode().ljust(32, b"\0"))


@dataclass
class World:
    """The exchange. Everybody has SOL; `trader` makes people with collateral in the market."""

    chain: AnyChain
    client: Client
    admin: Keypair = field(default_factory=lambda: key("admin"))
    relayer: Keypair = field(default_factory=lambda: key("relayer"))
    publishers: list[Keypair] = field(default_factory=lambda: [key(f"publisher{n}") for n in range(3)])
    mint: Pubkey = field(default_factory=lambda: key("mint").pubkey())
    next_trade_id: int = 1

    @property
    def market(self) -> Pubkey:
        return pdas.market(SYMBOL)

    @property
    def feed(self) -> Pubkey:
        return pdas.price_feed(SYMBOL)

    @property
    def now_ts(self) -> int:
        return self.chain.time.now_ts()

    async def now(self) -> Now:
        clock = await self.client.get_clock()
        return Now(clock.slot, clock.unix_ts, clock.unix_ts * 1000)

    async def send(self, signer: Keypair, *instructions: Instruction) -> None:
        await self.client.send(list(instructions), [signer], priority_fee=0)

    async def create(self) -> World:
        admin = self.admin.pubkey()
        limit = ix.WithdrawLimit(limit_atoms=2**62, user_minimum_atoms=0, window_seconds=3_600)
        roles = {"admin": admin, "guardian": admin}
        config = replace(
            config_args(admin, relayer=self.relayer.pubkey()),
            takeover_slots=10_000,
            batch_retention_seconds=60,
            slippage_floor_atoms=1_000 * USDT,
        )
        feed_limits = replace(FEED_LIMITS, max_confidence_bps=200, stale_seconds=60)
        publishers = [publisher.pubkey() for publisher in self.publishers]
        vault = ix.create_vault(
            admin, self.mint, **roles, fee_recipient=admin, withdraw_limit=limit, delay_s=0
        )
        feed = ix.create_feed(
            admin,
            SYMBOL,
            authority=admin,
            publishers=publishers,
            min_publishers=3,
            limits=feed_limits,
            delay_s=0,
        )
        await self.send(self.admin, vault)
        await self.send(self.admin, ix.create_config(admin, config))
        await self.send(self.admin, feed)
        params = ix.MarketParams(**PARAMS)
        await self.send(
            self.admin, ix.create_market(admin, SYMBOL, params, base_asset="SOL", fee_recipient=admin)
        )
        await self.send(self.admin, ix.create_funding(admin, self.market, max_rate_e9=10_000_000))
        await self.publish(PRICE_E6)
        return self

    async def publish(self, price_e6: int) -> None:
        """All publishers agree on a price, a second from now."""
        self.chain.set_time(self.now_ts + 1)
        for publisher in self.publishers:
            await self.send(
                publisher,
                ix.publish_price(
                    publisher.pubkey(),
                    self.feed,
                    price_e6=price_e6,
                    confidence_e6=10_000,
                    publish_ts=self.now_ts,
                ),
            )

    async def trader(self, name: str, collateral_atoms: int, leverage: int = 10) -> Keypair:
        """Somebody with an empty position and this much collateral in it."""
        person = key(name)
        owner = person.pubkey()
        self.chain.airdrop(owner, 10**11)
        tokens = MintToParams(
            program_id=TOKEN_PROGRAM_ID,
            mint=self.mint,
            dest=pdas.associated_token(owner, self.mint),
            mint_authority=self.admin.pubkey(),
            amount=collateral_atoms,
        )
        created = create_associated_token_account(self.admin.pubkey(), owner, self.mint)
        await self.send(self.admin, created, mint_to(tokens))
        await self.send(
            person,
            ix.open_account(owner),
            ix.deposit(owner, collateral_atoms, quote_mint=self.mint),
            ix.open_position(owner, self.market, leverage=leverage),
        )
        await self.send(person, ix.add_collateral(owner, self.market, collateral_atoms))
        return person

    def position(self, person: Keypair) -> Pubkey:
        return pdas.position(person.pubkey(), self.market)

    def trade(self, taker: Keypair, maker: Keypair, size_e8: int, price_e6: int = PRICE_E6) -> Trade:
        """`taker` buys `size_e8` (sells when negative) from `maker`."""
        notional = notional_atoms(price_e6, size_e8)
        trade = Trade(
            trade_id=self.next_trade_id,
            market=self.market,
            taker=self.position(taker),
            maker=self.position(maker),
            taker_side=Side.BUY if size_e8 > 0 else Side.SELL,
            price_e6=price_e6,
            size_e8=abs(size_e8),
            taker_fee_atoms=fee_atoms(notional, TAKER_PPM),
            maker_fee_atoms=fee_atoms(notional, MAKER_PPM),
            executed_at_ms=self.now_ts * 1000,
        )
        self.next_trade_id += 1
        return trade

    def account(self, address: Pubkey) -> Account | None:
        return self.chain.account(address)


def world_genesis() -> Genesis:
    """The programs, the mint, and SOL for those who run the exchange."""
    accounts = {key("mint").pubkey(): mint_account(10**18, 6, key("admin").pubkey())}
    for name in ("admin", "relayer", "publisher0", "publisher1", "publisher2"):
        accounts[key(name).pubkey()] = wallet()
    return Genesis(program_files(), key("admin").pubkey(), accounts)


async def make_world(transport_of: Any = InProcess, chain: AnyChain | None = None) -> World:
    """A fresh exchange with a market, a price and nobody in it; by default on a chain of its own."""
    if chain is None:
        settings = {"seed": b"keepers", "unix_ts": START_TS, "verify_signatures": False}
        chain = build_embedded(world_genesis(), **settings)
    world = World(chain, Client(transport_of(chain)))
    return await world.create()


@contextmanager
def world_chain(lane: Lane) -> Iterator[AnyChain | None]:
    """What to give to `make_world`: a validator, or None for the embedded chain in this process."""
    if not lane.is_validator:
        yield None
        return
    with lane.start(world_genesis()) as chain:
        yield chain


@contextmanager
def served(chain: AnyChain) -> Iterator[str]:
    """The address at which a world's chain answers."""
    if isinstance(chain, RemoteChain):
        yield chain.url
        return
    server = start_in_thread(chain)
    try:
        yield server.url
    finally:
        server.stop()
