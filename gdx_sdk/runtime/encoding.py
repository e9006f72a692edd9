"""Base64, strictly: by pybase64 where it is installed (``gdx[fast]``), else by the standard library."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from functools import cache, partial


def decode_base64(text: bytes | bytearray) -> bytes:
    """The bytes that `text` stands for; ValueError when it is anything but padded base64."""
    return _decoder()(text)


@cache
def _decoder() -> Callable[[bytes | bytearray], bytes]:
    try:
        from pybase64 import b64decode
    except ImportError:
        return partial(binascii.a2b_base64, strict_mode=True)
    return partial(b64decode, validate=True)
