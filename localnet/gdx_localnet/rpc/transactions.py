"""What became of a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from solders.signature import Signature

from gdx_localnet.events import Commitment
from gdx_localnet.ledger import TransactionRecord
from gdx_localnet.rpc.dispatcher import method, with_context
from gdx_localnet.rpc.faults import FILTER_TRANSACTION_NOT_FOUND, RpcFault, invalid_params
from gdx_localnet.rpc.params import TRANSACTION_ENCODINGS, Args, Config, context_slot, key_bytes, untagged
from gdx_localnet.rpc.parsed_instructions import MEMO_V1, MEMO_V2
from gdx_localnet.rpc.txview import check_version, encode_meta, encode_transaction, status_of, version_of

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_MAX_STATUSES = 256
_MAX_SIGNATURES = 1_000


def settled_commitment(config: Config) -> Commitment:
    """The commitment asked for; −32602 for `processed`, which history does not serve."""
    commitment = config.commitment()
    if commitment is Commitment.PROCESSED:
        raise invalid_params("Method does not support commitment below `confirmed`")
    return commitment


def confirmation_status(chain: EmbeddedChain, slot: int) -> str:
    """The highest commitment that a transaction of `slot` has reached."""
    for commitment in (Commitment.FINALIZED, Commitment.CONFIRMED):
        if slot <= chain.slot_at(commitment):
            return commitment.value
    return Commitment.PROCESSED.value


@method("getSignatureStatuses", required=1, accepted=2, config="RpcSignatureStatusConfig")
def get_signature_statuses(chain: EmbeddedChain, args: Args) -> Any:
    signatures = [Signature.from_bytes(key_bytes(text, 64)) for text in args.items(0, _MAX_STATUSES)]
    args.config(1).flag("searchTransactionHistory")
    records = [chain.ledger.by_signature.get(signature) for signature in signatures]
    value = [None if record is None else _status(chain, record) for record in records]
    return with_context(chain.slot_at(Commitment.PROCESSED), value)


def _status(chain: EmbeddedChain, record: TransactionRecord) -> dict[str, Any]:
    status = confirmation_status(chain, record.slot)
    is_final = status == Commitment.FINALIZED
    return {
        "confirmationStatus": status,
        "confirmations": None if is_final else chain.slot_at(Commitment.PROCESSED) - record.slot,
        "err": record.err,
        "slot": record.slot,
        "status": status_of(record.err),
    }


@method("getTransaction", required=1, accepted=2)
def get_transaction(chain: EmbeddedChain, args: Args) -> Any:
    text = args.text(0)
    with untagged("RpcEncodingConfigWrapper"):
        config = args.config(1, encoding_word=True)
        encoding = config.choice("encoding", TRANSACTION_ENCODINGS) or "json"
        most = config.integer("maxSupportedTransactionVersion", "u8")
    signature = Signature.from_bytes(key_bytes(text, 64))
    tip_slot = chain.slot_at(settled_commitment(config))
    record = chain.ledger.by_signature.get(signature)
    if record is None or record.slot > tip_slot:
        return None
    check_version(record, most)
    view = {
        "blockTime": record.block_time_ts,
        "meta": encode_meta(chain, record, encoding),
        "slot": record.slot,
        "transaction": encode_transaction(record, encoding),
        "transactionIndex": record.index,
    }
    if most is not None:
        view["version"] = version_of(record)
    return view


@method("getSignaturesForAddress", required=1, accepted=2, config="RpcSignaturesForAddressConfig")
def get_signatures_for_address(chain: EmbeddedChain, args: Args) -> Any:
    address, config = args.pubkey(0), args.config(1)
    limit = config.integer("limit", "usize")
    limit = _MAX_SIGNATURES if limit is None else limit
    if not 1 <= limit <= _MAX_SIGNATURES:
        raise invalid_params(f"Invalid limit; max {_MAX_SIGNATURES}")
    before, until = _ordinal(chain, config, "before"), _ordinal(chain, config, "until")
    settled_commitment(config)
    tip_slot = context_slot(chain, config)
    records = chain.ledger.records_of(address, before, until, limit, tip_slot)
    return [
        {
            "blockTime": record.block_time_ts,
            "confirmationStatus": confirmation_status(chain, record.slot),
            "err": record.err,
            "memo": _memo(record),
            "signature": str(record.signature),
            "slot": record.slot,
            "transactionIndex": record.index,
        }
        for record in records
    ]


def _ordinal(chain: EmbeddedChain, config: Config, name: str) -> int | None:
    text = config.text(name)
    if text is None:
        return None
    record = chain.ledger.by_signature.get(Signature.from_bytes(key_bytes(text, 64)))
    if record is None:
        raise RpcFault(FILTER_TRANSACTION_NOT_FOUND, f"Transaction {text} not found")
    return record.ordinal


def _memo(record: TransactionRecord) -> str | None:
    message = record.tx.message
    texts = [
        instruction.data.decode("utf-8", "replace")
        for instruction in message.instructions
        if record.keys[instruction.program_id_index] in (MEMO_V1, MEMO_V2)
    ]
    return "; ".join(f"[{len(text)}] {text}" for text in texts) if texts else None
