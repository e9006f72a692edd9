"""The five programs: addresses, and their compiled code as it ships with the package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError, InputError

PROGRAM_IDS: Final[dict[str, Pubkey]] = {
    name: Pubkey.from_string(address)
    for name, address in {
        "collateral_vault": "12eZxkcasSf5NLQ2EkvJyfRvF7utS9eKjCnNtAYftYhQ",
        "ephemeral_vault": "BB2BdtPBdgZk5SozvPfdSBpXJUbtJwPQBxjYW7xWtEUq",
        "oracle": "DmcJg89j1VAE9q23t1TZwAjfv4hQsVJrdf3V3Mky5Wrh",
        "funding_rate": "7pesakUdHrG2Ui7knwwVtjRkRuCtoDUKVQ2S2ZEMFCkd",
        "position_mgmt": "8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun",
    }.items()
}

_NAMES: Final = {str(address): name for name, address in PROGRAM_IDS.items()} | {
    "11111111111111111111111111111111": "system",
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA": "token",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb": "token_2022",
    "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL": "associated_token",
    "ComputeBudget111111111111111111111111111111": "compute_budget",
    "AddressLookupTab1e1111111111111111111111111": "address_lookup_table",
    "BPFLoaderUpgradeab1e11111111111111111111111": "upgradeable_loader",
}


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A program's code, checked against the hash in the package's manifest."""

    name: str
    program_id: Pubkey
    elf: bytes
    sha256: str


def load(name: str) -> CompiledProgram:
    """The compiled program called `name` (a key of `PROGRAM_IDS`).

    Raises `InputError` for another name or when the package holds no code for it, `CodecError` when the
    code is not what the manifest says.
    """
    if name not in PROGRAM_IDS:
        raise InputError("program", name, f"must be one of {', '.join(PROGRAM_IDS)}")
    folder = files(__package__)
    try:
        elf = folder.joinpath(f"{name}.so").read_bytes()
        manifest = json.loads(folder.joinpath("manifest.json").read_bytes())
    except FileNotFoundError as error:
        raise InputError("program", name, "has no compiled code in this package") from error
    expected = str(manifest["programs"][name]["sha256"])
    found = sha256(elf).hexdigest()
    if found != expected:
        raise CodecError(f"{name}.so", found, f"must hash to {expected}")
    return CompiledProgram(name, PROGRAM_IDS[name], elf, found)


def name_of(address: Pubkey | str) -> str:
    """Name of a program of ours or of Solana's own; its address for any other."""
    return _NAMES.get(str(address), str(address))
