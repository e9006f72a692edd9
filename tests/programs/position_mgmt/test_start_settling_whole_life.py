"""From a market in use to nothing: random lives, each to the last atom and lamport, with nobody's help."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import idl
from tests.programs.harness.tokens import USDT, amount_of
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, PAUSE_LOCK, collateral_of

from .exchange import HALTED, PAUSE_ALL, Exchange
from .market import ONE, V1, Market, Trader
from .test_pay_position import insure
from .test_settle_batch_accounting import START_E6, Twin
from .winding import DAY, Winding
from .winding_model import WindingModel

SEEDS, STEPS = range(100, 110), 40
REACHED = {"paid in full", "lacking", "insured", "bankrupt on the way", "bankrupt before", "flat", "dust"}


def ours(chain: Chain, *programs: str) -> dict[Pubkey, tuple[str, int]]:
    """Every account of the programs: its type and its lamports."""
    found = {}
    for program in programs:
        source = idl(program)
        for key, account in chain.svm.get_program_accounts(PROGRAM_IDS[program]):
            found[key] = (source.accounts[bytes(account.data[:8])], account.lamports)
    return found


class Life:
    """A market after a random life, being wound down next to its model."""

    def __init__(self, twin: Twin) -> None:
        self.twin, self.market, self.chain = twin, twin.market, twin.chain
        self.winding = Winding(twin.market)
        self.seen: Counter[str] = Counter()

    def run(self, random: Random) -> Counter[str]:
        """Settle and pay in random order, compare after every step, close."""
        twin, chain = self.twin, self.chain
        if twin.model.money.long_shortfall_atoms or twin.model.money.short_shortfall_atoms:
            self.seen["bankrupt before"] += 1
        twin.price_e6 += twin.price_e6 * random.randrange(-4_000, 4_001) // 10_000
        self.winding.fall_silent()
        chain.advance(1)
        self.market.publishing.publish(twin.price_e6, confidence_e6=0)
        chain.advance(3_600)
        self.market.publishing.publish(twin.price_e6, confidence_e6=0)
        chain.send(self.winding.start())
        self.model = WindingModel(twin.model, self.winding.read().price_e6)
        assert self.model.price_e6 == twin.price_e6
        self.compare("started")
        for trader in random.sample(twin.traders, len(twin.traders)):
            self.settle(trader)
        if self.model.imbalance < 0:
            self.seen["dust"] += 1
        for trader in random.sample(twin.traders, len(twin.traders)):
            self.pay(trader)
        self.close()
        return self.seen

    def settle(self, trader: Trader) -> None:
        if self.market.position(trader).size == 0:
            self.chain.refused(self.winding.settle(trader), error="NothingToSettle")
            self.seen["flat"] += 1
            return
        event = self.chain.send(self.winding.settle(trader)).event("PositionSettled")
        self.seen["bankrupt on the way"] += event.shortfall_atoms > 0
        self.model.settle(trader.position, self.chain.now_ts)
        self.compare(f"settled {trader.position}")

    def pay(self, trader: Trader) -> None:
        free = self.chain.read(trader.collateral).free_atoms
        claim = self.market.position(trader).collateral
        self.chain.send(self.winding.pay(trader))
        paid = self.model.pay(trader.position)
        assert self.chain.read(trader.collateral).free_atoms - free == paid
        self.seen["paid in full" if paid == claim else "lacking"] += 1
        self.seen["insured"] += self.winding.read().drawn_atoms > 0
        self.compare(f"paid {trader.position}")

    def close(self) -> None:
        vault = self.market.exchange.vault
        left = self.market.locked_atoms() + self.chain.read(self.market.pool).insurance_atoms
        fees = vault.read().fees_atoms
        self.chain.send(self.winding.close())
        assert vault.read().fees_atoms == fees + left
        vault.check_ledger()

    def compare(self, label: str) -> None:
        """Chain and model agree on every field; the vault's tokens are what it owes."""
        books, settlement = self.market.read(), self.winding.read()
        pool, money = self.chain.read(self.market.pool), self.model.market.money
        expected = self.model.market_fields() | {"total_open_interest": books.total_long_interest}
        wrong = {
            name: (getattr(books, name), value)
            for name, value in expected.items()
            if getattr(books, name) != value
        }
        assert not wrong, f"{label}: market (chain, model): {wrong}"
        wrong = {
            name: (getattr(settlement, name), value)
            for name, value in self.model.fields().items()
            if getattr(settlement, name) != value
        }
        assert not wrong, f"{label}: settlement (chain, model): {wrong}"
        for key, position in self.model.market.positions.items():
            account = self.chain.read(key)
            wrong = {
                name: (getattr(account, name), value)
                for name, value in position.fields().items()
                if getattr(account, name) != value
            }
            assert not wrong, f"{label}: position {key} (chain, model): {wrong}"
        assert (pool.locked_atoms, pool.insurance_atoms) == (money.locked_atoms, money.insurance_atoms), label
        self.winding.check_books()


