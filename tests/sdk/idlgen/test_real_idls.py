"""Real programs' IDLs: their clients are clean, and real accounts decode and encode to the same bytes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError
from gdx_sdk.idlgen import generate
from tests.sdk.idlgen.conftest import check_clean

DUMPS = [
    (
        "kamino_lending.Reserve.json",
        {"config.loan_to_value_pct": 80, "last_update.slot": 377723091},
    ),
    ("mango_v4.MangoAccount.bin", {"account_num": 11, "bump": 254}),
    ("meteora_dlmm.BinArray.bin", {"index": 0, "version": 1}),
    ("meteora_dlmm.LbPair.bin", {"parameters.base_factor": 4000, "active_id": 15, "bin_step": 250}),
    ("raydium_clmm.PoolState.bin", {"mint_decimals_0": 9, "tick_spacing": 1, "tick_current": -24825}),
    ("squads_v4.Multisig.json", {"threshold": 2, "time_lock": 0, "bump": 255}),
]


def dump(path: Path) -> bytes:
    if path.suffix == ".bin":
        return path.read_bytes()
    return base64.b64decode(json.loads(path.read_text())["account"]["data"][0])


@pytest.mark.parametrize(("name", "expected"), DUMPS, ids=[name for name, _ in DUMPS])
def test_account_dumps(
    name: str, expected: dict[str, int], third_party: Path, third_party_clients: dict[str, ModuleType]
) -> None:
    program, account, _ = name.split(".")
    data = dump(third_party / "accounts" / name)
    decoded = getattr(third_party_clients[program].accounts, account).decode(data)
    for path, value in expected.items():
        found = decoded
        for part in path.split("."):
            found = getattr(found, part)
        assert found == value, path
    assert decoded.encode() == data


def test_every_dump_is_read(third_party: Path) -> None:
    """A dump that is added is tested too; Pyth's has no IDL and a test of its own."""
    found = {path.name for path in (third_party / "accounts").iterdir()}
    assert found == {name for name, _ in DUMPS} | {"pyth_receiver.priceUpdateV2.json"}


def test_a_dump_of_another_account_shows_both_discriminators(
    third_party: Path, third_party_clients: dict[str, ModuleType]
) -> None:
    data = dump(third_party / "accounts" / "pyth_receiver.priceUpdateV2.json")
    pair = third_party_clients["meteora_dlmm"].accounts.LbPair
    with pytest.raises(CodecError, match="22f123639d7ef4cd") as caught:
        pair.decode(data)
    assert pair.DISCRIMINATOR.hex() in str(caught.value)


def test_an_account_whose_idl_is_not_published_with_it(
    third_party: Path, build: Callable[[dict[str, Any]], ModuleType]
) -> None:
    """Pyth's price update, from its layout as documented: a variant with data, then 133 of 134 bytes."""
    level = {
        "name": "VerificationLevel",
        "type": {
            "kind": "enum",
            "variants": [
                {"name": "Partial", "fields": [{"name": "signatures", "type": "u8"}]},
                {"name": "Full"},
            ],
        },
    }
    message = {"feed_id": {"array": ["u8", 32]}, "price": "i64", "conf": "u64", "exponent": "i32"}
    message |= {"publish_time": "i64", "prev_publish_time": "i64", "ema_price": "i64", "ema_conf": "u64"}
    account = {
        "write_authority": "pubkey",
        "verification_level": {"defined": {"name": "VerificationLevel"}},
        "price_message": {"defined": {"name": "PriceFeedMessage"}},
        "posted_slot": "u64",
    }

    def struct(name: str, given: dict[str, Any]) -> dict[str, Any]:
        fields = [{"name": field, "type": type_} for field, type_ in given.items()]
        return {"name": name, "type": {"kind": "struct", "fields": fields}}

    client = build(
        {
            "address": "rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ",
            "metadata": {"name": "pyth_receiver", "version": "0.1.0", "spec": "0.1.0"},
            "instructions": [],
            "accounts": [{"name": "PriceUpdateV2", "discriminator": [*bytes.fromhex("22f123639d7ef4cd")]}],
            "types": [level, struct("PriceFeedMessage", message), struct("PriceUpdateV2", account)],
        }
    )
    data = dump(third_party / "accounts" / "pyth_receiver.priceUpdateV2.json")
    found = client.accounts.PriceUpdateV2.decode(data)
    assert found.verification_level == client.types.VerificationLevelFull()
    assert (found.price_message.price, found.price_message.exponent) == (21568137069, -8)
    assert found.posted_slot == 311798332
    assert found.encode() == data[:133]
    assert data[133:] == b"\0"


def test_every_client_is_clean(third_party: Path, tmp_path: Path) -> None:
    """As the formatter leaves it, no lint, strict types, and the same files on a second run."""
    out = tmp_path / "clients"
    paths = sorted(third_party.glob("*.json"))
    generate(paths, out)
    (out / "__init__.py").write_text("")
    before = {path: path.read_bytes() for path in out.rglob("*.py")}
    generate(paths, out)
    assert {path: path.read_bytes() for path in out.rglob("*.py")} == before
    check_clean(out)


def test_token_program_bytes(third_party_clients: dict[str, ModuleType]) -> None:
    """The SPL token program's own encodings, from the tests of its instruction module."""
    token = third_party_clients["spl_token"]
    key = Pubkey.from_bytes(bytes([2] * 32))
    accounts = {"mint": key, "rent": key}
    args = {"decimals": 2, "mint_authority": Pubkey.from_bytes(bytes([1] * 32)), "freeze_authority": None}
    built = token.instructions.initialize_mint(args, accounts)
    assert bytes(built.data) == bytes([0, 2]) + bytes([1] * 32) + bytes([0])
    built = token.instructions.initialize_mint(args | {"freeze_authority": key}, accounts)
    assert bytes(built.data) == bytes([0, 2]) + bytes([1] * 32) + bytes([1]) + bytes([2] * 32)
    transfer = {"source": key, "destination": key, "authority": key}
    assert bytes(token.instructions.transfer({"amount": 1}, transfer).data) == bytes(
        [3, 1, 0, 0, 0, 0, 0, 0, 0]
    )
    text = token.instructions.ui_amount_to_amount({"ui_amount": "0.42"}, {"mint": key})
    assert bytes(text.data) == bytes([24]) + b"0.42"
    sizes = {name: getattr(token.accounts, name).SIZE for name in ("Mint", "Account", "Multisig")}
    assert sizes == {"Mint": 82, "Account": 165, "Multisig": 355}
