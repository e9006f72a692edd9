"""Durable nonces: transactions that live by them, run or failed."""

from __future__ import annotations

import base64

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    CreateAccountParams,
    InitializeNonceAccountParams,
    advance_nonce_account,
    create_account,
    initialize_nonce_account,
)

SOL = 10**9


class Nonce:
    """A nonce account of the driver's payer."""

    def __init__(self, driver, authority=None):
        self.driver, self.account = driver, Keypair()
        self.authority = authority or driver.payer
        payer, address = driver.payer.pubkey(), self.account.pubkey()
        create = create_account(
            CreateAccountParams(
                from_pubkey=payer, to_pubkey=address, lamports=SOL, space=80, owner=Pubkey.default()
            )
        )
        initialize = initialize_nonce_account(
            InitializeNonceAccountParams(nonce_pubkey=address, authority=self.authority.pubkey())
        )
        driver.run(create, initialize, signers=[self.account])

    def value(self) -> Hash:
        return Hash.from_bytes(self.driver.chain.account(self.account.pubkey()).data[40:72])

    def advance(self):
        return advance_nonce_account(
            AdvanceNonceAccountParams(
                nonce_pubkey=self.account.pubkey(), authorized_pubkey=self.authority.pubkey()
            )
        )

    def sign(self, *instructions, signers=()):
        return self.driver.sign([self.advance(), *instructions], *signers, blockhash=self.value())


@pytest.fixture
def nonce(driver):
    return Nonce(driver)


def status(driver, signature):
    return driver.chain.rpc("getSignatureStatuses", [[signature]])["value"][0]


def test_a_nonce_outlives_every_blockhash(driver, nonce):
    tx, before = nonce.sign(driver.pay()), nonce.value()
    driver.chain.expire_blockhashes()
    driver.chain.advance_slots(200)
    assert status(driver, driver.send(tx))["err"] is None
    assert nonce.value() != before


def test_a_failed_transaction_moves_its_nonce_on(driver, nonce):
    tx, before = nonce.sign(driver.pay(10**18)), nonce.value()
    paid = driver.chain.account(driver.payer.pubkey()).lamports
    signature = driver.send(tx, skipPreflight=True)
    assert status(driver, signature)["err"] == {"InstructionError": [1, {"Custom": 1}]}
    assert nonce.value() != before
    assert driver.chain.account(driver.payer.pubkey()).lamports == paid - 5_000
    # The new one is good, the old one is not.
    assert status(driver, driver.send(nonce.sign(driver.pay())))["err"] is None


def test_a_failed_preflight_leaves_the_nonce(driver, nonce):
    tx, before = nonce.sign(driver.pay(10**18)), nonce.value()
    params = [base64.b64encode(bytes(tx)).decode(), {"encoding": "base64"}]
    assert driver.fault("sendTransaction", *params).code == -32002
    assert nonce.value() == before


def test_only_its_authority_lives_by_a_nonce(driver):
    stranger = Keypair()
    nonce = Nonce(driver, authority=Keypair())
    nonce.authority = stranger
    tx = nonce.sign(driver.pay(), signers=[stranger])
    params = [base64.b64encode(bytes(tx)).decode(), {"encoding": "base64"}]
    assert driver.fault("sendTransaction", *params).message.endswith("Blockhash not found")


def test_a_nonce_is_parsed(driver, nonce):
    params = [str(nonce.account.pubkey()), {"encoding": "jsonParsed"}]
    assert driver.chain.rpc("getAccountInfo", params)["value"]["data"] == {
        "parsed": {
            "info": {
                "authority": str(driver.payer.pubkey()),
                "blockhash": str(nonce.value()),
                "feeCalculator": {"lamportsPerSignature": "5000"},
            },
            "type": "initialized",
        },
        "program": "nonce",
        "space": 80,
    }
