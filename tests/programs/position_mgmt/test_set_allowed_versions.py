"""set_allowed_versions: the guardian narrows, the admin re-allows, a version never live needs the delay."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config, refuses_strangers
from .exchange import Exchange


def test_guardian_narrows_and_admin_allows_again_at_once(delayed: Exchange, chain: Chain) -> None:
    event = chain.send(delayed.set_allowed_versions(1, delayed.guardian)).event("ConfigChanged")
    assert (event.allowed_batch_versions, event.ever_live_versions) == (1, 3)
    assert (event.signer, event.head.sequence) == (delayed.guardian, 2)
    chain.send(delayed.set_allowed_versions(0, delayed.guardian))
    assert delayed.read().allowed_batch_versions == 0
    chain.send(delayed.set_allowed_versions(3))
    config = delayed.read()
    assert (config.allowed_batch_versions, config.ever_live_versions) == (3, 3)


def test_guardian_never_widens(exchange: Exchange, chain: Chain) -> None:
    chain.send(exchange.set_allowed_versions(1))
    for versions in (2, 3):
        call = exchange.set_allowed_versions(versions, exchange.guardian)
        chain.refused(call, error="GuardianMayOnlyRestrict")
    chain.send(exchange.set_allowed_versions(1, exchange.guardian))


def test_a_version_that_was_never_live_waits_for_the_delay(bare: Exchange, chain: Chain) -> None:
    bare.create(delay_seconds=86_400, allowed_batch_versions=1)
    call = bare.set_allowed_versions(3)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(bare.propose_change(bare.change_hash(call)))
    chain.refused(bare.set_allowed_versions(2), error="ChangeNotProposed")
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.advance(1)
    chain.send(call)
    config = bare.read()
    assert (config.allowed_batch_versions, config.ever_live_versions) == (3, 3)
    assert (config.pending_change_hash, config.pending_change_not_before_ts) == (bytes(32), 0)


def test_narrowing_leaves_a_waiting_proposal_alone(bare: Exchange, chain: Chain) -> None:
    bare.create(delay_seconds=86_400, allowed_batch_versions=1)
    waiting = bare.change_hash(bare.set_allowed_versions(3))
    chain.send(bare.propose_change(waiting))
    chain.send(bare.set_allowed_versions(0, bare.guardian))
    assert bare.read().pending_change_hash == waiting


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.set_allowed_versions(1)
    for versions in (4, 7, 0x80, 0xFF):
        chain.refused(call.given(versions=versions), error="UnknownVersionBit")
    refuses_strangers(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
