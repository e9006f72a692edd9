"""More calls that both engines answer: lookup tables, blocks, Token-2022, batches, subscriptions."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from solders.token import ID as TOKEN
from solders.transaction import VersionedTransaction
from websockets.sync.client import connect

from tests.conformance.conformance_cases import (
    BASE64,
    CONFIRMED,
    MEMO,
    MINT,
    NOBODY,
    PROCESSED,
    SEND,
    SYSTEM,
    VERSIONED,
    Session,
    wire,
)

TABLES = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
PARSED = {"encoding": "jsonParsed", **CONFIRMED}
DETAILS = ("full", "accounts", "signatures", "none")


def lookup_tables(s: Session) -> None:
    """A table, created and extended, then used; what is asked of it and of tables that are not there."""
    slot = s.rpc("getSlot", {"commitment": "finalized"})["result"]
    owner = s.alice.pubkey()
    table, bump = Pubkey.find_program_address([bytes(owner), slot.to_bytes(8, "little")], TABLES)
    s.aliases[str(table)] = "the lookup table"
    metas = [AccountMeta(table, False, True), AccountMeta(owner, True, False)]
    metas += [AccountMeta(owner, True, True), AccountMeta(SYSTEM, False, False)]
    create = Instruction(TABLES, bytes(4) + slot.to_bytes(8, "little") + bytes([bump]), metas)
    listed = (2).to_bytes(8, "little") + bytes(s.bob.pubkey()) + bytes(NOBODY)
    s.land("table", s.sign([create, Instruction(TABLES, b"\2\0\0\0" + listed, metas)]))
    known = s.rpc("getSlot", CONFIRMED)["result"]
    while s.rpc("getSlot", PROCESSED)["result"] <= known + 1:
        time.sleep(0.05)
    found = AddressLookupTableAccount(table, [s.bob.pubkey(), NOBODY])
    used = through(s, found)
    s.ask("simulate through a table", "simulateTransaction", wire(used), {"encoding": "base64", **PROCESSED})
    s.land("through a table", used)
    for encoding in ("json", "jsonParsed", "base64", "base58"):
        options = {"encoding": encoding, **VERSIONED}
        s.ask(f"{encoding}: through a table", "getTransaction", s.sent["through a table"], options)
        s.ask(f"{encoding}: table", "getTransaction", s.sent["table"], options)
    s.ask("table parsed", "getAccountInfo", str(table), PARSED)
    missing = AddressLookupTableAccount(NOBODY, [s.bob.pubkey()])
    s.ask("send: no table", "sendTransaction", wire(through(s, missing)), SEND)
    short = AddressLookupTableAccount(table, [NOBODY, NOBODY, NOBODY, s.bob.pubkey()])
    s.ask("send: beyond the table", "sendTransaction", wire(through(s, short)), SEND)
    wrong = AddressLookupTableAccount(MINT, [s.bob.pubkey()])
    s.ask("send: no table but a mint", "sendTransaction", wire(through(s, wrong)), SEND)


def through(s: Session, table: AddressLookupTableAccount) -> VersionedTransaction:
    """A payment to Bob whose address comes from the table."""
    message = MessageV0.try_compile(s.alice.pubkey(), [s.pay(9)], [table], s.blockhash())
    return VersionedTransaction(message, [s.alice])


def blocks_in_detail(s: Session) -> None:
    """A block with one of our transactions in it; a validator's votes are left out."""
    for name in ("transfer", "through a table"):
        slot = s.rpc("getTransaction", s.sent[name], VERSIONED)["result"]["slot"]
        for details in DETAILS:
            for encoding in ("json", "jsonParsed", "base64") if details == "full" else ("json",):
                options = {"transactionDetails": details, "encoding": encoding, **VERSIONED}
                answer = s.rpc("getBlock", slot, options)
                s.answers[f"block of {name}: {details} in {encoding}"] = ours_only(answer, s.sent[name])
    s.ask("block: unknown detail", "getBlock", 1, {"transactionDetails": "some"})
    s.ask("block: a plain encoding", "getBlock", 10**9, "json")


