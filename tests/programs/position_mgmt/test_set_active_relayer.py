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
