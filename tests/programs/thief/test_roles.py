"""What an admin's, a feed authority's or a guardian's key alone can do before the delay has passed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call, idl
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.tokens import USDT, amount_of
from tests.programs.harness.vault_world import PAUSE_WITHDRAW, VaultWorld
from tests.programs.position_mgmt.exchange import PAUSE, PAUSE_ALL, Exchange
from tests.programs.position_mgmt.market import ONE, V1, Market
from tests.programs.position_mgmt.winding import DELISTING, Winding

from .powers import DELAYED, OWN_KEYS, POWERS
from .search import new_random, rounds
from .stated_market import DELAY_SECONDS, FEED_LIMITS, HOUR, MAX_RATE_E9, PRICE_E6, WITHDRAW_LIMIT

STATED_USDT = 0
"""The figure of `docs/security.md`: what an admin alone takes within the delay."""
STATED_PAUSE_HOURS = 72
LIMITS_IN_FORCE = (
    "max_leverage",
    "initial_margin_ratio",
    "maintenance_margin_ratio",
    "maker_fee",
    "taker_fee",
    "liquidation_fee_ppm",
    "price_band_bps",
    "max_position_size_e8",
    "max_open_interest_e8",
    "max_slippage_per_hour_atoms",
)
SETTINGS_IN_FORCE = (
    "admin",
    "guardian",
    "approved_relayers",
    "slippage_floor_atoms",
    "slippage_share_bps",
    "insurance_share_bps",
    "ever_live_versions",
    "delay_seconds",
)


class Governed:
    """An exchange with a day's delay in every program, one market, and two people with money in it."""

    def __init__(self) -> None:
        self.chain = Chain()
        self.vault = VaultWorld(self.chain).create(delay_seconds=DELAY_SECONDS, limit=WITHDRAW_LIMIT)
        self.exchange = Exchange(self.chain, self.vault).create(delay_seconds=DELAY_SECONDS)
        self.feed = FeedWorld(self.chain, "BTC-PERP").create(limits=FEED_LIMITS, delay_seconds=DELAY_SECONDS)
        self.chain.advance(1)
        self.feed.publish(PRICE_E6, confidence_e6=0)
        creation = self.exchange.create_market("BTC-PERP", self.feed.address)
        self.chain.send(self.exchange.propose_change(self.exchange.change_hash(creation)))
        self.wait(DELAY_SECONDS)
        self.chain.send(creation)
        self.market = Market(self.exchange, "BTC-PERP", self.feed)
        self.funding = FundingWorld(self.market).create(MAX_RATE_E9)
        self.people = [self.market.trader(20_000 * USDT, free_atoms=5_000 * USDT) for _ in range(2)]
        self.market.settled(V1, self.market.trade(*self.people, ONE))
        self.chain.send(self.market.sweep_fees())
        self.mine = self.vault.user()
        self.recipient = self.vault.token_account(self.vault.fee_recipient)

    def wait(self, seconds: int) -> None:
        self.chain.advance(seconds)
        self.feed.publish(PRICE_E6, confidence_e6=0)

    def wealth(self) -> list[int]:
        """Atoms of each honest person: tokens, free, and equity at the oracle's price."""
        found = []
        for one in self.people:
            position = self.market.position(one)
            value = position.collateral + position.size * PRICE_E6 // 10**8 - position.cost_atoms
            free = self.chain.read(one.collateral).free_atoms
            found.append(amount_of(self.chain, one.user.token) + free + value)
        return found

    def mine_atoms(self) -> int:
        """What the thief's own accounts hold."""
        return int(amount_of(self.chain, self.mine.token) + self.chain.read(self.mine.collateral).free_atoms)

    def in_force(self) -> list[Any]:
        """Everything that protects money, as the programs apply it now."""
        market, config, feed = self.market.read(), self.exchange.read(), self.feed.read()
        vault = self.vault.read()
        return [
            *(getattr(market, name) for name in LIMITS_IN_FORCE),
            *(getattr(config, name) for name in SETTINGS_IN_FORCE),
            self.feed.publisher_keys(),
            vars(feed.limits),
            vars(feed.fallback),
            feed.authority,
            self.funding.read().max_rate_e9,
            vault.admin,
            vars(vault.limiter.current),
            vault.fee_recipient,
            vault.guardian,
            vault.delay_seconds,
            feed.delay_seconds,
        ]

    def calls_of_admin(self, rng: random.Random) -> list[Callable[[], Call]]:
        """Whatever the three authorities may sign, with arguments that would help a thief."""
        exchange, vault, feed, me = self.exchange, self.vault, self.feed, self.mine.owner
        wide = {"price_band_bps": 9_999, "max_slippage_per_hour_atoms": 2**63 - 1, "taker_fee_ppm": 10_000}
        limits = self.market.set_market_limits(**wide)
        delisting = Winding(self.market).start(DELISTING, admin=exchange.admin)
        proposals = [
            exchange.change_hash(exchange.approve_relayer(me)),
            exchange.change_hash(limits, self.market.key),
            exchange.change_hash(delisting, self.market.key),
        ]
        return [
            lambda: exchange.propose_change(rng.choice(proposals)),
            lambda: exchange.approve_relayer(me),
            lambda: exchange.set_active_relayer(rng.choice([me, exchange.relayer])),
            lambda: exchange.propose_admin(me),
            lambda: exchange.accept_admin(me),
            lambda: exchange.set_min_batch_size(rng.randrange(20)),
            lambda: exchange.set_allowed_versions(rng.randrange(5)),
            lambda: exchange.set_pause_bits(rng.choice([0, PAUSE_ALL])),
            lambda: limits,
            lambda: delisting,
            lambda: self.market.set_market_status(rng.randrange(4)),
            lambda: exchange.set_guardian(me),
            lambda: exchange.set_config_limits(slippage_floor_atoms=2**63),
            lambda: exchange.raise_delay(rng.choice([0, 1, 2 * DELAY_SECONDS])),
            lambda: exchange.set_canary(self.market.key, rng.randrange(4), rng.randrange(3)),
            lambda: self.funding.set_max_rate(10_000_000),
            lambda: vault.propose_admin(me),
            lambda: vault.accept_admin(me),
            lambda: vault.set_withdraw_limit(WITHDRAW_LIMIT | {"limit_atoms": 0}),
            lambda: vault.set_vault_pause(rng.randrange(8)),
            lambda: vault.propose_pause_renewal(),
            lambda: vault.execute_pause_renewal(),
            lambda: vault.set_guardian(me),
            lambda: vault.set_fee_recipient(me),
            lambda: vault.raise_delay(rng.choice([0, 1, 2 * DELAY_SECONDS])),
            lambda: vault.withdraw_fees(self.mine.token, 1),
            lambda: vault.withdraw(self.mine, 1),
            lambda: vault.withdraw(self.people[0].user, USDT).but(owner=exchange.admin),
            lambda: feed.set_publishers([me, *feed.publishers[:2]]),
            lambda: feed.set_limits(max_deviation_bps=10_000),
            lambda: feed.set_fallback(me, bytes(32)),
            lambda: feed.raise_delay(rng.choice([0, 1, 2 * DELAY_SECONDS])),
            lambda: feed.propose_feed_authority(me),
            lambda: feed.accept_feed_authority(me),
            lambda: feed.publish_price(me, 1),
        ]


