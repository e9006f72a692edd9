"""The calls that both engines answer, by name."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from gdx_localnet import base58, named_keypair
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.token import ID as TOKEN
from solders.token.associated import get_associated_token_address
from solders.transaction import VersionedTransaction

CONFIRMED = {"commitment": "confirmed"}
PROCESSED = {"commitment": "processed"}
BASE64 = {"encoding": "base64", **CONFIRMED}
SEND = {"encoding": "base64", "preflightCommitment": "processed"}
VERSIONED = {"maxSupportedTransactionVersion": 0, **CONFIRMED}
SYSTEM = Pubkey.default()
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
PROGRAM = Pubkey.from_string("8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun")
NOBODY = Pubkey(bytes([200] * 32))
MINT = named_keypair("mint/usdt").pubkey()


class Session:
    """A client of one engine, and what it has sent so far."""

    def __init__(self, url: str, ws_url: str) -> None:
        self._url, self.ws_url, self._http = url, ws_url, httpx.Client(timeout=30)
        self.alice, self.bob = named_keypair("alice"), named_keypair("bob")
        self.alice_tokens = get_associated_token_address(self.alice.pubkey(), MINT)
        self.bob_tokens = get_associated_token_address(self.bob.pubkey(), MINT)
        self.sent: dict[str, str] = {}
        self.aliases: dict[str, str] = {}  # addresses that follow from a slot, and what to call them
        self.answers: dict[str, Any] = {}

    def post(self, body: Any, content_type: str = "application/json") -> httpx.Response:
        content = body if isinstance(body, bytes) else __import__("json").dumps(body).encode()
        return self._http.post(self._url, content=content, headers={"content-type": content_type})

    def rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self.post(body).json()

    def ask(self, name: str, method: str, *params: Any) -> None:
        assert name not in self.answers, name
        self.answers[name] = self.rpc(method, *params)

    def blockhash(self) -> Hash:
        return Hash.from_string(self.rpc("getLatestBlockhash", PROCESSED)["result"]["value"]["blockhash"])

    def sign(
        self,
        instructions: Sequence[Instruction],
        *signers: Keypair,
        is_v0: bool = False,
        blockhash: Hash | None = None,
    ) -> VersionedTransaction:
        signers = signers or (self.alice,)
        blockhash = blockhash or self.blockhash()
        payer = signers[0].pubkey()
        message: Any = (
            MessageV0.try_compile(payer, instructions, [], blockhash)
            if is_v0
            else Message.new_with_blockhash(instructions, payer, blockhash)
        )
        return VersionedTransaction(message, list(signers))

    def pay(self, lamports: int, to: Pubkey | None = None) -> Instruction:
        to = to or self.bob.pubkey()
        return transfer(TransferParams(from_pubkey=self.alice.pubkey(), to_pubkey=to, lamports=lamports))

    def land(self, name: str, tx: VersionedTransaction, *, skip: bool = False) -> None:
        """Send, and wait until it is confirmed."""
        given = self.rpc("sendTransaction", wire(tx), {**SEND, "skipPreflight": skip})
        self.sent[name] = given["result"]
        for attempt in range(1_000):
            if attempt % 50 == 49:  # a validator may lose one; clients rebroadcast
                self.rpc("sendTransaction", wire(tx), {**SEND, "skipPreflight": True})
            status = self.rpc("getSignatureStatuses", [self.sent[name]])["result"]["value"][0]
            if status is not None and status["confirmationStatus"] != "processed":
                return
            time.sleep(0.02)
        raise AssertionError(f"{name} was not confirmed in time")


def wire(tx: VersionedTransaction) -> str:
    return base64.b64encode(bytes(tx)).decode()


def node(s: Session) -> None:
    for method in ("getHealth", "getVersion", "getGenesisHash", "getIdentity", "getEpochSchedule"):
        s.ask(method, method)
    for method in ("getSlot", "getBlockHeight", "getEpochInfo", "getLatestBlockhash", "getTransactionCount"):
        s.ask(method, method, PROCESSED)
    s.ask("getSlotLeader", "getSlotLeader", PROCESSED)
    s.ask("getSlotLeaders", "getSlotLeaders", 0, 2)
    s.ask("getFirstAvailableBlock", "getFirstAvailableBlock")
    s.ask("minimumLedgerSlot", "minimumLedgerSlot")
    s.ask("getHighestSnapshotSlot", "getHighestSnapshotSlot")
    s.ask("getStakeMinimumDelegation", "getStakeMinimumDelegation")
    for size in (0, 1, 82, 165, 10_240, 10 * 1024 * 1024, 10 * 1024 * 1024 + 1):
        s.ask(f"rent of {size} bytes", "getMinimumBalanceForRentExemption", size)


def requests(s: Session) -> None:
    bodies = {
        "not json": b"{bad",
        "empty": b"",
        "a string": b'"x"',
        "a number in a batch": b"[1]",
        "no method": {"jsonrpc": "2.0", "id": 1},
        "a number as method": {"jsonrpc": "2.0", "id": 1, "method": 5},
        "another version": {"jsonrpc": "1.0", "id": 1, "method": "getHealth"},
        "no version": {"id": 1, "method": "getHealth"},
        "an unknown method": {"jsonrpc": "2.0", "id": 1, "method": "getLuck"},
        "named parameters": {"jsonrpc": "2.0", "id": "a", "method": "getHealth", "params": {}},
        "parameters as text": {"jsonrpc": "2.0", "id": 1, "method": "getHealth", "params": "x"},
        "id null": {"jsonrpc": "2.0", "id": None, "method": "getHealth"},
        "id with a fraction": {"jsonrpc": "2.0", "id": 1.5, "method": "getHealth"},
        "a batch": [{"jsonrpc": "2.0", "id": i, "method": m} for i, m in enumerate(("getHealth", "nope"))],
    }
    for name, body in bodies.items():
        s.answers[f"request: {name}"] = s.post(body).json()
    for name, body in (("notification", {"jsonrpc": "2.0", "method": "getHealth"}), ("empty batch", [])):
        s.answers[f"request: {name}"] = s.post(body).text
    response = s.post(b"{}", "text/plain")
    s.answers["request: text/plain"] = [response.status_code, response.text]
    response = s.post(b"a" * 60_000)
    s.answers["request: too large"] = [response.status_code, response.text]


def accounts(s: Session) -> None:
    alice, clock = str(s.alice.pubkey()), "SysvarC1ock11111111111111111111111111111111"
    s.ask("balance", "getBalance", alice, CONFIRMED)
    s.ask("balance of nobody", "getBalance", str(NOBODY), CONFIRMED)
    for encoding in ("base58", "base64", "base64+zstd", "jsonParsed"):
        config = {"encoding": encoding, **CONFIRMED}
        s.ask(f"wallet in {encoding}", "getAccountInfo", alice, config)
        s.ask(f"mint in {encoding}", "getAccountInfo", str(MINT), config)
        s.ask(f"program in {encoding}", "getAccountInfo", str(PROGRAM), config)
        s.ask(f"system program in {encoding}", "getAccountInfo", str(SYSTEM), config)
    s.ask("token account in base64", "getAccountInfo", str(s.alice_tokens), BASE64)
    s.ask(
        "token account parsed", "getAccountInfo", str(s.alice_tokens), {"encoding": "jsonParsed", **CONFIRMED}
    )
    s.ask(
        "token account in base58", "getAccountInfo", str(s.alice_tokens), {"encoding": "base58", **CONFIRMED}
    )
    s.ask("wallet, no encoding", "getAccountInfo", alice, CONFIRMED)
    s.ask("nobody", "getAccountInfo", str(NOBODY), BASE64)
    s.ask("clock parsed", "getAccountInfo", clock, {"encoding": "jsonParsed", **CONFIRMED})
    for offset, length in ((0, 8), (30, 4), (80, 10), (99, 1), (0, 0)):
        config = {**BASE64, "dataSlice": {"offset": offset, "length": length}}
        s.ask(f"slice {offset}+{length}", "getAccountInfo", str(MINT), config)
    listed = [alice, str(NOBODY), str(MINT)]
    s.ask("multiple", "getMultipleAccounts", listed, CONFIRMED)
    s.ask("multiple, parsed", "getMultipleAccounts", listed, {"encoding": "jsonParsed", **CONFIRMED})
    loader = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
    code = Pubkey.find_program_address([bytes(PROGRAM)], loader)[0]
    head = {**BASE64, "dataSlice": {"offset": 0, "length": 64}}
    s.ask("program's code", "getAccountInfo", str(code), head)


def bad_parameters(s: Session) -> None:
    one = "1" * 32
    cases: dict[str, tuple[str, list[Any]]] = {
        "none": ("getBalance", []),
        "too many": ("getBalance", [one, {}, 1]),
        "short address": ("getBalance", ["x"]),
        "foreign characters": ("getBalance", ["0" * 32]),
        "number as address": ("getBalance", [5]),
        "list as address": ("getBalance", [[]]),
        "null as address": ("getBalance", [None]),
        "unknown encoding": ("getAccountInfo", [one, {"encoding": "bad"}]),
        "unknown commitment": ("getBalance", [one, {"commitment": "bad"}]),
        "slot of the future": ("getBalance", [one, {"minContextSlot": 10**12}]),
        "text as size": ("getMinimumBalanceForRentExemption", ["a"]),
        "bad blockhash": ("isBlockhashValid", ["x"]),
        "unknown blockhash": ("isBlockhashValid", [one, PROCESSED]),
        "101 accounts": ("getMultipleAccounts", [[one] * 101]),
        "257 statuses": ("getSignatureStatuses", [["1" * 64] * 257]),
        "bad signature": ("getSignatureStatuses", [["x"]]),
        "limit 1001": ("getSignaturesForAddress", [one, {"limit": 1001}]),
        "limit 0": ("getSignaturesForAddress", [one, {"limit": 0}]),
        "bad before": ("getSignaturesForAddress", [one, {"before": "x"}]),
        "history of processed": ("getTransaction", ["1" * 64, PROCESSED]),
        "blocks of processed": ("getBlock", [0, PROCESSED]),
        "5 filters": ("getProgramAccounts", [one, {"filters": [{"dataSize": 1}] * 5}]),
        "bad memcmp": ("getProgramAccounts", [one, {"filters": [{"memcmp": {"offset": 0, "bytes": "0"}}]}]),
        "unknown token filter": ("getTokenAccountsByOwner", [one, {"x": one}]),
        "no token program": ("getTokenAccountsByOwner", [one, {"programId": str(MEMO)}]),
        "no token account": ("getTokenAccountBalance", [one, PROCESSED]),
        "no mint": ("getTokenSupply", [one, PROCESSED]),
        "missing token account": ("getTokenAccountBalance", [str(NOBODY), PROCESSED]),
        "airdrop to x": ("requestAirdrop", ["x", 1]),
        "airdrop of text": ("requestAirdrop", [one, "a"]),
        "bad message": ("getFeeForMessage", ["!"]),
        "block of the future": ("getBlockTime", [10**9]),
    }
    for name, (method, params) in cases.items():
        s.ask(f"bad: {name}", method, *params)


def transactions(s: Session) -> None:
    s.land("transfer", s.sign([s.pay(10**9 + 1)]))
    s.land("v0", s.sign([set_compute_unit_limit(2_000), set_compute_unit_price(10**6), s.pay(7)], is_v0=True))
    s.land("failed", s.sign([s.pay(10**15)]), skip=True)
    s.land("no program", s.sign([Instruction(NOBODY, b"", [])]), skip=True)
    s.land("memo", s.sign([Instruction(MEMO, b"hello", [])]))
    s.land("our program", s.sign([Instruction(PROGRAM, b"hello", [])]))
    move = [s.alice_tokens, MINT, s.bob_tokens]
    metas = [AccountMeta(key, False, key != MINT) for key in move]
    metas.append(AccountMeta(s.alice.pubkey(), True, False))
    data = bytes([12]) + (250_000).to_bytes(8, "little") + bytes([6])
    s.land("tokens", s.sign([Instruction(TOKEN, data, metas)]))
    s.land("new token account", s.sign([create_token_account(s, NOBODY)]))
    for name, signature in s.sent.items():
        s.ask(f"status: {name}", "getSignatureStatuses", [signature])
        for encoding in ("json", "jsonParsed", "base64"):
            s.ask(f"{encoding}: {name}", "getTransaction", signature, {"encoding": encoding, **VERSIONED})
    s.ask("v0 to an old client", "getTransaction", s.sent["v0"], CONFIRMED)
    s.ask("transfer without a version", "getTransaction", s.sent["transfer"], CONFIRMED)
    s.ask("unknown transaction", "getTransaction", "1" * 64, CONFIRMED)
    s.ask("unknown status", "getSignatureStatuses", ["1" * 64])
    bob = str(s.bob.pubkey())
    s.ask("signatures", "getSignaturesForAddress", bob, CONFIRMED)
    s.ask("two signatures", "getSignaturesForAddress", bob, {"limit": 2, **CONFIRMED})
    s.ask("before", "getSignaturesForAddress", bob, {"before": s.sent["v0"], **CONFIRMED})
    s.ask("until", "getSignaturesForAddress", bob, {"until": s.sent["v0"], **CONFIRMED})
    s.ask("memo's signature", "getSignaturesForAddress", str(MEMO), CONFIRMED)


def create_token_account(s: Session, owner: Pubkey) -> Instruction:
    program = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
    accounts = [
        AccountMeta(s.alice.pubkey(), True, True),
        AccountMeta(get_associated_token_address(owner, MINT), False, True),
        *(AccountMeta(key, False, False) for key in (owner, MINT, SYSTEM, TOKEN)),
    ]
    return Instruction(program, b"\1", accounts)


def tokens(s: Session) -> None:
    alice = str(s.alice.pubkey())
    s.ask("token balance", "getTokenAccountBalance", str(s.alice_tokens), CONFIRMED)
    s.ask("token supply", "getTokenSupply", str(MINT), CONFIRMED)
    s.ask("largest holders", "getTokenLargestAccounts", str(MINT), CONFIRMED)
    for encoding in ("base64", "jsonParsed"):
        config = {"encoding": encoding, **CONFIRMED}
        s.ask(f"by mint in {encoding}", "getTokenAccountsByOwner", alice, {"mint": str(MINT)}, config)
        s.ask(
            f"by program in {encoding}", "getTokenAccountsByOwner", alice, {"programId": str(TOKEN)}, config
        )
    filters = [{"dataSize": 165}, {"memcmp": {"offset": 0, "bytes": str(MINT)}}]
    s.ask("holders", "getProgramAccounts", str(TOKEN), {**BASE64, "filters": filters})
    config = {**BASE64, "filters": filters, "withContext": True, "dataSlice": {"offset": 64, "length": 8}}
    s.ask("holders' amounts", "getProgramAccounts", str(TOKEN), config)
    by_owner = [{"memcmp": {"offset": 32, "bytes": base64.b64encode(bytes(s.bob.pubkey())).decode()}}]
    by_owner[0]["memcmp"]["encoding"] = "base64"
    s.ask("holder by base64", "getProgramAccounts", str(TOKEN), {**BASE64, "filters": by_owner})


def refusals(s: Session) -> None:
    spent = s.sign([s.pay(10**9 + 2)])
    s.land("spent", spent)
    poor = Keypair.from_seed(bytes([42] * 32))
    give = transfer(TransferParams(from_pubkey=poor.pubkey(), to_pubkey=s.bob.pubkey(), lamports=1))
    good = s.sign([s.pay(5)])
    forged = VersionedTransaction.populate(good.message, spent.signatures)
    cases = {
        "duplicate": wire(spent),
        "too poor": wire(s.sign([s.pay(10**15)])),
        "old blockhash": wire(s.sign([s.pay(5)], blockhash=Hash.default())),
        "forged": wire(forged),
        "unknown payer": wire(s.sign([give], poor)),
        "no such program": wire(s.sign([Instruction(NOBODY, b"", [])])),
        "not a program": wire(s.sign([Instruction(s.bob.pubkey(), b"", [])])),
        "bad instruction": wire(s.sign([Instruction(SYSTEM, b"\xff" * 4, [])])),
        "too few units": wire(s.sign([set_compute_unit_limit(1), s.pay(5)])),
        "bad utf-8": wire(s.sign([Instruction(PROGRAM, b"\xff\xfe", [])])),
        "not base64": "!!!",
        "two bytes": "AQI=",
        "1,233 bytes": base64.b64encode(bytes(good) + bytes(1_233 - len(bytes(good)))).decode(),
        "2,000 bytes": base64.b64encode(bytes(2_000)).decode(),
    }
    for name, text in cases.items():
        s.ask(f"send: {name}", "sendTransaction", text, SEND)
        s.ask(f"simulate: {name}", "simulateTransaction", text, {"encoding": "base64", **PROCESSED})
    s.ask("send: base58 with 0", "sendTransaction", "0OIl")
    s.ask("send: as json", "sendTransaction", wire(good), {"encoding": "json"})
    s.ask("send: long base58", "sendTransaction", "1" * 1_700)


def simulations(s: Session) -> None:
    tx = s.sign([s.pay(5)])
    base = {"encoding": "base64", **PROCESSED}
    wanted = {"addresses": [str(s.bob.pubkey()), str(NOBODY)], "encoding": "base64"}
    s.ask("simulate", "simulateTransaction", wire(tx), base)
    s.ask("simulate, accounts", "simulateTransaction", wire(tx), {**base, "accounts": wanted})
    s.ask("simulate, verified", "simulateTransaction", wire(tx), {**base, "sigVerify": True})
    s.ask("simulate, inner", "simulateTransaction", wire(tx), {**base, "innerInstructions": True})
    replace = {**base, "replaceRecentBlockhash": True}
    s.ask("simulate, replaced", "simulateTransaction", wire(tx), replace)
    s.ask("simulate, contradiction", "simulateTransaction", wire(tx), {**replace, "sigVerify": True})
    new = s.sign([create_token_account(s, Pubkey(bytes([201] * 32)))])
    config = {**base, "innerInstructions": True}
    s.ask("simulate, calls inside", "simulateTransaction", wire(new), config)
    size = s.sign([Instruction(TOKEN, bytes([21]), [AccountMeta(MINT, False, False)])])
    s.ask("simulate, return data", "simulateTransaction", wire(size), base)
    s.ask("simulate, base58", "simulateTransaction", base58.encode(bytes(tx)), PROCESSED)


def fees(s: Session) -> None:
    plain = s.sign([s.pay(5)]).message
    priced = s.sign([set_compute_unit_limit(1_000), set_compute_unit_price(1_500_000), s.pay(5)]).message
    unlimited = s.sign([set_compute_unit_price(1_000), s.pay(5)], is_v0=True).message
    for name, message in (("plain", plain), ("priced", priced), ("without a limit", unlimited)):
        raw = bytes(message) if name != "without a limit" else b"\x80" + bytes(message).removeprefix(b"\x80")
        s.ask(f"fee: {name}", "getFeeForMessage", base64.b64encode(raw).decode(), PROCESSED)
    stale = s.sign([s.pay(5)], blockhash=Hash.default()).message
    s.ask("fee: old blockhash", "getFeeForMessage", base64.b64encode(bytes(stale)).decode(), PROCESSED)
    s.ask("valid blockhash", "isBlockhashValid", str(s.blockhash()), PROCESSED)


def blocks(s: Session) -> None:
    view = s.rpc("getTransaction", s.sent["transfer"], VERSIONED)
    slot = view["result"]["slot"]
    s.ask("block time", "getBlockTime", slot)
    bare = {"transactionDetails": "none", "rewards": False, **CONFIRMED}
    s.ask("block without transactions", "getBlock", slot, bare)
    s.ask("first blocks", "getBlocks", 0, 2, CONFIRMED)
    s.ask("blocks backwards", "getBlocks", 5, 0, CONFIRMED)
    s.ask("limited blocks", "getBlocksWithLimit", 0, 2, CONFIRMED)
    s.ask("missing block", "getBlock", 10**9, CONFIRMED)


PARTS: tuple[Callable[[Session], None], ...] = (
    node,
    requests,
    accounts,
    bad_parameters,
    transactions,
    tokens,
    refusals,
    simulations,
    fees,
    blocks,
)
