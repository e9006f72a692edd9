"""From instructions to signed bytes: pure, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from gdx_sdk.errors import InputError, TransactionError
from gdx_sdk.tx.signing import SIGNATURE_BYTES, signing

PACKET_BYTES = 1_232
MAX_COMPUTE_UNITS = 1_400_000

Tables = Sequence[AddressLookupTableAccount]


class Signer:
    """A key pair whose public key is derived once: `Keypair.pubkey()` computes it anew at every call."""

    __slots__ = ("_sign", "keypair", "pubkey")

    def __init__(self, keypair: Keypair) -> None:
        self.keypair = keypair
        self.pubkey: Pubkey = keypair.pubkey()
        self._sign = signing(keypair)

    @classmethod
    def of(cls, signer: Signer | Keypair) -> Signer:
        """`signer` itself, or the key pair wrapped."""
        return signer if isinstance(signer, cls) else cls(signer)  # type: ignore[arg-type]

    def sign(self, message: bytes) -> bytes:
        """The ed25519 signature of `message`, 64 bytes; libsodium makes it where PyNaCl is installed."""
        return self._sign(message)

    def __repr__(self) -> str:
        return f"Signer({self.pubkey})"


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Bytes that can be sent again and again until they land or can never land any more."""

    signature: str
    raw: bytes
    last_valid_block_height: int
    priority_fee_microlamports: int = 0  # bid per compute unit


def with_budget(
    instructions: Sequence[Instruction],
    *,
    compute_unit_limit: int | None = None,
    priority_fee_microlamports: int = 0,
) -> list[Instruction]:
    """The compute budget (units; 1e-6 lamports per unit, 0 for none) in front of `instructions`."""
    if not instructions:
        raise InputError("instructions", 0, "a transaction needs at least one")
    budget: list[Instruction] = []
    if compute_unit_limit is not None:
        if not 0 < compute_unit_limit <= MAX_COMPUTE_UNITS:
            raise InputError("compute_unit_limit", compute_unit_limit, f"must be 1 to {MAX_COMPUTE_UNITS}")
        budget.append(set_compute_unit_limit(compute_unit_limit))
    if priority_fee_microlamports:
        budget.append(set_compute_unit_price(priority_fee_microlamports))
    return [*budget, *instructions]


def compile_message(
    instructions: Sequence[Instruction],
    payer: Pubkey,
    *,
    lookup_tables: Tables = (),
    blockhash: Hash | None = None,
) -> MessageV0:
    """A v0 message; accounts found in `lookup_tables` are named by index."""
    if not instructions:
        raise InputError("instructions", 0, "a transaction needs at least one")
    return MessageV0.try_compile(payer, list(instructions), list(lookup_tables), blockhash or Hash.default())


def transaction_size(message: MessageV0) -> int:
    """Bytes of the transaction once signed."""
    return 1 + SIGNATURE_BYTES * message.header.num_required_signatures + len(to_bytes_versioned(message))


def account_locks(message: MessageV0) -> int:
    """Accounts that the transaction locks, those in lookup tables included."""
    looked_up = sum(
        len(lookup.writable_indexes) + len(lookup.readonly_indexes)
        for lookup in message.address_table_lookups
    )
    return len(message.account_keys) + looked_up


def unsigned_transaction(message: MessageV0) -> VersionedTransaction:
    """The message with empty signatures, for a simulation."""
    blanks = [Signature.default()] * message.header.num_required_signatures
    return VersionedTransaction.populate(message, blanks)


def sign_message(message: MessageV0, signers: Sequence[Signer | Keypair]) -> VersionedTransaction:
    """Sign with every key the message asks for; a missing signer is an error, and so is one too many.

    The message is serialized once and each signature made once, which halves the usual constructor's time.
    """
    signatures = _signatures(message, to_bytes_versioned(message), signers)
    return VersionedTransaction.populate(message, [Signature.from_bytes(raw) for raw in signatures])


def to_signed(
    message: MessageV0, signers: Sequence[Signer | Keypair], last_valid_block_height: int
) -> SignedTransaction:
    """Sign and serialize; `TransactionError` when the result is over the packet size."""
    data = to_bytes_versioned(message)
    count = message.header.num_required_signatures
    size = 1 + SIGNATURE_BYTES * count + len(data)
    if size > PACKET_BYTES:  # so that fewer than 128 sign, whose number takes one byte
        raise TransactionError(f"transaction has {size} bytes, a packet holds {PACKET_BYTES}")
    signatures = _signatures(message, data, signers)
    raw = bytes((count,)) + b"".join(signatures) + data
    return SignedTransaction(str(Signature.from_bytes(signatures[0])), raw, last_valid_block_height)


def _signatures(message: MessageV0, data: bytes, signers: Sequence[Signer | Keypair]) -> list[bytes]:
    """One for each key that must sign, in their order."""
    needed = message.account_keys[: message.header.num_required_signatures]
    found = {signer.pubkey: signer for signer in map(Signer.of, signers)}
    if missing := [str(key) for key in needed if key not in found]:
        raise InputError("signers", [str(key) for key in found], f"must include {', '.join(missing)}")
    if len(found) > len(needed):
        unused = [str(key) for key in found if key not in needed]
        raise InputError("signers", unused, "are not asked for by any instruction")
    return [found[key].sign(data) for key in needed]
