"""What became of transactions: statuses, transactions, signatures by address, blocks."""

from __future__ import annotations

import base64

import pytest
from gdx_localnet import EmbeddedChain, RpcFault, base58
from solders.instruction import Instruction
from solders.pubkey import Pubkey

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
SOL = 10**9


def test_statuses_of_known_and_unknown_signatures(driver):
    signature = driver.send(driver.sign([driver.pay()]))
    value = driver.chain.rpc("getSignatureStatuses", [[signature, "1" * 64]])["value"]
    assert value[0] == {
        "confirmationStatus": "finalized",
        "confirmations": None,
        "err": None,
        "slot": driver.chain.rpc("getSlot"),
        "status": {"Ok": None},
    }
    assert value[1] is None


def test_a_transaction_in_every_encoding(driver):
    tx = driver.sign([driver.pay()])
    signature = driver.send(tx)

    def body(encoding):
        return driver.chain.rpc("getTransaction", [signature, {"encoding": encoding}])["transaction"]

    assert base64.b64decode(body("base64")[0]) == bytes(tx)
    assert base58.decode(body("base58")[0]) == bytes(tx)
    assert body("json")["signatures"] == [signature]
    assert body("json")["message"]["header"] == {
        "numReadonlySignedAccounts": 0,
        "numReadonlyUnsignedAccounts": 1,
        "numRequiredSignatures": 1,
    }
    parsed = body("jsonParsed")["message"]
    assert parsed["instructions"][0]["parsed"]["type"] == "transfer"
    assert [key["writable"] for key in parsed["accountKeys"]] == [True, True, False]
    assert [key["signer"] for key in parsed["accountKeys"]] == [True, False, False]


def test_a_v0_transaction_needs_a_client_that_says_so(driver):
    signature = driver.send(driver.sign([driver.pay()], tables=[]))
    fault = driver.fault("getTransaction", signature)
    assert fault.code == -32015
    view = driver.chain.rpc("getTransaction", [signature, {"maxSupportedTransactionVersion": 0}])
    assert view["version"] == 0
    assert view["transaction"]["message"]["addressTableLookups"] == []


def test_an_unknown_transaction_is_null(driver):
    assert driver.chain.rpc("getTransaction", ["1" * 64]) is None


def test_signatures_of_an_address_newest_first(driver):
    sent = [driver.send(driver.sign([driver.pay(n)])) for n in range(SOL, SOL + 5)]
    receiver = str(driver.receiver)

    def found(**config):
        return [e["signature"] for e in driver.chain.rpc("getSignaturesForAddress", [receiver, config])]

    newest_first = sent[::-1]
    assert found() == newest_first
    assert found(limit=2) == newest_first[:2]
    assert found(before=sent[3]) == newest_first[2:]
    assert found(until=sent[1]) == newest_first[:3]
    assert found(before=sent[4], until=sent[1], limit=1) == [sent[3]]
    for name in ("before", "until"):
        fault = driver.fault("getSignaturesForAddress", receiver, {name: "1" * 64})
        assert (fault.code, fault.message) == (-32020, f"Transaction {'1' * 64} not found")


def test_memos_are_told_with_signatures(driver):
    signature = driver.send(driver.sign([Instruction(MEMO, b"hello", [])]))
    (entry, *_) = driver.chain.rpc("getSignaturesForAddress", [str(driver.payer.pubkey())])
    assert (entry["signature"], entry["memo"]) == (signature, "[5] hello")


def test_a_block_holds_its_transactions(manual):
    slot = manual.chain.open_slot
    sent = [manual.send(manual.sign([manual.pay(n)])) for n in range(SOL, SOL + 3)]
    fault = manual.fault("getBlock", slot)
    assert (fault.code, fault.message) == (-32004, f"Block not available for slot {slot}")
    manual.chain.advance_slots(1)
    block = manual.chain.rpc("getBlock", [slot])
    assert [item["transaction"]["signatures"][0] for item in block["transactions"]] == sent
    assert (block["parentSlot"], block["blockHeight"]) == (slot - 1, slot)
    before = manual.chain.rpc("getBlock", [slot - 1])
    assert block["previousBlockhash"] == before["blockhash"]
    config = {"transactionDetails": "signatures", "rewards": False}
    assert manual.chain.rpc("getBlock", [slot, config])["signatures"] == sent
    accounts = manual.chain.rpc("getBlock", [slot, {"transactionDetails": "accounts"}])
    assert accounts["transactions"][0]["transaction"]["accountKeys"][0]["signer"]
    assert "transactions" not in manual.chain.rpc("getBlock", [slot, {"transactionDetails": "none"}])
    view = manual.chain.rpc("getTransaction", [sent[2]])
    assert (view["slot"], view["transactionIndex"], view["blockTime"]) == (slot, 2, 1_700_000_000)


def test_block_lists(manual):
    manual.chain.advance_slots(10)
    assert manual.chain.rpc("getBlocks", [2, 5]) == [2, 3, 4, 5]
    assert manual.chain.rpc("getBlocks", [8]) == [8, 9, 10]
    assert manual.chain.rpc("getBlocks", [5, 2]) == []
    assert manual.chain.rpc("getBlocksWithLimit", [3, 2]) == [3, 4]
    assert manual.chain.rpc("getFirstAvailableBlock") == 0
    assert manual.chain.rpc("getBlockTime", [4]) == 1_700_000_001
    assert manual.fault("getBlockTime", 10**6).code == -32004


def test_skipped_slots_have_no_block(manual):
    manual.chain.advance_slots(5_000)
    slots = manual.chain.rpc("getBlocks", [0])
    assert slots[:2] == [0, 1]
    assert slots[2] > 2_900
    assert manual.fault("getBlock", 1_000).code == -32007
    assert manual.fault("getBlock", 10_000).code == -32004


def test_blocks_that_are_no_longer_kept_are_told_apart():
    chain = EmbeddedChain(slot_mode="manual", seed=b"test", history_limit=10)
    chain.advance_slots(50)
    first = chain.rpc("getFirstAvailableBlock")
    assert first == 41
    with pytest.raises(RpcFault) as caught:
        chain.rpc("getBlock", [5])
    assert (caught.value.code, caught.value.message) == (
        -32001,
        "Block 5 cleaned up, does not exist on node. First available block: 41",
    )


@pytest.mark.parametrize("mode", ["fast", "manual"])
def test_epoch_and_counts(mode, driver, manual):
    chosen = {"fast": driver, "manual": manual}[mode]
    chosen.send(chosen.sign([chosen.pay()]))
    info = chosen.chain.rpc("getEpochInfo")
    assert info["absoluteSlot"] == chosen.chain.rpc("getSlot")
    assert info["slotsInEpoch"] == 432_000
    assert info["transactionCount"] == chosen.chain.rpc("getTransactionCount") == 1
