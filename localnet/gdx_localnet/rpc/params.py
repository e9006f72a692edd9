"""Reading parameters as a validator does: same checks, same sentences."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from gdx_localnet import base58
from gdx_localnet.events import Commitment
from gdx_localnet.rpc.faults import MIN_CONTEXT_SLOT, RpcFault, invalid_params

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

ACCOUNT_ENCODINGS = ("binary", "base58", "base64", "jsonParsed", "base64+zstd")
TRANSACTION_ENCODINGS = ("binary", "base64", "base58", "json", "jsonParsed")
_U64_MAX = 2**64 - 1


def wrong_type(value: Any, expected: str) -> RpcFault:
    """The −32602 for a value of another type than `expected`."""
    return invalid_params(f"Invalid params: invalid type: {_described(value)}, expected {expected}.")


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{value}`"
    if isinstance(value, str):
        return f"string {json.dumps(value, ensure_ascii=False)}"
    return {type(None): "null", list: "sequence", dict: "map"}[type(value)]


def key_bytes(text: Any, length: int, prefix: str = "Invalid param: ") -> bytes:
    """Base58 text that must decode to `length` bytes."""
    if not isinstance(text, str):
        raise wrong_type(text, "a string")
    # 2 characters per byte is above base58's 1.37: longer text can't be right and isn't worth decoding.
    raw = base58.decode(text) if len(text) <= 2 * length else b""
    if raw is None:
        raise invalid_params(f"{prefix}Invalid")
    if len(raw) != length:
        raise invalid_params(f"{prefix}WrongSize")
    return raw


def base64_bytes(text: str) -> bytes:
    """What base64 `text` holds; −32602 in the words of the validator's decoder when it is malformed."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise invalid_params(f"invalid base64 encoding: {_base64_fault(text)}") from error


def _base64_fault(text: str) -> str:
    body = text.rstrip("=")
    for at, character in enumerate(body):
        if not (character.isascii() and (character.isalnum() or character in "+/")):
            return f"InvalidByte({at}, {ord(character)})"
    return f"InvalidLength({len(body)})" if len(body) % 4 == 1 else "InvalidPadding"


class Config:
    """A method's trailing object, every member optional."""

    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members

    def commitment(self, default: Commitment = Commitment.FINALIZED, name: str = "commitment") -> Commitment:
        """The commitment asked for; an unknown word means finalized, as on a validator."""
        value = self.members.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise wrong_type(value, "a string")
        return Commitment(value) if value in tuple(Commitment) else Commitment.FINALIZED

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of `allowed`, or None when absent."""
        value = self.members.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise wrong_type(value, "variant identifier")
        if value not in allowed:
            choices = ", ".join(f"`{word}`" for word in allowed)
            raise invalid_params(f"Invalid params: unknown variant `{value}`, expected one of {choices}.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self.members.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise wrong_type(value, "a boolean")
        return value

    def integer(self, name: str, expected: str = "u64") -> int | None:
        """An unsigned integer, or None when absent."""
        value = self.members.get(name)
        return None if value is None else unsigned(value, expected)

    def text(self, name: str) -> str | None:
        """A string, or None when absent."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, str):
            raise wrong_type(value, "a string")
        return value

    def data_slice(self) -> tuple[int, int] | None:
        """`dataSlice` as (offset, length) in bytes."""
        value = self.members.get("dataSlice")
        if value is None:
            return None
        if not isinstance(value, dict):
            raise wrong_type(value, "struct UiDataSliceConfig")
        return _member(value, "offset"), _member(value, "length")


def _member(members: dict[str, Any], name: str) -> int:
    if name not in members:
        raise invalid_params(f"Invalid params: missing field `{name}`.")
    return unsigned(members[name], "usize")


def unsigned(value: Any, expected: str = "u64") -> int:
    """A JSON integer from 0 to 2⁶⁴ − 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(value, expected)
    if not 0 <= value <= _U64_MAX:
        raise invalid_params(f"Invalid params: invalid value: integer `{value}`, expected {expected}.")
    return value


class Args:
    """A method's positional parameters."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def raw(self, index: int) -> Any:
        """The parameter as it came; None when absent."""
        return self.values[index] if index < len(self.values) else None

    def text(self, index: int) -> str:
        """A string."""
        value = self.raw(index)
        if not isinstance(value, str):
            raise wrong_type(value, "a string")
        return value

    def pubkey(self, index: int) -> Pubkey:
        """A base58 public key."""
        return Pubkey.from_bytes(key_bytes(self.raw(index), 32))

    def signature(self, index: int) -> Signature:
        """A base58 signature."""
        return Signature.from_bytes(key_bytes(self.raw(index), 64))

    def blockhash(self, index: int) -> Hash:
        """A base58 blockhash."""
        return Hash.from_bytes(key_bytes(self.raw(index), 32, prefix=""))

    def integer(self, index: int, expected: str = "u64") -> int:
        """An unsigned integer."""
        return unsigned(self.raw(index), expected)

    def items(self, index: int, most: int, what: str = "inputs") -> list[Any]:
        """An array of at most `most` members."""
        value = self.raw(index)
        if not isinstance(value, list):
            raise wrong_type(value, "a sequence")
        if len(value) > most:
            raise invalid_params(f"Too many {what} provided; max {most}")
        return value

    def config(self, index: int, *, encoding_word: bool = False) -> Config:
        """The trailing object; `encoding_word` also takes a bare string as its `encoding`."""
        value = self.raw(index)
        if value is None:
            return Config({})
        if encoding_word and isinstance(value, str):
            return Config({"encoding": value})
        if not isinstance(value, dict):
            raise wrong_type(value, "struct RpcConfig")
        return Config(value)


def context_slot(chain: EmbeddedChain, config: Config, default: Commitment = Commitment.FINALIZED) -> int:
    """The slot an answer speaks for; −32016 when it is before the `minContextSlot` asked for."""
    slot = chain.slot_at(config.commitment(default))
    least = config.integer("minContextSlot")
    if least is not None and slot < least:
        message = "Minimum context slot has not been reached"
        raise RpcFault(MIN_CONTEXT_SLOT, message, {"contextSlot": slot})
    return slot
