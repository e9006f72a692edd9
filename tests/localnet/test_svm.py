"""Slots, time, blockhashes, commitments and fees of the embedded chain."""

from __future__ import annotations

import time

import pytest
from gdx_localnet import EmbeddedChain, LocalnetError
from gdx_localnet.events import Commitment, Reached, SlotOpened
from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.keypair import Keypair
from solders.pubkey import Pubkey

SOL = 10**9


def test_a_transfer_moves_lamports_and_pays_its_fee(driver):
    driver.run(driver.pay(3 * SOL))
    assert driver.chain.accounts.balance(driver.receiver) == 3 * SOL
    assert driver.chain.accounts.balance(driver.payer.pubkey()) == 997 * SOL - 5_000


def test_fast_mode_closes_a_slot_behind_each_transaction(driver):
    before = driver.chain.rpc("getSlot")
    driver.run(driver.pay())
    assert driver.chain.rpc("getSlot") == before + 1
    assert driver.chain.rpc("getSlot", [{"commitment": "processed"}]) == before + 1


def test_fast_mode_keeps_a_blockhash_good_over_many_transactions(driver):
    blockhash = driver.blockhash()
    for lamports in range(SOL, SOL + 200):
        driver.send(driver.sign([driver.pay(lamports)], blockhash=blockhash))
    assert driver.chain.rpc("isBlockhashValid", [str(blockhash)])["value"]


def test_a_blockhash_expires_after_150_slots(manual):
    blockhash = manual.blockhash()
    last = manual.chain.rpc("getLatestBlockhash")["value"]["lastValidBlockHeight"]
    manual.chain.advance_slots(150)
    assert manual.chain.rpc("getBlockHeight") <= last
    manual.send(manual.sign([manual.pay()], blockhash=blockhash))
    manual.chain.advance_slots(1)
    assert manual.chain.rpc("getBlockHeight") == last + 1
    tx = manual.sign([manual.pay(7)], blockhash=blockhash)
    fault = manual.fault("sendTransaction", *_base64(tx))
    assert (fault.code, fault.data["err"]) == (-32002, "BlockhashNotFound")
    assert not manual.chain.rpc("isBlockhashValid", [str(blockhash)])["value"]


def _base64(tx):
    import base64

    return base64.b64encode(bytes(tx)).decode(), {"encoding": "base64"}


def test_manual_mode_moves_only_when_asked(manual):
    slot, ts = manual.chain.open_slot, manual.chain.time.now_ts()
    manual.send(manual.sign([manual.pay()]))
    time.sleep(0.01)
    assert (manual.chain.open_slot, manual.chain.time.now_ts()) == (slot, ts)
    manual.chain.advance_slots(5)
    assert (manual.chain.open_slot, manual.chain.time.now_ts()) == (slot + 5, ts + 2)


def test_programs_see_the_chain_time(manual):
    manual.chain.set_time(1_800_000_000)
    clock = manual.chain.svm.get_clock()
    assert (clock.unix_timestamp, clock.slot) == (1_800_000_000, manual.chain.open_slot)
    manual.chain.advance_slots(1_000)
    manual.chain.sync_sysvars()
    clock = manual.chain.svm.get_clock()
    assert (clock.unix_timestamp, clock.slot) == (1_800_000_400, manual.chain.open_slot)


def test_a_long_jump_is_quick_and_expires_blockhashes(manual):
    blockhash = manual.blockhash()
    manual.chain.advance_slots(10_000_000)
    assert manual.chain.open_slot > 10_000_000
    assert not manual.chain.rpc("isBlockhashValid", [str(blockhash)])["value"]
    assert len(manual.chain.ledger.blocks) < 3_000


def test_clock_mode_opens_slots_by_itself():
    chain = EmbeddedChain(slot_mode="clock", slot_ms=5)
    first = chain.rpc("getSlot", [{"commitment": "processed"}])
    while chain.rpc("getSlot", [{"commitment": "processed"}]) < first + 3:  # a clock that stands: timeout
        time.sleep(0.002)


