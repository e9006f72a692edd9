"""Token-2022 mints and accounts as the token program itself makes them, one instruction per extension."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from .chain import SOL, Chain
from .tokens import TOKEN_2022

SOMEBODY = Pubkey(bytes(range(1, 33)))
_KEY = bytes(SOMEBODY)
_BASE_BYTES = 166  # a mint is padded to the length of an account, and both end with their kind
# A point of the curve.
_ELGAMAL = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")
_PLAIN_MULTIPLIER = struct.pack("<d", 1.0)  # the program's own format, no amount of money


@dataclass(frozen=True)
class MintExtension:
    """What an extension occupies in the mint, and the instruction that initializes it before the mint."""

    kind: int
    size: int
    data: bytes
    needs: tuple[str, ...] = ()


MINT_EXTENSIONS = {
    "transfer_fee": MintExtension(
        1, 108, bytes([26, 0, 1]) + _KEY + b"\1" + _KEY + struct.pack("<HQ", 100, 10**9)
    ),
    "mint_close_authority": MintExtension(3, 32, bytes([25, 1]) + _KEY),
    "confidential_transfer": MintExtension(4, 65, bytes([27, 0]) + _KEY + b"\1" + _ELGAMAL),
    "default_frozen": MintExtension(6, 1, bytes([28, 0, 2])),
    "default_initialized": MintExtension(6, 1, bytes([28, 0, 1])),
    "non_transferable": MintExtension(9, 0, bytes([32])),
    "interest_bearing": MintExtension(10, 52, bytes([33, 0]) + _KEY + struct.pack("<h", 500)),
    "permanent_delegate": MintExtension(12, 32, bytes([35]) + _KEY),
    "transfer_hook": MintExtension(14, 64, bytes([36, 0]) + _KEY + _KEY),
    "confidential_transfer_fee": MintExtension(
        16, 129, bytes([37, 0]) + _KEY + _ELGAMAL, ("transfer_fee", "confidential_transfer")
    ),
    "metadata_pointer": MintExtension(18, 64, bytes([39, 0]) + _KEY + _KEY),
    "group_pointer": MintExtension(20, 64, bytes([40, 0]) + _KEY + _KEY),
    "group_member_pointer": MintExtension(22, 64, bytes([41, 0]) + _KEY + _KEY),
    "confidential_mint_burn": MintExtension(
        24, 196, bytes([42, 0]) + _ELGAMAL + bytes(36), ("confidential_transfer",)
    ),
    "scaled_ui_amount": MintExtension(25, 56, bytes([43, 0]) + _KEY + _PLAIN_MULTIPLIER),
    "pausable": MintExtension(26, 33, bytes([44, 0]) + _KEY),
}
DESCRIPTIVE = ("metadata_pointer", "group_pointer", "group_member_pointer")


def make_mint(
    chain: Chain, *names: str, authority: Pubkey = SOMEBODY, freezer: Pubkey | None = SOMEBODY
) -> Pubkey:
    """A mint with these extensions, those they need included; six decimals."""
    wanted = list(dict.fromkeys(needed for name in names for needed in (*MINT_EXTENSIONS[name].needs, name)))
    extensions = [MINT_EXTENSIONS[name] for name in wanted]
    size = _BASE_BYTES + sum(4 + one.size for one in extensions) if extensions else 82
    mint = _blank(chain, size)
    freeze = b"\1" + bytes(freezer) if freezer else b"\0"
    steps = [_on(mint, one.data) for one in extensions]
    chain.send(*steps, _on(mint, bytes([20, 6]) + bytes(authority) + freeze))
    return mint


def describe_mint(chain: Chain, mint: Pubkey, authority: Pubkey = SOMEBODY) -> None:
    """Write a name, a symbol and a link into the mint itself; it needs the metadata pointer."""
    text = b"".join(struct.pack("<I", len(part)) + part for part in (b"Quote", b"Q", b"https://example.org"))
    data = sha256(b"spl_token_metadata_interface:initialize_account").digest()[:8] + text
    chain.send(_with_signer(data, (mint, True), (authority, False), (mint, False), signer=authority))


def group_mint(chain: Chain, mint: Pubkey, authority: Pubkey = SOMEBODY) -> None:
    """Make the mint a group of its own; it needs the group pointer."""
    head = sha256(b"spl_token_group_interface:initialize_token_group").digest()[:8]
    data = head + bytes(authority) + struct.pack("<Q", 9)
    chain.send(_with_signer(data, (mint, True), (mint, False), signer=authority))


def make_account(chain: Chain, mint: Pubkey, owner: Pubkey, *extensions: str) -> Pubkey:
    """A token account: `immutable_owner`, `memo_required`, `cpi_guard`, or none of them."""
    size = _BASE_BYTES + sum(4 + (one != "immutable_owner") for one in extensions) if extensions else 165
    account = _blank(chain, size)
    steps = [_on(account, bytes([22]))] if "immutable_owner" in extensions else []
    initialize = Instruction(TOKEN_2022, bytes([18]) + bytes(owner), _metas((account, True), (mint, False)))
    chain.send(*steps, initialize)
    for name, tag in (("memo_required", 30), ("cpi_guard", 34)):
        if name in extensions:
            chain.send(_with_signer(bytes([tag, 0]), (account, True), signer=owner))
    return account


def issue(
    chain: Chain, mint: Pubkey, account: Pubkey, amount_atoms: int, authority: Pubkey = SOMEBODY
) -> None:
    """Mint tokens into an account."""
    data = bytes([7]) + struct.pack("<Q", amount_atoms)
    chain.send(_with_signer(data, (mint, True), (account, True), signer=authority))


def approve(chain: Chain, account: Pubkey, delegate: Pubkey, owner: Pubkey, amount_atoms: int) -> None:
    """Let `delegate` move tokens, by the token program's own instruction."""
    data = bytes([4]) + struct.pack("<Q", amount_atoms)
    chain.send(_with_signer(data, (account, True), (delegate, False), signer=owner))


def memo(text: bytes = b"hello") -> Instruction:
    """A memo, which some accounts ask for before a transfer."""
    return Instruction(Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"), text, [])


def _blank(chain: Chain, size: int) -> Pubkey:
    """An account of the token program that nothing has initialized, with lamports to spare."""
    key = chain.put(Pubkey.new_unique(), bytes(size), TOKEN_2022)
    chain.give(key, SOL)
    return key


def _on(account: Pubkey, data: bytes) -> Instruction:
    return Instruction(TOKEN_2022, data, _metas((account, True)))


def _with_signer(data: bytes, *accounts: tuple[Pubkey, bool], signer: Pubkey) -> Instruction:
    return Instruction(TOKEN_2022, data, [*_metas(*accounts), AccountMeta(signer, True, False)])


def _metas(*accounts: tuple[Pubkey, bool]) -> Sequence[AccountMeta]:
    return [AccountMeta(key, False, is_writable) for key, is_writable in accounts]
