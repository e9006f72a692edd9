"""The embedded chain answers as a validator does, field by field.

What is compared: every key, every type, every value that does not depend on when the call was made.
Allowed differences are listed here, each with its reason, and nowhere else.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
import zstandard

pytestmark = pytest.mark.validator

VOLATILE = {
    "absoluteSlot": "slots depend on when the call is made",
    "apiVersion": "the embedded chain names the release that its runtime comes from",
    "blockHeight": "heights depend on when the call is made",
    "blockTime": "wall clock",
    "blockhash": "hashes of different chains",
    "confirmationStatus": "depends on when the call is made",
    "contextSlot": "slots depend on when the call is made",
    "epochStartTimestamp": "wall clock",
    "lastValidBlockHeight": "heights depend on when the call is made",
    "parentSlot": "slots depend on when the call is made",
    "previousBlockhash": "hashes of different chains",
    "recentBlockhash": "hashes of different chains",
    "slot": "slots depend on when the call is made",
    "slotIndex": "slots depend on when the call is made",
    "solana-core": "the embedded chain names the release that its runtime comes from",
    "transactionCount": "a validator's votes are transactions",
    "transactionIndex": "a validator's votes come first in every block",
    "unixTimestamp": "wall clock",
}
"""Members whose type is compared, not their value."""

WHOLE = {
    "getSlot": "depends on when the call is made",
    "getBlockHeight": "depends on when the call is made",
    "getTransactionCount": "a validator's votes are transactions",
    "getGenesisHash": "different chains",
    "getIdentity": "different nodes",
    "getSlotLeader": "different nodes",
    "getSlotLeaders": "different nodes",
    "block time": "wall clock",
}
"""Answers whose shape is compared, not their value."""

ALLOWED = (
    (r"\.rentEpoch$", "^program ", "the validator leaves 0 on programs of its genesis"),
    (r"^program's code.*rentEpoch$", "", "the validator leaves 0 on programs of its genesis"),
    (r"^clock parsed.*lamports$", "", "LiteSVM gives a sysvar one lamport whenever it writes it"),
    (r"confirmations$", "^status: ", "depends on when the call is made"),
    (
        r"(computeUnitsConsumed|costUnits|unitsConsumed|loadedAccountsDataSize)$",
        "new token account|calls inside|return data",
        "the engines carry different builds of the Token program",
    ),
    (
        r"(computeUnitsConsumed|costUnits|logMessages|(pre|post)Balances\[1\])$",
        ": memo$",
        "the engines carry different builds of the Memo program",
    ),
)
"""(path of the field, name of the case, reason): where the engines may differ."""

_UNITS = re.compile(r"^(Program A?Token\w+ consumed) \d+ of \d+ compute units$")
_SIGNATURE = re.compile(r"^[1-9A-HJ-NP-Za-km-z]{86,88}$")


def normal(value: Any, key: str = "") -> Any:
    """`value` without what differs from run to run."""
    if key in VOLATILE:
        return f"<{type(value).__name__}>"
    if isinstance(value, dict):
        return {name: normal(member, name) for name, member in value.items()}
    if isinstance(value, list):
        if key == "transaction" and len(value) == 2 and value[1] in ("base64", "base58"):
            return ["<wire>", value[1]]
        if len(value) == 2 and value[1] == "base64+zstd":
            # Compressors differ; what they compress does not.
            return [zstandard.ZstdDecompressor().decompressobj().decompress(base64.b64decode(value[0]))]
        return [normal(member) for member in value]
    if isinstance(value, str):
        return "<signature>" if _SIGNATURE.match(value) else _UNITS.sub(r"\1 …", value)
    return value


def shape(value: Any) -> Any:
    """Keys and types only."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return f"<{type(value).__name__}>"


def differences(path: str, ours: Any, theirs: Any) -> list[str]:
    """Each place where two answers differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in theirs:
                found.append(f"{path}.{name}: only ours: {ours[name]!r}")
            elif name not in ours:
                found.append(f"{path}.{name}: only the validator's: {theirs[name]!r}")
            else:
                found += differences(f"{path}.{name}", ours[name], theirs[name])
        return found
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for i, (a, b) in pairs for line in differences(f"{path}[{i}]", a, b)]
    return [] if ours == theirs else [f"{path}: {ours!r}, the validator: {theirs!r}"]


def is_allowed(name: str, line: str) -> bool:
    """Whether the list above has this difference."""
    path = line[: line.index(": ", len(name))]
    return any(re.search(where, path) and re.search(case, name) for where, case, _ in ALLOWED)


def test_every_answer_is_the_validators(embedded_answers, validator_answers):
    assert embedded_answers.keys() == validator_answers.keys()
    failures = []
    for name, theirs in validator_answers.items():
        view = shape if name in WHOLE else normal
        found = differences(name, view(embedded_answers[name]), view(theirs))
        failures += [line for line in found if not is_allowed(name, line)]
    assert not failures, "\n".join(failures)
