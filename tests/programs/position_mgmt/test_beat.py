"""beat: the active relayer's sign of life."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_other_config, twin
from .exchange import BEAT, Exchange


def test_writes_who_and_when_and_no_event(exchange: Exchange, chain: Chain) -> None:
    chain.advance(400)
    receipt = chain.send(exchange.beat())
    beat = exchange.read_beat()
    assert (beat.relayer, beat.epoch) == (exchange.relayer, 1)
    assert (beat.slot, beat.ts) == (chain.slot, chain.now_ts)
    assert receipt.events == []


def test_refuses_everyone_but_the_active_relayer(exchange: Exchange, chain: Chain) -> None:
    approved = chain.person()
    chain.send(exchange.approve_relayer(approved))
    for person in (exchange.admin, approved, chain.person()):
        chain.refused(exchange.beat(person), error="WrongRelayer")


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.beat()
    refuses_other_config(chain, call)
    chain.refused(call.but(beat=twin(chain, BEAT)), error="ConstraintSeeds")
    refuses_wrong_accounts(chain, call)
