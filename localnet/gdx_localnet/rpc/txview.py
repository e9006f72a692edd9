"""Transactions and their effects as JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

from gdx_localnet import base58, costs
from gdx_localnet.ledger import TokenBalance, TransactionRecord
from gdx_localnet.rpc.faults import UNSUPPORTED_TRANSACTION_VERSION, RpcFault
from gdx_localnet.rpc.parsed_accounts import ui_amount
from gdx_localnet.rpc.parsed_instructions import parse_instruction

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain


def version_of(record: TransactionRecord) -> str | int:
    """`"legacy"` or the version number."""
    return "legacy" if isinstance(record.tx.message, Message) else 0


def check_version(record: TransactionRecord, most: int | None) -> None:
    """−32015 when the caller did not say that it understands this version."""
    version = version_of(record)
    if version != "legacy" and most is None:
        raise RpcFault(
            UNSUPPORTED_TRANSACTION_VERSION,
            f"Transaction version ({version}) is not supported by the requesting client. Please try the "
            'request again with the following configuration parameter: "maxSupportedTransactionVersion": '
            f"{version}",
        )


def status_of(err: Any) -> dict[str, Any]:
    """The old `status` member."""
    return {"Ok": None} if err is None else {"Err": err}


def encode_transaction(record: TransactionRecord, encoding: str) -> Any:
    """The transaction itself."""
    if encoding in ("base64", "base58", "binary"):
        raw = bytes(record.tx)
        text = base64.b64encode(raw).decode() if encoding == "base64" else base58.encode(raw)
        return text if encoding == "binary" else [text, encoding]
    message = record.tx.message
    body: dict[str, Any] = {
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            _instruction(record.keys, instruction, 1, parsed=encoding == "jsonParsed")
            for instruction in message.instructions
        ],
    }
    if encoding == "jsonParsed":
        body["accountKeys"] = account_keys(record)
    else:
        header = message.header
        body["accountKeys"] = [str(key) for key in message.account_keys]
        body["header"] = {
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
            "numRequiredSignatures": header.num_required_signatures,
        }
    if isinstance(message, MessageV0):
        body["addressTableLookups"] = [
            {
                "accountKey": str(lookup.account_key),
                "readonlyIndexes": list(lookup.readonly_indexes),
                "writableIndexes": list(lookup.writable_indexes),
            }
            for lookup in message.address_table_lookups
        ]
    return {"message": body, "signatures": [str(signature) for signature in record.tx.signatures]}


def account_keys(record: TransactionRecord) -> list[dict[str, Any]]:
    """Accounts with their roles, as `jsonParsed` and `accounts` give them."""
    message = record.tx.message
    static = len(message.account_keys)
    header = message.header
    signed = header.num_required_signatures
    programs = {instruction.program_id_index for instruction in message.instructions}
    first_readonly_signed = signed - header.num_readonly_signed_accounts
    first_readonly = static - header.num_readonly_unsigned_accounts
    keys = []
    for i, key in enumerate(record.keys):
        if i < static:
            is_writable = i < first_readonly_signed or signed <= i < first_readonly
        else:
            is_writable = i < static + len(record.loaded_writable)
        keys.append(
            {
                "pubkey": str(key),
                "signer": i < signed,
                "source": "transaction" if i < static else "lookupTable",
                "writable": is_writable and (i not in programs or i == 0),
            }
        )
    return keys


def _instruction(keys: Sequence[Pubkey], instruction: Any, height: int | None, *, parsed: bool) -> Any:
    if parsed:
        program = keys[instruction.program_id_index]
        accounts = [keys[i] for i in instruction.accounts]
        return parse_instruction(program, accounts, instruction.data, height)
    return {
        "accounts": list(instruction.accounts),
        "data": base58.encode(instruction.data),
        "programIdIndex": instruction.program_id_index,
        "stackHeight": height,
    }


def inner_instructions(meta: Any, keys: Sequence[Pubkey], *, parsed: bool) -> list[dict[str, Any]]:
    """Cross-program calls by the instruction that made them."""
    return [
        {
            "index": index,
            "instructions": [
                _instruction(keys, inner.instruction(), inner.stack_height(), parsed=parsed)
                for inner in calls
            ],
        }
        for index, calls in enumerate(meta.inner_instructions())
        if calls
    ]


def token_balances(balances: Sequence[TokenBalance], *, is_simulated: bool = False) -> list[dict[str, Any]]:
    """Token balances as the metadata of a transaction lists them; stored metadata has no float for zero."""
    zero = {} if is_simulated else {"uiAmount": None}
    return [
        {
            "accountIndex": balance.account_index,
            "mint": str(balance.mint),
            "owner": str(balance.owner),
            "programId": str(balance.program),
            "uiTokenAmount": ui_amount(balance.amount, balance.decimals) | ({} if balance.amount else zero),
        }
        for balance in balances
    ]


def encode_meta(chain: EmbeddedChain, record: TransactionRecord, encoding: str) -> dict[str, Any]:
    """What the transaction did."""
    from gdx_localnet.rpc.send import return_data

    is_parsed = encoding == "jsonParsed"
    inner = inner_instructions(record.meta, record.keys, parsed=is_parsed) if record.is_executed else None
    units = record.meta.compute_units_consumed() if record.is_executed else 0
    writable = sum(key["writable"] for key in account_keys(record))
    meta = {
        "computeUnitsConsumed": units,
        "costUnits": costs.block_cost_units(
            record.tx.message, writable, units, record.data_bytes + chain.code_bytes(record.keys)
        ),
        "err": record.err,
        "fee": record.fee,
        "innerInstructions": inner,
        "logMessages": record.meta.logs() if record.is_executed else None,
        "postBalances": record.post_balances,
        "postTokenBalances": token_balances(record.post_tokens),
        "preBalances": record.pre_balances,
        "preTokenBalances": token_balances(record.pre_tokens),
        "rewards": [],
        "status": status_of(record.err),
    }
    if not is_parsed:
        meta["loadedAddresses"] = {
            "readonly": [str(key) for key in record.loaded_readonly],
            "writable": [str(key) for key in record.loaded_writable],
        }
    returned = return_data(record.meta)
    if returned is not None:
        meta["returnData"] = returned
    return meta
