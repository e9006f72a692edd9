"""Signing with libsodium and without it: the same bytes as solders' own constructor, for any signers."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from gdx_sdk.errors import InputError, TransactionError
from gdx_sdk.tx import Signer, compile_message, sign_message, signing, to_signed

SEED = random.randrange(2**32)


@pytest.fixture(params=["libsodium", "solders"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    signing._sodium.cache_clear()
    if request.param == "solders":
        monkeypatch.setitem(sys.modules, "nacl.bindings", None)
    assert (signing._sodium() is None) is (request.param == "solders")
    yield request.param
    signing._sodium.cache_clear()


def random_keypairs(rng: random.Random, count: int) -> list[Keypair]:
    return [Keypair.from_seed(rng.randbytes(32)) for _ in range(count)]


def random_message(rng: random.Random, keypairs: list[Keypair]) -> MessageV0:
    metas = [AccountMeta(pair.pubkey(), True, rng.random() < 0.5) for pair in keypairs]
    metas += [
        AccountMeta(Pubkey.from_bytes(rng.randbytes(32)), False, True) for _ in range(rng.randint(0, 5))
    ]
    rng.shuffle(metas)
    program = Pubkey.from_bytes(rng.randbytes(32))
    instruction = Instruction(program, rng.randbytes(rng.randint(0, 200)), metas)
    return compile_message([instruction], keypairs[0].pubkey(), blockhash=Hash.from_bytes(rng.randbytes(32)))


def test_the_bytes_are_those_of_solders() -> None:
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    for _ in range(30):
        keypairs = random_keypairs(rng, rng.randint(1, 6))
        message = random_message(rng, keypairs)
        expected = VersionedTransaction(message, keypairs)
        shuffled: list[Signer | Keypair] = [Signer(pair) if rng.random() < 0.5 else pair for pair in keypairs]
        rng.shuffle(shuffled)
        signed = to_signed(message, shuffled, 77)
        assert signed.raw == bytes(expected)
        assert signed.signature == str(expected.signatures[0])
        assert signed.last_valid_block_height == 77
        assert sign_message(message, shuffled) == expected


def test_a_signature_verifies() -> None:
    (keypair,) = random_keypairs(random.Random(SEED), 1)
    signer = Signer(keypair)
    raw = signer.sign(b"said")
    assert len(raw) == 64
    assert Signature.from_bytes(raw).verify(signer.pubkey, b"said")
    assert not Signature.from_bytes(raw).verify(signer.pubkey, b"unsaid")


def test_signers_are_exactly_those_asked_for() -> None:
    rng = random.Random(SEED)
    first, second, other = random_keypairs(rng, 3)
    message = random_message(rng, [first, second])
    for sign in (sign_message, lambda m, s: to_signed(m, s, 1)):
        with pytest.raises(InputError, match=f"must include {second.pubkey()}"):
            sign(message, [first])
        with pytest.raises(InputError, match="are not asked for"):
            sign(message, [first, second, other])
        sign(message, [first, second, first])  # the same one twice is one


def test_more_than_a_packet_is_refused_before_anything_is_signed() -> None:
    keypairs = random_keypairs(random.Random(SEED), 20)  # whose signatures alone are more
    message = random_message(random.Random(SEED), keypairs)
    size = 1 + 64 * 20 + len(to_bytes_versioned(message))
    with pytest.raises(TransactionError, match=f"transaction has {size} bytes"):
        to_signed(message, keypairs, 1)
