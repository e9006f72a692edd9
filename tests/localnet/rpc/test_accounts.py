"""Account queries: encodings, slices, filters."""

from __future__ import annotations

import base64

import pytest
import zstandard
from gdx_localnet import base58
from solders.account import Account
from solders.pubkey import Pubkey

OWNER = Pubkey(bytes([9] * 32))
RENT_EPOCH_EXEMPT = 2**64 - 1


@pytest.fixture
def addresses(chain):
    """Three accounts of OWNER with data 0…n."""
    made = []
    for size in (4, 40, 400):
        address = Pubkey(bytes([size % 251] * 32))
        data = bytes(range(size % 256)) + bytes(max(0, size - 256))
        chain.set_account(address, Account(10**9, data[:size].ljust(size, b"\0"), OWNER, False, 0))
        made.append(address)
    return made


def info(chain, address, **config):
    return chain.rpc("getAccountInfo", [str(address), config])["value"]


def test_an_account_that_is_not_there_is_null(chain):
    assert info(chain, Pubkey.new_unique()) is None
    assert chain.rpc("getBalance", [str(Pubkey.new_unique())])["value"] == 0


def test_every_encoding_carries_the_same_bytes(chain, addresses):
    data = bytes(range(40))
    assert info(chain, addresses[1])["data"] == base58.encode(data)
    assert info(chain, addresses[1], encoding="base58")["data"] == [base58.encode(data), "base58"]
    text, name = info(chain, addresses[1], encoding="base64")["data"]
    assert (base64.b64decode(text), name) == (data, "base64")
    text, name = info(chain, addresses[1], encoding="base64+zstd")["data"]
    assert (zstandard.decompress(base64.b64decode(text)), name) == (data, "base64+zstd")
    assert info(chain, addresses[1], encoding="jsonParsed")["data"][1] == "base64"


def test_an_account_tells_all_about_itself(chain, addresses):
    assert info(chain, addresses[0], encoding="base64") == {
        "data": ["AAECAw==", "base64"],
        "executable": False,
        "lamports": 10**9,
        "owner": str(OWNER),
        "rentEpoch": RENT_EPOCH_EXEMPT,
        "space": 4,
    }


def test_base58_is_for_small_accounts(driver, addresses):
    fault = driver.fault("getAccountInfo", str(addresses[2]))
    assert fault.code == -32600
    assert fault.message.startswith("Encoded binary (base 58) data should be less than 128 bytes")


@pytest.mark.parametrize(
    ("offset", "length", "wanted"), [(1, 2, b"\1\2"), (2, 99, b"\2\3"), (4, 1, b""), (99, 9, b"")]
)
def test_a_slice_is_cut_to_what_is_there(chain, addresses, offset, length, wanted):
    config = {"encoding": "base64", "dataSlice": {"offset": offset, "length": length}}
    value = info(chain, addresses[0], **config)
    assert base64.b64decode(value["data"][0]) == wanted
    assert value["space"] == 4


def test_multiple_accounts_keep_their_places(chain, addresses):
    asked = [str(addresses[0]), str(Pubkey.new_unique()), str(addresses[1])]
    value = chain.rpc("getMultipleAccounts", [asked])["value"]
    assert [found and found["space"] for found in value] == [4, None, 40]


@pytest.mark.parametrize(
    ("filters", "sizes"),
    [
        ([], [4, 40, 400]),
        ([{"dataSize": 40}], [40]),
        ([{"memcmp": {"offset": 4, "bytes": base58.encode(b"\4\5")}}], [40, 400]),
        ([{"memcmp": {"offset": 4, "bytes": "BAU=", "encoding": "base64"}}, {"dataSize": 400}], [400]),
        ([{"memcmp": {"offset": 4, "bytes": [4, 5]}}], [40, 400]),
        ([{"memcmp": {"offset": 3, "bytes": base58.encode(b"\3\4")}}], [40, 400]),
        ([{"memcmp": {"offset": 0, "bytes": ""}}], [4, 40, 400]),
        (["tokenAccountState"], [400]),
        ([{"dataSize": 41}], []),
    ],
)
def test_program_accounts_are_filtered(chain, addresses, filters, sizes):
    found = chain.rpc("getProgramAccounts", [str(OWNER), {"encoding": "base64", "filters": filters}])
    assert sorted(item["account"]["space"] for item in found) == sizes
    assert {item["pubkey"] for item in found} <= {str(address) for address in addresses}


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ([{"dataSize": 1}] * 5, "Too many filters provided; max 4"),
        ([{"memcmp": {"offset": 0, "bytes": "0"}}], "Base58DecodeError(InvalidCharacter"),
        ([{"memcmp": {"offset": 0, "bytes": "1" * 300}}], "DataTooLarge"),
        ([{"nope": 1}], "unknown variant `nope`"),
        ("x", "invalid type"),
    ],
)
def test_bad_filters_are_named(driver, filters, message):
    fault = driver.fault("getProgramAccounts", str(OWNER), {"filters": filters})
    assert fault.code == -32602
    assert message in fault.message


@pytest.mark.usefixtures("addresses")
def test_program_accounts_come_sorted_and_with_their_slot_when_asked(chain):
    given = chain.rpc("getProgramAccounts", [str(OWNER), {"encoding": "base64", "withContext": True}])
    assert given["context"]["slot"] == chain.rpc("getSlot")
    keys = [bytes(Pubkey.from_string(item["pubkey"])) for item in given["value"]]
    assert keys == sorted(keys)


def test_an_emptied_account_is_gone_from_every_list(chain, addresses):
    chain.set_account(addresses[0], Account(0, b"", Pubkey.default(), False, 0))
    assert info(chain, addresses[0]) is None
    assert len(chain.rpc("getProgramAccounts", [str(OWNER), {"encoding": "base64"}])) == 2
    assert addresses[0] not in chain.accounts.census()


def test_the_clock_is_parsed(manual):
    address = "SysvarC1ock11111111111111111111111111111111"
    parsed = info(manual.chain, address, encoding="jsonParsed")["data"]
    assert parsed["program"] == "sysvar"
    assert parsed["parsed"]["info"]["unixTimestamp"] == 1_700_000_000


@pytest.mark.parametrize(("offset", "name"), [(0, "mint"), (32, "owner")])
def test_token_accounts_are_found_by_whole_addresses_only(driver, offset, name):
    part = {"memcmp": {"offset": offset, "bytes": "AAAA", "encoding": "base64"}}
    for program in (
        "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
    ):
        fault = driver.fault("getProgramAccounts", program, {"filters": [part], "encoding": "base64"})
        rule = f"Incorrect byte length 3 for SPL token {name} filter, expected 32"
        assert (fault.code, fault.message) == (-32602, rule)
    assert (
        driver.chain.rpc("getProgramAccounts", ["11111111111111111111111111111111", {"filters": [part]}])
        == []
    )
