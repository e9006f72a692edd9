"""Developer controls of a running chain, over its RPC, for callers without an event loop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey

from gdx_localnet.asking import call
from gdx_localnet.errors import EngineError, LocalnetError
from gdx_localnet.faults.rules import FaultRule, rule_to_json
from gdx_localnet.options import Engine

_LANDING_TIMEOUT_S = 60.0
_POLL_S = 0.05

_CANNOT = {
    "gdx_setClock": "set its clock",
    "gdx_getClock": "tell a clock of its own",
    "gdx_warp": "move to another slot once it runs (it can start at one: --warp-slot)",
    "gdx_advanceSlots": "move to another slot once it runs (it can start at one: --warp-slot)",
    "gdx_snapshot": "write a snapshot",
    "gdx_restore": "restore a snapshot",
    "gdx_setAccount": "change an account (it can start with one: --account)",
    "gdx_listPrograms": "list its programs",
    "gdx_setFaults": "inject faults",
    "gdx_listFaults": "inject faults",
    "gdx_clearFaults": "inject faults",
}


class Controls:
    """What can be done to a chain from outside. All but `airdrop` need the embedded engine.

    Every method raises EngineError for what a validator cannot do, gdx_sdk.errors.RpcError when the chain
    refuses, gdx_sdk.errors.TransportError when it does not answer.
    """

    def __init__(self, url: str, engine: Engine | str) -> None:
        self.url, self.engine = url, Engine(engine)

    def call(self, method: str, *params: Any) -> Any:
        """The result of one of the `gdx_*` methods."""
        if self.engine is Engine.VALIDATOR:
            action = _CANNOT.get(method, f"answer {method}")
            raise EngineError(f"solana-test-validator cannot {action}; use `--engine embedded` for that")
        return call(self.url, method, *params)

    def clock(self) -> dict[str, Any]:
        """{slot, unixTimestamp, slotMode}"""
        return dict(self.call("gdx_getClock"))

    def set_clock(self, unix_ts: int) -> dict[str, Any]:
        """Set chain time, unix seconds; the clock."""
        return dict(self.call("gdx_setClock", unix_ts))

    def warp(self, slot: int) -> dict[str, Any]:
        """Move forward until `slot` is open; the clock."""
        return dict(self.call("gdx_warp", slot))

    def advance(self, slots: int) -> dict[str, Any]:
        """Close that many slots; the clock."""
        return dict(self.call("gdx_advanceSlots", slots))

    def snapshot(self, path: Path) -> int:
        """Write every account, the slot and the time to a file; how many accounts."""
        return int(self.call("gdx_snapshot", str(path.absolute()))["accounts"])

    def restore(self, path: Path) -> int:
        """Put back what `snapshot` wrote; how many accounts."""
        return int(self.call("gdx_restore", str(path.absolute()))["accounts"])

    def programs(self) -> list[dict[str, Any]]:
        """[{address, programData, authority, deployedSlot, bytes}]"""
        return list(self.call("gdx_listPrograms"))

    def set_faults(self, rules: Iterable[FaultRule], *, keep: bool = False) -> list[dict[str, Any]]:
        """Make requests fail by these rules, instead of those in force or beside them; all in force."""
        return list(self.call("gdx_setFaults", [rule_to_json(rule) for rule in rules], {"keep": keep}))

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, with how often each struck."""
        return list(self.call("gdx_listFaults"))

    def clear_faults(self, ids: Iterable[int] | None = None) -> int:
        """Take rules out of force, all by default; how many."""
        params = [] if ids is None else [list(ids)]
        return int(self.call("gdx_clearFaults", *params)["cleared"])

    def airdrop(self, address: Pubkey, lamports: int) -> str:
        """Give lamports and wait until they are confirmed; the signature. Either engine."""
        signature = str(call(self.url, "requestAirdrop", str(address), lamports))
        deadline = time.monotonic() + _LANDING_TIMEOUT_S
        while time.monotonic() < deadline:
            status = call(self.url, "getSignatureStatuses", [signature])["value"][0]
            if status is not None and status["err"] is not None:
                raise LocalnetError(f"the airdrop to {address} failed: {status['err']}")
            if status is not None and status["confirmationStatus"] in ("confirmed", "finalized"):
                return signature
            time.sleep(_POLL_S)
        raise LocalnetError(f"the airdrop {signature} was not confirmed after {_LANDING_TIMEOUT_S:.0f} s")
