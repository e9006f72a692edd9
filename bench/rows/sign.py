"""Build, sign and serialize a v0 transaction with one liquidation in it."""

from __future__ import annotations

from collections.abc import Callable

from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from bench.frame import Job, Local, bench
from gdx_sdk import Signer, instructions
from gdx_sdk.tx import compile_message, to_signed
from gdx_sdk.tx.signing import by_solders


def signer_without(keypair: Keypair, sodium: bool) -> Signer:
    """A signer as it is with libsodium, or as it is where PyNaCl is not installed."""
    signer = Signer(keypair)
    if not sodium:
        signer._sign = by_solders(keypair)
    return signer


@bench("Sign a transaction")
def run(job: Job) -> None:
    """The peer is what solders' documentation shows: compile a message, hand it over with the keys."""
    keypair, blockhash = Keypair.from_seed(bytes([7]) * 32), Hash.from_bytes(bytes([8]) * 32)
    market, position, feed = (Pubkey.from_bytes(bytes([n]) * 32) for n in (1, 2, 3))
    instruction = instructions.liquidate(keypair.pubkey(), position, market, size_e8=10**8, price_feed=feed)

    def idiom() -> bytes:
        message = MessageV0.try_compile(keypair.pubkey(), [instruction], [], blockhash)
        return bytes(VersionedTransaction(message, [keypair]))

    def ours(signer: Signer) -> Callable[[], bytes]:
        def build() -> bytes:
            message = compile_message([instruction], signer.pubkey, blockhash=blockhash)
            return to_signed(message, [signer], 1).raw

        return build

    peer = Local("solders: VersionedTransaction(message, [keypair])", idiom, bytes.hex)
    for name, has_sodium, target, binds in (
        ("base install", False, 1.75, "solders' signature itself"),
        ("with `fast` (libsodium)", True, 3.7, "libsodium's signature itself, four fifths of the time"),
    ):
        job.compare(
            f"build, sign, serialize, {name}",
            ours=Local("to_signed", ours(signer_without(keypair, has_sodium)), bytes.hex),
            peer=peer,
            min_ratio=target,
            binds=binds,
        )
