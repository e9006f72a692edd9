"""The embedded chain: LiteSVM with slots, blockhashes, commitments, fees, records and refusals around it."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from solders.account import Account
from solders.clock import Clock
from solders.epoch_schedule import EpochSchedule
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from gdx_localnet import faucet, tokens
from gdx_localnet.accounts import AccountStore
from gdx_localnet.blockhashes import BlockhashQueue
from gdx_localnet.clock import ChainTime, SlotMode
from gdx_localnet.deployment import Undeployed
from gdx_localnet.errors import LocalnetError
from gdx_localnet.events import Applied, Commitment, Listener, Reached, SlotOpened
from gdx_localnet.execution import Execution, execute, refused, simulate
from gdx_localnet.faults.rules import FaultPlan
from gdx_localnet.features import build_svm
from gdx_localnet.ledger import Block, Ledger, TransactionRecord
from gdx_localnet.programs import code_address_of, name_builtins
from gdx_localnet.sentences import sentence
from gdx_localnet.transactions import Resolved, nonce_index, resolve, signatures_hold

SLOTS_PER_EPOCH = 432_000
SLOT_HASHES = Pubkey.from_string("SysvarS1otHashes111111111111111111111111111")
_SLOT_HASHES_KEPT = 512
_MAX_BLOCKS_PER_ADVANCE = 2_000
_ACCOUNT_BASE_BYTES = 64
_TABLE_BYTES = 8_248
"""What a lookup table counts for, whatever it holds."""


class EmbeddedChain:
    """A Solana chain in this process. Every public method may be called from any thread.

    slot_mode       when slots open (SlotMode); a `slot_ms` apart in mode clock
    confirmed_lag   slots a transaction waits to be confirmed, mode clock only (default 1)
    finalized_lag   slots a transaction waits to be finalized, mode clock only (default 32)
    unix_ts         where chain time starts and, in modes fast and manual, stands (default: the computer's)
    slots_per_epoch length of an epoch (default 432,000)
    seed            makes genesis hash, identity and faucet repeatable (default: random)
    history_limit   transactions kept for queries
    active_features, deactivate_features    the runtime's features (None: mainnet's), and those to be without
    """

    def __init__(
        self,
        *,
        slot_mode: SlotMode | str = SlotMode.FAST,
        slot_ms: int = 400,
        slots_per_epoch: int = SLOTS_PER_EPOCH,
        confirmed_lag: int = 1,
        finalized_lag: int = 32,
        unix_ts: int | None = None,
        seed: bytes | None = None,
        history_limit: int = 100_000,
        verify_signatures: bool = True,
        active_features: Iterable[Pubkey] | None = None,
        deactivate_features: Iterable[Pubkey] = (),
    ) -> None:
        self.slot_mode, self.slot_ms = SlotMode(slot_mode), slot_ms
        self.slots_per_epoch, self.verify_signatures = slots_per_epoch, verify_signatures
        self.lock = threading.RLock()
        self.time = ChainTime(is_held=self.slot_mode is SlotMode.MANUAL)
        if unix_ts is not None:
            self.time.set(unix_ts * 1000, hold=self.slot_mode is not SlotMode.CLOCK)
        self._lags = self._commitment_lags(confirmed_lag, finalized_lag)
        seed = seed if seed is not None else os.urandom(32)
        self.genesis_hash = Hash.hash(b"gdx-localnet genesis" + seed)
        self.identity = Keypair.from_seed(bytes(Hash.hash(b"gdx-localnet identity" + seed))).pubkey()
        self.faucet = Keypair.from_seed(bytes(Hash.hash(b"gdx-localnet faucet" + seed)))
        # LiteSVM knows one blockhash and no slots: both checks, and duplicates, are done here.
        svm = build_svm(active_features, deactivate_features)
        self.svm = svm.with_blockhash_check(False).with_sigverify(False).with_transaction_history(0)
        self.svm.set_epoch_schedule(EpochSchedule.custom(slots_per_epoch, slots_per_epoch, False))
        self.accounts = AccountStore(
            self.svm, undo_slots=max(self._lags.values()) if self.slot_mode is SlotMode.CLOCK else 0
        )
        self.ledger = Ledger(history_limit)
        self.blockhashes = BlockhashQueue(self.genesis_hash)
        self.open_slot, self.height = 0, 0
        self._slot_hashes: deque[tuple[int, Hash]] = deque(maxlen=_SLOT_HASHES_KEPT)
        self._slot_hashes_set_at = -1
        self._clock_set_to = (-1, -1)
        self._next_slot_due = time.monotonic() + slot_ms / 1000
        self.undeployed = Undeployed()
        self.faults = FaultPlan()
        self.served_at: tuple[str, str] | None = None  # host:port of HTTP and of WebSocket, while served
        self._listeners: list[Listener] = []
        self._unsettled: dict[Commitment, deque[Applied]] = {c: deque() for c in Commitment}
        self.accounts.set(self.faucet.pubkey(), faucet.genesis_account())
        name_builtins(self.accounts)
        self.accounts.set(tokens.NATIVE_MINT, tokens.native_mint_account())
        self._open_next_slot(ages=True)

    def _commitment_lags(self, confirmed_lag: int, finalized_lag: int) -> dict[Commitment, int]:
        if self.slot_mode is SlotMode.CLOCK:
            lags = (0, confirmed_lag, max(confirmed_lag, finalized_lag))
        else:
            # Fast closes the slot behind each transaction, so the newest closed slot holds everything.
            lags = (1, 1, 1) if self.slot_mode is SlotMode.FAST else (0, 0, 0)
        return dict(zip(Commitment, lags, strict=True))

    # ── slots and time ──────────────────────────────────────────────────────────────────────────

    def slot_at(self, commitment: Commitment) -> int:
        """The newest slot of that commitment."""
        return max(0, self.open_slot - self._lags[commitment])

    def height_at(self, slot: int) -> int:
        """The block height at `slot`."""
        block = self.ledger.blocks.get(slot)
        return self.height if block is None else block.height

    def blockhash_at(self, slot: int) -> Hash:
        """The latest blockhash as `slot` saw it."""
        block = self.ledger.blocks.get(slot)
        return self.blockhashes.latest if block is None else block.blockhash

    def catch_up(self) -> int:
        """In mode clock open every slot that is due; how many were opened."""
        if self.slot_mode is not SlotMode.CLOCK:
            return 0
        with self.lock:
            opened = 0
            now = time.monotonic()
            while self._next_slot_due <= now:
                self._next_slot_due += self.slot_ms / 1000
                self._open_next_slot(ages=True)
                opened += 1
            return opened

    def advance_slots(self, count: int) -> int:
        """Close the open slot and `count − 1` empty ones; chain time moves `slot_ms` each. The open slot.

        Of very long jumps only the last 2,000 slots get a block; the ones before count as skipped.
        """
        with self.lock:
            skipped = max(0, count - _MAX_BLOCKS_PER_ADVANCE)
            if skipped:
                self.time.add(skipped * self.slot_ms)
                self._open_next_slot(ages=True, next_slot=self.open_slot + skipped)
            for _ in range(count - skipped):
                self.time.add(self.slot_ms)
                self._open_next_slot(ages=True)
            return self.open_slot

    def set_time(self, unix_ts: int) -> None:
        """Set chain time; it stands there in modes fast and manual, and runs on in mode clock."""
        with self.lock:
            self.time.set(unix_ts * 1000, hold=self.slot_mode is not SlotMode.CLOCK)
            self.sync_sysvars()

    def expire_blockhashes(self) -> Hash:
        """Make every blockhash handed out so far invalid; the new latest."""
        with self.lock:
            self._open_next_slot(ages=True)
            self.blockhashes.expire()
            return self.blockhashes.latest

    def _open_next_slot(self, *, ages: bool, next_slot: int | None = None) -> None:
        """Close the open slot. A slot that only a transaction closed does not age blockhashes: in mode fast a
        client would otherwise lose its blockhash after 150 transactions, which no cluster does to it."""
        closed, parent = self.open_slot, max(0, self.open_slot - 1)
        previous = self.blockhashes.latest
        blockhash = Hash.hash(bytes(previous) + closed.to_bytes(8, "little")) if closed else previous
        self.ledger.close_block(Block(closed, parent, self.height, blockhash, previous, self.time.now_ts()))
        self._slot_hashes.appendleft((closed, blockhash))
        if closed:
            self.blockhashes.push(blockhash, self.height)
        self.open_slot = next_slot if next_slot is not None else closed + 1
        self.height += 1 if ages else 0
        self.accounts.forget_before(self.open_slot)
        self._settle()
        if self._listeners:
            root_slot, confirmed_slot = self.slot_at(Commitment.FINALIZED), self.slot_at(Commitment.CONFIRMED)
            self._tell(SlotOpened(self.open_slot, closed, root_slot, confirmed_slot))

    def sync_sysvars(self, *, slot_hashes: bool = False) -> None:
        """Bring the Clock sysvar up to date, and SlotHashes (20 KiB, rarely read) when asked."""
        now_ts = self.time.now_ts()
        if self._clock_set_to != (self.open_slot, now_ts):
            epoch = self.open_slot // self.slots_per_epoch
            start_ts = now_ts - (self.open_slot % self.slots_per_epoch) * self.slot_ms // 1000
            self.svm.set_clock(Clock(self.open_slot, start_ts, epoch, epoch + 1, now_ts))
            self._clock_set_to = (self.open_slot, now_ts)
        if slot_hashes and self._slot_hashes_set_at != self.open_slot:
            self.svm.set_slot_hashes(list(self._slot_hashes))
            self._slot_hashes_set_at = self.open_slot

    # ── accounts ────────────────────────────────────────────────────────────────────────────────

    def account(self, address: Pubkey, at_slot: int | None = None) -> Account | None:
        """The account now, or as of `at_slot`; None when it does not exist."""
        self.sync_sysvars(slot_hashes=address == SLOT_HASHES)
        return self.accounts.get(address, at_slot)

    def set_account(self, address: Pubkey, account: Account) -> None:
        """Write an account past every rule; subscribers hear of it. In mode fast a slot goes by."""
        with self.lock:
            self.accounts.remember(self.open_slot, {address: self.accounts.get(address)})
            self.accounts.set(address, account)
            self.undeployed.forget(address)
            self._publish(Applied(self.open_slot, None, [(address, account)]))
            if self.slot_mode is SlotMode.FAST:
                self._open_next_slot(ages=False)

    def airdrop(self, address: Pubkey, lamports: int) -> Signature:
        """Give lamports from the faucet. Raises LocalnetError when it can't."""
        tx = self.request_airdrop(address, lamports)
        record = self.ledger.by_signature[tx.signatures[0]]
        if record.err is not None:
            raise LocalnetError(f"airdrop of {lamports} lamports to {address} failed: {sentence(record.err)}")
        return record.signature

    def request_airdrop(self, address: Pubkey, lamports: int) -> VersionedTransaction:
        """Send a transfer from the faucet, whatever becomes of it."""
        with self.lock:
            tx = faucet.transfer(self.faucet, address, lamports, self.blockhashes.latest, self.ledger)
            self.submit(tx, preflight=False)
            return tx

    def loaded_bytes(self, resolved: Resolved) -> int:
        """What loading a transaction's accounts counts for now, with programs' code and lookup tables."""
        keys = resolved.keys
        return self.data_bytes(keys) + self.code_bytes(keys) + resolved.table_count * _TABLE_BYTES

    def data_bytes(self, keys: Sequence[Pubkey]) -> int:
        """64 bytes and the data of each account that exists."""
        found = map(self.accounts.get, set(keys))
        return sum(_ACCOUNT_BASE_BYTES + len(account.data) for account in found if account is not None)

    def code_bytes(self, keys: Sequence[Pubkey]) -> int:
        """The same of the code of the programs among `keys`, unless it is among them itself."""
        programs = [one for one in map(self.accounts.get, set(keys)) if one is not None and one.executable]
        codes = set(map(code_address_of, programs))
        return self.data_bytes([code for code in codes if code is not None and code not in keys])

    # ── transactions ────────────────────────────────────────────────────────────────────────────

    def submit(self, tx: VersionedTransaction, *, preflight: bool) -> Execution:
        """Run a transaction. With `preflight` a failing one leaves no trace; without, it lands and pays.

        Raises Unsanitary when its accounts can't be resolved.
        """
        with self.lock:
            self.catch_up()
            resolved = resolve(tx, self.accounts.get, self.open_slot)
            refusal = self._refusal(tx, verify_signatures=self.verify_signatures, check_blockhash=True)
            if refusal is not None:
                return refused(refusal, resolved)
            return execute(self, tx, resolved, preflight=preflight)

    def simulate(
        self, tx: VersionedTransaction, *, verify_signatures: bool, check_blockhash: bool
    ) -> tuple[Execution, list[tuple[Pubkey, Account]]]:
        """Run a transaction without effect; how it went, and its writable accounts afterwards."""
        with self.lock:
            self.catch_up()
            resolved = resolve(tx, self.accounts.get, self.open_slot)
            refusal = self._refusal(tx, verify_signatures=verify_signatures, check_blockhash=check_blockhash)
            if refusal is not None:
                return refused(refusal, resolved), []
            return simulate(self, tx, resolved)

    def _refusal(
        self, tx: VersionedTransaction, *, verify_signatures: bool, check_blockhash: bool
    ) -> str | None:
        if verify_signatures and not signatures_hold(tx):
            return "SignatureFailure"
        if check_blockhash and not self._blockhash_holds(tx):
            return "BlockhashNotFound"
        landed = self.ledger.by_signature.get(tx.signatures[0])
        return "AlreadyProcessed" if landed is not None and landed.tx.message == tx.message else None

    def _blockhash_holds(self, tx: VersionedTransaction) -> bool:
        if self.blockhashes.is_valid(tx.message.recent_blockhash, self.height):
            return True
        return nonce_index(tx, self.accounts.get) is not None

    def land(self, record: TransactionRecord, changed: Sequence[int]) -> None:
        """Enter a transaction into the books, tell listeners, and in mode fast close its slot.

        `changed` says which of its accounts it may have written.
        """
        self.ledger.add_record(record)
        self.accounts.touch(record.keys)
        keys = [record.keys[i] for i in changed]
        written = [(key, self.accounts.get(key) or _gone()) for key in keys]
        self._publish(Applied(record.slot, record, written))
        if self.slot_mode is SlotMode.FAST:
            self._open_next_slot(ages=False)

    # ── listeners ───────────────────────────────────────────────────────────────────────────────

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event from now on, in the thread that caused it."""
        with self.lock:
            self._listeners.append(listener)

    def stop_listening(self, listener: Listener) -> None:
        """Stop calling `listener`."""
        with self.lock:
            self._listeners.remove(listener)

    def _publish(self, applied: Applied) -> None:
        """Tell it at each commitment: also to whoever begins to listen before that is reached."""
        for queue in self._unsettled.values():
            queue.append(applied)
        self._settle()

    def _settle(self) -> None:
        for commitment, queue in self._unsettled.items():
            tip = self.slot_at(commitment)
            while queue and queue[0].slot <= tip:
                self._tell(Reached(commitment, queue.popleft()))

    def _tell(self, event: SlotOpened | Reached) -> None:
        for listener in self._listeners:
            listener(event)

    # ── RPC without HTTP ────────────────────────────────────────────────────────────────────────

    def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The result of one JSON-RPC method; raises RpcFault as the server would answer an error."""
        from gdx_localnet.rpc.dispatcher import call

        return call(self, method, list(params))


def _gone() -> Account:
    return Account(0, b"", Pubkey.default(), False, 0)
