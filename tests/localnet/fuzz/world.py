"""A chain in a process of its own with something in it to ask about."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gdx_localnet import LocalnetHandle, launch
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction

_CLOCK_TS = 1_700_000_000
_SYSVAR = "Sysvar1111111111111111111111111111111111111"


@dataclass
class World:
    """The chain, a connection to it, and names for what is there: what a fuzzer fills its requests with."""

    handle: LocalnetHandle
    payer: Keypair
    addresses: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    blockhash: str = ""
    _connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of one POST."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.handle.rpc_port, timeout=60)
        try:
            self._connection.request("POST", "/", body, {"content-type": "application/json"})
            response = self._connection.getresponse()
            return response.status, response.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            self._connection = None
            raise

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of a method that must succeed."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        status, raw = self.post(json.dumps(body).encode())
        assert status == 200, (method, status, raw)
        answer = json.loads(raw)
        assert "result" in answer, (method, params, answer)
        return answer["result"]

    def refresh(self) -> None:
        """A blockhash that is good, and the signatures of late."""
        self.blockhash = self.rpc("getLatestBlockhash", {"commitment": "processed"})["value"]["blockhash"]
        listed = self.rpc("getSignaturesForAddress", str(self.payer.pubkey()), {"limit": 20})
        self.signatures = [entry["signature"] for entry in listed]

    def transaction(self, *instructions: Any) -> bytes:
        """A signed transaction of the payer's."""
        blockhash = Hash.from_string(self.blockhash)
        payer = self.payer.pubkey()
        signed = Transaction.new_signed_with_payer(instructions, payer, [self.payer], blockhash)
        return bytes(signed)

    def pay(self, lamports: int) -> str:
        """A transfer that must land."""
        self.refresh()
        to = Pubkey.new_unique()
        move = transfer(TransferParams(from_pubkey=self.payer.pubkey(), to_pubkey=to, lamports=lamports))
        wire = base64.b64encode(self.transaction(move)).decode()
        signature = self.rpc("sendTransaction", wire, {"encoding": "base64"})
        assert self.rpc("getSignatureStatuses", [signature])["value"][0]["err"] is None
        return str(signature)

    def digest(self, directory: Path) -> str:
        """A hash of every account but the sysvars, of slot and time, and of the count of transactions."""
        path = directory / "fuzz.snapshot"
        self.rpc("gdx_snapshot", str(path))
        body = json.loads(gzip.decompress(path.read_bytes().partition(b"\n")[2]))
        body["accounts"] = sorted(entry for entry in body["accounts"] if _SYSVAR not in entry)
        body["transactions"] = self.rpc("getTransactionCount", {"commitment": "processed"})
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    def resident_bytes(self) -> int:
        """Memory of the chain's process."""
        for line in Path(f"/proc/{self.handle.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def log(self) -> str:
        """What the chain wrote to its log."""
        return self.handle.log_path.read_text(errors="replace")


def open_world(directory: Path, history_limit: int = 5_000) -> World:
    """A chain in mode manual with the default fixture, a payer and a few transactions."""
    handle = launch(
        "embedded",
        directory=directory,
        slot_mode="manual",
        unix_ts=_CLOCK_TS,
        limit_ledger_size=history_limit,
    )
    world = World(handle, handle.keys["alice"])
    world.rpc("gdx_setAccount", str(world.payer.pubkey()), {"lamports": 10**17})
    world.refresh()
    mints = [str(mint) for mint in handle.mints.values()]
    programs = [entry["address"] for entry in world.rpc("gdx_listPrograms")]
    tokens = [
        entry["address"] for mint in mints for entry in world.rpc("getTokenLargestAccounts", mint)["value"]
    ]
    fixed = [
        *(
            "1" * 32,
            "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
            "SysvarC1ock11111111111111111111111111111111",
        ),
        *("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "SysvarS1otHashes111111111111111111111111111"),
        *("BPFLoaderUpgradeab1e11111111111111111111111", "AddressLookupTab1e1111111111111111111111111"),
        *("ComputeBudget111111111111111111111111111111", "Vote111111111111111111111111111111111111111"),
    ]
    keys = [str(key.pubkey()) for key in handle.keys.values()]
    world.addresses = [*fixed, *keys, *mints[:4], *tokens[:8], *programs[:6], str(Pubkey.new_unique())]
    for lamports in range(10**9, 10**9 + 5):
        world.pay(lamports)
    return world
