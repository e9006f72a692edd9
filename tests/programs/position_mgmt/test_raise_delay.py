"""raise_delay: only ever longer, and after the present delay."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import Exchange

MONTH = 30 * 86_400


def test_raises_after_the_present_delay(delayed: Exchange, chain: Chain) -> None:
    call = delayed.raise_delay(86_401)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call)))
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.advance(1)
    event = chain.send(call).event("DelayRaised")
    assert delayed.read().delay_seconds == event.delay_seconds == 86_401
    assert event.head.sequence == delayed.read().event_sequence
    chain.send(delayed.propose_change(bytes(range(32))))
    assert delayed.read().pending_change_not_before_ts == chain.now_ts + 86_401


def test_is_never_lowered(delayed: Exchange, chain: Chain) -> None:
    for seconds in (86_400, 86_399, 1, 0):
        chain.refused(delayed.wait_for(delayed.raise_delay(seconds)), error="DelayNotRaised")
    assert delayed.read().delay_seconds == 86_400


def test_a_chain_without_delay_gets_one_at_once(exchange: Exchange, chain: Chain) -> None:
    chain.refused(exchange.raise_delay(0), error="DelayNotRaised")
    chain.refused(exchange.raise_delay(MONTH + 1), error="DelayTooLong")
    chain.refused(exchange.raise_delay(2**32 - 1), error="DelayTooLong")
    chain.send(exchange.raise_delay(1))
    chain.refused(exchange.raise_delay(2), error="ChangeNotProposed")
    chain.send(exchange.wait_for(exchange.raise_delay(MONTH)))
    assert exchange.read().delay_seconds == MONTH


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.raise_delay(1)
    refuses_everyone_but_admin(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
