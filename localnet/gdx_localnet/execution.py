"""Running one transaction in LiteSVM: what it changed, what it paid, what remains of a failed one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo

from gdx_localnet import costs, tokens
from gdx_localnet.deployment import unrun
from gdx_localnet.ledger import TokenBalance, TransactionRecord
from gdx_localnet.programs import UPGRADEABLE_LOADER
from gdx_localnet.transactions import Resolved, advanced_nonce, nonce_index

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

LOADED_TOO_MUCH = "MaxLoadedAccountsDataSizeExceeded"
FEES_ONLY = ("ProgramAccountNotFound", "InvalidProgramForExecution", LOADED_TOO_MUCH)
"""Errors of loading accounts: the transaction does not run, but it lands and pays its fee."""


@dataclass(slots=True)
class Execution:
    """How a transaction went. `record` is set when it landed; `fee` is None when it never got as far."""

    err: Any
    logs: list[str]
    units: int
    fee: int | None
    meta: Any
    resolved: Resolved
    record: TransactionRecord | None = None
    loaded_limit: int = costs.DEFAULT_LOADED_LIMIT


@dataclass(slots=True)
class _Before:
    """What a transaction found."""

    payer: Account | None
    balances: list[int]
    tokens: list[TokenBalance]
    replaced: dict[Pubkey, Account | None]
    data_bytes: int


def refused(err: Any, resolved: Resolved) -> Execution:
    """A transaction that was turned away before it ran."""
    return Execution(err, [], 0, None, None, resolved)


def execute(
    chain: EmbeddedChain, tx: VersionedTransaction, resolved: Resolved, *, preflight: bool
) -> Execution:
    """Run `tx` and enter it into the chain's books; with `preflight` a failing one leaves no trace."""
    chain.sync_sysvars(slot_hashes=resolved.needs_slot_hashes)
    before = _look(chain, resolved)
    nonce = nonce_index(tx, chain.accounts.get)
    stopped = _stopped(chain, tx, resolved)
    execution = stopped or _outcome(chain, tx, resolved, chain.svm.send_transaction(tx))
    has_run = execution.meta.signature() == tx.signatures[0]
    if execution.err is not None and before.payer is not None:
        if preflight:
            # A failed transaction changes its payer only; giving the fee back undoes it entirely.
            if has_run:
                chain.svm.set_account(resolved.payer, before.payer)
            return execution
        if execution.err in FEES_ONLY or stopped is not None:
            _charge(chain, resolved.payer, before.payer, execution.meta.fee())
        if execution.err in FEES_ONLY:
            execution.record = _record(chain, tx, execution, before, has_run=False)
    if has_run:
        execution.record = _record(chain, tx, execution, before, has_run=True)
    if execution.record is not None:
        changed = resolved.writable if execution.err is None else _advance(chain, resolved, nonce)
        chain.accounts.remember(chain.open_slot, before.replaced)
        if execution.err is None and UPGRADEABLE_LOADER in resolved.keys:
            chain.undeployed.look(chain, resolved.keys)
        chain.land(execution.record, changed)
    return execution


def simulate(
    chain: EmbeddedChain, tx: VersionedTransaction, resolved: Resolved
) -> tuple[Execution, list[tuple[Pubkey, Account]]]:
    """Run `tx` without effect; how it went, and its writable accounts afterwards."""
    chain.sync_sysvars(slot_hashes=resolved.needs_slot_hashes)
    stopped = _stopped(chain, tx, resolved)
    if stopped is not None:
        return stopped, []
    result = chain.svm.simulate_transaction(tx)
    post = result.post_accounts() if isinstance(result, SimulatedTransactionInfo) else []
    return _outcome(chain, tx, resolved, result), post


