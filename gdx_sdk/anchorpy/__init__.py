"""For users of anchorpy: a program of ours as an ``anchorpy.Program``.

    from gdx_sdk.anchorpy import program

    vault = program("collateral_vault", provider)
    await vault.account["VaultState"].fetch(address)

Needs ``pip install 'gdx[anchorpy]'``. anchorpy 0.21 holds solders below 0.27, so it cannot be installed
together with ``gdx[localnet]``.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gdx_sdk.errors import InputError
from gdx_sdk.programs import PROGRAM_IDS

if TYPE_CHECKING:
    from anchorpy import Program

__all__ = ["legacy_text", "program"]


def legacy_text(name: str) -> str:
    """The IDL of a program of ours in the legacy dialect, as JSON; `InputError` for another name."""
    if name not in PROGRAM_IDS:
        raise InputError("program", name, f"must be one of {', '.join(PROGRAM_IDS)}")
    return files(__package__).joinpath("idl", f"{name}.json").read_text(encoding="utf-8")


def program(name: str, provider: Any = None) -> Program:
    """The program called `name` (a key of `PROGRAM_IDS`) for anchorpy, made from the same IDL as our client.

    `provider` is an ``anchorpy.Provider``; anchorpy makes a local one when it is None. Raises `InputError`
    for another name, ModuleNotFoundError when anchorpy is not installed.
    """
    text = legacy_text(name)
    from anchorpy import Idl, Program

    return Program(Idl.from_json(text), PROGRAM_IDS[name], provider)
