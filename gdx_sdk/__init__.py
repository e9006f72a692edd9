"""GDX: read accounts, build instructions, settle and verify batches on Solana.

    from gdx_sdk import Client, pdas
    from gdx_sdk.accounts import PerpMarket

    async with Client("http://127.0.0.1:8899") as client:
        market = await client.fetch(PerpMarket, pdas.market("BTC-PERP"))

Nothing is loaded before a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdx_sdk import (
        accounts,
        batch,
        client,
        errors,
        events,
        instructions,
        math,
        pdas,
        plugins,
        programs,
        streams,
        testing,
        tx,
        units,
        validity,
    )
    from gdx_sdk.batch import (
        DecodedBatch,
        FileOutbox,
        SealedBatch,
        Trade,
        verify_batch,
        verify_chain,
        verify_fill,
    )
    from gdx_sdk.client import Client, LookupTables, SentTransaction
    from gdx_sdk.errors import (
        AccountNotFound,
        ChainError,
        CodecError,
        ConfirmationTimeout,
        DryRunRefusal,
        GdxError,
        InexactQuantity,
        InputError,
        OutboxConflict,
        ProgramError,
        ProofError,
        RpcError,
        StreamOverflow,
        TransactionError,
        TransactionExpired,
        TransportError,
    )
    from gdx_sdk.errors.registry import explain
    from gdx_sdk.programs import PROGRAM_IDS
    from gdx_sdk.streams import Streams
    from gdx_sdk.tx import Signer
    from gdx_sdk.units import Side

_HOME = {
    "AccountNotFound": "errors",
    "accounts": "accounts",
    "batch": "batch",
    "ChainError": "errors",
    "Client": "client",
    "client": "client",
    "CodecError": "errors",
    "ConfirmationTimeout": "errors",
    "DecodedBatch": "batch",
    "DryRunRefusal": "errors",
    "errors": "errors",
    "events": "events",
    "explain": "errors.registry",
    "FileOutbox": "batch",
    "GdxError": "errors",
    "InexactQuantity": "errors",
    "InputError": "errors",
    "instructions": "instructions",
    "LookupTables": "client",
    "math": "math",
    "OutboxConflict": "errors",
    "pdas": "pdas",
    "plugins": "plugins",
    "PROGRAM_IDS": "programs",
    "ProgramError": "errors",
    "programs": "programs",
    "ProofError": "errors",
    "RpcError": "errors",
    "SealedBatch": "batch",
    "SentTransaction": "client",
    "Side": "units",
    "Signer": "tx",
    "StreamOverflow": "errors",
    "Streams": "streams",
    "streams": "streams",
    "testing": "testing",
    "Trade": "batch",
    "TransactionError": "errors",
    "TransactionExpired": "errors",
    "TransportError": "errors",
    "tx": "tx",
    "units": "units",
    "validity": "validity",
    "verify_batch": "batch",
    "verify_chain": "batch",
    "verify_fill": "batch",
}

# Sorted without regard to case, as a test checks.
__all__ = [  # noqa: RUF022
    "AccountNotFound",
    "accounts",
    "batch",
    "ChainError",
    "Client",
    "client",
    "CodecError",
    "ConfirmationTimeout",
    "DecodedBatch",
    "DryRunRefusal",
    "errors",
    "events",
    "explain",
    "FileOutbox",
    "GdxError",
    "InexactQuantity",
    "InputError",
    "instructions",
    "LookupTables",
    "math",
    "OutboxConflict",
    "pdas",
    "plugins",
    "PROGRAM_IDS",
    "ProgramError",
    "programs",
    "ProofError",
    "RpcError",
    "SealedBatch",
    "SentTransaction",
    "Side",
    "Signer",
    "StreamOverflow",
    "Streams",
    "streams",
    "testing",
    "Trade",
    "TransactionError",
    "TransactionExpired",
    "TransportError",
    "tx",
    "units",
    "validity",
    "verify_batch",
    "verify_chain",
    "verify_fill",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    value = module if _HOME[name] == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