def limits_of_a_budget(s: Session) -> None:
    """Compute budgets that cannot be read, are out of range, or are too small for what is loaded."""
    unread = [Instruction(BUDGET, bytes(data), []) for data in ([9], [2, 1], [])]
    twice = [set_compute_unit_price(1)] * 2
    heap, loads_nothing = Instruction(BUDGET, b"\1\1\0\0\0", []), Instruction(BUDGET, b"\4" + bytes(4), [])
    loads_little = Instruction(BUDGET, b"\4\x50\0\0\0", [])
    for name, steps in {
        **{f"kind {step.data.hex()}": [step] for step in unread},
        "a price twice": twice,
        "a heap of one byte": [heap],
        "no bytes loaded": [loads_nothing],
        "few bytes loaded": [loads_little],
        "a price beyond the payer": [set_compute_unit_price(2**63)],
    }.items():
        tx = wire(s.sign([*steps, s.pay(7)]))
        s.ask(f"send: {name}", "sendTransaction", tx, SEND)
        s.ask(f"simulate: {name}", "simulateTransaction", tx, {"encoding": "base64", **PROCESSED})


def filters_and_bounds(s: Session) -> None:
    """Token filters with parts of addresses, signatures nobody knows, and an airdrop's blockhash."""
    part = {"bytes": "AAAA", "encoding": "base64"}
    for offset in (0, 4, 32):
        filters = {"filters": [{"memcmp": {"offset": offset, **part}}], "encoding": "base64"}
        s.ask(f"tokens by 3 bytes at {offset}", "getProgramAccounts", str(TOKEN_2022), filters)
    for bound in ("before", "until"):
        options = {bound: "1" * 64, **CONFIRMED}
        s.ask(f"{bound} what nobody knows", "getSignaturesForAddress", str(s.alice.pubkey()), options)
    for text in ("x", "0"):
        s.ask(f"airdrop by {text}", "requestAirdrop", str(NOBODY), 10**9, {"recentBlockhash": text})


def ours_only(answer: dict[str, Any], signature: str) -> dict[str, Any]:
    """The answer with nobody else's transactions."""
    block = answer["result"]
    if "signatures" in block:
        block["signatures"] = [one for one in block["signatures"] if one == signature]
    if "transactions" in block:
        block["transactions"] = [one for one in block["transactions"] if signature_of(one) == signature]
    return answer


def signature_of(entry: dict[str, Any]) -> str:
    body = entry["transaction"]
    if isinstance(body, list):
        return str(VersionedTransaction.from_bytes(base64.b64decode(body[0])).signatures[0])
    return str(body["signatures"][0])


def token_2022(s: Session) -> None:
    """A mint and an account of Token-2022, tokens in it, and what is asked of them."""
    mint = Keypair.from_seed(bytes([77] * 32))
    owner, rent = s.alice.pubkey(), s.rpc("getMinimumBalanceForRentExemption", 82)["result"]
    opening = CreateAccountParams(
        from_pubkey=owner, to_pubkey=mint.pubkey(), lamports=rent, space=82, owner=TOKEN_2022
    )
    first = Instruction(
        TOKEN_2022, bytes([20, 3]) + bytes(owner) + b"\0", [AccountMeta(mint.pubkey(), False, True)]
    )
    s.land("mint of 2022", s.sign([create_account(opening), first], s.alice, mint))
    account = Pubkey.find_program_address(
        [bytes(owner), bytes(TOKEN_2022), bytes(mint.pubkey())], ASSOCIATED
    )[0]
    metas = [AccountMeta(owner, True, True), AccountMeta(account, False, True)]
    metas += [AccountMeta(key, False, False) for key in (owner, mint.pubkey(), SYSTEM, TOKEN_2022)]
    s.land("account of 2022", s.sign([Instruction(ASSOCIATED, b"\1", metas)]))
    metas = [AccountMeta(mint.pubkey(), False, True), AccountMeta(account, False, True)]
    metas.append(AccountMeta(owner, True, False))
    s.land("mint to 2022", s.sign([Instruction(TOKEN_2022, b"\7" + (5_000).to_bytes(8, "little"), metas)]))
    for name in ("mint of 2022", "account of 2022", "mint to 2022"):
        s.ask(f"jsonParsed: {name}", "getTransaction", s.sent[name], {"encoding": "jsonParsed", **VERSIONED})
    s.ask("2022: mint parsed", "getAccountInfo", str(mint.pubkey()), PARSED)
    s.ask("2022: account parsed", "getAccountInfo", str(account), PARSED)
    s.ask("2022: balance", "getTokenAccountBalance", str(account), CONFIRMED)
    s.ask("2022: supply", "getTokenSupply", str(mint.pubkey()), CONFIRMED)
    s.ask("2022: holders", "getTokenLargestAccounts", str(mint.pubkey()), CONFIRMED)
    program = {"programId": str(TOKEN_2022)}
    s.ask("2022: by program", "getTokenAccountsByOwner", str(owner), program, PARSED)


