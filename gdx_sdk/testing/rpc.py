"""A chain that answers from memory: accounts to read, transactions that land when the test says so."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from gdx_sdk.client.replies import AccountInfo
from gdx_sdk.client.transport import RpcRefusal
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.runtime.filters import from_base58

Handler = Callable[[list[Any]], Any]
METHOD_NOT_FOUND = -32601


@dataclass(slots=True)
class FakeTransaction:
    """One transaction that was sent, and what became of it."""

    signature: str
    transaction: VersionedTransaction
    slot: int
    error: Any = None
    logs: tuple[str, ...] = ()
    compute_units: int = 1_000
    times_sent: int = 1
    is_visible: bool = True


@dataclass(slots=True)
class Verdict:
    """How the next transactions fare: `error` as JSON-RPC gives it, None when they are applied."""

    error: Any = None
    logs: tuple[str, ...] = ()
    compute_units: int = 1_000
    is_dropped: bool = False  # sent, but never seen again


@dataclass(slots=True)
class FakeRpc:
    """An `RpcTransport` for `Client(FakeRpc({address: data}))`.

    Accounts are `AccountInfo`, or just their data, which `default_owner` then owns. Transactions land at
    once unless `verdict` says otherwise. Any method is replaced with `on(method, handler)`, and
    `fail_next(method, error)` raises once. `calls` lists what was asked.
    """

    accounts: dict[Pubkey, AccountInfo | bytes] = field(default_factory=dict)
    default_owner: Pubkey = PROGRAM_IDS["position_mgmt"]
    slot: int = 1_000
    block_height: int = 900
    unix_ts: int = 1_767_225_600
    blockhash_lifetime: int = 150
    priority_fees: list[int] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)
    sent: dict[str, FakeTransaction] = field(default_factory=dict)
    _handlers: dict[str, Handler] = field(default_factory=dict)
    _failures: dict[str, deque[Exception]] = field(default_factory=dict)

    async def call(self, method: str, params: list[Any]) -> Any:
        """Answer one call."""
        self.calls.append((method, params))
        failures = self._failures.get(method)
        if failures:
            raise failures.popleft()
        handler = self._handlers.get(method) or getattr(self, f"_on_{method}", None)
        if handler is None:
            raise RpcRefusal(method, "Method not found", METHOD_NOT_FOUND, None)
        return handler(params)

    async def aclose(self) -> None:
        """Nothing to close."""

    def on(self, method: str, handler: Handler) -> None:
        """Answer `method` with `handler(params)` from now on."""
        self._handlers[method] = handler

    def fail_next(self, method: str, *errors: Exception) -> None:
        """Raise these at the next calls of `method`, one each."""
        self._failures.setdefault(method, deque()).extend(errors)

    def count(self, method: str) -> int:
        """How often `method` was called."""
        return sum(called == method for called, _ in self.calls)

    def _account(self, address: str) -> Any:
        found = self.accounts.get(Pubkey.from_string(address))
        if found is None:
            return None
        info = AccountInfo(found, self.default_owner, 1) if isinstance(found, bytes) else found
        return _account_json(info, info.data)

    def _context(self, value: Any) -> dict[str, Any]:
        return {"context": {"slot": self.slot}, "value": value}

    def _on_getAccountInfo(self, params: list[Any]) -> Any:
        if params[0] == "SysvarC1ock11111111111111111111111111111111":
            numbers = (self.slot, 0, 0, 0, self.unix_ts)
            data = b"".join(number.to_bytes(8, "little", signed=True) for number in numbers)
            return self._context(_account_json(AccountInfo(data, self.default_owner, 1), data))
        return self._context(self._account(params[0]))

    def _on_getMultipleAccounts(self, params: list[Any]) -> Any:
        return self._context([self._account(address) for address in params[0]])

    def _on_getProgramAccounts(self, params: list[Any]) -> Any:
        found = []
        for address, stored in self.accounts.items():
            info = AccountInfo(stored, self.default_owner, 1) if isinstance(stored, bytes) else stored
            if str(info.owner) == params[0] and all(_passes(part, info) for part in params[1]["filters"]):
                part = params[1].get("dataSlice")
                data = info.data[part["offset"] :][: part["length"]] if part else info.data
                found.append({"pubkey": str(address), "account": _account_json(info, data)})
        return self._context(found) if params[1].get("withContext") else found

    def _on_getBalance(self, params: list[Any]) -> Any:
        found = self.accounts.get(Pubkey.from_string(params[0]))
        return self._context(found.lamports if isinstance(found, AccountInfo) else int(found is not None))

    def _on_getMinimumBalanceForRentExemption(self, params: list[Any]) -> Any:
        return (params[0] + 128) * 6_960

    def _on_getSlot(self, _: list[Any]) -> Any:
        return self.slot

    def _on_getBlockHeight(self, _: list[Any]) -> Any:
        return self.block_height

    def _on_getEpochInfo(self, _: list[Any]) -> Any:
        length = 432_000
        epoch, index = divmod(self.slot, length)
        position = {"epoch": epoch, "slotIndex": index, "slotsInEpoch": length}
        return {"absoluteSlot": self.slot, "blockHeight": self.block_height, **position}

    def _on_getRecentPrioritizationFees(self, _: list[Any]) -> Any:
        return [{"slot": self.slot, "prioritizationFee": fee} for fee in self.priority_fees]

    def _on_getLatestBlockhash(self, _: list[Any]) -> Any:
        blockhash = Hash(sha256(f"fake {self.slot}".encode()).digest())
        height = self.block_height + self.blockhash_lifetime
        return self._context({"blockhash": str(blockhash), "lastValidBlockHeight": height})

    def _on_requestAirdrop(self, params: list[Any]) -> Any:
        address = Pubkey.from_string(params[0])
        before = self.accounts.get(address)
        lamports = (before.lamports if isinstance(before, AccountInfo) else 0) + params[1]
        self.accounts[address] = AccountInfo(b"", Pubkey.default(), lamports)
        signature = f"airdrop{len(self.calls)}"
        self.sent[signature] = FakeTransaction(signature, VersionedTransaction.default(), self.slot)
        return signature

    def _on_simulateTransaction(self, params: list[Any]) -> Any:
        VersionedTransaction.from_bytes(base64.b64decode(params[0]))
        verdict = self.verdict
        return self._context(
            {"err": verdict.error, "logs": list(verdict.logs), "unitsConsumed": verdict.compute_units}
        )

    def _on_sendTransaction(self, params: list[Any]) -> Any:
        transaction = VersionedTransaction.from_bytes(base64.b64decode(params[0]))
        signature, verdict = str(transaction.signatures[0]), self.verdict
        known = self.sent.get(signature)
        if known is not None:
            known.times_sent += 1
            return signature
        self.sent[signature] = FakeTransaction(
            signature,
            transaction,
            self.slot,
            verdict.error,
            verdict.logs,
            verdict.compute_units,
            is_visible=not verdict.is_dropped,
        )
        return signature

    def _on_getSignatureStatuses(self, params: list[Any]) -> Any:
        return self._context([self._status(signature) for signature in params[0]])

    def _status(self, signature: str) -> Any:
        found = self.sent.get(signature)
        if found is None or not found.is_visible:
            return None
        return {"slot": found.slot, "err": found.error, "confirmationStatus": "finalized"}

    def _on_getTransaction(self, params: list[Any]) -> Any:
        found = self.sent.get(params[0])
        if found is None or not found.is_visible:
            return None
        meta = {"err": found.error, "fee": 5_000, "logMessages": list(found.logs)}
        return {"slot": found.slot, "meta": meta | {"computeUnitsConsumed": found.compute_units}}


def _account_json(info: AccountInfo, data: bytes) -> dict[str, Any]:
    return {
        "data": [base64.b64encode(data).decode(), "base64"],
        "owner": str(info.owner),
        "lamports": info.lamports,
        "executable": info.executable,
    }


def _passes(part: dict[str, Any], info: AccountInfo) -> bool:
    if "dataSize" in part:
        return len(info.data) == int(part["dataSize"])
    wanted = part["memcmp"]
    data = from_base58(wanted["bytes"])
    start: int = wanted["offset"]
    return info.data[start : start + len(data)] == data
