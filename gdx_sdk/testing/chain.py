"""A LiteSVM with the five programs and a small exchange in it, in this process: no server, no sockets.

The exchange is created once per process, by the public instruction builders; each `GdxChain()` is a LiteSVM
of its own with the same accounts copied into it, so that tests do not see each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from solders.account import Account as StoredAccount
from solders.clock import Clock
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import GlobalConfig, PerpMarket
from gdx_sdk.batch import V1, SealedBatch, Trade, seal_batch
from gdx_sdk.errors import AccountNotFound, GdxError, InputError, TransactionError
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.programs import PROGRAM_IDS, load
from gdx_sdk.runtime import Account
from gdx_sdk.testing.settings import FEED_LIMITS, MARKET_PARAMS, WITHDRAW_LIMIT, config_args
from gdx_sdk.tx import Signer, compile_message, decode_failure, sign_message, transaction_size
from gdx_sdk.tx.transaction import PACKET_BYTES
from gdx_sdk.units import Side, price_e6_from, size_e8_from

if TYPE_CHECKING:
    from solders.litesvm import LiteSVM

A = TypeVar("A", bound=Account)

MIN_SOLDERS = (0, 29)
START_TS = 1_767_225_600
SYMBOL = "BTC-PERP"
PRICE = "50000"
USDT = 10**6
STAKE_ATOMS, SPARE_ATOMS = 10_000 * USDT, 10_000 * USDT
SECONDS_PER_SLOT_BPS = 4_000  # a slot is 0.4 s

_LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
_TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction that was applied left behind."""

    signature: str
    compute_units: int
    logs: tuple[str, ...]


