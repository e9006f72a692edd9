"""migrate_config: a configuration of layout 1, as its own program wrote it, before and after it has grown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call, idl
from tests.programs.harness.hostile import refuses_wrong_accounts

from .exchange import CONFIG, PROGRAM, REDUCE_ONLY, Exchange
from .market import V1, V2, Linked, Market, Trader
from .winding import USED_UP_INDEX, Winding

LAYOUT_1 = (Path(__file__).parents[1] / "layouts" / "global_config_1.bin").read_bytes()
SPACE = 1_024
PROGRAM_ID = PROGRAM_IDS[PROGRAM]


def key(byte: int) -> Pubkey:
    """The fixture's people have addresses of one repeated byte."""
    return Pubkey(bytes([byte]) * 32)


ADMIN, GUARDIAN, FIRST, ACTIVE, THIRD, HEIR = (key(0xA0 + number) for number in range(1, 7))
FIELDS: dict[str, Any] = {
    "admin": ADMIN,
    "active_relayer": ACTIVE,
    "guardian": GUARDIAN,
    "pending_admin": HEIR,
    "approved_relayers": [FIRST, ACTIVE, THIRD, Pubkey.default()],
    "canary_market": Pubkey.default(),
    "pending_change_hash": bytes(range(32)),
    "pending_admin_not_before_ts": 1_700_001_601,
    "pending_change_not_before_ts": 1_700_001_601,
    "slippage_floor_atoms": 50_000_001,
    "event_sequence": 11,
    "min_batch_size": 7,
    "relayer_epoch": 2,
    "pause_bits": 4,
    "delay_seconds": 600,
    "takeover_slots": 151,
    "release_delay_slots": 11,
    "batch_retention_seconds": 3_601,
    "market_count": 1,
    "canary_remaining": 0,
    "slippage_share_bps": 101,
    "insurance_share_bps": 2_501,
    "is_paused": 0,
    "allowed_batch_versions": 1,
    "ever_live_versions": 3,
    "canary_version": 0,
    "layout_version": 1,
    "bump": 255,
    "has_closed_markets": 0,
    "reserved": bytes(73),
}
"""What the program that wrote the fixture was told."""


@dataclass(frozen=True)
class Old:
    """An exchange whose configuration is the fixture; everything else is in use."""

    market: Market
    alice: Trader
    bob: Trader
    linked: Linked
    settled: bytes
    relayer: Pubkey
    feed: Pubkey
    ending: Winding
    """Of another market, which has only to be closed."""

    @property
    def exchange(self) -> Exchange:
        return self.market.exchange

    @property
    def chain(self) -> Chain:
        return self.market.chain


@pytest.fixture
def old(market: Market, alice: Trader, bob: Trader, linked: Linked, chain: Chain) -> Old:
    exchange = market.exchange
    chain.send(exchange.set_config_limits(batch_retention_seconds=60))
    batch, _ = market.settled(V1, market.trade(alice, bob, 1_000))
    market.settled(V1, market.trade(alice, bob, 1_000))
    chain.send(market.request_release(alice, 1))
    feed = exchange.feed("ETH-PERP", 3_000 * 10**6).address
    ending = Winding(exchange.market("END-PERP"))
    chain.send(used_up(ending))
    relayer = exchange.relayer
    exchange.admin, exchange.guardian, exchange.relayer = ADMIN, GUARDIAN, ACTIVE
    for person in (ADMIN, GUARDIAN, FIRST, ACTIVE, THIRD, HEIR):
        chain.fund(person, 100 * 10**9)
    chain.set_clock(ts=1_700_010_000, slot=chain.slot + 50_000)
    market.publishing.publish(50_000 * 10**6, confidence_e6=0)
    chain.put(CONFIG, LAYOUT_1, PROGRAM_ID)
    return Old(market, alice, bob, linked, batch.batch_id, relayer, feed, ending)


def used_up(winding: Winding) -> Call:
    """Settling for a reason that needs neither time nor an admin."""
    winding.chain.rewrite(winding.market.key, funding_index=2**61)
    return winding.start(USED_UP_INDEX)