@pytest.fixture(scope="module")
def governed() -> Governed:
    return Governed()


def test_every_instruction_of_a_privileged_key_is_listed() -> None:
    """A new one has to say what it may do, in `powers.py` and in `docs/security.md`."""
    privileged = set()
    for program in PROGRAM_IDS:
        for name, entry in idl(program).instructions.items():
            signers = {account["name"] for account in entry["accounts"] if account.get("signer")}
            if signers - OWN_KEYS:
                privileged.add(f"{program}.{name}")
    assert privileged == set(POWERS)


def test_an_admin_alone_takes_nothing_within_the_delay(governed: Governed) -> None:
    """Random sequences of everything an admin may sign, until a second before the delay is over."""
    rng, chain = new_random("admin"), governed.chain
    calls, wealth = governed.calls_of_admin(rng), governed.wealth()
    in_force, passed, until = governed.in_force(), 0, chain.now_ts + DELAY_SECONDS - 1
    for _ in range(rounds(150)):
        call = rng.choice(calls)()
        transaction = chain._transaction((call,), ())
        passed += not hasattr(chain.svm.send_transaction(transaction), "err")
        step = min(rng.choice([0, 1, HOUR // 2]), until - chain.now_ts)
        if step:
            governed.wait(step)
        assert governed.wealth() == wealth
        assert governed.mine_atoms() == STATED_USDT
        assert governed.in_force() == in_force, call
    assert passed > 20


def announced(world: Governed) -> dict[str, tuple[Call, str]]:
    """What begins the delay of each delayed instruction, and the event that tells everybody."""
    exchange, vault, feed, me = world.exchange, world.vault, world.feed, world.mine.owner
    change = (exchange.propose_change(bytes(range(32))), "ChangeProposed")
    authority = (feed.propose_feed_authority(me), "FeedAuthorityProposed")
    limit = vault.set_withdraw_limit(WITHDRAW_LIMIT | {"limit_atoms": 1})
    found = {
        "collateral_vault.propose_admin": (vault.propose_admin(me), "AdminProposed"),
        "collateral_vault.accept_admin": (vault.propose_admin(me), "AdminProposed"),
        "collateral_vault.set_withdraw_limit": (limit, "WithdrawLimitScheduled"),
        "collateral_vault.execute_pause_renewal": (vault.propose_pause_renewal(), "PauseRenewalProposed"),
        "collateral_vault.set_guardian": (vault.set_guardian(me), "GuardianScheduled"),
        "collateral_vault.set_fee_recipient": (vault.set_fee_recipient(me), "FeeRecipientScheduled"),
        "collateral_vault.raise_delay": (vault.raise_delay(2 * DELAY_SECONDS), "DelayRaiseScheduled"),
        "oracle.raise_delay": (feed.raise_delay(2 * DELAY_SECONDS), "DelayRaiseScheduled"),
        "oracle.set_publishers": (feed.set_publishers([me, *feed.publishers[:2]]), "PublishersScheduled"),
        "oracle.set_limits": (feed.set_limits(max_deviation_bps=9_999), "LimitsScheduled"),
        "oracle.set_fallback": (feed.set_fallback(me, bytes(32)), "FallbackScheduled"),
        "oracle.propose_feed_authority": authority,
        "oracle.accept_feed_authority": authority,
        "funding_rate.set_max_rate": (world.funding.set_max_rate(10_000_000), "MaxRateScheduled"),
        "position_mgmt.propose_admin": (exchange.propose_admin(me), "AdminProposed"),
        "position_mgmt.accept_admin": (exchange.propose_admin(me), "AdminProposed"),
    }
    delayed = {name for name, (kind, _) in POWERS.items() if kind == DELAYED}
    return {name: found.get(name, change) for name in delayed}


def test_what_waits_is_announced_on_chain() -> None:
    """Whatever is delayed shows itself when its delay begins, with the time from which it counts."""
    world = Governed()
    for name, (call, event) in announced(world).items():
        fields = world.chain.send(call).event(event)
        assert fields.not_before_ts == world.chain.now_ts + DELAY_SECONDS, name


def test_the_guardian_can_stop_but_not_take() -> None:
    """All bits, fewer versions, another relayer of the approved; nothing wider, nobody new, and no money."""
    world = Governed()
    chain, exchange, guardian = world.chain, world.exchange, world.exchange.guardian
    wealth, stranger = world.wealth(), chain.person()
    chain.send(exchange.set_pause_bits(PAUSE_ALL, signer=guardian))
    chain.refused(exchange.set_pause_bits(0, signer=guardian), error="GuardianMayOnlyRestrict")
    chain.send(exchange.set_allowed_versions(1, signer=guardian))
    chain.refused(exchange.set_allowed_versions(3, signer=guardian), error="GuardianMayOnlyRestrict")
    chain.refused(exchange.set_active_relayer(stranger, signer=guardian), error="RelayerNotApproved")
    chain.refused(exchange.approve_relayer(stranger).but(admin=guardian), error="NotAdmin")
    chain.refused(exchange.propose_change(bytes(32)).but(admin=guardian), error="NotAdmin")
    chain.send(exchange.set_pause_bits(0))  # the admin lifts it at once
    assert world.wealth() == wealth


def test_withdrawals_resume_after_72_hours_whatever_the_guardian_does() -> None:
    world = Governed()
    chain, vault, user = world.chain, world.vault, world.people[0].user
    chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, signer=vault.guardian))
    chain.refused(vault.withdraw(user, USDT), error="WithdrawalsPaused")
    rng, until = new_random("guardian"), chain.now_ts + STATED_PAUSE_HOURS * HOUR
    while chain.now_ts < until:
        bits = rng.choice([PAUSE_WITHDRAW, 7])
        transaction = chain._transaction((vault.set_vault_pause(bits, signer=vault.guardian),), ())
        chain.svm.send_transaction(transaction)
        chain.advance(rng.randrange(1, 6 * HOUR))
    chain.send(vault.withdraw(user, USDT))


def test_releases_resume_after_72_hours_whatever_the_guardian_does() -> None:
    """What lies under a position waits no longer than what is free."""
    world = Governed()
    chain, exchange, ask = world.chain, world.exchange, world.market.request_release(world.people[0], 1)
    chain.send(exchange.set_pause_bits(PAUSE["release"], signer=exchange.guardian))
    chain.refused(ask, error="ReleasePaused")
    rng, until = new_random("guardian and releases"), chain.now_ts + STATED_PAUSE_HOURS * HOUR
    while chain.now_ts < until:
        bits = rng.choice([PAUSE["release"], PAUSE_ALL])
        transaction = chain._transaction((exchange.set_pause_bits(bits, signer=exchange.guardian),), ())
        chain.svm.send_transaction(transaction)
        world.wait(rng.randrange(1, 6 * HOUR))
    chain.send(ask)
