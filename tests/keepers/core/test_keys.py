"""Keys: from a file or the environment, never repeated in an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gdx_keepers.core.config import SignerConfig
from gdx_keepers.core.keys import public_key, signing_key
from gdx_keepers.errors import Fatal
from solders.keypair import Keypair

KEY = Keypair.from_seed(bytes([5] * 32))
TEXT = json.dumps(list(bytes(KEY)))


def test_a_key_file_of_the_solana_cli(tmp_path: Path) -> None:
    file = tmp_path / "id.json"
    file.write_text(TEXT)
    assert signing_key(SignerConfig(keypair_path=str(file))) == KEY
    assert public_key(SignerConfig(keypair_path=str(file))) == KEY.pubkey()


def test_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPER", TEXT)
    assert signing_key(SignerConfig(keypair_env="KEEPER")) == KEY


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[1, 2, 3]", json.dumps([256] * 64), json.dumps([1] * 64), '{"a": 1}', "null"]
)
def test_what_is_no_key_is_refused_without_being_repeated(tmp_path: Path, content: str) -> None:
    file = tmp_path / "id.json"
    file.write_text(content)
    with pytest.raises(Fatal, match=r"id\.json: not a key") as caught:
        signing_key(SignerConfig(keypair_path=str(file)))
    assert content == "" or content not in str(caught.value)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEEPER", raising=False)
    with pytest.raises(Fatal, match="environment variable KEEPER is not set"):
        signing_key(SignerConfig(keypair_env="KEEPER"))
    with pytest.raises(Fatal, match=r"none\.json: cannot be read"):
        signing_key(SignerConfig(keypair_path=str(tmp_path / "none.json")))