def settle(old: Old) -> Call:
    batch = old.market.seal(V1, old.market.trade(old.alice, old.bob, 1_000))
    return old.market.settle_bytes(batch.encode(FIELDS["relayer_epoch"]), batch.positions, batch.batch_id)


AT_ONCE: dict[str, Callable[[Old], Call]] = {
    "propose_change": lambda old: old.exchange.propose_change(bytes(32)),
    "propose_admin": lambda old: old.exchange.propose_admin(THIRD),
    "accept_admin": lambda old: old.exchange.accept_admin(HEIR),
    "set_min_batch_size": lambda old: old.exchange.set_min_batch_size(1),
    "set_allowed_versions": lambda old: old.exchange.set_allowed_versions(3),
    "set_pause_bits": lambda old: old.exchange.set_pause_bits(0),
    "revoke_relayer": lambda old: old.exchange.revoke_relayer(FIRST, GUARDIAN),
    "set_active_relayer": lambda old: old.exchange.set_active_relayer(THIRD, GUARDIAN),
    "set_canary": lambda old: old.exchange.set_canary(old.market.key, V2, 1),
    "beat": lambda old: old.exchange.beat(),
    "take_over": lambda old: old.exchange.take_over(THIRD),
    "open_position": lambda old: old.market.open_position(old.chain.person()),
    "open_session_position": lambda old: old.market.open_session_position(
        old.chain.person(), old.chain.person()
    ),
    "add_collateral": lambda old: old.market.add_collateral(old.alice, 1),
    "request_release": lambda old: old.market.request_release(old.alice, 1),
    "execute_release": lambda old: old.market.execute_release(old.alice),
    "settle_batch": settle,
    "prune_batch": lambda old: old.market.prune_batch(old.settled, old.relayer),
    "start_settling": lambda old: used_up(Winding(old.market)),
    "close_market": lambda old: old.ending.close(),
}
DELAYED: dict[str, Callable[[Old], Call]] = {
    "approve_relayer": lambda old: old.exchange.approve_relayer(old.chain.person()),
    "set_guardian": lambda old: old.exchange.set_guardian(THIRD),
    "set_config_limits": lambda old: old.exchange.set_config_limits(),
    "raise_delay": lambda old: old.exchange.raise_delay(601),
    "create_market": lambda old: old.exchange.create_market("ETH-PERP", old.feed),
    "set_market_status": lambda old: old.market.set_market_status(REDUCE_ONLY),
    "set_market_limits": lambda old: old.market.set_market_limits(),
}

OF_A_MARKET = {"set_market_status", "set_market_limits"}


def lamports_of(chain: Chain, person: Pubkey) -> int:
    account = chain.account(person)
    assert account is not None
    return account.lamports


def rent(chain: Chain, size: int) -> int:
    return chain.svm.minimum_balance_for_rent_exemption(size)


def test_the_fixture_is_what_its_program_wrote() -> None:
    assert len(LAYOUT_1) == 480
    found = vars(idl(PROGRAM).decode_account(LAYOUT_1 + bytes(SPACE - 480)))
    assert {name: found[name] for name in FIELDS} == FIELDS


def test_keeps_every_field_and_grows(old: Old, chain: Chain) -> None:
    payer = chain.person()
    before = lamports_of(chain, payer)
    event = chain.send(old.exchange.migrate_config(payer)).event("ConfigMigrated")
    config, data = vars(old.exchange.read()), chain.data(CONFIG)
    assert len(data) == SPACE
    assert {name: config[name] for name in FIELDS} == FIELDS | {"layout_version": 2, "event_sequence": 12}
    assert (config["canary_last_sequence"], config["relayer_since_slot"]) == (0, 0)
    assert config["reserved_for_later"] == bytes(len(config["reserved_for_later"]))
    assert (event.payer, event.layout_version, event.head.sequence) == (payer, 2, 12)
    assert before - lamports_of(chain, payer) == rent(chain, SPACE) - rent(chain, 480)
    assert lamports_of(chain, CONFIG) == rent(chain, SPACE)