def test_clock_mode_settles_with_a_lag():
    # Slots of an hour: none opens between two questions of one moment.
    chain = EmbeddedChain(slot_mode="clock", slot_ms=3_600_000, confirmed_lag=2, finalized_lag=4)
    address = Keypair().pubkey()
    signature = str(chain.airdrop(address, SOL))

    def state() -> tuple[str, int, int, int]:
        status = chain.rpc("getSignatureStatuses", [[signature]])["value"][0]["confirmationStatus"]
        levels = ("processed", "confirmed", "finalized")
        return (
            status,
            *(chain.rpc("getBalance", [str(address), {"commitment": level}])["value"] for level in levels),
        )

    seen = [state()]
    for _ in range(6):
        chain.advance_slots(1)
        if (now := state()) != seen[-1]:
            seen.append(now)
    assert seen == [
        ("processed", SOL, 0, 0),
        ("confirmed", SOL, SOL, 0),
        ("finalized", SOL, SOL, SOL),
    ]


def test_listeners_hear_each_commitment_in_turn():
    chain = EmbeddedChain(slot_mode="clock", slot_ms=3_600_000, confirmed_lag=1, finalized_lag=2)
    heard = []
    chain.listen(heard.append)
    chain.airdrop(Keypair().pubkey(), SOL)
    chain.advance_slots(2)
    kinds = [e.commitment if isinstance(e, Reached) else type(e) for e in heard]
    assert kinds == [Commitment.PROCESSED, Commitment.CONFIRMED, SlotOpened, Commitment.FINALIZED, SlotOpened]


def test_a_lagging_reader_sees_program_accounts_as_they_were():
    chain = EmbeddedChain(slot_mode="clock", slot_ms=3_600_000, confirmed_lag=1, finalized_lag=2)
    owner, old, new = (Pubkey.new_unique() for _ in range(3))
    chain.set_account(old, Account(SOL, b"1", owner, False, 0))
    chain.advance_slots(3)
    chain.set_account(old, Account(SOL, b"2", owner, False, 0))
    chain.set_account(new, Account(SOL, b"3", owner, False, 0))

    def data(commitment: str) -> list[str]:
        config = {"encoding": "base64", "commitment": commitment}
        found = chain.rpc("getProgramAccounts", [str(owner), config])
        return sorted(item["account"]["data"][0] for item in found)

    assert data("processed") == ["Mg==", "Mw=="]
    assert data("finalized") == ["MQ=="]
    chain.advance_slots(3)
    assert data("finalized") == ["Mg==", "Mw=="]


