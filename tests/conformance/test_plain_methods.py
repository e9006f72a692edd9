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
    "lastExtendedSlot": "slots depend on when the call is made",
    "lastValidBlockHeight": "heights depend on when the call is made",
    "parent": "slots depend on when the call is made",
    "parentSlot": "slots depend on when the call is made",
    "previousBlockhash": "hashes of different chains",
    "recentBlockhash": "hashes of different chains",
    "recentSlot": "slots depend on when the call is made",
    "root": "slots depend on when the call is made",
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
    "ws: root": "depends on when the call is made",
}
"""Answers whose shape is compared, not their value."""

ALLOWED = (
    (r"\.rentEpoch$", "^program ", "the validator leaves 0 on programs of its genesis"),
    (r"^program's code.*rentEpoch$", "", "the validator leaves 0 on programs of its genesis"),
    (r"lamports$", "^(clock )?parsed", "LiteSVM gives a sysvar one lamport whenever it writes it"),
    (r"confirmations$", "^status: ", "depends on when the call is made"),
    (
        r"(computeUnitsConsumed|costUnits|unitsConsumed|loadedAccountsDataSize)$",
        "new token account|calls inside|return data|2022$|approve$|revoke$",
        "the engines carry different builds of the Token programs",
    ),
    (
        r"(computeUnitsConsumed|costUnits|logMessages.*|(pre|post)Balances\[[14]\])$",
        ": (memo|mixed)$",
        "the engines carry different builds of the Memo program",
    ),
    (
        r"(computeUnitsConsumed|costUnits|logMessages.*|data|bumpSeed)$",
        ": table$",
        "a table's address follows from a slot, and searching its bump costs what it costs",
    ),
    (r"result\.rewards$", "^block", "the embedded chain pays no leader"),
    (
        r"params\.result\.value",
        "^ws: signature received$",
        "a validator tells the receipt of others' blocks, and the blocks of a test validator are its own",
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


def allowances(name: str, line: str) -> list[int]:
    """Which entries of the list above allow this difference."""
    path = line[: line.index(": ", len(name))]
    return [
        number
        for number, (where, case, _) in enumerate(ALLOWED)
        if re.search(where, path) and re.search(case, name)
    ]


def all_differences(embedded: dict[str, Any], validator: dict[str, Any]) -> list[tuple[str, str]]:
    """(case, difference) of every case."""
    found = []
    for name, theirs in validator.items():
        view = shape if name in WHOLE else normal
        found += [(name, line) for line in differences(name, view(embedded[name]), view(theirs))]
    return found


def test_every_answer_is_the_validators(embedded_answers, validator_answers):
    assert embedded_answers.keys() == validator_answers.keys()
    found = all_differences(embedded_answers, validator_answers)
    failures = [line for name, line in found if not allowances(name, line)]
    assert not failures, "\n".join(failures)


def test_every_allowed_difference_still_occurs(embedded_answers, validator_answers):
    found = all_differences(embedded_answers, validator_answers)
    used = {number for name, line in found for number in allowances(name, line)}
    idle = [ALLOWED[number] for number in range(len(ALLOWED)) if number not in used]
    assert idle == [], "the engines agree here now: take it off the list"


def test_there_are_as_many_cases_as_promised(embedded_answers):
    assert len(embedded_answers) >= 250
