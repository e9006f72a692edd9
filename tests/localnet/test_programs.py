"""Upgradeable programs: placed, deployed, upgraded, made final."""

from __future__ import annotations

import base64

import pytest
from gdx_localnet import EngineError
from gdx_localnet.programs import UPGRADEABLE_LOADER, load_upgradeable, programdata_address
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from tests import loader

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")


def parsed(chain, address):
    value = chain.rpc("getAccountInfo", [str(address), {"encoding": "jsonParsed"}])["value"]
    return value["data"]["parsed"]


def test_a_placed_program_runs_and_shows_its_accounts(driver, memo_elf):
    program, authority = Pubkey.new_unique(), Keypair().pubkey()
    load_upgradeable(driver.chain, program, memo_elf, authority)
    view = driver.run(Instruction(program, b"hello", []))
    assert f"Program {program} success" in view["meta"]["logMessages"]
    assert parsed(driver.chain, program) == {
        "info": {"programData": str(programdata_address(program))},
        "type": "program",
    }
    code = parsed(driver.chain, programdata_address(program))
    assert code["type"] == "programData"
    assert (code["info"]["authority"], code["info"]["slot"]) == (str(authority), 0)


def test_what_is_not_a_program_is_refused(driver):
    with pytest.raises(EngineError, match="not a loadable program"):
        load_upgradeable(driver.chain, Pubkey.new_unique(), b"\x7fELF nonsense", None)


def fill_buffer(driver, elf: bytes) -> Pubkey:
    """A buffer account that holds `elf`, written in pieces as deploy tools do."""
    buffer, owner = Keypair(), driver.payer.pubkey()
    space = loader.BUFFER_HEADER_BYTES + len(elf)
    lamports = driver.chain.rpc("getMinimumBalanceForRentExemption", [space])
    created = loader.create(owner, buffer.pubkey(), space, lamports)
    driver.run(created, loader.initialize_buffer(buffer.pubkey(), owner), signers=[buffer])
    for piece in loader.write_buffer(buffer.pubkey(), owner, elf):
        driver.run(piece)
    return buffer.pubkey()


def upgrade(driver, program: Pubkey, buffer: Pubkey, authority: Keypair) -> Instruction:
    return loader.upgrade(program, buffer, authority.pubkey(), driver.payer.pubkey())


def test_a_program_is_deployed_by_transactions_and_runs_a_slot_later(driver, memo_elf):
    program, owner = Keypair(), driver.payer.pubkey()
    buffer = fill_buffer(driver, memo_elf)
    lamports = driver.chain.rpc("getMinimumBalanceForRentExemption", [loader.PROGRAM_BYTES])
    created = loader.create(owner, program.pubkey(), loader.PROGRAM_BYTES, lamports)
    deployed = loader.deploy(owner, program.pubkey(), buffer, owner, 2 * len(memo_elf))
    driver.run(created, deployed, signers=[program])
    view = driver.run(Instruction(program.pubkey(), b"hello", []))
    assert f"Program {program.pubkey()} success" in view["meta"]["logMessages"]


def test_an_upgrade_takes_the_authority_and_keeps_the_address(driver, memo_elf):
    program, authority = Pubkey.new_unique(), Keypair()
    load_upgradeable(driver.chain, program, memo_elf, authority.pubkey())
    buffer = fill_buffer(driver, memo_elf)
    with pytest.raises(Exception, match="Incorrect authority"):
        driver.run(upgrade(driver, program, buffer, driver.payer))
    # The loader wants program and buffer to have one authority.
    driver.run(loader.set_authority(buffer, driver.payer.pubkey(), authority.pubkey()))
    slot = driver.chain.open_slot
    driver.run(upgrade(driver, program, buffer, authority), signers=[authority])
    assert parsed(driver.chain, programdata_address(program))["info"]["slot"] == slot
    view = driver.run(Instruction(program, b"hello", []))
    assert f"Program {program} success" in view["meta"]["logMessages"]


def test_a_final_program_cannot_be_upgraded(driver, memo_elf):
    program = Pubkey.new_unique()
    load_upgradeable(driver.chain, program, memo_elf, None)
    buffer = fill_buffer(driver, memo_elf)
    with pytest.raises(Exception, match="Account is immutable"):
        driver.run(upgrade(driver, program, buffer, driver.payer))


def test_a_final_program_shows_what_a_validator_takes_for_its_code(driver, memo_elf):
    program, authority = Pubkey.new_unique(), driver.payer.pubkey()
    load_upgradeable(driver.chain, program, memo_elf, authority)
    code_address = programdata_address(program)
    assert parsed(driver.chain, code_address)["info"]["data"] == [text_of(memo_elf), "base64"]
    driver.run(loader.set_authority(code_address, authority, None))
    info = parsed(driver.chain, code_address)["info"]
    assert (info["authority"], info["data"][0]) == (None, text_of(bytes(authority) + memo_elf))


