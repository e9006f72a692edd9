"""One way to start a chain and to speak to it, whichever engine runs it."""

from __future__ import annotations

import base64
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
from gdx_localnet import EmbeddedChain, ProgramFile, RpcFault, account_files, launch, start_in_thread
from gdx_localnet.programs import load_upgradeable
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS

VALIDATOR_SLOT_MS = 100
"""Slots of the lane's validators: a quarter of the usual length, so that waiting for them is, too."""
CLOCK = "SysvarC1ock11111111111111111111111111111111"
PATIENCE_SECONDS, LONGEST_LEAP_SECONDS = 120, 10
PROCESSED, CONFIRMED = {"commitment": "processed"}, {"commitment": "confirmed"}


def program_files() -> dict[Pubkey, Path]:
    """The five programs by address, from the folder GDX_PROGRAMS or the package; skips aloud without them."""
    folder = Path(os.environ.get("GDX_PROGRAMS") or str(resources.files("gdx_sdk.programs")))
    found = {address: folder / f"{name}.so" for name, address in PROGRAM_IDS.items()}
    if missing := [path.name for path in found.values() if not path.is_file()]:
        pytest.skip(f"the compiled programs are needed: {', '.join(missing)}")
    return found


@dataclass
class Genesis:
    """What a chain starts with: programs by address (with their authority) and accounts."""

    programs: Mapping[Pubkey, Path] = field(default_factory=dict)
    authority: Pubkey | None = None
    accounts: dict[Pubkey, Account] = field(default_factory=dict)


@dataclass(frozen=True)
class RemoteChain:
    """A chain behind its address, with the names that tests use of an `EmbeddedChain`.

    Without `has_controls` (a validator) time is waited for; what cannot be waited for has no name here.
    """

    url: str
    ws_url: str
    has_controls: bool = False
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    @property
    def time(self) -> RemoteChain:
        """The chain's clock is read from the chain."""
        return self

    def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self.http.post(self.url, json=body).json()
        if (error := answer.get("error")) is not None:
            raise RpcFault(error["code"], error["message"], error.get("data"))
        return answer["result"]

    def account(self, address: Pubkey) -> Account | None:
        found = self.rpc("getAccountInfo", [str(address), {"encoding": "base64", **PROCESSED}])["value"]
        if found is None:
            return None
        data = base64.b64decode(found["data"][0])
        owner = Pubkey.from_string(found["owner"])
        return Account(found["lamports"], data, owner, found["executable"], found["rentEpoch"])

    def now_ts(self) -> int:
        clock = self.account(Pubkey.from_string(CLOCK))
        assert clock is not None
        return int.from_bytes(clock.data[32:40], "little", signed=True)

    def airdrop(self, address: Pubkey, lamports: int) -> None:
        signature = self.rpc("requestAirdrop", [str(address), lamports])
        self.wait_until(
            lambda: (
                (self.rpc("getSignatureStatuses", [[signature]])["value"][0] or {}).get("confirmationStatus")
                in ("confirmed", "finalized")
            ),
            "the airdrop is confirmed",
        )

    def set_time(self, unix_ts: int) -> None:
        """Move the clock there, or wait for it: only a few seconds can be waited for."""
        if self.has_controls:
            self.rpc("gdx_setClock", [unix_ts])
            return
        ahead = unix_ts - self.now_ts()
        assert ahead <= LONGEST_LEAP_SECONDS, f"a validator's clock cannot be moved by {ahead} s"
        self.wait_until(lambda: self.now_ts() >= unix_ts, f"the clock shows {unix_ts}")

    def advance_slots(self, count: int) -> None:
        """Wait for them, or let them pass."""
        if self.has_controls:
            self.rpc("gdx_advanceSlots", [count])
            return
        slot = self.rpc("getSlot", [PROCESSED])
        self.wait_until(lambda: self.rpc("getSlot", [PROCESSED]) >= slot + count, f"{count} slots pass")

    def wait_until(self, holds: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"still not so: {what}"
            time.sleep(0.05)


def wallet(lamports: int = 10**12) -> Account:
    """An account that pays: of the System program, without data."""
    return Account(lamports, b"", Pubkey.default(), False, 2**64 - 1)


AnyChain = EmbeddedChain | RemoteChain


def build_embedded(genesis: Genesis, **settings: Any) -> EmbeddedChain:
    """An embedded chain that nobody serves yet."""
    chain = EmbeddedChain(**settings)
    for address, path in genesis.programs.items():
        load_upgradeable(chain, address, path.read_bytes(), genesis.authority)
    for address, account in genesis.accounts.items():
        chain.set_account(address, account)
    return chain


@dataclass(frozen=True)
class Lane:
    """Starts chains: embedded ones in this process, or validators when there is one."""

    validator: Path | None

    @property
    def engine(self) -> str:
        return "embedded" if self.validator is None else "validator"

    @property
    def is_validator(self) -> bool:
        return self.validator is not None

    def environment(self) -> dict[str, str]:
        """What has a program that starts a chain of its own start it on this engine."""
        chosen = {"GDX_ENGINE": self.engine}
        return (
            chosen if self.validator is None else {**chosen, "GDX_VALIDATOR": str(self.validator.resolve())}
        )

    @contextmanager
    def start(self, genesis: Genesis | None = None, **settings: Any) -> Iterator[RemoteChain]:
        """A chain that answers at `url`; `settings` are an `EmbeddedChain`'s."""
        genesis = genesis or Genesis()
        if self.validator is None:
            server = start_in_thread(build_embedded(genesis, **settings))
            try:
                yield RemoteChain(server.url, server.ws_url, has_controls=True)
            finally:
                server.stop()
            return
        with (
            tempfile.TemporaryDirectory(prefix="gdx-lane-") as folder,
            launch("validator", **self._options(genesis, Path(folder))) as handle,
        ):
            yield RemoteChain(handle.url, handle.ws_url)

    def _options(self, genesis: Genesis, folder: Path) -> dict[str, Any]:
        files = [(key, account_files.write(folder, key, one)) for key, one in genesis.accounts.items()]
        programs = [ProgramFile(key, path, genesis.authority) for key, path in genesis.programs.items()]
        return {
            "fixture": "none",
            "validator": str(self.validator),
            "slot_ms": VALIDATOR_SLOT_MS,
            "programs": tuple(programs),
            "accounts": tuple(files),
        }
