"""Token queries, parsed accounts and instructions, token balances of a transaction."""

from __future__ import annotations

import pytest
from gdx_localnet.fixture import mint_account, token_account
from gdx_localnet.rpc.parsed_accounts import ui_amount_text
from gdx_localnet.tokens import NATIVE_MINT
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.token import ID as TOKEN
from solders.token.associated import get_associated_token_address
from spl.token.instructions import create_associated_token_account, sync_native
from spl.token.models import SyncNativeParams

MINT = Pubkey(bytes([5] * 32))


@pytest.fixture
def wallets(driver):
    """The payer with 5.25 tokens and the receiver with none; (source, destination)."""
    payer = driver.payer.pubkey()
    driver.chain.set_account(MINT, mint_account(5_250_000, 6, payer))
    made = []
    for owner, atoms in ((payer, 5_250_000), (driver.receiver, 0)):
        address = get_associated_token_address(owner, MINT)
        driver.chain.set_account(address, token_account(MINT, owner, atoms))
        made.append(address)
    return made


def amount(text, raw):
    return {"amount": str(raw), "decimals": 6, "uiAmount": raw / 10**6, "uiAmountString": text}


def test_balances_and_supply(driver, wallets):
    rpc = driver.chain.rpc
    assert rpc("getTokenAccountBalance", [str(wallets[0])])["value"] == amount("5.25", 5_250_000)
    assert rpc("getTokenAccountBalance", [str(wallets[1])])["value"] == amount("0", 0)
    assert rpc("getTokenSupply", [str(MINT)])["value"] == amount("5.25", 5_250_000)
    largest = rpc("getTokenLargestAccounts", [str(MINT)])["value"]
    assert [entry["address"] for entry in largest] == [str(wallets[0]), str(wallets[1])]


@pytest.mark.parametrize(
    ("method", "message"),
    [("getTokenAccountBalance", "not a Token account"), ("getTokenSupply", "not a Token mint")],
)
def test_other_accounts_are_refused(driver, method, message):
    assert driver.fault(method, str(driver.payer.pubkey())).message == f"Invalid param: {message}"
    missing = driver.fault(method, str(Pubkey.new_unique())).message
    assert missing == "Invalid param: could not find account"


def test_accounts_of_an_owner_by_mint_and_by_program(driver, wallets):
    owner = str(driver.payer.pubkey())
    for wanted in ({"mint": str(MINT)}, {"programId": str(TOKEN)}):
        found = driver.chain.rpc("getTokenAccountsByOwner", [owner, wanted, {"encoding": "jsonParsed"}])
        assert [entry["pubkey"] for entry in found["value"]] == [str(wallets[0])]
        data = found["value"][0]["account"]["data"]
        assert data["program"] == "spl-token"
        assert data["parsed"]["info"] == {
            "isNative": False,
            "mint": str(MINT),
            "owner": owner,
            "state": "initialized",
            "tokenAmount": amount("5.25", 5_250_000),
        }


@pytest.mark.usefixtures("wallets")
def test_a_filter_that_names_no_token_thing_is_refused(driver):
    owner = str(driver.payer.pubkey())
    for wanted, message in (
        ({"mint": owner}, "Invalid param: Token mint could not be unpacked"),
        ({"mint": str(Pubkey.new_unique())}, "Invalid param: could not find mint"),
        ({"programId": owner}, "Invalid param: unrecognized Token program id"),
    ):
        assert driver.fault("getTokenAccountsByOwner", owner, wanted).message == message


def test_lamports_are_wrapped(driver):
    payer = driver.payer.pubkey()
    wallet = get_associated_token_address(payer, NATIVE_MINT)
    give = TransferParams(from_pubkey=payer, to_pubkey=wallet, lamports=1_500_000_000)
    driver.run(
        create_associated_token_account(payer, payer, NATIVE_MINT),
        transfer(give),
        sync_native(SyncNativeParams(program_id=TOKEN, account=wallet)),
    )
    value = driver.chain.rpc("getAccountInfo", [str(wallet), {"encoding": "jsonParsed"}])["value"]
    info = value["data"]["parsed"]["info"]
    assert (info["isNative"], info["tokenAmount"]["uiAmountString"]) == (True, "1.5")
    assert driver.chain.rpc("getTokenSupply", [str(NATIVE_MINT)])["value"]["amount"] == "0"


