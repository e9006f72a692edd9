"""Random requests: proper ones, then what a mutation makes of them."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

from gdx_localnet import base58
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from .world import World

Params = Callable[["Maker"], list[Any]]

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e300, 2**31, 2**53, 2**63, 2**64 - 1, 2**64, 10**60),
    *("", " ", "x", "0" * 32, "1" * 31, "1" * 32, "1" * 64, "1" * 88, "é", "\u2028", "\x00", "A" * 1_700),
    *([], [[]], [None], {}, {"": None}, {"a": [1, {"b": 2}]}, [1] * 200, ["1" * 32] * 257),
    *("base64", "base58", "jsonParsed", "base64+zstd", "binary", "json", "processed", "confirmed", "all"),
    *({"commitment": "processed"}, {"encoding": "jsonParsed"}, {"minContextSlot": 2**63}, {"mentions": [1]}),
    *(
        {"dataSlice": {"offset": 2**63, "length": 2**64 - 1}},
        {"filters": [{"memcmp": {"offset": 2**64 - 1}}]},
    ),
)

READS: dict[str, Params] = {
    **dict.fromkeys(
        (
            *("getHealth", "getVersion", "getGenesisHash", "getIdentity", "getEpochSchedule"),
            *("getClusterNodes", "getFirstAvailableBlock", "minimumLedgerSlot", "getInflationRate"),
            *("getMaxRetransmitSlot", "getMaxShredInsertSlot", "getHighestSnapshotSlot", "getAgGenesisCert"),
            *("gdx_getClock", "gdx_listPrograms", "gdx_stats", "gdx_listFaults"),
        ),
        lambda m: [],
    ),
    **dict.fromkeys(
        (
            *("getSlot", "getBlockHeight", "getSlotLeader", "getEpochInfo", "getVoteAccounts"),
            *("getTransactionCount", "getLatestBlockhash", "getSupply", "getLargestAccounts"),
            *("getInflationGovernor", "getStakeMinimumDelegation", "getBlockProduction"),
        ),
        lambda m: [m.config()],
    ),
    **dict.fromkeys(
        (
            *("getBalance", "getAccountInfo", "getTokenAccountBalance", "getTokenSupply"),
            *("getTokenLargestAccounts", "getSignaturesForAddress", "getProgramAccounts"),
        ),
        lambda m: [m.address(), m.config()],
    ),
    "getMultipleAccounts": lambda m: [[m.address() for _ in range(m.below(8))], m.config()],
    "getTokenAccountsByOwner": lambda m: [m.address(), m.token_filter(), m.config()],
    "getTokenAccountsByDelegate": lambda m: [m.address(), m.token_filter(), m.config()],
    "getBlock": lambda m: [m.slot(), m.config()],
    "getBlockTime": lambda m: [m.slot()],
    "getBlocks": lambda m: [m.slot(), m.slot(), m.config()],
    "getBlocksWithLimit": lambda m: [m.slot(), m.below(100), m.config()],
    "getBlockCommitment": lambda m: [m.slot()],
    "getSlotLeaders": lambda m: [m.slot(), m.below(20)],
    "getLeaderSchedule": lambda m: [m.slot(), {"identity": m.address()}],
    "getInflationReward": lambda m: [[m.address()], {"epoch": m.below(3)}],
    "getRecentPerformanceSamples": lambda m: [m.below(800)],
    "getMinimumBalanceForRentExemption": lambda m: [m.below(20_000), m.config()],
    "getRecentPrioritizationFees": lambda m: [[m.address() for _ in range(m.below(4))]],
    "getSignatureStatuses": lambda m: [[m.signature() for _ in range(m.below(4))], m.config()],
    "getTransaction": lambda m: [m.signature(), m.config()],
    "isBlockhashValid": lambda m: [m.world.blockhash, m.config()],
    "getFeeForMessage": lambda m: [m.text_of(m.transaction()[65:]), m.config()],
    "simulateTransaction": lambda m: [m.text_of(m.transaction()), m.config()],
}
"""Methods that change nothing, and parameters that each of them understands."""

WRITES: dict[str, Params] = {
    "sendTransaction": lambda m: [m.text_of(m.transaction()), m.config()],
    "requestAirdrop": lambda m: [m.address(), m.below(10**9), m.config()],
    "gdx_setClock": lambda m: [1_700_000_000 + m.below(10**6)],
    "gdx_advanceSlots": lambda m: [1 + m.below(3)],
    "gdx_warp": lambda m: [m.slot()],
    "gdx_expireBlockhash": lambda m: [],
    "gdx_setAccount": lambda m: [m.nobody(), m.account()],
    "gdx_loadProgram": lambda m: [m.nobody(), [m.text_of(m.bytes(200)), "base64"], m.address()],
    "gdx_clearFaults": lambda m: [[m.below(9)]],
    "gdx_restore": lambda m: ["/nowhere/at/all"],
}
"""Methods that may change the chain. Faults and files are left out: they'd strike the fuzzer itself."""