def parsed_programs(s: Session) -> None:
    """Instructions that a validator reads for its users."""
    steps = [set_compute_unit_limit(90_000), s.pay(11), Instruction(MEMO, b"a memo", [])]
    s.land("mixed", s.sign(steps))
    s.ask("jsonParsed: mixed", "getTransaction", s.sent["mixed"], {"encoding": "jsonParsed", **VERSIONED})
    for name, data, metas in (
        ("approve", b"\4" + (77).to_bytes(8, "little"), [s.alice_tokens, s.bob.pubkey()]),
        ("revoke", b"\5", [s.alice_tokens]),
    ):
        keys = [AccountMeta(key, False, key == s.alice_tokens) for key in metas]
        keys.append(AccountMeta(s.alice.pubkey(), True, False))
        s.land(name, s.sign([Instruction(TOKEN, data, keys)]))
        s.ask(f"jsonParsed: {name}", "getTransaction", s.sent[name], {"encoding": "jsonParsed", **VERSIONED})
        s.ask(f"account after {name}", "getAccountInfo", str(s.alice_tokens), PARSED)
    delegate = str(s.bob.pubkey())
    s.ask("by delegate", "getTokenAccountsByDelegate", delegate, {"mint": str(MINT)}, PARSED)
    for name in (
        "SysvarRent111111111111111111111111111111111",
        "SysvarEpochSchedu1e111111111111111111111111",
    ):
        s.ask(f"parsed {name[:10]}", "getAccountInfo", name, PARSED)


def batches(s: Session) -> None:
    """Several requests in one body."""
    alice = str(s.alice.pubkey())

    def request(number: Any, method: str, *params: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}

    bodies: dict[str, list[Any]] = {
        "of three": [request(i, "getBalance", alice, CONFIRMED) for i in range(3)],
        "with an error": [request(1, "getBalance", "x"), request(2, "getHealth")],
        "with a stranger": [request("a", "getNothing"), request("b", "getHealth"), 7],
        "with a notification": [{"jsonrpc": "2.0", "method": "getHealth"}, request(1, "getHealth")],
        "with one id twice": [request(1, "getHealth"), request(1, "getGenesisHash")][:1] * 2,
        "of accounts": [
            request(1, "getAccountInfo", str(MINT), BASE64),
            request(2, "getTokenSupply", str(MINT), CONFIRMED),
        ],
    }
    for name, body in bodies.items():
        s.answers[f"batch {name}"] = s.post(body).json()


