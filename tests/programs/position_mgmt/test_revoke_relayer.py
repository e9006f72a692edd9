"""revoke_relayer: admin or guardian, at once, but never the active one."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config, refuses_strangers
from .exchange import Exchange


def test_guardian_takes_an_approval_back(exchange: Exchange, chain: Chain) -> None:
    second = chain.person()
    chain.send(exchange.approve_relayer(second))
    event = chain.send(exchange.revoke_relayer(second, exchange.guardian)).event("ConfigChanged")
    approved = [exchange.relayer, *[Pubkey.default()] * 3]
    assert exchange.read().approved_relayers == event.approved_relayers == approved
    assert (exchange.read().relayer_epoch, event.signer) == (1, exchange.guardian)


def test_refuses_the_active_relayer_and_unknown_ones(exchange: Exchange, chain: Chain) -> None:
    chain.refused(exchange.revoke_relayer(exchange.relayer), error="ActiveRelayerNotRevocable")
    chain.refused(exchange.revoke_relayer(chain.person()), error="RelayerNotApproved")
    chain.refused(exchange.revoke_relayer(Pubkey.default()), error="DefaultAddressRefused")


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    second = chain.person()
    chain.send(exchange.approve_relayer(second))
    call = exchange.revoke_relayer(second)
    refuses_strangers(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
