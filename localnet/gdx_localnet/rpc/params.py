"""Reading parameters as a validator does: same checks, same sentences."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from gdx_localnet import base58
from gdx_localnet.events import Commitment
from gdx_localnet.rpc.faults import INVALID_PARAMS, MIN_CONTEXT_SLOT, RpcFault, invalid_params

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

ACCOUNT_ENCODINGS = ("binary", "base58", "base64", "jsonParsed", "base64+zstd")
TRANSACTION_ENCODINGS = ("binary", "base64", "base58", "json", "jsonParsed")
_COMMITMENTS = tuple(commitment.value for commitment in Commitment)
_U64_MAX, _U8_MAX = 2**64 - 1, 2**8 - 1


def wrong_type(value: Any, expected: str) -> RpcFault:
    """The −32602 for a value of another type than `expected`."""
    return invalid_params(f"Invalid params: invalid type: {_described(value)}, expected {expected}.")


def _described(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{value}`"
    if isinstance(value, str):
        return f"string {json.dumps(value, ensure_ascii=False)}"
    return "sequence" if isinstance(value, list) else "map"


def variant(value: Any, allowed: Sequence[str]) -> tuple[str, Any]:
    """One of `allowed` and what it carries: a bare word carries nothing, `{word: value}` a value."""
    if isinstance(value, dict):
        if len(value) != 1:
            raise invalid_params("Invalid params: invalid value: map, expected map with a single key.")
        ((word, carried),) = value.items()
    elif isinstance(value, str):
        word, carried = value, None
    else:
        raise wrong_type(value, "string or map")
    if word not in allowed:
        choices = " or ".join(f"`{name}`" for name in allowed)
        if len(allowed) > 2:
            choices = "one of " + ", ".join(f"`{name}`" for name in allowed)
        raise invalid_params(f"Invalid params: unknown variant `{word}`, expected {choices}.")
    return word, carried


def read_params(params: Any, required: int, accepted: int) -> list[Any]:
    """Positional parameters, as many as a method takes. Raises RpcFault with the validator's sentences."""
    if accepted == 0:
        if params:
            kind = "Map" if isinstance(params, dict) else "Array"
            shown = f"{kind}({debug_text(params, is_inner=False)})"
            raise RpcFault(INVALID_PARAMS, "Invalid parameters: No parameters were expected", shown)
        if isinstance(params, dict):
            raise RpcFault(INVALID_PARAMS, "Invalid parameters: No parameters were expected", "Map({})")
        return []
    if isinstance(params, dict):
        if required == accepted:
            raise wrong_type(params, f"a tuple of size {required}")
        raise invalid_params("`params` should be an array")
    values = list(params or [])
    if required == accepted:
        if len(values) > accepted:
            text = f"invalid length {len(values)}, expected fewer elements in array"
            raise invalid_params(f"Invalid params: {text}.")
    elif len(values) < required:
        raise invalid_params(f"`params` should have at least {required} argument(s)")
    elif len(values) > accepted:
        message = f"Invalid parameters: Expected from {required} to {accepted} parameters."
        raise RpcFault(INVALID_PARAMS, message, json.dumps(f"Got: {len(values)}"))
    return values


def debug_text(value: Any, *, is_inner: bool = True) -> str:
    """A JSON value as Rust's debug formatting writes it, which the validator shows in an error's `data`."""
    if isinstance(value, list):
        return ("Array " if is_inner else "") + "[" + ", ".join(debug_text(member) for member in value) + "]"
    if isinstance(value, dict):
        members = ", ".join(f"{_quoted(name)}: {debug_text(value[name])}" for name in sorted(value))
        return ("Object " if is_inner else "") + "{" + members + "}"
    if isinstance(value, str):
        return f"String({_quoted(value)})"
    if isinstance(value, bool):
        return f"Bool({str(value).lower()})"
    return "Null" if value is None else f"Number({value})"


_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", '"': '\\"', "\\": "\\\\"}


