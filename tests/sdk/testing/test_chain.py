"""The exchange that users' tests get, and the plugin that gives it to them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import (
    Collateral,
    MarketPool,
    PerpMarket,
    PriceFeed,
    SettlementBatch,
    UserPosition,
    VaultState,
    market_state,
    position_state,
)
from gdx_sdk.batch import V2
from gdx_sdk.errors import AccountNotFound, CodecError, GdxError, ProgramError, TransactionError
from gdx_sdk.math import is_liquidatable
from gdx_sdk.testing import GdxChain
from gdx_sdk.testing import chain as chain_module
from gdx_sdk.units import Side, price_e6_from, size_e8_from

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[3]
USDT = 10**6


@pytest.fixture
def chain() -> GdxChain:
    return GdxChain()


def position(chain: GdxChain, name: str) -> UserPosition:
    return chain.fetch(UserPosition, pdas.position(chain.keys[name].pubkey(), chain.market))


def test_the_world_is_as_described(chain: GdxChain) -> None:
    market, vault = chain.fetch(PerpMarket, chain.market), chain.fetch(VaultState, pdas.vault_state())
    assert chain.fetch(PriceFeed, chain.price_feed).price_e6 == price_e6_from("50000")
    assert (market.last_batch_sequence, market.total_open_interest) == (1, size_e8_from("0.1"))
    assert [position(chain, name).size for name in ("alice", "bob")] == [10_000_000, -10_000_000]
    assert chain.token_balance(chain.keys["alice"].pubkey()) == 10_000 * USDT
    assert vault.free_atoms + vault.locked_atoms == 20_000 * USDT
    tokens = chain.svm.get_account(pdas.vault_token())
    assert tokens is not None
    assert int.from_bytes(tokens.data[64:72], "little") == 20_000 * USDT
    assert chain.fetch(MarketPool, pdas.market_pool(chain.market)).locked_atoms == vault.locked_atoms


def test_chains_do_not_see_each_other(chain: GdxChain) -> None:
    other = GdxChain()
    carol = Keypair()
    chain.join(carol)
    chain.advance(50)
    chain.settle(chain.trade(chain.keys["alice"], carol, "0.2", "50000"))
    assert other.fetch(PerpMarket, other.market).last_batch_sequence == 1
    assert other.now_ts + 50 == chain.now_ts
    with pytest.raises(AccountNotFound):
        other.fetch(UserPosition, pdas.position(carol.pubkey(), other.market))
    assert GdxChain().next_trade_id == other.next_trade_id


@pytest.mark.parametrize("version", [1, V2])
def test_trades_settle_and_are_on_chain(chain: GdxChain, version: int) -> None:
    trade = chain.trade(chain.keys["bob"], chain.keys["alice"], "0.3", "50000", Side.BUY)
    batch = chain.settle(trade, version=version)
    record = chain.fetch(SettlementBatch, pdas.settlement_batch(batch.batch_id))
    assert (record.sequence, bytes(record.merkle_root)) == (2, batch.root)
    assert position(chain, "alice").size == size_e8_from("-0.2")


def test_a_fall_in_price_makes_a_position_liquidatable(chain: GdxChain) -> None:
    chain.settle(chain.trade(chain.keys["alice"], chain.keys["bob"], "1.4", "50000"))
    chain.publish_price("44000")
    market, alice = chain.fetch(PerpMarket, chain.market), position(chain, "alice")
    price_e6 = chain.fetch(PriceFeed, chain.price_feed).price_e6
    ratio = market.maintenance_margin_ratio
    assert is_liquidatable(position_state(alice), market_state(market), price_e6, ratio)
    bob = chain.keys["bob"]
    target = pdas.position(chain.keys["alice"].pubkey(), chain.market)
    step = ix.liquidate(bob.pubkey(), target, chain.market, size_e8=alice.size, price_feed=chain.price_feed)
    receipt = chain.send(step, bob)
    assert receipt.compute_units > 0
    assert receipt.logs
    assert abs(position(chain, "alice").size) < alice.size


def test_a_refusal_is_of_its_own_class_and_changes_nothing(chain: GdxChain) -> None:
    alice = chain.keys["alice"]
    before = chain.fetch(Collateral, pdas.collateral(alice.pubkey()))
    with pytest.raises(ProgramError, match="collateral_vault refused") as caught:
        chain.send(ix.withdraw(alice.pubkey(), 10**12, quote_mint=chain.mint), alice)
    assert caught.value.logs
    assert type(caught.value) is not ProgramError
    assert chain.fetch(Collateral, pdas.collateral(alice.pubkey())) == before
    with pytest.raises(TransactionError, match="bytes, a packet holds"):
        chain.send([ix.deposit(Pubkey.new_unique(), 1, quote_mint=chain.mint)] * 40, alice)
    with pytest.raises(CodecError, match="discriminator"):
        chain.fetch(PerpMarket, chain.price_feed)


def test_an_old_solders_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_module, "version", lambda _: "0.26.0")
    with pytest.raises(GdxError, match=r"solders 0\.26\.0 is installed; a chain in this process needs 0\.29"):
        GdxChain()


TESTS = """
from gdx_sdk import instructions, pdas
from gdx_sdk.accounts import PerpMarket

def test_one(gdx_chain):
    gdx_chain.settle(gdx_chain.trade(gdx_chain.keys["alice"], gdx_chain.keys["bob"], "0.1", "50000"))
    assert gdx_chain.fetch(PerpMarket, gdx_chain.market).last_batch_sequence == 2

def test_two(gdx_chain):
    assert gdx_chain.fetch(PerpMarket, gdx_chain.market).last_batch_sequence == 1
"""


def test_the_plugin_gives_each_test_a_chain_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess(*plugin(), "-q", timeout=120)
    result.assert_outcomes(passed=2)


def test_the_fixture_says_what_is_missing(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import gdx_sdk.testing.chain as c; c.version = lambda name: '0.27.1'")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess(*plugin(), "-q", timeout=120)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*UsageError: the fixture gdx_chain cannot be made: solders 0.27.1 is*"])


def test_the_plugin_is_registered_and_loads_nothing_heavy() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"]["gdx_sdk"] == "gdx_sdk.testing.pytest_plugin"
    code = "import pytest, sys; before = set(sys.modules); import gdx_sdk.testing.pytest_plugin; "
    code += "print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["gdx_sdk", "gdx_sdk.testing", "gdx_sdk.testing.pytest_plugin"]


def plugin() -> tuple[str, ...]:
    """The plugin by name where this installation is older than its entry point."""
    from importlib.metadata import entry_points

    names = {point.value for point in entry_points(group="pytest11")}
    return () if "gdx_sdk.testing.pytest_plugin" in names else ("-p", "gdx_sdk.testing.pytest_plugin")
