"""take_over: an approved relayer replaces a silent one, with a new epoch."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_other_config, twin
from .exchange import BEAT, CONFIG, Exchange


@pytest.fixture
def second(exchange: Exchange, chain: Chain) -> Pubkey:
    """An approved relayer that is not active; the active one has just beaten."""
    relayer = chain.person()
    chain.send(exchange.approve_relayer(relayer))
    chain.send(exchange.beat())
    return relayer


def test_only_once_the_beat_is_old_enough(exchange: Exchange, chain: Chain, second: Pubkey) -> None:
    chain.set_clock(slot=chain.slot + 150)
    chain.refused(exchange.take_over(second), error="RelayerAlive")
    chain.set_clock(slot=chain.slot + 1)
    event = chain.send(exchange.take_over(second)).event("ConfigChanged")
    config, beat = exchange.read(), exchange.read_beat()
    assert (config.active_relayer, config.relayer_epoch) == (second, 2)
    assert (event.active_relayer, event.relayer_epoch, event.signer) == (second, 2, second)
    assert (beat.relayer, beat.epoch, beat.slot, beat.ts) == (second, 2, chain.slot, chain.now_ts)


def test_the_new_relayer_has_the_time_of_a_new_beat(exchange: Exchange, chain: Chain, second: Pubkey) -> None:
    chain.set_clock(slot=chain.slot + 151)
    chain.send(exchange.take_over(second))
    chain.refused(exchange.take_over(exchange.relayer), error="RelayerAlive")
    chain.set_clock(slot=chain.slot + 151)
    chain.send(exchange.take_over(exchange.relayer))
    assert exchange.read().relayer_epoch == 3


def test_refuses_who_is_not_approved(exchange: Exchange, chain: Chain, second: Pubkey) -> None:
    chain.set_clock(slot=chain.slot + 151)
    for person in (chain.person(), exchange.admin, exchange.guardian):
        chain.refused(exchange.take_over(person), error="RelayerNotApproved")
    chain.send(exchange.revoke_relayer(second))
    chain.refused(exchange.take_over(second), error="RelayerNotApproved")


def test_refusals(exchange: Exchange, chain: Chain, second: Pubkey) -> None:
    chain.set_clock(slot=chain.slot + 151)
    call = exchange.take_over(second)
    refuses_other_config(chain, call)
    chain.refused(call.but(beat=twin(chain, BEAT)), error="ConstraintSeeds")
    chain.refused(call.but(beat=CONFIG), error="AccountDiscriminatorMismatch")
    refuses_wrong_accounts(chain, call)
