"""approve_relayer: up to four, each after the delay."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import Exchange


def test_approves_after_the_delay(delayed: Exchange, chain: Chain) -> None:
    second = chain.person()
    call = delayed.approve_relayer(second)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call)))
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.refused(delayed.approve_relayer(chain.person()), error="ChangeNotProposed")
    chain.advance(1)
    event = chain.send(call).event("ConfigChanged")
    approved = [delayed.relayer, second, Pubkey.default(), Pubkey.default()]
    assert delayed.read().approved_relayers == event.approved_relayers == approved
    assert (event.active_relayer, event.relayer_epoch) == (delayed.relayer, 1)
    assert delayed.read().pending_change_hash == bytes(32)
    chain.send(delayed.revoke_relayer(second))
    chain.refused(call, error="ChangeNotProposed")


def test_holds_four_and_reuses_a_free_place(exchange: Exchange, chain: Chain) -> None:
    others = [chain.person() for _ in range(3)]
    for relayer in others:
        chain.send(exchange.approve_relayer(relayer))
    chain.refused(exchange.approve_relayer(chain.person()), error="TooManyRelayers")
    chain.send(exchange.revoke_relayer(others[1]))
    fifth = chain.person()
    chain.send(exchange.approve_relayer(fifth))
    assert exchange.read().approved_relayers == [exchange.relayer, others[0], fifth, others[2]]


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.approve_relayer(chain.person())
    chain.refused(call.given(relayer=Pubkey.default()), error="DefaultAddressRefused")
    chain.refused(call.given(relayer=exchange.relayer), error="RelayerAlreadyApproved")
    refuses_everyone_but_admin(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
