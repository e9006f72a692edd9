"""An instruction that is too short is shown raw: no error, and no panic of what reads its keys."""

from __future__ import annotations

import pytest
from gdx_localnet.rpc.parsed_instructions import parse_instruction
from gdx_localnet.transactions import TOKEN, TOKEN_2022
from solders.pubkey import Pubkey

KEYS = [Pubkey.from_bytes(bytes([number]) * 32) for number in range(1, 6)]


@pytest.mark.parametrize("program", [TOKEN, TOKEN_2022, Pubkey.default()], ids=str)
@pytest.mark.parametrize("length", [1, 4, 12, 33])
def test_cut_data_is_shown_raw_or_parsed(program: Pubkey, length: int) -> None:
    for kind in range(256):
        shown = parse_instruction(program, KEYS, bytes([kind]) + bytes(length - 1), 1)
        assert shown["programId"] == str(program)
        assert ("parsed" in shown) != ("data" in shown)


def test_a_token_account_without_its_owner_is_raw() -> None:
    assert "data" in parse_instruction(TOKEN, KEYS, bytes([16]) + bytes(31), 1)
    assert "parsed" in parse_instruction(TOKEN, KEYS, bytes([16]) + bytes(32), 1)