def test_a_failed_preflight_leaves_no_trace(driver):
    slot, balance = driver.chain.open_slot, driver.chain.accounts.balance(driver.payer.pubkey())
    fault = driver.fault("sendTransaction", *_base64(driver.sign([driver.pay(10**15)])))
    assert fault.code == -32002
    assert fault.message == (
        "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1"
    )
    assert fault.data["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert fault.data["unitsConsumed"] == 150
    assert "insufficient lamports" in fault.data["logs"][1]
    assert driver.chain.accounts.balance(driver.payer.pubkey()) == balance
    assert driver.chain.open_slot == slot


def test_without_preflight_a_failure_lands_and_pays(driver):
    balance = driver.chain.accounts.balance(driver.payer.pubkey())
    signature = driver.send(driver.sign([driver.pay(10**15)]), skipPreflight=True)
    status = driver.chain.rpc("getSignatureStatuses", [[signature]])["value"][0]
    assert status["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert driver.chain.accounts.balance(driver.payer.pubkey()) == balance - 5_000


def test_a_missing_program_is_charged_for(driver):
    from solders.instruction import Instruction

    tx = driver.sign([Instruction(Pubkey.new_unique(), b"", [])])
    balance = driver.chain.accounts.balance(driver.payer.pubkey())
    signature = driver.send(tx, skipPreflight=True)
    status = driver.chain.rpc("getSignatureStatuses", [[signature]])["value"][0]
    assert status["err"] == "ProgramAccountNotFound"
    assert driver.chain.accounts.balance(driver.payer.pubkey()) == balance - 5_000


def test_a_duplicate_is_refused(driver):
    tx = driver.sign([driver.pay()])
    driver.send(tx)
    fault = driver.fault("sendTransaction", *_base64(tx))
    assert (fault.code, fault.data["err"]) == (-32002, "AlreadyProcessed")
    driver.send(tx, skipPreflight=True)
    assert driver.chain.accounts.balance(driver.receiver) == SOL


def test_a_false_signature_is_refused(driver):
    tx, other = driver.sign([driver.pay()]), driver.sign([driver.pay(5)])
    forged = type(tx).populate(tx.message, other.signatures)
    fault = driver.fault("sendTransaction", *_base64(forged))
    assert fault.data["err"] == "SignatureFailure"
    driver.send(forged, skipPreflight=True)
    assert driver.chain.accounts.balance(driver.receiver) == 0


def test_lookup_tables_are_usable_one_slot_after_extension(manual):
    create, table = _create_table(manual)
    manual.send(manual.sign([create]))
    manual.send(manual.sign([_extend_table(manual, table, [manual.receiver])]))
    known = AddressLookupTableAccount(table, [manual.receiver])
    early = manual.sign([manual.pay()], tables=[known])
    fault = manual.fault("sendTransaction", *_base64(early))
    assert fault.code == -32602
    assert "Transaction address table lookup uses an invalid index" in fault.message
    manual.chain.advance_slots(1)
    manual.send(manual.sign([manual.pay()], tables=[known]))
    assert manual.chain.accounts.balance(manual.receiver) == SOL


def _create_table(driver):
    from solders.instruction import AccountMeta, Instruction

    program = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
    owner, recent_slot = driver.payer.pubkey(), driver.chain.open_slot - 1
    table, bump = Pubkey.find_program_address([bytes(owner), recent_slot.to_bytes(8, "little")], program)
    data = (0).to_bytes(4, "little") + recent_slot.to_bytes(8, "little") + bytes([bump])
    accounts = [
        AccountMeta(table, False, True),
        AccountMeta(owner, True, False),
        AccountMeta(owner, True, True),
        AccountMeta(Pubkey.default(), False, False),
    ]
    return Instruction(program, data, accounts), table


def _extend_table(driver, table, addresses):
    from solders.instruction import AccountMeta, Instruction

    program = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
    data = (2).to_bytes(4, "little") + len(addresses).to_bytes(8, "little") + b"".join(map(bytes, addresses))
    owner = driver.payer.pubkey()
    accounts = [
        AccountMeta(table, False, True),
        AccountMeta(owner, True, False),
        AccountMeta(owner, True, True),
        AccountMeta(Pubkey.default(), False, False),
    ]
    return Instruction(program, data, accounts)


def test_a_foreign_or_missing_lookup_table_is_named(driver):
    known = AddressLookupTableAccount(Pubkey.new_unique(), [driver.receiver])
    fault = driver.fault("sendTransaction", *_base64(driver.sign([driver.pay()], tables=[known])))
    assert "loads an address table account that doesn't exist" in fault.message
    known = AddressLookupTableAccount(driver.payer.pubkey(), [driver.receiver])
    fault = driver.fault("sendTransaction", *_base64(driver.sign([driver.pay()], tables=[known])))
    assert "an address table account with an invalid owner" in fault.message


def test_an_airdrop_beyond_the_faucet_fails(chain):
    with pytest.raises(LocalnetError, match="custom program error"):
        chain.airdrop(Pubkey.new_unique(), 2**63)


def test_equal_airdrops_both_land(chain):
    address = Pubkey.new_unique()
    chain.airdrop(address, SOL)
    chain.airdrop(address, SOL)
    assert chain.accounts.balance(address) == 2 * SOL


def test_history_is_bounded():
    chain = EmbeddedChain(history_limit=10)
    first = str(chain.airdrop(Pubkey.new_unique(), SOL))
    for _ in range(20):
        chain.airdrop(Pubkey.new_unique(), SOL)
    assert chain.rpc("getSignatureStatuses", [[first]])["value"] == [None]
    assert len(chain.ledger.by_signature) == 10
    assert len(chain.rpc("getSignaturesForAddress", [str(chain.faucet.pubkey())])) == 10
