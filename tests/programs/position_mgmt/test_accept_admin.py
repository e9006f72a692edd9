"""accept_admin: the proposed key, after the delay, and nobody else."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config
from .exchange import Exchange


def test_the_proposed_admin_takes_over_after_the_delay(delayed: Exchange, chain: Chain) -> None:
    heir = chain.person()
    chain.send(delayed.propose_admin(heir))
    chain.advance(86_399)
    chain.refused(delayed.accept_admin(heir), error="DelayNotPassed")
    chain.advance(1)
    event = chain.send(delayed.accept_admin(heir)).event("AdminAccepted")
    config = delayed.read()
    assert (config.admin, config.pending_admin) == (heir, Pubkey.default())
    assert config.pending_admin_not_before_ts == 0
    assert (event.admin, event.head.sequence) == (heir, 3)
    chain.refused(delayed.set_min_batch_size(1), error="NotAdmin")
    chain.send(delayed.set_min_batch_size(1).but(admin=heir))


def test_refuses_when_nobody_is_proposed(exchange: Exchange, chain: Chain) -> None:
    chain.refused(exchange.accept_admin(chain.person()), error="NoPendingAdmin")
    chain.refused(exchange.accept_admin(Pubkey.default()), error="NoPendingAdmin")


def test_refuses_a_second_acceptance(exchange: Exchange, chain: Chain) -> None:
    heir = chain.person()
    chain.send(exchange.propose_admin(heir))
    chain.send(exchange.accept_admin(heir))
    chain.refused(exchange.accept_admin(heir), error="NoPendingAdmin")


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    heir = chain.person()
    chain.send(exchange.propose_admin(heir))
    for person in (exchange.admin, exchange.guardian, chain.person()):
        chain.refused(exchange.accept_admin(person), error="NotPendingAdmin")
    call = exchange.accept_admin(heir)
    refuses_durable_nonce(chain, call, heir)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
