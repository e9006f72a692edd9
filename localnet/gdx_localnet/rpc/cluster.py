"""Node, epoch, fee and supply methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from solders.message import from_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from gdx_localnet import costs
from gdx_localnet.blockhashes import MAX_AGE
from gdx_localnet.ledger import SAMPLE_PERIOD_S, Block
from gdx_localnet.rpc.dispatcher import VERSION, method, with_context
from gdx_localnet.rpc.faults import BLOCK_NOT_AVAILABLE, INVALID_REQUEST, RpcFault, invalid_params
from gdx_localnet.rpc.params import Args, Config, base64_bytes, context_slot, key_bytes, untagged, wrong_type
from gdx_localnet.sentences import lookup_sentence
from gdx_localnet.transactions import Unsanitary, resolve

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_FEATURE_SET = 565236538
_MAX_ACCOUNT_BYTES = 10 * 1024 * 1024
_PRIORITY_FEE_SLOTS = 150
_MAX_PRIORITY_FEE_ACCOUNTS = 128
_MAX_LEADERS, _MAX_SAMPLES = 5_000, 720


@method("getHealth", accepted=0)
def get_health(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001 - every handler takes both
    return "ok"


@method("getVersion", accepted=0)
def get_version(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {"feature-set": _FEATURE_SET, "solana-core": VERSION}


@method("getGenesisHash", accepted=0)
def get_genesis_hash(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return str(chain.genesis_hash)


@method("getIdentity", accepted=0)
def get_identity(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {"identity": str(chain.identity)}


@method("getSlot", accepted=1)
def get_slot(chain: EmbeddedChain, args: Args) -> Any:
    return context_slot(chain, args.config(0))


@method("getBlockHeight", accepted=1)
def get_block_height(chain: EmbeddedChain, args: Args) -> Any:
    return chain.height_at(context_slot(chain, args.config(0)))


@method("getSlotLeader", accepted=1)
def get_slot_leader(chain: EmbeddedChain, args: Args) -> Any:
    context_slot(chain, args.config(0))
    return str(chain.identity)


@method("getSlotLeaders", required=2, accepted=2)
def get_slot_leaders(chain: EmbeddedChain, args: Args) -> Any:
    first, limit = args.integer(0), args.integer(1)
    if limit > _MAX_LEADERS:
        raise invalid_params(f"Invalid limit; max {_MAX_LEADERS}")
    epoch = first // chain.slots_per_epoch
    if epoch > chain.open_slot // chain.slots_per_epoch + 1:
        raise invalid_params(f"Invalid slot range: leader schedule for epoch {epoch} is unavailable")
    return [str(chain.identity)] * limit


@method("getEpochInfo", accepted=1)
def get_epoch_info(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(0))
    return {
        "absoluteSlot": slot,
        "blockHeight": chain.height_at(slot),
        "epoch": slot // chain.slots_per_epoch,
        "slotIndex": slot % chain.slots_per_epoch,
        "slotsInEpoch": chain.slots_per_epoch,
        "transactionCount": chain.ledger.transaction_count,
    }


@method("getEpochSchedule", accepted=0)
def get_epoch_schedule(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {
        "firstNormalEpoch": 0,
        "firstNormalSlot": 0,
        "leaderScheduleSlotOffset": chain.slots_per_epoch,
        "slotsPerEpoch": chain.slots_per_epoch,
        "warmup": False,
    }


@method("getClusterNodes", accepted=0)
def get_cluster_nodes(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    """This node, without the ports that a cluster's nodes talk to each other through."""
    rpc, pubsub = chain.served_at if chain.served_at is not None else (None, None)
    absent = ("gossip", "serveRepair", "tpu", "tpuForwards", "tpuForwardsQuic", "tpuQuic", "tpuVote", "tvu")
    node = {"pubkey": str(chain.identity), "version": VERSION, "featureSet": _FEATURE_SET, "shredVersion": 0}
    return [{**node, **dict.fromkeys(absent), "clientId": None, "rpc": rpc, "pubsub": pubsub}]


