"""set_guardian: after the delay; the old one is nobody from then on."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import Exchange


def test_names_another_after_the_delay(delayed: Exchange, chain: Chain) -> None:
    heir = chain.person()
    call = delayed.set_guardian(heir)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call)))
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.refused(delayed.set_guardian(chain.person()), error="ChangeNotProposed")
    chain.refused(delayed.set_pause_bits(1, heir), error="NotAdminOrGuardian")
    chain.advance(1)
    event = chain.send(call).event("GuardianSet")
    assert delayed.read().guardian == event.guardian == heir
    assert event.head.sequence == delayed.read().event_sequence
    chain.refused(delayed.set_pause_bits(1, delayed.guardian), error="NotAdminOrGuardian")
    chain.send(delayed.set_pause_bits(1, heir))
    chain.advance(1)
    chain.refused(call, error="ChangeNotProposed")


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.set_guardian(chain.person())
    chain.refused(call.given(guardian=Pubkey.default()), error="DefaultAddressRefused")
    refuses_everyone_but_admin(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