@pytest.mark.usefixtures("wallets")
def test_a_mint_is_parsed(driver):
    value = driver.chain.rpc("getAccountInfo", [str(MINT), {"encoding": "jsonParsed"}])["value"]
    assert value["data"] == {
        "parsed": {
            "info": {
                "decimals": 6,
                "freezeAuthority": None,
                "isInitialized": True,
                "mintAuthority": str(driver.payer.pubkey()),
                "supply": "5250000",
            },
            "type": "mint",
        },
        "program": "spl-token",
        "space": 82,
    }


def transfer_checked(driver, wallets, atoms):
    source, destination = wallets
    accounts = [
        AccountMeta(source, False, True),
        AccountMeta(MINT, False, False),
        AccountMeta(destination, False, True),
        AccountMeta(driver.payer.pubkey(), True, False),
    ]
    return Instruction(TOKEN, bytes([12]) + atoms.to_bytes(8, "little") + bytes([6]), accounts)


def test_a_transfer_shows_token_balances_and_parses(driver, wallets):
    view = driver.run(transfer_checked(driver, wallets, 250_000))
    pre, post = view["meta"]["preTokenBalances"], view["meta"]["postTokenBalances"]
    assert [entry["uiTokenAmount"]["amount"] for entry in pre] in (["5250000", "0"], ["0", "5250000"])
    assert sorted(entry["uiTokenAmount"]["uiAmountString"] for entry in post) == ["0.25", "5"]
    assert all(entry["mint"] == str(MINT) and entry["programId"] == str(TOKEN) for entry in post)
    signature = view["transaction"]["signatures"][0]
    parsed = driver.chain.rpc("getTransaction", [signature, {"encoding": "jsonParsed"}])
    (instruction,) = parsed["transaction"]["message"]["instructions"]
    assert instruction["program"] == "spl-token"
    assert instruction["parsed"] == {
        "type": "transferChecked",
        "info": {
            "source": str(wallets[0]),
            "mint": str(MINT),
            "destination": str(wallets[1]),
            "tokenAmount": amount("0.25", 250_000),
            "authority": str(driver.payer.pubkey()),
        },
    }


@pytest.mark.usefixtures("wallets")
def test_creating_an_associated_account_has_inner_instructions(driver):
    program = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
    owner, payer = Pubkey(bytes([77] * 32)), driver.payer.pubkey()
    address = get_associated_token_address(owner, MINT)
    accounts = [
        AccountMeta(payer, True, True),
        AccountMeta(address, False, True),
        AccountMeta(owner, False, False),
        AccountMeta(MINT, False, False),
        AccountMeta(Pubkey.default(), False, False),
        AccountMeta(TOKEN, False, False),
    ]
    view = driver.run(Instruction(program, b"\1", accounts))
    (inner,) = view["meta"]["innerInstructions"]
    assert inner["index"] == 0
    assert len(inner["instructions"]) >= 3
    assert {step["stackHeight"] for step in inner["instructions"]} == {2}
    signature = view["transaction"]["signatures"][0]
    parsed = driver.chain.rpc("getTransaction", [signature, {"encoding": "jsonParsed"}])
    kinds = [step["parsed"]["type"] for step in parsed["meta"]["innerInstructions"][0]["instructions"]]
    assert "initializeAccount3" in kinds
    assert "createAccount" in kinds


@pytest.mark.parametrize(
    ("raw", "decimals", "text"),
    [(0, 6, "0"), (1, 6, "0.000001"), (1_500_000, 6, "1.5"), (10, 0, "10"), (10**9, 9, "1"), (100, 2, "1")],
)
def test_amounts_are_written_without_trailing_zeros(raw, decimals, text):
    assert ui_amount_text(raw, decimals) == text


def test_a_token_account_without_its_mint_stays_raw(driver):
    orphan = Pubkey(bytes([88] * 32))
    driver.chain.set_account(orphan, token_account(Pubkey(bytes([89] * 32)), driver.receiver, 1))
    value = driver.chain.rpc("getAccountInfo", [str(orphan), {"encoding": "jsonParsed"}])["value"]
    assert value["data"][1] == "base64"


def test_uninitialized_bytes_of_the_token_program_stay_raw(driver):
    blank = Pubkey(bytes([90] * 32))
    driver.chain.set_account(blank, Account(10**9, bytes(165), TOKEN, False, 0))
    value = driver.chain.rpc("getAccountInfo", [str(blank), {"encoding": "jsonParsed"}])["value"]
    assert value["data"][1] == "base64"