def test_random_lives_end_in_nothing(exchange: Exchange, chain: Chain) -> None:
    """Between them the seeds reach everything they are for; no account and no atom of a market is left."""
    seen: Counter[str] = Counter()
    tokens = amount_of(chain, exchange.vault.token)
    for seed in SEEDS:
        before = ours(chain, "position_mgmt", "funding_rate")
        pools = ours(chain, "collateral_vault")
        random = Random(seed)
        limits = {"max_position_size_e8": ONE, "max_open_interest_e8": 3 * ONE // 2}
        twin = Twin(exchange.market(f"LIFE-{seed}", START_E6, **limits), random)
        if seed % 3 == 0:
            insure(twin.market, 2_000 * USDT)
            twin.model.money = replace(twin.model.money, insurance_atoms=2_000 * USDT)
        for _ in range(STEPS):
            twin.step()
        life = Life(twin)
        found = life.run(random)
        print(f"seed {seed}: {dict(found)}")
        seen += found
        records = {
            key for key, (kind, _) in ours(chain, "position_mgmt").items() if kind == "SettlementBatch"
        }
        for key in records:
            chain.send(twin.market.prune_batch(chain.read(key).batch_id).but(market=None))
        assert ours(chain, "position_mgmt", "funding_rate") == before
        left = ours(chain, "collateral_vault")
        assert {kind for key, (kind, _) in left.items() if key not in pools} == {"Collateral"}
    state = exchange.vault.read()
    assert (state.locked_atoms, state.insurance_atoms) == (0, 0)
    assert state.free_atoms + state.fees_atoms == amount_of(chain, exchange.vault.token) > tokens
    assert set(seen) >= REACHED, f"missing {sorted(REACHED - set(seen))} in {dict(seen)}"


def test_everybody_gets_out_with_all_roles_gone_or_hostile(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    """All is paused, the market halted, the vault closed for deposits; nobody with a role signs any more."""
    exchange, vault = market.exchange, market.exchange.vault
    funding = FundingWorld(market).create()
    carol = market.trader(3_000 * USDT)
    batch, _ = market.settled(V1, market.trade(alice, bob), market.trade(carol, bob, ONE // 10))
    chain.send(market.request_release(alice, USDT))
    chain.send(exchange.set_pause_bits(PAUSE_ALL, exchange.guardian))
    chain.send(vault.set_vault_pause(PAUSE_DEPOSIT | PAUSE_LOCK, vault.guardian))
    chain.rewrite(market.key, status=HALTED, is_active=0)
    hostile = {exchange.admin, exchange.guardian, exchange.relayer, vault.admin, vault.guardian}
    tokens = amount_of(chain, vault.token)

    winding = Winding(market)
    chain.set_clock(ts=market.read().last_batch_ts + DAY)
    market.publishing.publish(51_000 * 10**6, confidence_e6=0)
    steps = [winding.start(), *(winding.settle(one) for one in (carol, bob, alice))]
    steps += [winding.pay(one) for one in (bob, alice, carol)]
    steps += [funding.close_funding(), winding.close()]
    for step in steps:
        signers = {meta.pubkey for meta in step.instruction.accounts if meta.is_signer}
        assert not signers & hostile, f"{step.name} needs {signers & hostile}"
        chain.send(step)
    chain.advance(3_600 + DAY)
    chain.send(market.prune_batch(batch.batch_id).but(market=None))
    assert not {kind for kind, _ in ours(chain, "position_mgmt").values()} - {"GlobalConfig", "RelayerBeat"}
    assert ours(chain, "funding_rate") == {}
    for one in (alice, bob, carol):
        free = chain.read(one.collateral).free_atoms
        chain.send(vault.withdraw(one.user, free))
        tokens -= free
    assert amount_of(chain, vault.token) == tokens == vault.read().fees_atoms


def test_a_hostile_position_holds_nobody_up(market: Market, chain: Chain) -> None:
    """Nobody keeps others from their money by closing, opening again, or an empty wallet."""
    alice, bob, mallory = market.trader(), market.trader(), market.trader(0)
    market.settled(V1, market.trade(alice, bob))
    chain.send(market.close_position(mallory))
    chain.send(market.open_position(mallory.owner))
    winding = Winding(market)
    winding.begin()
    winding.settle_all(alice, bob)
    chain.send(market.close_position(mallory))
    chain.refused(market.open_position(mallory.owner), error="MarketNotActive")
    chain.fund(bob.owner, 0)  # a wallet with nothing in it, and so none
    for one in (bob, alice):
        chain.send(winding.pay(one))
    assert chain.read(collateral_of(bob.owner)).free_atoms > 0
    chain.send(winding.close())


@pytest.mark.parametrize("days", [1, 3])
def test_sharing_does_not_depend_on_how_long_it_takes(market: Market, chain: Chain, days: int) -> None:
    """Weeks between the steps change nothing: the price was fixed at the start."""
    alice, bob = market.trader(), market.trader()
    market.settled(V1, market.trade(alice, bob))
    claim = market.position(alice).collateral + market.position(bob).collateral
    winding = Winding(market)
    winding.fall_silent(days)
    chain.send(winding.start())
    for call in (winding.settle(alice), winding.settle(bob), winding.pay(alice), winding.pay(bob)):
        chain.advance(days * DAY)
        chain.send(call)
    assert winding.read().paid_atoms == claim
    chain.send(winding.close())
