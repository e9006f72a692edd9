"""create_config: only the upgrade authority, once, with figures that make sense."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain, program_data
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import twin
from .exchange import BEAT, CONFIG, CONFIG_ARGS, Exchange


def test_creates_configuration_and_beat(bare: Exchange, chain: Chain) -> None:
    receipt = chain.send(bare.create_config(delay_seconds=86_400))
    config, beat = bare.read(), bare.read_beat()
    expected = dict(CONFIG_ARGS) | {"delay_seconds": 86_400}
    assert {name: getattr(config, name) for name in expected} == expected
    assert (config.admin, config.guardian, config.active_relayer) == (bare.admin, bare.guardian, bare.relayer)
    assert config.approved_relayers == [bare.relayer, *[Pubkey.default()] * 3]
    assert (config.relayer_epoch, config.ever_live_versions, config.pause_bits, config.is_paused) == (
        1,
        3,
        0,
        0,
    )
    assert (config.pending_admin, config.pending_change_hash) == (Pubkey.default(), bytes(32))
    assert (config.market_count, config.layout_version, config.event_sequence) == (0, 2, 1)
    assert (config.canary_version, config.canary_last_sequence, config.relayer_since_slot) == (0, 0, 0)
    assert len(chain.data(CONFIG)) == 1_024
    assert (beat.relayer, beat.epoch, beat.slot, beat.ts) == (bare.relayer, 1, chain.slot, chain.now_ts)
    event = receipt.event("ConfigCreated")
    assert (event.head.slot, event.head.ts, event.head.sequence) == (chain.slot, chain.now_ts, 1)
    assert (event.admin, event.guardian, event.active_relayer) == (bare.admin, bare.guardian, bare.relayer)
    assert event.delay_seconds == 86_400


def test_creates_over_lamports_sent_before(bare: Exchange, chain: Chain) -> None:
    for key in (CONFIG, BEAT):
        chain.fund(key, 1)
    chain.send(bare.create_config())
    assert bare.read().admin == bare.admin


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"delay_seconds": 30 * 86_400 + 1}, "DelayTooLong"),
        ({"min_batch_size": 19}, "MinBatchSizeTooLarge"),
        ({"allowed_batch_versions": 4}, "UnknownVersionBit"),
        ({"allowed_batch_versions": 255}, "UnknownVersionBit"),
        ({"slippage_share_bps": 10_001}, "BadShare"),
        ({"insurance_share_bps": 10_001}, "BadShare"),
        ({"admin": Pubkey.default()}, "DefaultAddressRefused"),
        ({"guardian": Pubkey.default()}, "DefaultAddressRefused"),
        ({"relayer": Pubkey.default()}, "DefaultAddressRefused"),
    ],
    ids=str,
)
def test_refuses_figures_outside_their_range(
    bare: Exchange, chain: Chain, changes: dict[str, Any], error: str
) -> None:
    chain.refused(bare.create_config(**changes), error=error)


def test_takes_the_ends_of_every_range(bare: Exchange) -> None:
    most = {"slippage_share_bps": 10_000, "insurance_share_bps": 10_000, "allowed_batch_versions": 0}
    bare.create(delay_seconds=30 * 86_400, min_batch_size=18, **most)


def test_refuses_everyone_but_the_upgrade_authority(bare: Exchange, chain: Chain) -> None:
    call = bare.create_config()
    chain.refused(call.but(upgrade_authority=bare.admin), error="NotUpgradeAuthority")
    others = program_data("oracle")
    chain.refused(call.but(program_data=others), error="NotUpgradeAuthority")
    chain.refused(
        call.but(program_data=twin(chain, program_data("position_mgmt"))), error="NotUpgradeAuthority"
    )


def test_refuses_a_program_whose_upgrade_authority_is_gone(bare: Exchange, chain: Chain) -> None:
    key = program_data("position_mgmt")
    account = chain.account(key)
    assert account is not None
    data = bytes(account.data)
    chain.put(key, data[:12] + b"\0" + data[13:], account.owner)
    chain.refused(bare.create_config(), error="NotUpgradeAuthority")


def test_refuses_a_second_configuration(exchange: Exchange, chain: Chain) -> None:
    chain.refused(exchange.create_config(), error="system.AccountAlreadyInUse")


def test_refuses_wrong_accounts(bare: Exchange, chain: Chain) -> None:
    # Events are calls to the program itself, which `this_program` brings along already.
    refuses_wrong_accounts(chain, bare.create_config(), program__other=None)
