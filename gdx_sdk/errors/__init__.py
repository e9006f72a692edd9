"""Every error GDX raises, as one tree.

GdxError
├── InputError            a value breaks a rule: field, value, rule
│   ├── InexactQuantity   a decimal does not divide into whole units
│   └── CodecError        bytes that are not what they claim to be
├── ChainError
│   ├── ProgramError      a program refused: program, code, name, sentence, logs
│   ├── TransactionError  the runtime refused: blockhash, fee, signature, size
│   └── TransactionExpired  not landed before its last valid block height
├── RpcError              the endpoint answered with an error or nonsense
│   ├── TransportError    the endpoint cannot be reached or did not answer in time
│   └── ConfirmationTimeout  not seen to land in time, though it still may
├── StreamOverflow        a stream's reader is too slow for what arrives
├── AccountNotFound       no account at this address
├── DryRunRefusal         something was asked to sign or send in dry-run mode
├── OutboxConflict        a batch does not fit behind what the outbox holds
└── ProofError            a fill, batch or chain of batches does not verify
"""

from __future__ import annotations

from collections.abc import Sequence


class GdxError(Exception):
    """Root of every error GDX raises on purpose."""


class InputError(GdxError):
    """A value breaks a rule; the message names the field, the value and the rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, value, rule
        super().__init__(f"{field} = {value!r}: {rule}")


class InexactQuantity(InputError):
    """A decimal quantity does not divide into whole units."""


class CodecError(InputError):
    """Bytes that are not what they claim to be (wrong discriminator, short, trailing, malformed)."""


class ChainError(GdxError):
    """The cluster received the transaction and did not apply it.

    `call_path` names the calls that were open when it failed, outermost first, as far as its logs tell:
    ``("position_mgmt.add_collateral", "collateral_vault.lock")``. `account` is the name, in the instruction
    that failed, of the account that broke a rule, where the program's framework says so. `signature` is that
    of the transaction when it was sent; empty when a trial run refused it.
    """

    call_path: tuple[str, ...] = ()
    account: str | None = None
    signature: str = ""

    def __str__(self) -> str:
        where = [f"account {self.account}"] if self.account else []
        where += [f"in {' > '.join(self.call_path)}"] if self.call_path else []
        return f"{super().__str__()} ({'; '.join(where)})" if where else super().__str__()


class ProgramError(ChainError):
    """A program refused an instruction."""

    def __init__(
        self,
        program: str,
        code: int,
        name: str,
        sentence: str,
        logs: Sequence[str] = (),
        *,
        instruction_index: int | None = None,
    ) -> None:
        self.program, self.code, self.name, self.sentence = program, code, name, sentence
        self.logs, self.instruction_index = tuple(logs), instruction_index
        super().__init__(f"{program} refused: {code} {name}: {sentence}")


class TransactionError(ChainError):
    """The runtime refused the transaction before or beside any program's own error."""

    def __init__(self, reason: str, logs: Sequence[str] = ()) -> None:
        self.reason, self.logs = reason, tuple(logs)
        super().__init__(reason)


class TransactionExpired(ChainError):
    """The transaction did not land before its last valid block height."""


class RpcError(GdxError):
    """The endpoint answered with an error, or with something that is not JSON-RPC.

    `signature` is that of the transaction that was being waited for, if one was: it may still land. It is
    empty when nothing was handed over.
    """

    signature: str = ""

    def __init__(self, method: str, reason: str, code: int | None = None) -> None:
        self.method, self.reason, self.code = method, reason, code
        super().__init__(f"{method}: {reason}" + (f" (code {code})" if code is not None else ""))


class TransportError(RpcError):
    """The endpoint cannot be reached, closed the connection, did not answer in time or is too busy.

    `may_have_arrived` is False when the request certainly was not carried out; `retry_after_s` is what the
    endpoint asked for, if it did.
    """

    def __init__(
        self,
        method: str,
        reason: str,
        code: int | None = None,
        *,
        may_have_arrived: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(method, reason, code)
        self.may_have_arrived, self.retry_after_s = may_have_arrived, retry_after_s


class ConfirmationTimeout(RpcError):
    """A transaction was not seen to land in time; until its blockhash is dead it still may."""


class StreamOverflow(GdxError):
    """More arrived than may wait for the reader of a stream; what came after is lost, what waited is not."""

    def __init__(self, stream: str, limit: int) -> None:
        self.stream, self.limit = stream, limit
        super().__init__(f"{stream}: {limit} notifications wait and another came; read faster or allow more")


class AccountNotFound(GdxError):
    """There is no account at this address."""

    def __init__(self, kind: str, address: object) -> None:
        self.kind, self.address = kind, address
        super().__init__(f"no {kind} account at {address}")


class DryRunRefusal(GdxError):
    """A dry-run client was asked to sign or send."""

    def __init__(self, action: str) -> None:
        super().__init__(f"dry run: {action} is not allowed")


class OutboxConflict(GdxError):
    """A batch does not fit behind what the outbox already holds for its market."""


class ProofError(GdxError):
    """A fill, a batch or a chain of batches does not verify against the chain."""
