"""Proofs can fail: each change behind the demo's back makes the proof that is meant for it false."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from gdx_cli.demo import run as run_module
from gdx_cli.demo.options import DemoOptions
from gdx_cli.demo.progress import Progress
from gdx_cli.demo.proofs import PROOFS, Proofs
from gdx_cli.demo.report import DemoReport
from gdx_cli.demo.run import Demo
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk.accounts import PerpMarket, UserPosition, VaultState
from gdx_sdk.batch import FileOutbox

Tamper = Callable[[Proofs], Awaitable[None]]


@dataclass
class Tampered:
    """What the proofs said about the honest run, and after each change."""

    report: DemoReport
    failures: list[str]
    verdicts: dict[str, dict[str, bool]]


class OneTradeShort:
    """An outbox that forgot the last trade of each market's last batch."""

    def __init__(self, outbox: FileOutbox) -> None:
        self._outbox = outbox

    def settled(self, market: Pubkey) -> Sequence[Any]:
        *others, last = self._outbox.settled(market)
        return [*others, replace(last, batch=replace(last.batch, trades=last.batch.trades[:-1]))]


async def overwrite(proofs: Proofs, address: Pubkey, old: bytes, new: bytes) -> None:
    """Replace bytes of an account on chain."""
    client = proofs.world.chain.client
    account = (await client.get_account_info(address)).value
    assert account is not None
    assert old in account.data
    data = base64.b64encode(account.data.replace(old, new, 1)).decode()
    members = {"lamports": account.lamports, "owner": str(account.owner), "data": [data, "base64"]}
    await client.rpc("gdx_setAccount", [str(address), members])


def number(value: int) -> bytes:
    return value.to_bytes(8, "little", signed=True)


async def alter_root(proofs: Proofs) -> None:
    batch = proofs.outbox.settled(proofs.world.markets[0].address)[0].batch
    await overwrite(proofs, pdas.settlement_batch(batch.batch_id), batch.root, bytes(32))


async def drop_trade(proofs: Proofs) -> None:
    proofs.outbox = OneTradeShort(proofs.outbox)  # type: ignore[assignment]


async def alter_last_batch(proofs: Proofs) -> None:
    address = proofs.world.markets[0].address
    market = await proofs.world.chain.client.fetch(PerpMarket, address)
    await overwrite(proofs, address, bytes(market.last_batch_id), bytes(32))


async def alter_ledger(proofs: Proofs) -> None:
    vault = await proofs.world.chain.client.fetch(VaultState, pdas.vault_state())
    old, new = number(vault.locked_atoms), number(vault.locked_atoms + 1)
    await overwrite(proofs, pdas.vault_state(), old, new)


async def _position(proofs: Proofs) -> tuple[Pubkey, UserPosition]:
    client, market = proofs.world.chain.client, proofs.world.markets[0].address
    found = await client.scan(UserPosition, [UserPosition.memcmp("market", market)])
    return next((address, position) for address, position in found if abs(position.size) > 2**24)


async def alter_size(proofs: Proofs) -> None:
    address, position = await _position(proofs)
    await overwrite(proofs, address, number(position.size), number(position.size + 1))


async def alter_collateral(proofs: Proofs) -> None:
    address, position = await _position(proofs)
    await overwrite(proofs, address, number(position.collateral), number(position.collateral + 1))


async def shorten_log(proofs: Proofs) -> None:
    log = proofs.shard.directory / "commands.log"
    content = log.read_bytes()
    log.write_bytes(content[: len(content) * 9 // 10])


# Changes stay: the proofs that each is meant for are true before it.
TAMPERS: tuple[tuple[Tamper, frozenset[str]], ...] = (
    (alter_last_batch, frozenset({"batches_chain_without_gap"})),
    (alter_ledger, frozenset({"vault_ledger_equals_tokens"})),
    (alter_collateral, frozenset({"collateral_minus_cost_conserved", "positions_equal_engine_belief"})),
    (alter_size, frozenset({"sizes_sum_to_zero"})),
    (drop_trade, frozenset({"every_fill_verified_against_its_root"})),
    (alter_root, frozenset({"altered_trade_refused"})),
    (shorten_log, frozenset({"replayed_log_gives_same_state"})),
)


class TamperedProofs(Proofs):
    """Proves the honest run, then after every change again; the last verdict is the run's."""

    verdicts: ClassVar[dict[str, dict[str, bool]]] = {}

    async def run(self, settled_trades: int) -> dict[str, bool]:
        verdict = self.verdicts["honest"] = await super().run(settled_trades)
        for tamper, _ in TAMPERS:
            self.failures.clear()
            await tamper(self)
            verdict = self.verdicts[tamper.__name__] = await super().run(settled_trades)
        return verdict


@pytest.fixture(scope="module")
def tampered() -> Tampered:
    patch = pytest.MonkeyPatch()
    patch.setattr(run_module, "Proofs", TamperedProofs)
    report = DemoReport()
    try:
        demo = Demo(DemoOptions(trades=20), Progress(is_quiet=True), report)
        failures = asyncio.run(demo.run())
    finally:
        patch.undo()
    return Tampered(report, failures, dict(TamperedProofs.verdicts))


def test_the_honest_run_is_proven(tampered: Tampered) -> None:
    assert tampered.verdicts["honest"] == dict.fromkeys(PROOFS, True)


@pytest.mark.parametrize("at", range(len(TAMPERS)), ids=[tamper.__name__ for tamper, _ in TAMPERS])
def test_a_change_makes_its_proofs_false_and_no_other(tampered: Tampered, at: int) -> None:
    expected = frozenset().union(*(names for _, names in TAMPERS[: at + 1]))
    verdict = tampered.verdicts[TAMPERS[at][0].__name__]
    assert {name for name, holds in verdict.items() if not holds} == expected


def test_a_run_with_a_false_proof_is_not_proven_and_says_why(tampered: Tampered) -> None:
    assert not tampered.report.is_proven
    assert len(tampered.failures) >= 7
