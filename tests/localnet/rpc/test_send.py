"""Sending and simulating: wire checks, configuration, what a simulation tells."""

from __future__ import annotations

import base64

import pytest
from gdx_localnet import base58
from solders.account import Account
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, CompiledInstruction, Instruction
from solders.keypair import Keypair
from solders.message import (
    Message,
    MessageAddressTableLookup,
    MessageHeader,
    MessageV0,
    to_bytes_versioned,
)
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

TYPE = "solana_transaction::versioned::VersionedTransaction"
SOL = 10**9
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")


def encoded(tx):
    return base64.b64encode(bytes(tx)).decode()


@pytest.mark.parametrize(
    ("text", "config", "message"),
    [
        ("!!!", {"encoding": "base64"}, "invalid base64 encoding: InvalidByte(0, 33)"),
        ("AQI=", {"encoding": "base64"}, f"failed to deserialize {TYPE}"),
        ("0OIl", {}, "invalid base58 encoding: InvalidCharacter { character: '0', index: 0 }"),
        ("1", {"encoding": "json"}, "unsupported encoding: json. Supported encodings: base58, base64"),
        (
            base64.b64encode(bytes(2000)).decode(),
            {"encoding": "base64"},
            f"base64 encoded {TYPE} too large: 2668 bytes (max: encoded/raw 1644/1232)",
        ),
        ("1" * 1700, {}, f"base58 encoded {TYPE} too large: 1700 bytes (max: encoded/raw 1683/1232)"),
        (
            base64.b64encode(bytes(1233)).decode(),
            {"encoding": "base64"},
            f"decoded {TYPE} too large: 1233 bytes (max: 1232 bytes)",
        ),
    ],
)
def test_what_is_not_a_transaction_is_refused(driver, text, config, message):
    for method in ("sendTransaction", "simulateTransaction"):
        fault = driver.fault(method, text, config)
        assert fault.code == -32602
        assert message in fault.message


def test_a_transaction_of_exactly_1232_bytes_runs(driver):
    memo = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
    tx = driver.sign([Instruction(memo, b"x" * 1_060, [])])
    tx = driver.sign([Instruction(memo, b"x" * (1_060 + 1_232 - len(bytes(tx))), [])])
    assert len(bytes(tx)) == 1_232
    assert driver.send(tx) == str(tx.signatures[0])


def test_base58_works_too(driver):
    tx = driver.sign([driver.pay()])
    assert driver.chain.rpc("sendTransaction", [base58.encode(bytes(tx))]) == str(tx.signatures[0])


def test_too_many_locks_are_refused(driver):
    accounts = [AccountMeta(Pubkey(bytes([i] * 32)), False, True) for i in range(30, 110)]
    known = __import__("solders.address_lookup_table_account", fromlist=["x"]).AddressLookupTableAccount
    table = Pubkey.new_unique()
    header = (1).to_bytes(4, "little") + b"\xff" * 8 + bytes(8) + b"\0" + b"\0" + bytes(34)
    from solders.account import Account

    keys = [meta.pubkey for meta in accounts]
    program = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
    driver.chain.set_account(table, Account(SOL, header + b"".join(map(bytes, keys)), program, False, 0))
    tx = driver.sign([Instruction(Pubkey.default(), b"", accounts)], tables=[known(table, keys)])
    fault = driver.fault("sendTransaction", encoded(tx), {"encoding": "base64"})
    assert fault.data["err"] == "TooManyAccountLocks"


def test_the_compute_limit_is_enforced(driver):
    fault = driver.fault(
        "sendTransaction",
        encoded(driver.sign([set_compute_unit_limit(200), driver.pay()])),
        {"encoding": "base64"},
    )
    assert fault.data["err"] == {"InstructionError": [1, "ComputationalBudgetExceeded"]}


def test_a_priority_fee_is_charged_and_told(driver):
    limit, price = set_compute_unit_limit(1_000), set_compute_unit_price(3_000_000)
    tx = driver.sign([limit, price, driver.pay()])
    message = base64.b64encode(bytes(tx.message)).decode()
    assert driver.chain.rpc("getFeeForMessage", [message])["value"] == 8_000
    view = driver.run(limit, price, driver.pay())
    assert view["meta"]["fee"] == 8_000
    fees = driver.chain.rpc("getRecentPrioritizationFees", [[str(driver.receiver)]])
    assert fees[-1]["prioritizationFee"] == 3_000_000


