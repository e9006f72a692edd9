"""Making ed25519 signatures: by libsodium (PyNaCl, of ``gdx[fast]``) in half the time, else by solders."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from solders.keypair import Keypair

SIGNATURE_BYTES = 64


def signing(keypair: Keypair) -> Callable[[bytes], bytes]:
    """What signs a message with `keypair`. Both ways give the same 64 bytes: ed25519 leaves no choice."""
    sodium = _sodium()
    if sodium is None:
        return by_solders(keypair)
    secret = bytes(keypair)  # seed and public key, which is libsodium's secret key
    return lambda message: sodium(message, secret)[:SIGNATURE_BYTES]


def by_solders(keypair: Keypair) -> Callable[[bytes], bytes]:
    """As it is done without libsodium."""
    return lambda message: bytes(keypair.sign_message(message))


@cache
def _sodium() -> Callable[[bytes, bytes], bytes] | None:
    """libsodium's signature in front of the message, None where it is not installed."""
    try:
        from nacl.bindings import crypto_sign
    except ImportError:
        return None
    return crypto_sign
