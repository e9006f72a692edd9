"""Where signing keys come from: a Solana key file or an environment variable holding the same bytes.

In a dry run `public_key` is used instead of `signing_key`, and the secret half is dropped at once.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_keepers.core.config import SignerConfig
from gdx_keepers.errors import Fatal


def signing_key(source: SignerConfig) -> Keypair:
    """The key pair; `Fatal` names the file or variable, never its content."""
    where, text = _read(source)
    try:
        numbers = json.loads(text)
        return Keypair.from_bytes(bytes(numbers))
    except (TypeError, ValueError):
        raise Fatal(f"{where}: not a key in the Solana CLI's form (a JSON array of 64 bytes)") from None


def public_key(source: SignerConfig) -> Pubkey:
    """The public half only."""
    return signing_key(source).pubkey()


def _read(source: SignerConfig) -> tuple[str, str]:
    if source.keypair_env is not None:
        where = f"environment variable {source.keypair_env}"
        text = os.environ.get(source.keypair_env)
        if not text:
            raise Fatal(f"{where} is not set")
        return where, text
    path = Path(source.keypair_path or "")
    try:
        return str(path), path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Fatal(f"{path}: cannot be read: {error}") from error
