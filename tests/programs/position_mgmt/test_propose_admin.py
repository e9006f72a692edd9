"""propose_admin: names the next admin, who accepts after the delay."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import Exchange


def test_names_the_next_admin(delayed: Exchange, chain: Chain) -> None:
    heir = chain.person()
    event = chain.send(delayed.propose_admin(heir)).event("AdminProposed")
    config = delayed.read()
    assert (config.admin, config.pending_admin) == (delayed.admin, heir)
    assert config.pending_admin_not_before_ts == chain.now_ts + 86_400
    assert (event.admin, event.pending_admin) == (delayed.admin, heir)
    assert (event.not_before_ts, event.head.sequence) == (chain.now_ts + 86_400, 2)


def test_a_later_proposal_replaces_the_waiting_one(delayed: Exchange, chain: Chain) -> None:
    first, second = chain.person(), chain.person()
    chain.send(delayed.propose_admin(first))
    chain.send(delayed.propose_admin(second))
    chain.advance(86_400)
    chain.refused(delayed.accept_admin(first), error="NotPendingAdmin")
    chain.send(delayed.accept_admin(second))


def test_refusals(delayed: Exchange, chain: Chain) -> None:
    call = delayed.propose_admin(chain.person())
    chain.refused(call.given(new_admin=Pubkey.default()), error="DefaultAddressRefused")
    refuses_everyone_but_admin(delayed, call)
    refuses_durable_nonce(chain, call, delayed.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
