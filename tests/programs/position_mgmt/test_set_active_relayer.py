"""set_active_relayer: moves to another approved one and raises the epoch."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config, refuses_strangers
from .exchange import CONFIG, Exchange


def test_guardian_moves_to_another_approved_relayer(exchange: Exchange, chain: Chain) -> None:
    second = chain.person()
    chain.send(exchange.approve_relayer(second))
    event = chain.send(exchange.set_active_relayer(second, exchange.guardian)).event("ConfigChanged")
    config = exchange.read()
    assert (config.active_relayer, config.relayer_epoch) == (second, 2)
    assert (event.active_relayer, event.relayer_epoch, event.signer) == (second, 2, exchange.guardian)
    chain.refused(exchange.beat(), error="WrongRelayer")
    chain.send(exchange.beat(second))


def test_the_guardian_moves_at_once_and_the_admin_after_the_delay(delayed: Exchange, chain: Chain) -> None:
    second = chain.person()
    chain.send(delayed.wait_for(delayed.approve_relayer(second)))
    call = delayed.set_active_relayer(second)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call)))
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.send(delayed.set_active_relayer(second, delayed.guardian))
    chain.send(delayed.set_active_relayer(delayed.relayer, delayed.guardian))
    chain.advance(1)
    chain.send(call)
    config = delayed.read()
    assert (config.active_relayer, config.relayer_epoch) == (second, 4)
    assert (config.pending_change_hash, config.relayer_since_slot) == (bytes(32), chain.slot)


def test_a_new_relayer_has_the_time_of_a_beat(exchange: Exchange, chain: Chain) -> None:
    """The old one's silence does not count against it, nor bring the old one back."""
    second = chain.person()
    chain.send(exchange.approve_relayer(second))
    chain.set_clock(slot=chain.slot + 1_000)
    chain.send(exchange.set_active_relayer(second, exchange.guardian))
    chain.set_clock(slot=chain.slot + 150)
    chain.refused(exchange.take_over(exchange.relayer), error="RelayerAlive")
    chain.set_clock(slot=chain.slot + 1)
    chain.send(exchange.take_over(exchange.relayer))


def test_refuses_who_is_not_approved(exchange: Exchange, chain: Chain) -> None:
    chain.refused(exchange.set_active_relayer(chain.person()), error="RelayerNotApproved")
    chain.refused(exchange.set_active_relayer(Pubkey.default()), error="DefaultAddressRefused")


def test_refuses_to_wrap_the_epoch(exchange: Exchange, chain: Chain) -> None:
    chain.rewrite(CONFIG, relayer_epoch=2**32 - 1)
    chain.refused(exchange.set_active_relayer(exchange.relayer), error="MathOverflow")


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.set_active_relayer(exchange.relayer)
    refuses_strangers(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
