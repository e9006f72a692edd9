"""The local chain beside solana-test-validator: the same requests by the same client, one engine at a time.

A validator keeps a core busy by itself, so the two never run at once: each round starts one, measures,
stops it, and does the same with the other.
"""

from __future__ import annotations

import base64
import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from gdx_localnet import EngineError, LocalnetHandle, account_files, launch
from gdx_localnet.engines.validator import find_validator
from solders.account import Account
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction
from websockets.sync.client import ClientConnection, connect

from bench.frame import BenchError, Job, Row, bench

ACCOUNTS, ACCOUNT_BYTES = 10_000, 165  # as many token accounts, say
TRANSACTIONS, CONNECTIONS = 1_000, 4
SENDS, PUSHES, SCANS = 20, 20, 5
MOST_ROUNDS = 5  # a validator takes seconds to start
POLL_S = 0.002
WAIT_S, RESEND_S = 60.0, 2.0
_STATUSES = 256  # the most that one request may ask for
LAMPORTS = 1_000_000
OWNER = Pubkey(bytes([77] * 32))
_SENDING = {"encoding": "base64", "skipPreflight": True}
ENGINES = ("embedded", "validator")

Measured = dict[str, float]


@bench("Local chain")
def run(job: Job) -> None:
    """Start-up, sending, reading, pushing, memory."""
    try:
        find_validator(None)
    except EngineError as error:
        raise BenchError(str(error)) from error
    folder = job.folder / "accounts"
    folder.mkdir()
    for number in range(ACCOUNTS):
        data = number.to_bytes(8, "little") * (ACCOUNT_BYTES // 8) + bytes(ACCOUNT_BYTES % 8)
        address = Pubkey(sha256(data).digest())
        account_files.write(folder, address, Account(2_039_280, data, OWNER, False, 2**64 - 1))
    rounds: list[dict[str, Measured]] = []
    scans: dict[str, Any] = {}
    for _ in range(min(job.rounds, MOST_ROUNDS)):
        found: dict[str, Measured] = {}
        for engine in ENGINES:
            found[engine] = _start_up(engine, "fast") | _work(engine, folder, scans)
        found["embedded"]["clock"] = _start_up("embedded", "clock")["confirmed"]
        found["validator"]["clock"] = found["validator"]["confirmed"]
        rounds.append(found)
        if scans["embedded"] != scans["validator"]:
            raise BenchError("getProgramAccounts: the two engines gave different accounts")
    _note_rows(job, rounds)


def _note_rows(job: Job, rounds: Sequence[dict[str, Measured]]) -> None:
    def note(name: str, key: str, **more: Any) -> None:
        ours, peer = ([found[engine][key] for found in rounds] for engine in ENGINES)
        ratios = [b / a for a, b in zip(ours, peer, strict=True)]
        quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
        ours_ms, peer_ms = statistics.median(ours), statistics.median(peer)
        job.note(
            Row(
                name=name,
                peer="solana-test-validator",
                ratio=peer_ms / ours_ms,
                ours_ms=ours_ms,
                peer_ms=peer_ms,
                spread_percent=100 * (quartiles[2] - quartiles[0]) / quartiles[1],
                clock="wall",
                **more,
            )
        )

    note("start-up until healthy, five programs", "healthy")
    interpreter = "an interpreter starts and loads five programs before anything answers"
    note("first confirmed transaction after the start", "confirmed", min_ratio=3, binds=interpreter)
    note("the same with slots of 400 ms (slot mode clock)", "clock")
    note("send until confirmed, slot mode fast", "send", min_ratio=10)
    note(
        f"{TRANSACTIONS:,} transfers over HTTP, {CONNECTIONS} connections, until all are confirmed",
        "transfers",
        items=TRANSACTIONS,
    )
    note(f"getProgramAccounts, {ACCOUNTS:,} accounts of {ACCOUNT_BYTES} bytes", "scan", items=ACCOUNTS)
    note("from sending to the account's notification, processed", "push")
    note("memory after all this", "memory", min_ratio=4, unit="MB")


def _start_up(engine: str, slot_mode: str) -> Measured:
    """Milliseconds until the chain is healthy, and until its first transaction is confirmed."""
    started = time.perf_counter()
    # A ledger to be resumed begins at slot 0, the sooner start, which only v0 transactions would wait at.
    with launch(engine, slot_mode=slot_mode, resume=engine == "validator") as chain:
        healthy = time.perf_counter() - started
        _Client(chain).pay_and_confirm(Keypair().pubkey())
        return {"healthy": healthy * 1e3, "confirmed": (time.perf_counter() - started) * 1e3}


def _work(engine: str, folder: Path, scans: dict[str, Any]) -> Measured:
    """What a chain with many accounts takes for each kind of work, milliseconds; and its memory, MB."""
    with launch(engine, account_dirs=(folder,)) as chain:
        client = _Client(chain)
        client.pay_and_confirm(Keypair().pubkey())
        scans[engine] = client.scan()
        return {
            "send": _median_ms(SENDS, lambda: client.pay_and_confirm(Keypair().pubkey())),
            "transfers": client.send_many() * 1e3,
            "scan": _median_ms(SCANS, client.scan_raw),
            "push": client.push_ms(),
            "memory": _resident_mb(chain.engine_pid),
        }


def _median_ms(count: int, work: Callable[[], object]) -> float:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


class _Client:
    """Plain JSON-RPC on one connection kept open: next to nothing of what is measured is the client's."""

    def __init__(self, chain: LocalnetHandle) -> None:
        self._chain, self._payer = chain, chain.keys["alice"]
        self._connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._chain.host, self._chain.rpc_port, timeout=WAIT_S)

    def call(self, method: str, *params: Any) -> Any:
        answer = json.loads(_post(self._connection, _body(method, *params)))
        if "error" in answer:
            raise BenchError(f"{self._chain.engine} refused {method}: {answer['error']}")
        return answer["result"]

    def pay_and_confirm(self, receiver: Pubkey) -> None:
        request = self._send(receiver, LAMPORTS)
        signature = self.call(*request)
        started = sent = time.perf_counter()
        while not self._confirmed_of([signature]):
            now = time.perf_counter()
            if now - started > WAIT_S:
                raise BenchError(f"{self._chain.engine} did not confirm {signature} in {WAIT_S:.0f} s")
            if now - sent > RESEND_S:
                self.call(*request)
                sent = now
            time.sleep(POLL_S)

    def _send(self, receiver: Pubkey, lamports: int) -> tuple[str, str, dict[str, Any]]:
        return self._signed(receiver, lamports, self._blockhash())

    def _signed(self, receiver: Pubkey, lamports: int, blockhash: Hash) -> tuple[str, str, dict[str, Any]]:
        params = TransferParams(from_pubkey=self._payer.pubkey(), to_pubkey=receiver, lamports=lamports)
        signers = [self._payer]
        tx = Transaction.new_signed_with_payer([transfer(params)], self._payer.pubkey(), signers, blockhash)
        return "sendTransaction", base64.b64encode(bytes(tx)).decode(), _SENDING

    def _blockhash(self) -> Hash:
        latest = self.call("getLatestBlockhash", {"commitment": "confirmed"})
        return Hash.from_string(latest["value"]["blockhash"])

    def send_many(self) -> float:
        """Seconds until TRANSACTIONS transfers, signed beforehand, are all confirmed.

        A validator drops some of so many: like any client, this one sends those again.
        """
        receiver, blockhash = Keypair().pubkey(), self._blockhash()
        requests = [self._signed(receiver, LAMPORTS + number, blockhash) for number in range(TRANSACTIONS)]
        missing = {_signature_of(request[1]): _body(*request) for request in requests}
        started = sent = time.perf_counter()
        self._post_all(list(missing.values()))
        while missing:
            for signature in self._confirmed_of(list(missing)):
                del missing[signature]
            now = time.perf_counter()
            if now - started > WAIT_S:
                raise BenchError(f"{self._chain.engine} left {len(missing)} transfers out in {WAIT_S:.0f} s")
            if missing and now - sent > RESEND_S:
                self._post_all(list(missing.values()))
                sent = now
            time.sleep(POLL_S)
        return time.perf_counter() - started

    def _confirmed_of(self, signatures: Sequence[str]) -> list[str]:
        """Those of the first 256 that are confirmed; the others wait their turn."""
        part = signatures[:_STATUSES]
        statuses = self.call("getSignatureStatuses", part)["value"]
        failed = [status["err"] for status in statuses if status is not None and status["err"] is not None]
        if failed:
            raise BenchError(f"a transfer failed on {self._chain.engine}: {failed[0]}")
        return [
            signature
            for signature, status in zip(part, statuses, strict=True)
            if status is not None and status["confirmationStatus"] in ("confirmed", "finalized")
        ]

    def _post_all(self, bodies: Sequence[bytes]) -> None:
        """Over all connections at once."""
        threads = [
            threading.Thread(target=self._post_some, args=(bodies[first::CONNECTIONS],))
            for first in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _post_some(self, bodies: Sequence[bytes]) -> None:
        connection = self._connect()
        for body in bodies:
            _post(connection, body)
        connection.close()

    def scan_raw(self) -> bytes:
        config = {"encoding": "base64", "commitment": "processed"}
        return _post(self._connection, _body("getProgramAccounts", str(OWNER), config))

    def scan(self) -> list[Any]:
        return sorted(json.loads(self.scan_raw())["result"], key=lambda entry: str(entry["pubkey"]))

    def _until_told(self, socket: ClientConnection, request: tuple[str, str, dict[str, Any]]) -> Any:
        for _ in range(int(WAIT_S / RESEND_S)):
            self.call(*request)
            try:
                return json.loads(socket.recv(RESEND_S))
            except TimeoutError:
                continue  # lost on its way: like any client, send it again
        raise BenchError(f"{self._chain.engine} told nothing of a transfer in {WAIT_S:.0f} s")

    def push_ms(self) -> float:
        """Milliseconds from handing a transfer over until its receiver's notification is here."""
        times = []
        with connect(self._chain.ws_url) as socket:
            for _ in range(PUSHES):
                receiver = Keypair().pubkey()
                config = {"commitment": "processed", "encoding": "base64"}
                socket.send(_body("accountSubscribe", str(receiver), config).decode())
                json.loads(socket.recv(WAIT_S))
                request = self._send(receiver, LAMPORTS)
                started = time.perf_counter()
                message = self._until_told(socket, request)
                times.append(time.perf_counter() - started)
                if message["params"]["result"]["value"]["lamports"] != LAMPORTS:
                    raise BenchError(f"{self._chain.engine} pushed another account: {message}")
        return statistics.median(times) * 1e3


def _signature_of(wire: str) -> str:
    return str(Transaction.from_bytes(base64.b64decode(wire)).signatures[0])


def _body(method: str, *params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def _post(connection: http.client.HTTPConnection, body: bytes) -> bytes:
    connection.request("POST", "/", body, {"Content-Type": "application/json"})
    return connection.getresponse().read()
