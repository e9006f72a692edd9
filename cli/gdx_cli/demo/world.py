"""Everything on chain before the first order: mint, vault, configuration, feeds, markets, traders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gdx_matcher.market import MarketConfig
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_associated_token_account, initialize_mint, mint_to
from spl.token.models import InitializeMintParams, MintToParams

from gdx_cli.demo.chain import DemoChain
from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.instructions import CreateConfigArgs, FeedLimits, MarketParams, WithdrawLimit

USDT = 10**6
SOL = 10**9
MINT_BYTES = 82
MAKERS = TAKERS = 16
PUBLISHERS = 3
BAND_BPS = 500
LEVERAGE = 20
BATCH_MS = 120_000
WALLET_ATOMS = 150_000_000 * USDT
COLLATERAL_ATOMS = 50_000_000 * USDT
UNLIMITED_ATOMS = 10**17

MARKET_PARAMS = MarketParams(
    max_leverage=LEVERAGE,
    initial_margin_ratio_bps=500,
    maintenance_margin_ratio_bps=250,
    maker_fee_ppm=-50,
    taker_fee_ppm=500,
    liquidation_fee_ppm=5_000,
    price_band_bps=BAND_BPS,
    min_position_size_e8=1,
    max_position_size_e8=4 * 10**18,
    max_open_interest_e8=8 * 10**18,
    max_slippage_per_hour_atoms=UNLIMITED_ATOMS,
)


@dataclass(frozen=True, slots=True)
class DemoMarket:
    """One market and the feed of its index price."""

    index: int
    symbol: str
    price_e6: int

    @property
    def address(self) -> Pubkey:
        """The `PerpMarket` account."""
        return pdas.market(self.symbol)

    @property
    def feed(self) -> Pubkey:
        """The `PriceFeed` account."""
        return pdas.price_feed(self.symbol)

    def config(self) -> MarketConfig:
        """The same market as the matcher knows it."""
        return MarketConfig(
            market_index=self.index,
            symbol=self.symbol,
            address=bytes(self.address),
            maker_fee_ppm=MARKET_PARAMS.maker_fee_ppm,
            taker_fee_ppm=MARKET_PARAMS.taker_fee_ppm,
            initial_margin_bps=MARKET_PARAMS.initial_margin_ratio_bps,
            net_band_bps=BAND_BPS,
            batch_version=1,
            batch_max_age_ms=BATCH_MS,
        )


@dataclass(frozen=True, slots=True)
class Trader:
    """A wallet with a position in every market; `account` is its number in the shard."""

    account: int
    name: str
    keypair: Keypair
    collateral_atoms: int

    @property
    def pubkey(self) -> Pubkey:
        """The wallet's address."""
        return self.keypair.pubkey()


