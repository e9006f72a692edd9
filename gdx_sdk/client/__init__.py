"""Talking to a cluster: `Client` reads and sends, `LookupTables` keeps tables on chain."""

from __future__ import annotations

from gdx_sdk.client.client import Client
from gdx_sdk.client.history import verify_history
from gdx_sdk.client.lookup_tables import LookupTables
from gdx_sdk.client.policies import (
    DEFAULT_RETRIES,
    NO_RETRIES,
    RECENT_FEES,
    FeePolicy,
    RetryPolicy,
    backoff_s,
)
from gdx_sdk.client.pool import Endpoint, RetryHook, RetryingTransport
from gdx_sdk.client.replies import (
    AccountInfo,
    ChainClock,
    LatestBlockhash,
    Reply,
    SentTransaction,
    SignatureStatus,
    Simulation,
)
from gdx_sdk.client.scanning import AccountColumns
from gdx_sdk.client.sender import limit_with_margin
from gdx_sdk.client.timing import SystemTimer, Timer
from gdx_sdk.client.transport import HttpTransport, RpcRefusal, RpcTransport, SolanaPyTransport

__all__ = [
    "DEFAULT_RETRIES",
    "NO_RETRIES",
    "RECENT_FEES",
    "AccountColumns",
    "AccountInfo",
    "ChainClock",
    "Client",
    "Endpoint",
    "FeePolicy",
    "HttpTransport",
    "LatestBlockhash",
    "LookupTables",
    "Reply",
    "RetryHook",
    "RetryPolicy",
    "RetryingTransport",
    "RpcRefusal",
    "RpcTransport",
    "SentTransaction",
    "SignatureStatus",
    "Simulation",
    "SolanaPyTransport",
    "SystemTimer",
    "Timer",
    "backoff_s",
    "limit_with_margin",
    "verify_history",
]