@method("getVoteAccounts", accepted=1, config="RpcGetVoteAccountsConfig")
def get_vote_accounts(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    """Nobody votes here; what is asked is checked all the same."""
    config = args.config(0)
    vote = config.text("votePubkey")
    if vote is not None:
        key_bytes(vote, 32)
    config.flag("keepUnstakedDelinquents")
    config.integer("delinquentSlotDistance")
    return {"current": [], "delinquent": []}


@method("getTransactionCount", accepted=1)
def get_transaction_count(chain: EmbeddedChain, args: Args) -> Any:
    context_slot(chain, args.config(0))
    return chain.ledger.transaction_count


@method("getFirstAvailableBlock", accepted=0)
def get_first_available_block(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return chain.ledger.first_slot


@method("minimumLedgerSlot", accepted=0)
def minimum_ledger_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return chain.ledger.first_slot


@method("getLatestBlockhash", accepted=1)
def get_latest_blockhash(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(0))
    blockhash = chain.blockhash_at(slot)
    last_valid = chain.height_at(slot) + MAX_AGE
    return with_context(slot, {"blockhash": str(blockhash), "lastValidBlockHeight": last_valid})


@method("isBlockhashValid", required=1, accepted=2)
def is_blockhash_valid(chain: EmbeddedChain, args: Args) -> Any:
    blockhash = args.blockhash(0)
    slot = context_slot(chain, args.config(1))
    return with_context(slot, chain.blockhashes.is_valid(blockhash, chain.height))


@method("getFeeForMessage", required=1, accepted=2)
def get_fee_for_message(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(1))
    raw = base64_bytes(args.text(0))
    try:
        message = from_bytes_versioned(raw)
    except ValueError as error:
        name = "solana_message::versions::VersionedMessage"
        raise invalid_params(f"failed to deserialize {name}: {error}") from error
    _check_message(chain, message)
    if not chain.blockhashes.is_valid(message.recent_blockhash, chain.height):
        return with_context(slot, None)
    return with_context(slot, costs.fee_lamports(message))


def _check_message(chain: EmbeddedChain, message: Any) -> None:
    """−32602 for a message that no transaction could carry."""
    count = message.header.num_required_signatures
    tx = VersionedTransaction.populate(message, [Signature.default()] * count)
    try:
        tx.sanitize()
    except Exception as error:  # solders' own; whatever is wrong, an index is
        raise invalid_params("invalid transaction message: index out of bounds") from error
    try:
        resolve(tx, chain.accounts.get, chain.open_slot)
    except Unsanitary as error:
        raise invalid_params(f"invalid transaction message: {lookup_sentence(error.err)}") from error


@method("getRecentPrioritizationFees", accepted=1)
def get_recent_prioritization_fees(chain: EmbeddedChain, args: Args) -> Any:
    listed = args.items(0, _MAX_PRIORITY_FEE_ACCOUNTS) if args.raw(0) is not None else []
    addresses = [Pubkey.from_bytes(key_bytes(text, 32)) for text in listed]
    first = max(0, chain.open_slot - _PRIORITY_FEE_SLOTS)
    blocks = (chain.ledger.blocks[slot] for slot in chain.ledger.slots_between(first, chain.open_slot - 1))
    return [
        {"prioritizationFee": _least_price(block, addresses), "slot": block.slot}
        for block in blocks
        if block.records
    ]


def _least_price(block: Block, addresses: list[Pubkey]) -> int:
    """The price, in micro-lamports per unit, that would have bought a place in a block: the lowest one there,
    or the lowest of those that wrote to the most sought of these accounts."""
    prices = [(costs.price_and_limit(record.tx.message)[0], record) for record in block.records]
    least = min(price for price, _ in prices)
    for address in addresses:
        least = max(least, min((price for price, record in prices if record.writes(address)), default=0))
    return least


@method("getMinimumBalanceForRentExemption", required=1, accepted=2, config="CommitmentConfig")
def get_minimum_balance_for_rent_exemption(chain: EmbeddedChain, args: Args) -> Any:
    size = args.integer(0, "usize")
    args.config(1).commitment()
    if size > _MAX_ACCOUNT_BYTES:
        raise RpcFault(INVALID_REQUEST, "Invalid request")
    return chain.svm.minimum_balance_for_rent_exemption(size)


@method("getSupply", accepted=1, config="RpcSupplyConfig")
def get_supply(chain: EmbeddedChain, args: Args) -> Any:
    config = args.config(0)
    config.flag("excludeNonCirculatingAccountsList")  # there are none to exclude
    slot = context_slot(chain, config)
    total = sum(account.lamports for account in chain.accounts.census().values())
    supply = {"circulating": total, "nonCirculating": 0, "nonCirculatingAccounts": [], "total": total}
    return with_context(slot, supply)


@method("getLargestAccounts", accepted=1, config="RpcLargestAccountsConfig")
def get_largest_accounts(chain: EmbeddedChain, args: Args) -> Any:
    config = args.config(0)
    kind = config.choice("filter", ("circulating", "nonCirculating"))
    config.flag("sortResults")
    slot = context_slot(chain, config)
    accounts = chain.accounts.census().items() if kind != "nonCirculating" else ()
    richest = sorted(accounts, key=lambda item: item[1].lamports, reverse=True)[:20]
    return with_context(
        slot, [{"address": str(key), "lamports": account.lamports} for key, account in richest]
    )


@method("getInflationRate", accepted=0)
def get_inflation_rate(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    epoch = chain.open_slot // chain.slots_per_epoch
    return {"epoch": epoch, "foundation": 0.0, "total": 0.0, "validator": 0.0}


@method("getInflationGovernor", accepted=1, config="CommitmentConfig")
def get_inflation_governor(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    args.config(0).commitment()
    return {"foundation": 0.0, "foundationTerm": 0.0, "initial": 0.0, "taper": 1.0, "terminal": 0.0}


@method("getRecentPerformanceSamples", accepted=1)
def get_recent_performance_samples(chain: EmbeddedChain, args: Args) -> Any:
    limit = _MAX_SAMPLES if args.raw(0) is None else args.integer(0, "usize")
    if limit > _MAX_SAMPLES:
        raise invalid_params(f"Invalid limit; max {_MAX_SAMPLES}")
    return [
        {
            "numNonVoteTransactions": sample.transactions,
            "numSlots": sample.slots,
            "numTransactions": sample.transactions,
            "samplePeriodSecs": SAMPLE_PERIOD_S,
            "slot": sample.slot,
        }
        for sample in chain.ledger.samples.newest(limit)
    ]


@method("getStakeMinimumDelegation", accepted=1)
def get_stake_minimum_delegation(chain: EmbeddedChain, args: Args) -> Any:
    return with_context(context_slot(chain, args.config(0)), 1_000_000_000)


@method("getInflationReward", required=1, accepted=2, config="RpcEpochConfig")
def get_inflation_reward(chain: EmbeddedChain, args: Args) -> Any:
    texts, config = args.raw(0), args.config(1)
    if not isinstance(texts, list):
        raise wrong_type(texts, "a sequence")
    epoch = config.integer("epoch")
    slot = context_slot(chain, config)
    for text in texts:
        key_bytes(text, 32)
    if epoch is None:
        epoch = max(0, slot // chain.slots_per_epoch - 1)
    paid_slot = (epoch + 1) * chain.slots_per_epoch
    if paid_slot > slot:  # rewards are paid in the first block of the next epoch
        raise RpcFault(BLOCK_NOT_AVAILABLE, f"Block not available for slot {paid_slot}")
    return [None] * len(texts)


@method("getLeaderSchedule", accepted=2, config="RpcLeaderScheduleConfig")
def get_leader_schedule(chain: EmbeddedChain, args: Args) -> Any:
    is_config_first = isinstance(args.raw(0), dict)
    with untagged("RpcLeaderScheduleConfigWrapper"):
        slot = None if is_config_first or args.raw(0) is None else args.integer(0)
        config = args.config(0) if is_config_first else Config({})
        identity = config.text("identity")
    if not is_config_first:
        identity = args.config(1).text("identity")
    is_ours = identity is None or key_bytes(identity, 32) == bytes(chain.identity)
    if slot is not None and slot // chain.slots_per_epoch > chain.open_slot // chain.slots_per_epoch + 1:
        return None
    return {str(chain.identity): list(range(chain.slots_per_epoch))} if is_ours else {}


@method("getBlockCommitment", required=1, accepted=1)
def get_block_commitment(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    args.integer(0)
    return {"commitment": None, "totalStake": 0}


@method("getMaxRetransmitSlot", accepted=0)
def get_max_retransmit_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return 0  # nothing is ever retransmitted, as on a validator without peers


@method("getMaxShredInsertSlot", accepted=0)
def get_max_shred_insert_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return 0  # no shreds come in, as on a validator without peers


@method("getAgGenesisCert", accepted=0)
def get_ag_genesis_cert(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    """The certificate that a cluster leaves its old consensus with; there is none, as on a validator."""
    return


@method("getHighestSnapshotSlot", accepted=0)
def get_highest_snapshot_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    raise RpcFault(-32008, "No snapshot")
