"""Sending, simulating, airdrops."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from gdx_localnet import base58, costs, tokens
from gdx_localnet.blockhashes import MAX_AGE
from gdx_localnet.execution import FEES_ONLY, LOADED_TOO_MUCH
from gdx_localnet.rpc.dispatcher import method, with_context
from gdx_localnet.rpc.encoding import encode_account
from gdx_localnet.rpc.faults import PREFLIGHT_FAILURE, RpcFault, invalid_params
from gdx_localnet.rpc.params import (
    ACCOUNT_ENCODINGS,
    TRANSACTION_ENCODINGS,
    Args,
    Config,
    base64_bytes,
    context_slot,
    key_bytes,
    member,
    wrong_type,
)
from gdx_localnet.rpc.txview import inner_instructions, token_balances
from gdx_localnet.sentences import sentence
from gdx_localnet.transactions import MAX_WIRE_BYTES, Resolved, Unsanitary

if TYPE_CHECKING:
    from gdx_localnet.execution import Execution
    from gdx_localnet.svm import EmbeddedChain

_TYPE = "solana_transaction::versioned::VersionedTransaction"
_MAX_TEXT = {"base64": 1644, "base58": 1683}
"""Longest texts of 1,232 bytes in each encoding."""


def decode_transaction(text: str, config: Config) -> VersionedTransaction:
    """The transaction in `text`; −32602 for one too large, ill-encoded or malformed."""
    encoding = config.choice("encoding", TRANSACTION_ENCODINGS) or "base58"
    encoding = "base58" if encoding == "binary" else encoding
    if encoding not in _MAX_TEXT:
        raise invalid_params(f"unsupported encoding: {encoding}. Supported encodings: base58, base64")
    if len(text) > _MAX_TEXT[encoding]:
        limits = f"max: encoded/raw {_MAX_TEXT[encoding]}/{MAX_WIRE_BYTES}"
        raise invalid_params(f"{encoding} encoded {_TYPE} too large: {len(text)} bytes ({limits})")
    raw = base64_bytes(text) if encoding == "base64" else _decode_base58(text)
    # LiteSVM aborts the process on a longer one, so it must never get there.
    if len(raw) > MAX_WIRE_BYTES:
        raise invalid_params(f"decoded {_TYPE} too large: {len(raw)} bytes (max: {MAX_WIRE_BYTES} bytes)")
    try:
        tx = VersionedTransaction.from_bytes(raw)
    except ValueError as error:
        raise invalid_params(f"failed to deserialize {_TYPE}: {error}") from error
    try:
        tx.sanitize()
    except Exception as error:
        raise _unsanitary("SanitizeFailure") from error
    if (err := costs.budget_error(tx.message)) is not None:
        raise _unsanitary(err)
    return tx


def _decode_base58(text: str) -> bytes:
    foreign = base58.first_foreign(text)
    if foreign is not None:
        detail = f"InvalidCharacter {{ character: '{foreign[0]}', index: {foreign[1]} }}"
        raise invalid_params(f"invalid base58 encoding: {detail}")
    return base58.decode(text) or b""


def _unsanitary(err: Any) -> RpcFault:
    return invalid_params(f"invalid transaction: {sentence(err)}")


@method("sendTransaction", required=1, accepted=2, config="RpcSendTransactionConfig")
def send_transaction(chain: EmbeddedChain, args: Args) -> Any:
    config = args.config(1)
    skip_preflight = config.flag("skipPreflight")
    preflight = Config(
        {**config.members, "commitment": config.members.get("preflightCommitment")}, is_strict=True
    )
    preflight.commitment()
    config.integer("maxRetries", "usize")  # nothing is lost on the way here: there is nothing to retry
    tx = decode_transaction(args.text(0), config)
    if not skip_preflight:
        context_slot(chain, preflight)
    try:
        execution = chain.submit(tx, preflight=not skip_preflight)
    except Unsanitary as error:
        raise _unsanitary(error.err) from error
    if execution.err is not None and not skip_preflight:
        raise RpcFault(
            PREFLIGHT_FAILURE,
            f"Transaction simulation failed: {sentence(execution.err)}",
            _failure_data(chain, execution),
        )
    return str(tx.signatures[0])


def _failure_data(chain: EmbeddedChain, execution: Execution) -> dict[str, Any]:
    empty = dict.fromkeys(
        (
            "accounts",
            "innerInstructions",
            "loadedAddresses",
            "postBalances",
            "postTokenBalances",
            "preBalances",
            "preTokenBalances",
            "replacementBlockhash",
        )
    )
    return empty | _outcome(chain, execution)


_BEFORE_LOADING = ("AccountNotFound", "InsufficientFundsForFee")
"""Errors of the payer, found before anything is loaded; what is wrong with the rest of it has no fee."""


def _outcome(chain: EmbeddedChain, execution: Execution) -> dict[str, Any]:
    is_loaded = bool(execution.fee) and execution.err not in _BEFORE_LOADING
    loaded = chain.loaded_bytes(execution.resolved) if is_loaded else 0
    if execution.err == LOADED_TOO_MUCH:
        loaded = execution.loaded_limit
    return {
        "err": execution.err,
        "fee": execution.fee if is_loaded else None,
        "loadedAccountsDataSize": loaded,
        "logs": execution.logs,
        "returnData": return_data(execution.meta),
        "unitsConsumed": execution.units,
    }


def return_data(meta: Any) -> dict[str, Any] | None:
    """What the transaction returned, or None when it returned nothing."""
    if meta is None or not meta.return_data().data:
        return None
    returned = meta.return_data()
    text = base64.b64encode(bytes(returned.data)).decode()
    return {"data": [text, "base64"], "programId": str(returned.program_id)}


@method("simulateTransaction", required=1, accepted=2, config="RpcSimulateTransactionConfig")
def simulate_transaction(chain: EmbeddedChain, args: Args) -> Any:
    config = args.config(1)
    verify, replace = config.flag("sigVerify"), config.flag("replaceRecentBlockhash")
    if verify and replace:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    wanted, wants_inner = _read_wanted_accounts(config), config.flag("innerInstructions")
    tx = decode_transaction(args.text(0), config)
    slot = context_slot(chain, config)
    try:
        execution, post = chain.simulate(tx, verify_signatures=verify, check_blockhash=not replace)
    except Unsanitary as error:
        raise _unsanitary(error.err) from error
    resolved = execution.resolved
    value = _outcome(chain, execution) | {
        "accounts": _encode_wanted(chain, wanted, dict(post), execution),
        "innerInstructions": None,
        "loadedAddresses": {
            "readonly": [str(key) for key in resolved.loaded_readonly],
            "writable": [str(key) for key in resolved.loaded_writable],
        },
        "replacementBlockhash": _replacement(chain, slot) if replace else None,
    }
    if wants_inner and execution.meta is not None:
        value["innerInstructions"] = inner_instructions(execution.meta, resolved.keys, parsed=True)
    if execution.err == "SignatureFailure":
        value |= dict.fromkeys(("preBalances", "postBalances", "preTokenBalances", "postTokenBalances"))
    else:
        value |= _balances(chain, resolved, dict(post), execution)
    return with_context(slot, value)


def _balances(
    chain: EmbeddedChain, resolved: Resolved, post: dict[Pubkey, Account], execution: Execution
) -> dict[str, Any]:
    def read_after(address: Pubkey) -> Account | None:
        return post[address] if address in post else chain.accounts.get(address)

    before = [chain.accounts.balance(key) for key in resolved.keys]
    after = [post[key].lamports if key in post else before[i] for i, key in enumerate(resolved.keys)]
    if execution.err is not None and execution.fee and (execution.logs or execution.err in FEES_ONLY):
        after[0] -= execution.fee
    return {
        "preBalances": before,
        "postBalances": after,
        "preTokenBalances": _simulated_tokens(resolved, chain.accounts.get),
        "postTokenBalances": _simulated_tokens(resolved, read_after),
    }


def _simulated_tokens(resolved: Resolved, read: Callable[[Pubkey], Account | None]) -> list[dict[str, Any]]:
    return token_balances(tokens.balances(resolved.keys, read), is_simulated=True)


def _read_wanted_accounts(config: Config) -> tuple[list[Any], str] | None:
    wanted = config.members.get("accounts")
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise wrong_type(wanted, "struct RpcSimulateTransactionAccountsConfig")
    encoding = Config(wanted).choice("encoding", ACCOUNT_ENCODINGS) or "base64"
    addresses = member(wanted, "addresses")
    if not isinstance(addresses, list):
        raise wrong_type(addresses, "a sequence")
    if encoding in ("binary", "base58"):
        raise invalid_params("base58 encoding not supported")
    return addresses, encoding


def _encode_wanted(
    chain: EmbeddedChain,
    wanted: tuple[list[Any], str] | None,
    post: dict[Pubkey, Account],
    execution: Execution,
) -> list[dict[str, Any] | None] | None:
    if wanted is None:
        return None
    texts, encoding = wanted
    most = len(execution.resolved.keys)
    if len(texts) > most:
        raise invalid_params(f"Too many accounts provided; max {most}")
    addresses = [Pubkey.from_bytes(key_bytes(text, 32)) for text in texts]
    if execution.err is not None:
        return None
    encoded: list[dict[str, Any] | None] = []
    for address in addresses:
        account = post[address] if address in post else chain.accounts.get(address)
        is_there = account is not None and account.lamports > 0
        encoded.append(encode_account(chain, address, account, encoding) if is_there and account else None)
    return encoded


def _replacement(chain: EmbeddedChain, slot: int) -> dict[str, Any]:
    last_valid = chain.height_at(slot) + MAX_AGE
    return {"blockhash": str(chain.blockhash_at(slot)), "lastValidBlockHeight": last_valid}


@method("requestAirdrop", required=2, accepted=3, config="RpcRequestAirdropConfig")
def request_airdrop(chain: EmbeddedChain, args: Args) -> Any:
    address, lamports = args.pubkey(0), args.integer(1)
    blockhash = args.config(2).text("recentBlockhash")
    if blockhash is not None:
        key_bytes(blockhash, 32)  # the transfer gets a blockhash that lands; a client asks for none
    # As on a validator: one that the faucet can't pay is answered with its signature, and fails on chain.
    return str(chain.request_airdrop(address, lamports).signatures[0])
