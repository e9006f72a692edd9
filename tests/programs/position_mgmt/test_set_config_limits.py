"""set_config_limits: the figures common to all markets, after the delay, each within its range."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import CONFIG_LIMITS, Exchange
from .market import Market, Trader

CHANGED = {
    "slippage_floor_atoms": 7,
    "slippage_share_bps": 8,
    "insurance_share_bps": 9,
    "takeover_slots": 10,
    "release_delay_slots": 11,
    "batch_retention_seconds": 61,
}


def test_sets_each_after_the_delay(delayed: Exchange, chain: Chain) -> None:
    call = delayed.set_config_limits(**CHANGED)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call)))
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.refused(delayed.set_config_limits(), error="ChangeNotProposed")
    chain.advance(1)
    before = vars(delayed.read())
    event = chain.send(call).event("ConfigLimitsSet")
    after = vars(delayed.read())
    assert vars(event.limits) == CHANGED
    assert event.head.sequence == after["event_sequence"]
    moved = {name: value for name, value in after.items() if before[name] != value}
    used = {"pending_change_hash": bytes(32), "pending_change_not_before_ts": 0}
    assert moved == CHANGED | used | {"event_sequence": before["event_sequence"] + 1}


RANGES = {
    "slippage_floor_atoms": (0, 10**17, "SlippageFloorTooLarge"),
    "slippage_share_bps": (0, 10_000, "BadShare"),
    "insurance_share_bps": (0, 10_000, "BadShare"),
    "takeover_slots": (1, 216_000, "BadTakeoverSlots"),
    "release_delay_slots": (1, 9_000, "BadReleaseDelay"),
    "batch_retention_seconds": (60, 2_592_000, "BadBatchRetention"),
}


@pytest.mark.parametrize("name", RANGES)
def test_bounds_each(exchange: Exchange, chain: Chain, name: str) -> None:
    low, high, error = RANGES[name]
    for value in (low, high):
        chain.send(exchange.set_config_limits(**{name: value}))
        assert getattr(exchange.read(), name) == value
    chain.refused(exchange.set_config_limits(**{name: high + 1}), error=error)
    if low:
        chain.refused(exchange.set_config_limits(**{name: low - 1}), error=error)
        chain.refused(exchange.set_config_limits(**{name: 0}), error=error)


@pytest.mark.parametrize("name", RANGES)
def test_a_new_configuration_has_the_same_bounds(bare: Exchange, chain: Chain, name: str) -> None:
    low, high, error = RANGES[name]
    chain.refused(bare.create_config(**{name: high + 1}), error=error)
    if low:
        chain.refused(bare.create_config(**{name: low - 1}), error=error)
    bare.create(**{name: high})


def test_the_new_release_delay_is_for_waiting_requests(market: Market, alice: Trader, chain: Chain) -> None:
    chain.send(market.request_release(alice, 1))
    chain.set_clock(slot=chain.slot + 10)
    chain.send(market.exchange.set_config_limits(release_delay_slots=12))
    chain.refused(market.execute_release(alice), error="ReleaseTooEarly")
    chain.set_clock(slot=chain.slot + 2)
    chain.send(market.execute_release(alice))


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.set_config_limits(**CONFIG_LIMITS)
    refuses_everyone_but_admin(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