def test_an_unknown_payer_and_a_poor_one(driver):
    poor = Keypair()
    give = transfer(TransferParams(from_pubkey=poor.pubkey(), to_pubkey=driver.receiver, lamports=1))
    driver.payer, rich = poor, driver.payer
    fault = driver.fault("sendTransaction", encoded(driver.sign([give])), {"encoding": "base64"})
    assert fault.data["err"] == "AccountNotFound"
    assert fault.message.endswith("Attempt to debit an account but found no record of a prior credit.")
    driver.chain.airdrop(poor.pubkey(), 890_880)
    driver.chain.airdrop(rich.pubkey(), 1)
    fault = driver.fault("sendTransaction", encoded(driver.sign([give])), {"encoding": "base64"})
    assert fault.data["err"] == {"InsufficientFundsForRent": {"account_index": 0}}


def simulate(driver, tx, **config):
    return driver.chain.rpc("simulateTransaction", [encoded(tx), {"encoding": "base64", **config}])["value"]


def test_a_simulation_changes_nothing_and_tells_all(driver):
    payer, receiver = driver.payer.pubkey(), driver.receiver
    tx = driver.sign([driver.pay()])
    wanted = {"addresses": [str(receiver), str(Pubkey.new_unique())], "encoding": "base64"}
    value = simulate(driver, tx, accounts=wanted, innerInstructions=True, sigVerify=True)
    assert value["err"] is None
    assert value["unitsConsumed"] == 150
    assert value["fee"] == 5_000
    assert value["logs"][0].endswith("invoke [1]")
    assert value["innerInstructions"] == []
    assert [found and found["lamports"] for found in value["accounts"]] == [SOL, None]
    assert value["preBalances"] == [1_000 * SOL, 0, 1]
    assert value["postBalances"] == [999 * SOL - 5_000, SOL, 1]
    assert value["replacementBlockhash"] is None
    assert driver.chain.accounts.balance(payer) == 1_000 * SOL
    driver.send(tx)


def test_a_simulation_can_do_without_signatures_and_with_another_blockhash(driver):
    tx = driver.sign([driver.pay()], blockhash=Hash.default())
    assert simulate(driver, tx)["err"] == "BlockhashNotFound"
    value = simulate(driver, tx, replaceRecentBlockhash=True)
    assert value["err"] is None
    latest = driver.chain.rpc("getLatestBlockhash")["value"]
    assert value["replacementBlockhash"] == latest
    forged = type(tx).populate(driver.sign([driver.pay()]).message, tx.signatures)
    assert simulate(driver, forged)["err"] is None
    assert simulate(driver, forged, sigVerify=True)["err"] == "SignatureFailure"


def test_contradictory_wishes_are_refused(driver):
    config = {"encoding": "base64", "sigVerify": True, "replaceRecentBlockhash": True}
    fault = driver.fault("simulateTransaction", encoded(driver.sign([driver.pay()])), config)
    assert fault.message == "sigVerify may not be used with replaceRecentBlockhash"


def test_return_data_is_told(driver):
    program = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
    from gdx_localnet.fixture import mint_account

    mint = Pubkey(bytes([5] * 32))
    driver.chain.set_account(mint, mint_account(0, 6, None))
    size_of_account = Instruction(program, bytes([21]), [AccountMeta(mint, False, False)])
    value = simulate(driver, driver.sign([size_of_account]))
    expected = base64.b64encode((165).to_bytes(8, "little")).decode()
    assert value["returnData"] == {"data": [expected, "base64"], "programId": str(program)}
    assert driver.run(size_of_account)["meta"]["returnData"] == value["returnData"]


@pytest.mark.parametrize(
    ("header", "instruction"),
    [
        ((1, 0, 1), CompiledInstruction(9, b"", b"")),
        ((1, 0, 1), CompiledInstruction(0, b"", b"")),
        ((1, 0, 1), CompiledInstruction(2, b"", bytes([7]))),
        ((0, 0, 1), CompiledInstruction(2, b"", b"")),
        ((1, 1, 1), CompiledInstruction(2, b"", b"")),
    ],
)
def test_no_fee_is_told_for_a_message_that_no_transaction_could_carry(driver, header, instruction):
    keys = [driver.payer.pubkey(), driver.receiver, Pubkey.default()]
    message = Message.new_with_compiled_instructions(*header, keys, driver.blockhash(), [instruction])
    fault = driver.fault("getFeeForMessage", base64.b64encode(bytes(message)).decode())
    assert (fault.code, fault.message) == (-32602, "invalid transaction message: index out of bounds")


def test_no_fee_is_told_for_a_message_that_looks_up_nothing(driver):
    lookup = MessageAddressTableLookup(Pubkey([3] * 32), b"\0", b"")
    header = MessageHeader(1, 0, 0)
    message = MessageV0(header, [driver.payer.pubkey()], driver.blockhash(), [], [lookup])
    fault = driver.fault("getFeeForMessage", base64.b64encode(to_bytes_versioned(message)).decode())
    assert fault.message == (
        "invalid transaction message: Attempted to lookup addresses from a table that does not exist"
    )


