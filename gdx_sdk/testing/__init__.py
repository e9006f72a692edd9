"""Fakes for tests, ours and yours: a chain that answers from memory, a clock that jumps, accounts by name.

`GdxChain` is the real thing, the compiled programs in this process; pytest's fixture `gdx_chain` is a fresh
one per test. Nothing is loaded before a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdx_sdk.testing.accounts import build_account, sample_account
    from gdx_sdk.testing.chain import GdxChain, Receipt
    from gdx_sdk.testing.clock import FakeClock
    from gdx_sdk.testing.rpc import FakeRpc
    from gdx_sdk.testing.settings import FEED_LIMITS, MARKET_PARAMS, UNLIMITED, WITHDRAW_LIMIT, config_args

_HOME = {
    "FakeRpc": "rpc",
    "FakeClock": "clock",
    "GdxChain": "chain",
    "FEED_LIMITS": "settings",
    "MARKET_PARAMS": "settings",
    "Receipt": "chain",
    "UNLIMITED": "settings",
    "WITHDRAW_LIMIT": "settings",
    "build_account": "accounts",
    "config_args": "settings",
    "sample_account": "accounts",
}

__all__ = [
    "FEED_LIMITS",
    "MARKET_PARAMS",
    "UNLIMITED",
    "WITHDRAW_LIMIT",
    "FakeClock",
    "FakeRpc",
    "GdxChain",
    "Receipt",
    "build_account",
    "config_args",
    "sample_account",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