def _quoted(text: str) -> str:
    shown = (_ESCAPES.get(char) or (char if char.isprintable() else f"\\u{{{ord(char):x}}}") for char in text)
    return '"' + "".join(shown) + '"'


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
        raise invalid_params(f"invalid base64 encoding: {base64_fault(text)}") from error


def base64_fault(text: str) -> str:
    """What is wrong with base64 `text`, in the words of the validator's decoder."""
    body = text.rstrip("=")
    for at, character in enumerate(body):
        if not (character.isascii() and (character.isalnum() or character in "+/")):
            return f"InvalidByte({at}, {ord(character)})"
    return f"InvalidLength({len(body)})" if len(body) % 4 == 1 else "InvalidPadding"


class Config:
    """A method's trailing object, every member optional. `is_strict` takes no unknown commitment."""

    def __init__(self, members: dict[str, Any], *, is_strict: bool = False) -> None:
        self.members, self._is_strict = members, is_strict

    def commitment(self, default: Commitment = Commitment.FINALIZED) -> Commitment:
        """The commitment asked for; where a validator isn't strict, what it doesn't know means finalized."""
        value = self.members.get("commitment")
        if value is None:
            return default
        if self._is_strict:
            return Commitment(variant(value, _COMMITMENTS)[0])
        return Commitment(value) if value in _COMMITMENTS else Commitment.FINALIZED

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """One of `allowed`, or None when absent."""
        value = self.members.get(name)
        return None if value is None else variant(value, allowed)[0]

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
        if isinstance(value, list) and len(value) == 2:
            return unsigned(value[0], "usize"), unsigned(value[1], "usize")
        if not isinstance(value, dict):
            raise wrong_type(value, "struct UiDataSliceConfig")
        return unsigned(member(value, "offset"), "usize"), unsigned(member(value, "length"), "usize")


def member(members: dict[str, Any], name: str) -> Any:
    """A member that must be there."""
    if name not in members:
        raise invalid_params(f"Invalid params: missing field `{name}`.")
    return members[name]


@contextmanager
def untagged(enum: str) -> Iterator[None]:
    """Inside, what can't be read is refused in the one sentence that a validator has for such parameters."""
    try:
        yield
    except RpcFault as fault:
        if fault.code != INVALID_PARAMS:
            raise
        text = f"Invalid params: data did not match any variant of untagged enum {enum}."
        raise invalid_params(text) from fault


def unsigned(value: Any, expected: str = "u64") -> int:
    """A JSON integer from 0 to 2⁶⁴ − 1, or 255 for `u8`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(value, expected)
    if not 0 <= value <= (_U8_MAX if expected == "u8" else _U64_MAX):
        raise invalid_params(f"Invalid params: invalid value: integer `{value}`, expected {expected}.")
    return value


class Args:
    """A method's positional parameters.

    `config` is a validator's name for the trailing object; `size` is set when none is optional.
    """

    def __init__(
        self, values: list[Any], *, config: str = "RpcContextConfig", size: int | None = None
    ) -> None:
        self.values, self._config, self._size = values, config, size

    def raw(self, index: int) -> Any:
        """The parameter as it came; None when absent, or −32602 when none may be."""
        if index >= len(self.values) and self._size is not None:
            text = f"invalid length {len(self.values)}, expected a tuple of size {self._size}"
            raise invalid_params(f"Invalid params: {text}.")
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
            raise wrong_type(value, f"struct {self._config}")
        return Config(value, is_strict=self._config == "CommitmentConfig")


def context_slot(chain: EmbeddedChain, config: Config, default: Commitment = Commitment.FINALIZED) -> int:
    """The slot an answer speaks for; −32016 when it is before the `minContextSlot` asked for."""
    slot = chain.slot_at(config.commitment(default))
    least = config.integer("minContextSlot")
    if least is not None and slot < least:
        message = "Minimum context slot has not been reached"
        raise RpcFault(MIN_CONTEXT_SLOT, message, {"contextSlot": slot})
    return slot