SUBSCRIPTIONS: dict[str, Params] = {
    "accountSubscribe": lambda m: [m.address(), m.config()],
    "programSubscribe": lambda m: [m.address(), m.config()],
    "logsSubscribe": lambda m: [m.pick(("all", "allWithVotes", {"mentions": [m.address()]})), m.config()],
    "signatureSubscribe": lambda m: [m.signature(), m.config()],
    **dict.fromkeys(("slotSubscribe", "rootSubscribe", "slotsUpdatesSubscribe"), lambda m: []),
    **dict.fromkeys(("blockSubscribe", "voteSubscribe"), lambda m: [m.config()]),
    **dict.fromkeys(
        [
            f"{kind}Unsubscribe"
            for kind in ("account", "program", "logs", "signature", "slot", "root", "slotsUpdates", "vote")
        ],
        lambda m: [m.below(2_000)],
    ),
}
"""Methods of the WebSocket."""

_WEIGHTS = {"sendTransaction": 25, "simulateTransaction": 6, "getTransaction": 3, "getBlock": 3}


class Maker:
    """Makes requests out of a world and a random number generator."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng

    def below(self, most: int) -> int:
        return self.rng.randrange(most)

    def pick(self, choices: Any) -> Any:
        return self.rng.choice(choices)

    def bytes(self, most: int) -> bytes:
        return self.rng.randbytes(self.below(most))

    def address(self) -> str:
        return self.pick(self.world.addresses) if self.rng.random() < 0.9 else self.nobody()

    def nobody(self) -> str:
        return str(Pubkey(self.rng.randbytes(32)))

    def signature(self) -> str:
        known = self.world.signatures
        return (
            self.pick(known) if known and self.rng.random() < 0.8 else base58.encode(self.rng.randbytes(64))
        )

    def slot(self) -> int:
        return self.pick((0, 1, 2, self.below(50), self.below(10_000)))

    def token_filter(self) -> dict[str, str]:
        return {self.pick(("mint", "programId")): self.address()}

    def text_of(self, raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    def account(self) -> dict[str, Any]:
        data = [self.text_of(self.bytes(300)), "base64"]
        return {"lamports": self.below(10**9), "owner": self.address(), "data": data}

    def config(self) -> dict[str, Any]:
        """A trailing object with a few of all the members that some method knows."""
        memcmp = {"offset": self.below(200), "bytes": base58.encode(self.bytes(9)), "encoding": "base58"}
        members: dict[str, Any] = {
            "commitment": self.pick(("processed", "confirmed", "finalized")),
            "encoding": self.pick(("base64", "base58", "jsonParsed", "base64+zstd", "binary", "json")),
            "dataSlice": {"offset": self.below(200), "length": self.below(200)},
            "minContextSlot": self.below(4),
            "filters": [{"dataSize": 165}, {"memcmp": memcmp}, "tokenAccountState"][: self.below(4)],
            "withContext": self.pick((True, False)),
            "maxSupportedTransactionVersion": 0,
            "transactionDetails": self.pick(("full", "signatures", "none", "accounts")),
            "rewards": self.pick((True, False)),
            "limit": self.below(1_002),
            "before": self.signature(),
            "until": self.signature(),
            "skipPreflight": self.pick((True, False)),
            "preflightCommitment": "processed",
            "sigVerify": self.pick((True, False)),
            "replaceRecentBlockhash": self.pick((True, False)),
            "innerInstructions": True,
            "accounts": {"encoding": "base64", "addresses": [self.address()]},
            "enableReceivedNotification": True,
            "searchTransactionHistory": True,
        }
        names = self.rng.sample(sorted(members), self.below(6))
        chosen = {name: members[name] for name in names}
        return chosen if self.rng.random() < 0.3 else {"encoding": "base64", **chosen}

    def instruction(self) -> Instruction:
        """Random accounts and data for a program that is there, or isn't."""
        metas = [
            AccountMeta(Pubkey.from_string(self.address()), False, self.rng.random() < 0.5)
            for _ in range(self.below(6))
        ]
        if self.rng.random() < 0.7:
            metas.insert(0, AccountMeta(self.world.payer.pubkey(), True, True))
        kind = self.pick((0, 1, 2, 3, 4, 5, 8, 9, 11)).to_bytes(4, "little")
        data = self.pick((b"", b"hello", kind + self.bytes(60), self.bytes(40), bytes([self.below(30)])))
        return Instruction(Pubkey.from_string(self.address()), data, metas)

    def transaction(self) -> bytes:
        """A signed transaction, sometimes with bytes changed behind the signature's back."""
        some = [self.instruction() for _ in range(1 + self.below(3))]
        if self.rng.random() < 0.2:
            some.insert(0, set_compute_unit_limit(self.below(2**32)))
        if self.rng.random() < 0.2:
            some.insert(0, set_compute_unit_price(self.below(10**6)))
        raw = bytearray(self.world.transaction(*some))
        if self.rng.random() < 0.3:
            for _ in range(1 + self.below(4)):
                raw[self.below(len(raw))] = self.below(256)
        if self.rng.random() < 0.05:
            raw = raw[: self.below(len(raw))] + self.bytes(1_400)
        return bytes(raw)

    # ── requests ────────────────────────────────────────────────────────────────────────────────

    def request(self, methods: dict[str, Params]) -> dict[str, Any]:
        """A request: proper, with parameters mutated, or with its envelope bent."""
        name = self.pick([name for name in sorted(methods) for _ in range(_WEIGHTS.get(name, 1))])
        body: dict[str, Any] = {
            "jsonrpc": "2.0",
            "id": self.pick((0, 1, 2**64 - 1, "a", "", "é", None, self.below(10**9))),
            "method": name,
            "params": methods[name](self),
        }
        while self.rng.random() < 0.45:
            body["params"] = self.mutated(body["params"])
        if self.rng.random() < 0.06:
            self._bend(body)
        return body

    def mutated(self, value: Any) -> Any:
        """`value` with something in it, or all of it, changed."""
        dice = self.rng.random()
        if dice < 0.15 or not isinstance(value, list | dict) or not value:
            return self.pick(JUNK)
        if isinstance(value, list):
            at = self.below(len(value))
            if dice < 0.25:
                return value[:at] + value[at + 1 :]
            if dice < 0.35:
                return [*value, self.pick(JUNK)]
            return [*value[:at], self.mutated(value[at]), *value[at + 1 :]]
        name = self.pick(sorted(value))
        if dice < 0.25:
            return {key: member for key, member in value.items() if key != name}
        if dice < 0.35:
            return {**value, self.pick(("x", "", "encoding", "commitment")): self.pick(JUNK)}
        return {**value, name: self.mutated(value[name])}

    def _bend(self, body: dict[str, Any]) -> None:
        name = self.pick(("jsonrpc", "id", "method", "params", "extra"))
        if self.rng.random() < 0.3:
            body.pop(name, None)
        else:
            body[name] = self.pick(JUNK)

    def bent_bytes(self, body: bytes) -> bytes:
        """`body` with a few bytes changed, cut out or put in."""
        raw = bytearray(body)
        for _ in range(1 + self.below(3)):
            at = self.below(len(raw) + 1)
            dice = self.below(3)
            if dice == 0:
                raw[at : at + 1] = self.rng.randbytes(1)
            elif dice == 1:
                del raw[at : at + 1 + self.below(9)]
            else:
                raw[at:at] = self.pick((b"[", b"{", b'"', b"\\u0000", b"\xff", b",", b"9" * 30, b"[" * 200))
        return bytes(raw)

    def encoded(self, body: Any) -> bytes:
        """As JSON, with or without escapes."""
        return json.dumps(body, ensure_ascii=self.rng.random() < 0.5).encode()