def text_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def test_a_program_s_code_is_loaded_once(driver, memo_elf):
    program = Pubkey.new_unique()
    load_upgradeable(driver.chain, program, memo_elf, None)
    sizes = []
    for more in ([], [AccountMeta(programdata_address(program), False, False)]):
        tx = driver.sign([Instruction(program, b"hello", more)])
        params = [text_of(bytes(tx)), {"encoding": "base64"}]
        sizes.append(driver.chain.rpc("simulateTransaction", params)["value"]["loadedAccountsDataSize"])
    assert sizes[0] == sizes[1] > len(memo_elf)


def call_of(program: Pubkey) -> Instruction:
    return Instruction(program, b"hello", [])


def close(driver, program: Pubkey) -> Instruction:
    payer = driver.payer.pubkey()
    return loader.close(programdata_address(program), payer, payer, program)


def run_in_slot(driver, *instructions) -> tuple:
    """Send past preflight; error and logs, with the slot still open."""
    signature = driver.send(driver.sign(instructions), skipPreflight=True)
    record = driver.chain.ledger.by_signature[Signature.from_string(signature)]
    return record.err, record.meta.logs()


def not_deployed(program: Pubkey) -> list[str]:
    return [
        f"Program {program} invoke [1]",
        "Program is not deployed",
        f"Program {program} failed: Unsupported program id",
    ]


def test_an_upgraded_program_runs_from_the_next_slot_on(manual):
    program, driver = Pubkey.new_unique(), manual
    elf = driver.chain.accounts.get(MEMO).data
    load_upgradeable(driver.chain, program, elf, driver.payer.pubkey())
    buffer = write_buffer_in_slot(driver, elf)
    assert run_in_slot(driver, upgrade(driver, program, buffer, driver.payer))[0] is None
    paid = driver.chain.account(driver.payer.pubkey()).lamports
    err, logs = run_in_slot(driver, driver.pay(), call_of(program))
    assert err == {"InstructionError": [1, "UnsupportedProgramId"]}
    assert logs[-3:] == not_deployed(program)
    assert logs[0] == "Program 11111111111111111111111111111111 invoke [1]"
    assert driver.chain.account(driver.payer.pubkey()).lamports == paid - 5_000
    driver.chain.advance_slots(1)
    assert run_in_slot(driver, call_of(program))[0] is None


def test_a_closed_program_is_gone(driver, memo_elf):
    program = Pubkey.new_unique()
    load_upgradeable(driver.chain, program, memo_elf, driver.payer.pubkey())
    driver.run(close(driver, program))
    assert driver.chain.account(programdata_address(program)) is None
    for _ in range(2):
        assert run_in_slot(driver, call_of(program)) == (
            {"InstructionError": [0, "UnsupportedProgramId"]},
            not_deployed(program),
        )
    simulated = driver.sign([call_of(program)])
    params = [base64.b64encode(bytes(simulated)).decode(), {"encoding": "base64"}]
    value = driver.chain.rpc("simulateTransaction", params)["value"]
    assert (value["err"], value["logs"]) == (
        {"InstructionError": [0, "UnsupportedProgramId"]},
        not_deployed(program),
    )
    fault = driver.fault("sendTransaction", *params)
    assert fault.message.endswith("Error processing Instruction 0: Unsupported program id")
    load_upgradeable(driver.chain, program, memo_elf, None)
    assert run_in_slot(driver, call_of(program), driver.pay())[0] is None


def test_a_snapshot_brings_a_closed_program_back(driver, memo_elf, tmp_path):
    program = Pubkey.new_unique()
    load_upgradeable(driver.chain, program, memo_elf, driver.payer.pubkey())
    before, after = str(tmp_path / "before"), str(tmp_path / "after")
    driver.chain.rpc("gdx_snapshot", [before])
    driver.run(close(driver, program))
    driver.chain.rpc("gdx_snapshot", [after])
    driver.chain.rpc("gdx_restore", [before])
    assert run_in_slot(driver, call_of(program))[0] is None
    driver.chain.rpc("gdx_restore", [after])
    assert run_in_slot(driver, call_of(program), driver.pay())[0] is not None


def write_buffer_in_slot(driver, elf: bytes) -> Pubkey:
    """A buffer placed past every rule."""
    buffer = Pubkey.new_unique()
    data = (1).to_bytes(4, "little") + b"\1" + bytes(driver.payer.pubkey()) + elf
    lamports = driver.chain.rpc("getMinimumBalanceForRentExemption", [len(data)])
    driver.chain.set_account(buffer, Account(lamports, data, UPGRADEABLE_LOADER, False, 2**64 - 1))
    return buffer