@pytest.mark.parametrize("surplus", [1, 10**6, 10**9])
def test_the_payer_pays_what_is_missing(old: Old, chain: Chain, surplus: int) -> None:
    missing = rent(chain, SPACE) - rent(chain, 480)
    account = chain.account(CONFIG)
    assert account is not None
    chain.svm.set_account(CONFIG, Account(account.lamports + surplus, LAYOUT_1, PROGRAM_ID, False, 2**64 - 1))
    payer = chain.person()
    before = lamports_of(chain, payer)
    chain.send(old.exchange.migrate_config(payer))
    assert before - lamports_of(chain, payer) == max(0, missing - surplus)
    assert lamports_of(chain, CONFIG) == max(rent(chain, SPACE), rent(chain, 480) + surplus)


def test_a_payer_without_money_changes_nothing(old: Old, chain: Chain) -> None:
    payer = chain.person()
    chain.fund(payer, 1_000)
    chain.refused(old.exchange.migrate_config(payer), error="system.ResultWithNegativeLamports")


def test_every_instruction_that_reads_the_configuration_is_tried() -> None:
    made_or_grown = {"create_config", "migrate_config"}
    reading = {
        name
        for name, entry in idl(PROGRAM).instructions.items()
        if any(account["name"] == "config" for account in entry["accounts"])
    }
    assert {*AT_ONCE, *DELAYED, "liquidate"} == reading - made_or_grown


@pytest.mark.parametrize("name", [*AT_ONCE, *DELAYED])
def test_other_instructions_wait_for_the_migration(old: Old, chain: Chain, name: str) -> None:
    call = (AT_ONCE | DELAYED)[name](old)
    chain.refused(call, error="ConfigLayoutOld")
    chain.send(old.exchange.migrate_config())
    if name in DELAYED:
        old.exchange.wait_for(call, call.accounts.get("market") if name in OF_A_MARKET else None)
    else:
        chain.send(old.exchange.set_pause_bits(0))
    chain.send(call)


def test_liquidation_waits_for_the_migration(old: Old, chain: Chain) -> None:
    call = old.market.liquidate(old.bob, old.alice)
    chain.refused(call, error="ConfigLayoutOld")
    chain.send(old.exchange.migrate_config())
    chain.refused(call, error="PositionHealthy")


def test_refuses_a_second_time(old: Old, chain: Chain) -> None:
    chain.send(old.exchange.migrate_config())
    chain.refused(old.exchange.migrate_config(), error="ConfigLayoutCurrent")


def test_refuses_a_new_configuration(exchange: Exchange, chain: Chain) -> None:
    chain.refused(exchange.migrate_config(), error="ConfigLayoutCurrent")


@pytest.mark.parametrize("size", [8, 100, 479, 481, SPACE - 1, SPACE + 1])
def test_refuses_sizes_of_no_layout(old: Old, chain: Chain, size: int) -> None:
    data = (LAYOUT_1 + bytes(SPACE))[:size]
    chain.put(CONFIG, data, PROGRAM_ID)
    chain.refused(old.exchange.migrate_config(), error="ConfigLayoutUnknown")
    chain.refused(old.exchange.set_pause_bits(0), error="ConfigLayoutOld")


def test_refuses_what_is_no_configuration(old: Old, chain: Chain) -> None:
    call = old.exchange.migrate_config()
    chain.put(CONFIG, LAYOUT_1[:7], PROGRAM_ID)
    chain.refused(call, error="AccountDiscriminatorNotFound")
    chain.put(CONFIG, bytes(480), PROGRAM_ID)
    chain.refused(call, error="AccountDiscriminatorMismatch")
    chain.put(CONFIG, chain.data(old.market.key)[:480], PROGRAM_ID)
    chain.refused(call, error="AccountDiscriminatorMismatch")
    chain.put(CONFIG, LAYOUT_1, Pubkey.new_unique())
    chain.refused(call, error="AccountOwnedByWrongProgram")
    chain.put(CONFIG, LAYOUT_1, PROGRAM_ID)
    fake = chain.put(Pubkey.new_unique(), LAYOUT_1, PROGRAM_ID)
    chain.refused(call.but(config=fake), error="ConstraintAddress")
    chain.refused(call.but(config=old.market.key), error="AccountDiscriminatorMismatch")
    chain.send(call)


def test_refuses_wrong_accounts(old: Old, chain: Chain) -> None:
    refuses_wrong_accounts(chain, old.exchange.migrate_config())
