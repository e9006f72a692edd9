"""propose_change: one change waits at a time, for the delay."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import Exchange

HASH = bytes(range(32))


def test_writes_what_waits_and_until_when(delayed: Exchange, chain: Chain) -> None:
    event = chain.send(delayed.propose_change(HASH)).event("ChangeProposed")
    config = delayed.read()
    assert (config.pending_change_hash, config.pending_change_not_before_ts) == (HASH, chain.now_ts + 86_400)
    assert (event.change_hash, event.not_before_ts) == (HASH, chain.now_ts + 86_400)
    assert (event.head.slot, event.head.ts) == (chain.slot, chain.now_ts)
    assert event.head.sequence == config.event_sequence == 2


def test_a_later_proposal_replaces_the_waiting_one(delayed: Exchange, chain: Chain) -> None:
    chain.send(delayed.propose_change(HASH))
    chain.advance(100)
    chain.send(delayed.propose_change(HASH[::-1]))
    config = delayed.read()
    assert config.pending_change_hash == HASH[::-1]
    assert config.pending_change_not_before_ts == chain.now_ts + 86_400


def test_refusals(delayed: Exchange, chain: Chain) -> None:
    call = delayed.propose_change(HASH)
    refuses_everyone_but_admin(delayed, call)
    refuses_durable_nonce(chain, call, delayed.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