class GdxChain:
    """An exchange to test against.

    keys      admin (also guardian, relayer and upgrade authority), alice, bob, publisher0 to publisher2
    mint      the quote token, 6 decimals
    market, price_feed    of BTC-PERP, at 50,000 USDT
    svm       the LiteSVM itself, for what this class does not do

    Alice is long and Bob short 0.1 BTC from one settled trade, each with 10,000 USDT behind the position and
    10,000 more in the wallet. Everything is called directly and applied at once; time moves by `advance`.
    """

    symbol = SYMBOL

    def __init__(self) -> None:
        self._load(_prototype())

    @classmethod
    def _empty(cls) -> GdxChain:
        chain = cls.__new__(cls)
        chain._load(_Prototype(START_TS, 1_000, {}, 1))
        return chain

    def _load(self, prototype: _Prototype) -> None:
        self.svm = new_svm()
        self.keys = {name: _key(name) for name in _NAMES}
        self.mint = _key("mint").pubkey()
        self.market, self.price_feed = pdas.market(SYMBOL), pdas.price_feed(SYMBOL)
        self.next_trade_id = prototype.next_trade_id
        self._touched: set[Pubkey] = set()
        for address, account in (prototype.accounts or _start(self.svm, self.mint)).items():
            self.set_account(address, account)
        self.set_clock(prototype.unix_ts, slot=prototype.slot)

    # ── time and accounts ───────────────────────────────────────────────────────────────────────

    @property
    def now_ts(self) -> int:
        """Unix seconds as programs see them."""
        return int(self.svm.get_clock().unix_timestamp)

    @property
    def slot(self) -> int:
        """The present slot."""
        return int(self.svm.get_clock().slot)

    def set_clock(self, unix_ts: int, *, slot: int | None = None) -> None:
        """Set unix seconds and, when given, the slot."""
        now = self.svm.get_clock()
        at_slot = now.slot if slot is None else slot
        self.svm.warp_to_slot(at_slot)
        parts = (now.epoch_start_timestamp, now.epoch, now.leader_schedule_epoch)
        self.svm.set_clock(Clock(at_slot, *parts, unix_ts))

    def advance(self, seconds: int) -> None:
        """Let time pass, and the slots that go with it."""
        slots = max(1, seconds * 10_000 // SECONDS_PER_SLOT_BPS)
        self.set_clock(self.now_ts + seconds, slot=self.slot + slots)

    def fetch(self, kind: type[A], address: Pubkey) -> A:
        """The account of type `kind`; `AccountNotFound` when there is none, `CodecError` for another type."""
        found = self.svm.get_account(address)
        if found is None or not found.data:
            raise AccountNotFound(kind.__name__, address)
        return kind.decode(found.data)

    def token_balance(self, owner: Pubkey) -> int:
        """Atoms of the quote token in a wallet."""
        found = self.svm.get_account(pdas.associated_token(owner, self.mint))
        return int.from_bytes(found.data[64:72], "little") if found is not None else 0

    def set_account(self, address: Pubkey, account: StoredAccount) -> None:
        """Overwrite an account."""
        self._touched.add(address)
        self.svm.set_account(address, account)

    # ── transactions ────────────────────────────────────────────────────────────────────────────

    def send(self, instructions: Sequence[Instruction] | Instruction, *signers: Keypair) -> Receipt:
        """Apply a transaction; the first signer pays (default: the admin).

        Raises the refusal as `Client.send` does: `ProgramError`, of its own class for our programs, or
        `TransactionError`. A transaction that fails changes nothing but the payer's lamports.
        """
        steps = [instructions] if isinstance(instructions, Instruction) else list(instructions)
        used = [Signer(key) for key in (signers or (self.keys["admin"],))]
        self.svm.expire_blockhash()  # so that an equal transaction is another one
        message = compile_message(steps, used[0].pubkey, blockhash=self.svm.latest_blockhash())
        if (size := transaction_size(message)) > PACKET_BYTES:
            raise TransactionError(f"transaction has {size} bytes, a packet holds {PACKET_BYTES}")
        self._touched.update(_written(message))
        from solders.transaction_metadata import FailedTransactionMetadata

        result = self.svm.send_transaction(sign_message(message, used))
        if isinstance(result, FailedTransactionMetadata):
            programs = [step.program_id for step in steps]
            raise decode_failure(json.loads(result.to_json())["err"], result.meta().logs(), programs)
        return Receipt(str(result.signature()), int(result.compute_units_consumed()), tuple(result.logs()))

    # ── what tests do again and again ───────────────────────────────────────────────────────────

    def publish_price(self, price: str) -> None:
        """Every publisher says `price` (USDT as a decimal), twice and a minute apart, so that it is calm."""
        for _ in range(2):
            self.advance(61)
            keys = [self.keys[f"publisher{n}"] for n in range(3)]
            values = {"price_e6": price_e6_from(price), "confidence_e6": 0, "publish_ts": self.now_ts}
            steps = [ix.publish_price(key.pubkey(), self.price_feed, **values) for key in keys]
            self.send(steps, self.keys["admin"], *keys)

    def join(self, trader: Keypair, stake_atoms: int = STAKE_ATOMS, *, leverage: int = 10) -> Pubkey:
        """Give somebody SOL, tokens and a position with `stake_atoms` behind it; returns its address."""
        owner = trader.pubkey()
        self.set_account(owner, StoredAccount(100 * 10**9, b"", Pubkey.default(), False, 2**64 - 1))
        tokens = pdas.associated_token(owner, self.mint)
        self.set_account(tokens, _token_account(self.svm, self.mint, owner, stake_atoms + SPARE_ATOMS))
        deposit = ix.deposit(owner, stake_atoms, quote_mint=self.mint)
        opened = ix.open_position(owner, self.market, leverage=leverage)
        self.send([ix.open_account(owner), deposit], trader)
        self.send([opened, ix.add_collateral(owner, self.market, stake_atoms)], trader)
        return pdas.position(owner, self.market)

    def trade(self, taker: Keypair, maker: Keypair, size: str, price: str, side: Side = Side.BUY) -> Trade:
        """The trade that a matcher would have made of two orders; settle it to make it true."""
        price_e6, size_e8 = price_e6_from(price), size_e8_from(size)
        notional = notional_atoms(price_e6, size_e8)
        trade = Trade(
            trade_id=self.next_trade_id,
            market=self.market,
            taker=pdas.position(taker.pubkey(), self.market),
            maker=pdas.position(maker.pubkey(), self.market),
            taker_side=side,
            price_e6=price_e6,
            size_e8=size_e8,
            taker_fee_atoms=fee_atoms(notional, MARKET_PARAMS.taker_fee_ppm),
            maker_fee_atoms=fee_atoms(notional, MARKET_PARAMS.maker_fee_ppm),
            executed_at_ms=self.now_ts * 1_000,
        )
        self.next_trade_id += 1
        return trade

    def settle(self, *trades: Trade, version: int = V1) -> SealedBatch:
        """Settle trades as the market's next batch."""
        market = self.fetch(PerpMarket, self.market)
        config = self.fetch(GlobalConfig, pdas.config())
        place = (market.last_batch_sequence + 1, bytes(market.last_batch_id))
        batch = seal_batch(version, self.market, *place, trades, flush=True)
        admin, epoch = self.keys["admin"], config.relayer_epoch
        step = ix.settle_batch(admin.pubkey(), batch, relayer_epoch=epoch, price_feed=self.price_feed)
        self.send(step, admin)
        return batch


@dataclass(frozen=True, slots=True)
class _Prototype:
    unix_ts: int
    slot: int
    accounts: dict[Pubkey, StoredAccount]
    next_trade_id: int


_NAMES = ("admin", "alice", "bob", "publisher0", "publisher1", "publisher2")


def new_svm() -> LiteSVM:
    """A LiteSVM with the five programs, upgradeable by the key `admin` of a `GdxChain`.

    Raises `GdxError` when the installed solders has no LiteSVM that can load them.
    """
    found = version("solders")
    if tuple(int(part) for part in found.split(".")[:2]) < MIN_SOLDERS:
        wanted = ".".join(map(str, MIN_SOLDERS))
        raise GdxError(f"solders {found} is installed; a chain in this process needs {wanted}: gdx[localnet]")
    from solders.litesvm import LiteSVM

    svm = LiteSVM().with_transaction_history(0).with_log_bytes_limit(None)
    authority = b"\1" + bytes(_key("admin").pubkey())
    for name, address in PROGRAM_IDS.items():
        code_address = Pubkey.find_program_address([bytes(address)], _LOADER)[0]
        code = (3).to_bytes(4, "little") + bytes(8) + authority + _code(name)
        svm.set_account(code_address, _owned(svm, code, _LOADER))
        program = (2).to_bytes(4, "little") + bytes(code_address)
        svm.set_account(address, _owned(svm, program, _LOADER, executable=True))
    return svm


@cache
def _code(name: str) -> bytes:
    return load(name).elf


@cache
def _prototype() -> _Prototype:
    """The exchange, created once by real transactions, as the accounts that they left."""
    chain = GdxChain._empty()
    _create(chain)
    for name in ("alice", "bob"):
        chain.join(chain.keys[name])
    chain.publish_price(PRICE)
    chain.settle(chain.trade(chain.keys["alice"], chain.keys["bob"], "0.1", PRICE))
    found = {address: chain.svm.get_account(address) for address in chain._touched}
    accounts = {address: account for address, account in found.items() if account is not None}
    return _Prototype(chain.now_ts, chain.slot, accounts, chain.next_trade_id)


def _create(chain: GdxChain) -> None:
    admin = chain.keys["admin"].pubkey()
    roles = {"admin": admin, "guardian": admin}
    publishers = [chain.keys[f"publisher{n}"].pubkey() for n in range(3)]
    feed = ix.create_feed(
        admin, SYMBOL, authority=admin, publishers=publishers, min_publishers=3, limits=FEED_LIMITS, delay_s=0
    )
    for step in (
        ix.create_vault(
            admin, chain.mint, **roles, fee_recipient=admin, withdraw_limit=WITHDRAW_LIMIT, delay_s=0
        ),
        ix.create_config(admin, config_args(admin)),
        feed,
        ix.create_market(admin, SYMBOL, MARKET_PARAMS, base_asset="BTC", fee_recipient=admin),
        ix.create_funding(admin, chain.market, max_rate_e9=1_000_000),
    ):
        chain.send(step)


def _start(svm: LiteSVM, mint: Pubkey) -> dict[Pubkey, StoredAccount]:
    """Lamports for everybody, and the mint."""
    rich = StoredAccount(1_000 * 10**9, b"", Pubkey.default(), False, 2**64 - 1)
    option = b"\1\0\0\0" + bytes(_key("admin").pubkey())
    data = option + (10**18).to_bytes(8, "little") + b"\6\1" + bytes(36)
    return {_key(name).pubkey(): rich for name in _NAMES} | {mint: _owned(svm, data, _TOKEN)}


def _token_account(svm: LiteSVM, mint: Pubkey, owner: Pubkey, atoms: int) -> StoredAccount:
    data = bytes(mint) + bytes(owner) + atoms.to_bytes(8, "little") + bytes(36) + b"\1" + bytes(56)
    return _owned(svm, data, _TOKEN)


def _owned(svm: LiteSVM, data: bytes, owner: Pubkey, *, executable: bool = False) -> StoredAccount:
    lamports = svm.minimum_balance_for_rent_exemption(len(data))
    return StoredAccount(lamports, data, owner, executable, 2**64 - 1)


def _written(message: MessageV0) -> list[Pubkey]:
    return [key for place, key in enumerate(message.account_keys) if message.is_maybe_writable(place)]


def _key(name: str) -> Keypair:
    if not name or len(name) > 32:
        raise InputError("name", name, "must have 1 to 32 letters")
    return Keypair.from_seed(name.encode().ljust(32, b"\0"))
