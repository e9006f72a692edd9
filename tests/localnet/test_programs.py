"""Upgradeable programs: placed, deployed, upgraded, made final."""

from __future__ import annotations

import pytest
from gdx_localnet import EngineError
from gdx_localnet.programs import UPGRADEABLE_LOADER, load_upgradeable, programdata_address
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account

RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")


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


def write_buffer(driver, elf: bytes) -> Pubkey:
    """A buffer account that holds `elf`, written in pieces as deploy tools do."""
    buffer, owner = Keypair(), driver.payer.pubkey()
    space = 37 + len(elf)
    lamports = driver.chain.rpc("getMinimumBalanceForRentExemption", [space])
    create = create_account(
        CreateAccountParams(
            from_pubkey=owner,
            to_pubkey=buffer.pubkey(),
            lamports=lamports,
            space=space,
            owner=UPGRADEABLE_LOADER,
        )
    )
    accounts = [AccountMeta(buffer.pubkey(), False, True), AccountMeta(owner, False, False)]
    initialize = Instruction(UPGRADEABLE_LOADER, (0).to_bytes(4, "little"), accounts)
    driver.run(create, initialize, signers=[buffer])
    accounts = [AccountMeta(buffer.pubkey(), False, True), AccountMeta(owner, True, False)]
    for at in range(0, len(elf), 900):
        piece = elf[at : at + 900]
        data = (1).to_bytes(4, "little") + at.to_bytes(4, "little") + len(piece).to_bytes(8, "little") + piece
        driver.run(Instruction(UPGRADEABLE_LOADER, data, accounts))
    return buffer.pubkey()


def upgrade(driver, program: Pubkey, buffer: Pubkey, authority: Keypair) -> Instruction:
    accounts = [
        AccountMeta(programdata_address(program), False, True),
        AccountMeta(program, False, True),
        AccountMeta(buffer, False, True),
        AccountMeta(driver.payer.pubkey(), False, True),
        AccountMeta(RENT, False, False),
        AccountMeta(CLOCK, False, False),
        AccountMeta(authority.pubkey(), True, False),
    ]
    return Instruction(UPGRADEABLE_LOADER, (3).to_bytes(4, "little"), accounts)


def test_a_program_is_deployed_by_transactions_and_runs_a_slot_later(driver, memo_elf):
    program, owner = Keypair(), driver.payer.pubkey()
    buffer = write_buffer(driver, memo_elf)
    lamports = driver.chain.rpc("getMinimumBalanceForRentExemption", [36])
    create = create_account(
        CreateAccountParams(
            from_pubkey=owner,
            to_pubkey=program.pubkey(),
            lamports=lamports,
            space=36,
            owner=UPGRADEABLE_LOADER,
        )
    )
    accounts = [
        AccountMeta(owner, True, True),
        AccountMeta(programdata_address(program.pubkey()), False, True),
        AccountMeta(program.pubkey(), False, True),
        AccountMeta(buffer, False, True),
        AccountMeta(RENT, False, False),
        AccountMeta(CLOCK, False, False),
        AccountMeta(Pubkey.default(), False, False),
        AccountMeta(owner, True, False),
    ]
    data = (2).to_bytes(4, "little") + (2 * len(memo_elf)).to_bytes(8, "little")
    driver.run(create, Instruction(UPGRADEABLE_LOADER, data, accounts), signers=[program])
    view = driver.run(Instruction(program.pubkey(), b"hello", []))
    assert f"Program {program.pubkey()} success" in view["meta"]["logMessages"]


def test_an_upgrade_takes_the_authority_and_keeps_the_address(driver, memo_elf):
    program, authority = Pubkey.new_unique(), Keypair()
    load_upgradeable(driver.chain, program, memo_elf, authority.pubkey())
    buffer = write_buffer(driver, memo_elf)
    with pytest.raises(Exception, match="Incorrect authority"):
        driver.run(upgrade(driver, program, buffer, driver.payer))
    # The loader wants program and buffer to have one authority.
    data = (4).to_bytes(4, "little")
    accounts = [
        AccountMeta(buffer, False, True),
        AccountMeta(driver.payer.pubkey(), True, False),
        AccountMeta(authority.pubkey(), False, False),
    ]
    driver.run(Instruction(UPGRADEABLE_LOADER, data, accounts))
    slot = driver.chain.open_slot
    driver.run(upgrade(driver, program, buffer, authority), signers=[authority])
    assert parsed(driver.chain, programdata_address(program))["info"]["slot"] == slot
    view = driver.run(Instruction(program, b"hello", []))
    assert f"Program {program} success" in view["meta"]["logMessages"]


def test_a_final_program_cannot_be_upgraded(driver, memo_elf):
    program = Pubkey.new_unique()
    load_upgradeable(driver.chain, program, memo_elf, None)
    buffer = write_buffer(driver, memo_elf)
    with pytest.raises(Exception, match="Account is immutable"):
        driver.run(upgrade(driver, program, buffer, driver.payer))