@dataclass(slots=True)
class World:
    """Who and what the demo works with."""

    chain: DemoChain
    admin: Keypair
    markets: list[DemoMarket]
    mint: Keypair = field(default_factory=Keypair)
    relayer: Keypair = field(default_factory=Keypair)
    guardian: Keypair = field(default_factory=Keypair)
    publishers: list[Keypair] = field(default_factory=lambda: [Keypair() for _ in range(PUBLISHERS)])
    traders: list[Trader] = field(default_factory=list)
    accounts: dict[Pubkey, int] = field(default_factory=dict)

    @property
    def makers(self) -> list[int]:
        """Accounts that rest orders."""
        return [trader.account for trader in self.traders if trader.name.startswith("maker")]

    @property
    def takers(self) -> list[int]:
        """Accounts that take."""
        return [trader.account for trader in self.traders if trader.name.startswith("taker")]

    def named(self, name: str) -> Trader:
        """The trader of that name."""
        return next(trader for trader in self.traders if trader.name == name)

    def account_of(self, position: Pubkey) -> int:
        """The shard's number for the owner of a position; `KeyError` for a position of nobody here."""
        return self.accounts[position]

    async def build(self) -> None:
        """Create everything, in the order that the programs ask for."""
        await self._fund_operators()
        await self._create_mint()
        await self._create_vault_and_config()
        for market in self.markets:
            await self._create_market(market)

    async def add_traders(self, collateral_atoms: int = COLLATERAL_ATOMS) -> None:
        """Makers, takers, a liquidator and a trader whose luck will run out."""
        names = [f"maker {n}" for n in range(MAKERS)] + [f"taker {n}" for n in range(TAKERS)]
        for name in [*names, "liquidator"]:
            await self.add_trader(name, collateral_atoms, WALLET_ATOMS)

    async def add_trader(self, name: str, collateral_atoms: int, wallet_atoms: int) -> Trader:
        """A funded wallet with tokens and a position of `collateral_atoms` in each market."""
        trader = Trader(len(self.traders), name, Keypair(), collateral_atoms)
        wallet, mint = trader.pubkey, self.mint.pubkey()
        admin = self.admin.pubkey()
        await self.chain.send(
            "",
            [
                transfer(TransferParams(from_pubkey=admin, to_pubkey=wallet, lamports=SOL)),
                create_associated_token_account(admin, wallet, mint),
                self._mint_to(pdas.associated_token(wallet, mint), wallet_atoms),
                ix.open_account(wallet, payer=admin),
            ],
            [self.admin],
        )
        deposit = ix.deposit(wallet, collateral_atoms * len(self.markets), quote_mint=mint)
        await self.chain.send("deposit", [deposit], [trader.keypair])
        self.chain.report.deposits_wallet += 1
        self.traders.append(trader)
        for market in self.markets:
            self.accounts[pdas.position(wallet, market.address)] = trader.account
            opened = ix.open_position(wallet, market.address, leverage=LEVERAGE)
            await self.chain.send("open_position", [opened], [trader.keypair])
            added = ix.add_collateral(wallet, market.address, collateral_atoms)
            await self.chain.send("add_collateral", [added], [trader.keypair])
        self.chain.report.positions += len(self.markets)
        return trader

    async def _fund_operators(self) -> None:
        payers: Sequence[Keypair] = [self.relayer, self.guardian, *self.publishers]
        admin = self.admin.pubkey()
        await self.chain.send(
            "",
            [
                transfer(TransferParams(from_pubkey=admin, to_pubkey=key.pubkey(), lamports=100 * SOL))
                for key in payers
            ],
            [self.admin],
        )

    async def _create_mint(self) -> None:
        admin, mint = self.admin.pubkey(), self.mint.pubkey()
        rent = await self.chain.client.get_minimum_balance(MINT_BYTES)
        await self.chain.send(
            "",
            [
                create_account(
                    CreateAccountParams(
                        from_pubkey=admin,
                        to_pubkey=mint,
                        lamports=rent,
                        space=MINT_BYTES,
                        owner=TOKEN_PROGRAM_ID,
                    )
                ),
                initialize_mint(
                    InitializeMintParams(
                        decimals=6, program_id=TOKEN_PROGRAM_ID, mint=mint, mint_authority=admin
                    )
                ),
            ],
            [self.admin, self.mint],
        )

    def _mint_to(self, token_account: Pubkey, atoms: int) -> Instruction:
        return mint_to(
            MintToParams(
                program_id=TOKEN_PROGRAM_ID,
                mint=self.mint.pubkey(),
                dest=token_account,
                mint_authority=self.admin.pubkey(),
                amount=atoms,
            )
        )

    async def _create_vault_and_config(self) -> None:
        admin, guardian = self.admin.pubkey(), self.guardian.pubkey()
        limit = WithdrawLimit(limit_atoms=WALLET_ATOMS, user_minimum_atoms=1_000 * USDT, window_seconds=3_600)
        vault = ix.create_vault(
            admin,
            self.mint.pubkey(),
            admin=admin,
            guardian=guardian,
            fee_recipient=admin,
            withdraw_limit=limit,
            delay_s=0,
        )
        await self.chain.send("create_vault", [vault], [self.admin])
        config = CreateConfigArgs(
            admin=admin,
            guardian=guardian,
            relayer=self.relayer.pubkey(),
            allowed_batch_versions=1,
            min_batch_size=1,
            delay_seconds=0,
            takeover_slots=8,
            release_delay_slots=2,
            batch_retention_seconds=86_400,
            slippage_floor_atoms=UNLIMITED_ATOMS,
            slippage_share_bps=10_000,
            insurance_share_bps=2_000,
        )
        await self.chain.send("create_config", [ix.create_config(admin, config)], [self.admin])

    async def _create_market(self, market: DemoMarket) -> None:
        admin = self.admin.pubkey()
        feed = ix.create_feed(
            admin,
            market.symbol,
            authority=admin,
            publishers=[key.pubkey() for key in self.publishers],
            min_publishers=PUBLISHERS,
            limits=FeedLimits(
                max_confidence_bps=200, max_deviation_bps=1_500, stale_seconds=120, too_old_seconds=600
            ),
            delay_s=0,
        )
        await self.chain.send("create_feed", [feed], [self.admin])
        created = ix.create_market(
            admin,
            market.symbol,
            MARKET_PARAMS,
            base_asset=market.symbol.split("-")[0][:16],
            fee_recipient=admin,
        )
        await self.chain.send("create_market", [created], [self.admin])
        funding = ix.create_funding(admin, market.address, max_rate_e9=1_000_000)
        await self.chain.send("create_funding", [funding], [self.admin])