def _stopped(chain: EmbeddedChain, tx: VersionedTransaction, resolved: Resolved) -> Execution | None:
    """How `tx` fails of what LiteSVM does not check; None when it does not.

    It loads more than it asked for, or calls a program that is closed or not yet deployed.
    """
    limit = costs.loaded_limit(tx.message)
    if 0 < limit < costs.DEFAULT_LOADED_LIMIT and chain.loaded_bytes(resolved) > limit:
        meta = unrun(chain, tx)
        if meta is not None:
            return Execution(LOADED_TOO_MUCH, [], 0, meta.fee(), meta, resolved, loaded_limit=limit)
    found = chain.undeployed.stop(chain, tx, resolved.keys)
    if found is None:
        return None
    err, meta = found
    return Execution(err, meta.logs(), meta.compute_units_consumed(), meta.fee(), meta, resolved)


def _look(chain: EmbeddedChain, resolved: Resolved) -> _Before:
    get, keys = chain.accounts.get, resolved.keys
    replaced = {keys[i]: get(keys[i]) for i in resolved.writable} if chain.accounts.keeps_history else {}
    balances = [chain.accounts.balance(key) for key in keys]
    held = tokens.balances(keys, get)
    return _Before(get(resolved.payer), balances, held, replaced, chain.data_bytes(keys))


def _outcome(chain: EmbeddedChain, tx: VersionedTransaction, resolved: Resolved, result: Any) -> Execution:
    is_failed = isinstance(result, FailedTransactionMetadata)
    meta = result.meta() if hasattr(result, "meta") else result
    err = json.loads(result.to_json())["err"] if is_failed else None
    if err == "InvalidProgramForExecution" and _misses_program(chain, tx, resolved):
        err = "ProgramAccountNotFound"
    return Execution(err, meta.logs(), meta.compute_units_consumed(), meta.fee(), meta, resolved)


def _misses_program(chain: EmbeddedChain, tx: VersionedTransaction, resolved: Resolved) -> bool:
    """Whether a program that `tx` calls does not exist; LiteSVM has one error for that and non-programs."""
    programs = {instruction.program_id_index for instruction in tx.message.instructions}
    return any(chain.accounts.get(resolved.keys[index]) is None for index in programs)


def _advance(chain: EmbeddedChain, resolved: Resolved, nonce: int | None) -> list[int]:
    """Move on the nonce that a failed transaction lived by; the accounts that failing changed."""
    if nonce is None:
        return [0]
    account = chain.accounts.get(resolved.keys[nonce])
    if account is not None:
        chain.accounts.set(resolved.keys[nonce], advanced_nonce(account, chain.blockhashes.latest))
    return [0, nonce] if nonce else [0]


def _charge(chain: EmbeddedChain, payer: Pubkey, before: Account, fee: int) -> None:
    left = before.lamports - fee
    charged = Account(left, before.data, before.owner, before.executable, before.rent_epoch)
    chain.svm.set_account(payer, charged)


def _record(
    chain: EmbeddedChain, tx: VersionedTransaction, execution: Execution, before: _Before, *, has_run: bool
) -> TransactionRecord:
    resolved = execution.resolved
    post_balances = before.balances.copy()
    for i in resolved.writable:
        post_balances[i] = chain.accounts.balance(resolved.keys[i])
    is_kept = execution.err is not None
    return TransactionRecord(
        signature=tx.signatures[0],
        ordinal=chain.ledger.transaction_count,
        slot=chain.open_slot,
        index=len(chain.ledger.open_records),
        block_time_ts=chain.time.now_ts(),
        tx=tx,
        keys=resolved.keys,
        loaded_writable=resolved.loaded_writable,
        loaded_readonly=resolved.loaded_readonly,
        writable=resolved.writable,
        err=execution.err,
        meta=execution.meta,
        fee=execution.meta.fee(),
        is_executed=has_run,
        pre_balances=before.balances,
        post_balances=post_balances,
        pre_tokens=before.tokens,
        data_bytes=before.data_bytes,
        post_tokens=before.tokens if is_kept else tokens.balances(resolved.keys, chain.accounts.get),
    )
