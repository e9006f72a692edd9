"""JSON-RPC errors, with the codes and sentences of a validator."""

from __future__ import annotations

from typing import Any

from gdx_localnet.errors import LocalnetError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
BLOCK_CLEANED_UP = -32001
PREFLIGHT_FAILURE = -32002
BLOCK_NOT_AVAILABLE = -32004
SLOT_SKIPPED = -32007
UNSUPPORTED_TRANSACTION_VERSION = -32015
MIN_CONTEXT_SLOT = -32016
FILTER_TRANSACTION_NOT_FOUND = -32020


class RpcFault(LocalnetError):
    """An error answer: code, message and, where the validator gives them, data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        self.code, self.message, self.data = code, message, data
        super().__init__(f"{message} (code {code})")

    def body(self) -> dict[str, Any]:
        """The `error` member of the answer."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


def invalid_params(message: str) -> RpcFault:
    """−32602 with this sentence."""
    return RpcFault(INVALID_PARAMS, message)
