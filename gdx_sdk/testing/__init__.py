"""Fakes for tests, ours and yours: a chain that answers from memory, a clock that jumps, accounts by name."""

from __future__ import annotations

from gdx_sdk.testing.accounts import build_account
from gdx_sdk.testing.clock import FakeTimer
from gdx_sdk.testing.rpc import FakeRpc

__all__ = ["FakeRpc", "FakeTimer", "build_account"]
