"""Transactions: messages, signatures, lookup tables, failures. Pure; sending is `gdx_sdk.client`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdx_sdk.runtime import lazy_exports

if TYPE_CHECKING:
    from gdx_sdk.tx.calls import call_path
    from gdx_sdk.tx.failures import decode_failure
    from gdx_sdk.tx.lookup_tables import (
        close_lookup_table,
        create_lookup_table,
        deactivate_lookup_table,
        decode_lookup_table,
        extend_lookup_table,
    )
    from gdx_sdk.tx.packer import PlannedBatch, TransactionUsage, measure_transaction, plan_batches
    from gdx_sdk.tx.transaction import (
        MAX_COMPUTE_UNITS,
        PACKET_BYTES,
        SignedTransaction,
        Signer,
        account_locks,
        compile_message,
        sign_message,
        to_signed,
        transaction_size,
        unsigned_transaction,
        with_budget,
    )
else:
    __getattr__ = lazy_exports(
        __name__,
        {
            "MAX_COMPUTE_UNITS": "transaction",
            "PACKET_BYTES": "transaction",
            "PlannedBatch": "packer",
            "SignedTransaction": "transaction",
            "Signer": "transaction",
            "TransactionUsage": "packer",
            "account_locks": "transaction",
            "call_path": "calls",
            "close_lookup_table": "lookup_tables",
            "compile_message": "transaction",
            "create_lookup_table": "lookup_tables",
            "deactivate_lookup_table": "lookup_tables",
            "decode_failure": "failures",
            "decode_lookup_table": "lookup_tables",
            "extend_lookup_table": "lookup_tables",
            "measure_transaction": "packer",
            "plan_batches": "packer",
            "sign_message": "transaction",
            "to_signed": "transaction",
            "transaction_size": "transaction",
            "unsigned_transaction": "transaction",
            "with_budget": "transaction",
        },
    )

__all__ = [
    "MAX_COMPUTE_UNITS",
    "PACKET_BYTES",
    "PlannedBatch",
    "SignedTransaction",
    "Signer",
    "TransactionUsage",
    "account_locks",
    "call_path",
    "close_lookup_table",
    "compile_message",
    "create_lookup_table",
    "deactivate_lookup_table",
    "decode_failure",
    "decode_lookup_table",
    "extend_lookup_table",
    "measure_transaction",
    "plan_batches",
    "sign_message",
    "to_signed",
    "transaction_size",
    "unsigned_transaction",
    "with_budget",
]