class Listener:
    """A WebSocket whose answers and first notifications are cases."""

    def __init__(self, s: Session, url: str) -> None:
        self._session, self._socket, self._count = s, connect(url), 0
        self.names: dict[int, str] = {}
        self.heard: dict[str, Any] = {}

    def ask(self, name: str, method: str, *params: Any) -> Any:
        """The answer is a case; notifications on the way are kept."""
        self._count += 1
        body = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": list(params)}
        self._socket.send(json.dumps(body))
        while (message := json.loads(self._socket.recv(10))).get("id") != self._count:
            self.keep(message)
        result = message.get("result")
        if method.endswith("Subscribe") and isinstance(result, int):
            message["result"] = 0  # the identifier is the engine's own
        self._session.answers[f"ws: {name}"] = message
        return result

    def subscribe(self, name: str, kind: str, *params: Any) -> int:
        identifier: int = self.ask(f"{name} subscribed", f"{kind}Subscribe", *params)
        self.names[identifier] = name
        return identifier

    def keep(self, message: dict[str, Any]) -> None:
        name = self.names.get(message["params"]["subscription"])
        if name is not None:
            message["params"]["subscription"] = 0
            self.heard.setdefault(name, message)

    def wait(self) -> None:
        """Until every subscription has spoken."""
        while self.heard.keys() != set(self.names.values()):
            self.keep(json.loads(self._socket.recv(30)))
        for name, message in self.heard.items():
            self._session.answers[f"ws: {name}"] = message

    def close(self) -> None:
        self._socket.close()


def subscriptions(s: Session) -> None:
    """One notification of every kind, the shapes of the answers, and refusals."""
    listener = Listener(s, s.ws_url)
    bob, holder = str(s.bob.pubkey()), str(s.bob_tokens)
    slot = listener.subscribe("slot", "slot")
    listener.subscribe("root", "root")
    for encoding in ("base58", "base64", "base64+zstd", "jsonParsed"):
        options = {"encoding": encoding, **CONFIRMED}
        listener.subscribe(f"wallet in {encoding}", "account", bob, options)
        if encoding != "base58":
            listener.subscribe(f"tokens in {encoding}", "account", holder, options)
    listener.subscribe("wallet, no encoding", "account", bob, CONFIRMED)
    filters = [{"dataSize": 165}, {"memcmp": {"offset": 32, "bytes": bob}}]
    listener.subscribe("program", "program", str(TOKEN), {**BASE64, "filters": filters})
    listener.subscribe("program parsed", "program", str(TOKEN), {**PARSED, "filters": filters})
    listener.subscribe("logs of one", "logs", {"mentions": [bob]}, CONFIRMED)
    move = [AccountMeta(key, False, key != MINT) for key in (s.alice_tokens, MINT, s.bob_tokens)]
    move.append(AccountMeta(s.alice.pubkey(), True, False))
    data = bytes([12]) + (3).to_bytes(8, "little") + bytes([6])
    transaction = s.sign([s.pay(12), Instruction(TOKEN, data, move)])
    signature = str(transaction.signatures[0])
    listener.subscribe("signature", "signature", signature, CONFIRMED)
    received = {**CONFIRMED, "enableReceivedNotification": True}
    listener.subscribe("signature received", "signature", signature, received)
    s.land("heard", transaction)
    listener.wait()
    listener.ask("unsubscribe", "slotUnsubscribe", slot)
    listener.ask("unsubscribe again", "slotUnsubscribe", slot)
    refused: dict[str, tuple[str, list[Any]]] = {
        "no address": ("accountSubscribe", []),
        "bad address": ("accountSubscribe", ["x"]),
        "bad encoding": ("accountSubscribe", [bob, {"encoding": "x"}]),
        "bad commitment": ("accountSubscribe", [bob, {"commitment": "x"}]),
        "bad signature": ("signatureSubscribe", ["x"]),
        "bad logs filter": ("logsSubscribe", ["some"]),
        "two mentions": ("logsSubscribe", [{"mentions": [bob, bob]}]),
        "unknown method": ("weatherSubscribe", []),
        "unknown subscription": ("accountUnsubscribe", [10**9]),
        "text as subscription": ("accountUnsubscribe", ["x"]),
    }
    for name, (method, params) in refused.items():
        listener.ask(f"refused: {name}", method, *params)
    listener.close()


MORE = (
    lookup_tables,
    blocks_in_detail,
    token_2022,
    parsed_programs,
    limits_of_a_budget,
    filters_and_bounds,
    batches,
    subscriptions,
)
