"""Fixture files: what they put on the chain, and what is refused."""

from __future__ import annotations

import pytest
from gdx_localnet import EmbeddedChain, FixtureError, account_files, apply_fixture, named_keypair
from gdx_localnet.fixture import load
from solders.account import Account
from solders.pubkey import Pubkey
from solders.token.associated import get_associated_token_address

KEYS = """
[[keys]]
name = "alice"
lamports = 5_000_000_000
tokens = { usdt = 7_000_000 }
[[mints]]
name = "usdt"
decimals = 6
authority = "alice"
"""
PROGRAM = "8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun"


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        path = tmp_path / "fixture.toml"
        path.write_text(text)
        return path

    return write


def test_keys_and_mints_are_on_the_chain(write):
    fixture = load(write(KEYS))
    chain = EmbeddedChain()
    apply_fixture(chain, fixture)
    alice = named_keypair("alice")
    assert fixture.keys["alice"] == alice
    assert chain.accounts.balance(alice.pubkey()) == 5_000_000_000
    mint = fixture.mints["usdt"]
    held = get_associated_token_address(alice.pubkey(), mint)
    assert chain.rpc("getTokenAccountBalance", [str(held)])["value"]["uiAmountString"] == "7"
    assert chain.rpc("getTokenSupply", [str(mint)])["value"]["amount"] == "7000000"


def test_names_make_the_same_keys_everywhere():
    assert str(named_keypair("alice").pubkey()) == "2zoE3CBy6PJYUvNFNbBhZBSaS67WSuLQ9EADqosmk9KQ"


def test_programs_and_accounts_come_from_files(write, tmp_path, memo_elf):
    (tmp_path / "memo.so").write_bytes(memo_elf)
    address = Pubkey.new_unique()
    account = Account(77, b"data", Pubkey(bytes([3] * 32)), False, 2**64 - 1)
    account_files.write(tmp_path, address, account).rename(tmp_path / "a.json")
    text = f"""{KEYS}
[[programs]]
file = "memo.so"
address = "{PROGRAM}"
authority = "alice"
[[accounts]]
address = "{address}"
file = "a.json"
"""
    chain = EmbeddedChain()
    apply_fixture(chain, load(write(text)))
    assert chain.account(address) == account
    listed = {entry["address"]: entry for entry in chain.rpc("gdx_listPrograms")}
    assert listed[PROGRAM]["authority"] == str(named_keypair("alice").pubkey())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [", "not TOML"),
        ("[[nope]]\n", "unknown section; there are keys, mints, programs, accounts"),
        ("keys = 3", "must be an array of tables"),
        ('[[keys]]\nname = "a"\nage = 3', "keys.age = 3: unknown key"),
        ('[[keys]]\nname = "a"\n[[keys]]\nname = "a"', "keys.name = 'a': is there twice"),
        ("[[keys]]\nlamports = 3", "keys.name = None: must be a text"),
        ('[[keys]]\nname = "a"\nlamports = -1', "keys.lamports = -1: must be an integer from 0"),
        ('[[keys]]\nname = "a"\nlamports = 1.5', "keys.lamports = 1.5"),
        ('[[keys]]\nname = "a"\ntokens = { gold = 1 }', "keys.tokens = 'gold': no such name among [[mints]]"),
        ('[[mints]]\nname = "m"\ndecimals = 19', "mints.decimals = 19: must be at most 18"),
        ('[[mints]]\nname = "m"\nauthority = "nobody"', "mints.authority = 'nobody': must be an address"),
        (f'[[programs]]\nname = "nope"\naddress = "{PROGRAM}"', "the SDK carries no such program"),
        (f'[[programs]]\nfile = "nope.so"\naddress = "{PROGRAM}"', "no such file"),
        ('[[accounts]]\nfile = "nope.json"\naddress = "x"', "must be a base58 address"),
    ],
)
def test_what_breaks_a_rule_is_named(write, text, message):
    with pytest.raises(FixtureError) as caught:
        load(write(text))
    assert message in str(caught.value)
    assert "fixture.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FixtureError, match="No such file"):
        load(tmp_path / "nothing.toml")