def test_logs_are_cut_at_10_000_bytes(driver):
    view = driver.run(set_compute_unit_limit(1_400_000), *[Instruction(MEMO, b"", [])] * 60)
    logs = view["meta"]["logMessages"]
    assert view["meta"]["err"] is None
    assert logs.count("Log truncated") == 1
    kept = [line for line in logs if line != "Log truncated"]
    assert 9_800 < sum(len(line) for line in kept) < 10_000


BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")


def budget(*data: int) -> Instruction:
    return Instruction(BUDGET, bytes(data), [])


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([set_compute_unit_limit(5), set_compute_unit_limit(6)], "contains a duplicate instruction (1)"),
        ([set_compute_unit_price(1), budget(1, 0, 128, 0, 0), set_compute_unit_price(1)], "instruction (2)"),
        ([budget(9)], "Error processing Instruction 0: invalid instruction data"),
        ([budget(2, 1, 0, 0, 0), budget(3, 1)], "Error processing Instruction 1: invalid instruction data"),
        ([budget()], "Error processing Instruction 0: invalid instruction data"),
    ],
)
def test_a_budget_that_cannot_be_read_is_refused_at_once(driver, steps, message):
    tx = encoded(driver.sign([*steps, driver.pay()]))
    for method in ("sendTransaction", "simulateTransaction"):
        fault = driver.fault(method, tx, {"encoding": "base64"})
        assert fault.code == -32602
        assert fault.message.startswith("invalid transaction: ")
        assert message in fault.message


@pytest.mark.parametrize(
    ("step", "err"),
    [
        (budget(1, 1, 0, 0, 0), {"InstructionError": [0, "InvalidInstructionData"]}),
        (budget(4, 0, 0, 0, 0), "InvalidLoadedAccountsDataSizeLimit"),
        (set_compute_unit_price(2**63), "InsufficientFundsForFee"),
    ],
)
def test_what_fails_before_its_accounts_are_loaded_has_no_fee(driver, step, err):
    value = simulated(driver, driver.sign([step, driver.pay()]))
    assert (value["err"], value["fee"], value["loadedAccountsDataSize"]) == (err, None, 0)


def simulated(driver, tx):
    return driver.chain.rpc("simulateTransaction", [encoded(tx), {"encoding": "base64"}])["value"]


def test_accounts_beyond_the_limit_asked_for_are_not_loaded(driver):
    whole = simulated(driver, driver.sign([budget(4, 0, 0, 1, 0), driver.pay()]))
    size = whole["loadedAccountsDataSize"]
    assert (whole["err"], size > 200) == (None, True)
    before = driver.chain.accounts.balance(driver.payer.pubkey())
    tx = driver.sign([budget(4, *(size - 1).to_bytes(4, "little")), driver.pay()])
    value = simulated(driver, tx)
    assert (value["err"], value["fee"]) == ("MaxLoadedAccountsDataSizeExceeded", 5_000)
    assert (value["loadedAccountsDataSize"], value["logs"]) == (size - 1, [])
    fault = driver.fault("sendTransaction", encoded(tx), {"encoding": "base64"})
    assert fault.data["err"] == "MaxLoadedAccountsDataSizeExceeded"
    assert driver.chain.accounts.balance(driver.payer.pubkey()) == before
    signature = driver.send(tx, skipPreflight=True)
    view = driver.chain.rpc("getTransaction", [signature])
    assert (view["meta"]["err"], view["meta"]["fee"]) == ("MaxLoadedAccountsDataSizeExceeded", 5_000)
    assert (view["meta"]["logMessages"], view["meta"]["computeUnitsConsumed"]) == (None, 0)
    assert driver.chain.accounts.balance(driver.payer.pubkey()) == before - 5_000
    exact = driver.sign([budget(4, *size.to_bytes(4, "little")), driver.pay()])
    assert simulated(driver, exact)["err"] is None


def test_an_airdrop_reads_the_blockhash_it_is_given(driver):
    address = str(driver.receiver)
    for text, word in (("x", "WrongSize"), ("0", "Invalid")):
        fault = driver.fault("requestAirdrop", address, SOL, {"recentBlockhash": text})
        assert (fault.code, fault.message) == (-32602, f"Invalid param: {word}")
    assert driver.chain.rpc("requestAirdrop", [address, SOL, {"recentBlockhash": str(driver.blockhash())}])


def test_an_old_transaction_costs_what_it_cost(driver):
    signature = driver.send(driver.sign([driver.pay()]))
    cost = driver.chain.rpc("getTransaction", [signature])["meta"]["costUnits"]
    held = driver.chain.accounts.get(driver.receiver)
    driver.chain.set_account(
        driver.receiver, Account(held.lamports * 10**3, bytes(10**6), held.owner, False, held.rent_epoch)
    )
    assert driver.chain.rpc("getTransaction", [signature])["meta"]["costUnits"] == cost
