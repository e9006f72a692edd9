"""Merkle tree over trade leaves: node = sha256(0x01 ‖ left ‖ right), an odd node moves up unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from gdx_sdk.errors import InputError

EMPTY_ROOT = bytes(32)  # root of a batch without trades


@dataclass(frozen=True, slots=True)
class MerkleProof:
    """Path from one leaf to the root.

    `index` of `leaf_count` fixes on which side each sibling stands and on which levels there is none. In a
    tree of known size a proof holds for one place only; a root alone does not tell the size, so `leaf_count`
    has to be compared with it (`verify_fill` does). `siblings` are 32-byte hashes from the leaf's level up.
    """

    index: int
    leaf_count: int
    siblings: tuple[bytes, ...]


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root of `leaves` (32-byte hashes) in order; zeros when there are none."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def merkle_proof(leaves: Sequence[bytes], index: int) -> MerkleProof:
    """Proof that `leaves[index]` is in the tree; `InputError` when there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise InputError("index", index, f"must name one of {len(leaves)} leaves")
    level, place, siblings = list(leaves), index, []
    while len(level) > 1:
        if place ^ 1 < len(level):
            siblings.append(level[place ^ 1])
        level, place = _parents(level), place >> 1
    return MerkleProof(index, len(leaves), tuple(siblings))


def verify_proof(leaf: bytes, proof: MerkleProof, root: bytes) -> bool:
    """Whether `proof` leads from `leaf` to `root`; a proof of the wrong shape is simply false.

    That the tree has `proof.leaf_count` leaves is taken from the proof, and with it the place.
    """
    if not 0 <= proof.index < proof.leaf_count:
        return False
    node, place, width, siblings = leaf, proof.index, proof.leaf_count, iter(proof.siblings)
    while width > 1:
        if place ^ 1 < width:
            sibling = next(siblings, None)
            if sibling is None:
                return False
            node = sha256(b"\x01" + (sibling + node if place & 1 else node + sibling)).digest()
        place, width = place >> 1, (width + 1) >> 1
    return next(siblings, None) is None and node == root


def _parents(level: list[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    parents = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    if len(level) & 1:
        parents.append(level[-1])
    return parents
