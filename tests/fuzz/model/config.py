"""The configuration: roles, pauses, versions, relayers, changes that wait."""

from __future__ import annotations

from hashlib import sha256

from solders.pubkey import Pubkey

from tests.programs.position_mgmt.exchange import BEAT, CONFIG, PAUSE, PAUSE_ALL
from tests.programs.position_mgmt.model import Refused

from . import vault
from .book import Draft, Fields

PROGRAM = "position_mgmt"
NOBODY = Pubkey.default()
RELEASE_PAUSE_SECONDS = 72 * 3_600


def as_admin(tx: Draft, signer: Pubkey) -> Fields:
    config = tx.edit(CONFIG)
    if config["admin"] != signer:
        raise Refused("NotAdmin")
    return config


def as_guard(tx: Draft, signer: Pubkey) -> Fields:
    config = tx.edit(CONFIG)
    if signer not in (config["admin"], config["guardian"]):
        raise Refused("NotAdminOrGuardian")
    return config


def count_event(account: Fields) -> None:
    account["event_sequence"] += 1


def propose_change(tx: Draft, signer: Pubkey, change_hash: bytes) -> None:
    config = as_admin(tx, signer)
    config["pending_change_hash"] = change_hash
    config["pending_change_not_before_ts"] = tx.now_ts + config["delay_seconds"]
    count_event(config)


def consume_change(tx: Draft, config: Fields, data: bytes, about: Pubkey | None = None) -> None:
    """Lets a delayed instruction through when its data was proposed long enough ago."""
    if config["delay_seconds"] == 0:
        return
    change_hash = sha256(data + (bytes(about) if about else b"")).digest()
    if config["pending_change_hash"] != change_hash:
        raise Refused("ChangeNotProposed")
    if tx.now_ts < config["pending_change_not_before_ts"]:
        raise Refused("DelayNotPassed")
    config["pending_change_hash"], config["pending_change_not_before_ts"] = bytes(32), 0


def propose_admin(tx: Draft, signer: Pubkey, new_admin: Pubkey) -> None:
    config = as_admin(tx, signer)
    if new_admin == NOBODY:
        raise Refused("DefaultAddressRefused")
    config["pending_admin"] = new_admin
    config["pending_admin_not_before_ts"] = tx.now_ts + config["delay_seconds"]
    count_event(config)


def set_min_batch_size(tx: Draft, signer: Pubkey, least: int) -> None:
    config = as_admin(tx, signer)
    if least > 18:
        raise Refused("MinBatchSizeTooLarge")
    config["min_batch_size"] = least
    count_event(config)


def set_pause_bits(tx: Draft, signer: Pubkey, bits: int) -> None:
    config = as_guard(tx, signer)
    if bits & ~PAUSE_ALL:
        raise Refused("UnknownPauseBit")
    release, expiry = PAUSE["release"], config["release_pause_expiry_ts"]
    if config["pause_bits"] & release and tx.now_ts >= expiry:
        config["pause_bits"] &= ~release
        config["releases_open_since_ts"] = expiry
    before = config["pause_bits"]
    _require_restriction(config, signer, before & ~bits == 0)
    config["pause_bits"], config["is_paused"] = bits, int(bits == PAUSE_ALL)
    count_event(config)
    if bits & ~before & release and tx.now_ts >= expiry:
        if expiry and tx.now_ts < config["releases_open_since_ts"] + RELEASE_PAUSE_SECONDS:
            raise Refused("ReleasesMustStayOpen")
        config["release_pause_expiry_ts"] = tx.now_ts + RELEASE_PAUSE_SECONDS
        count_event(config)
    if before & ~bits & release:
        config["releases_open_since_ts"] = tx.now_ts


def set_allowed_versions(tx: Draft, signer: Pubkey, versions: int, data: bytes) -> None:
    config = as_guard(tx, signer)
    if versions & ~3:
        raise Refused("UnknownVersionBit")
    _require_restriction(config, signer, versions & ~config["allowed_batch_versions"] == 0)
    if versions & ~config["ever_live_versions"]:
        consume_change(tx, config, data)
    config["allowed_batch_versions"] = versions
    config["ever_live_versions"] |= versions
    count_event(config)
    if config["canary_version"] and (versions == 0 or versions & config["canary_version"]):
        end_canary(config)
        count_event(config)


def set_canary(tx: Draft, signer: Pubkey, market_key: Pubkey, version: int, batches: int) -> None:
    config, market = as_guard(tx, signer), tx.read(market_key)
    last = market["last_batch_sequence"] + batches
    if batches == 0:
        end_canary(config)
    else:
        present = (config["canary_version"], config["canary_market"])
        is_narrower = present == (version, market_key) and last <= config["canary_last_sequence"]
        if version not in (1, 2):
            raise Refused("InvalidBatchVersion")
        if batches > 10_000:
            raise Refused("CanaryTooLong")
        _require_restriction(config, signer, is_narrower)
        if version & config["allowed_batch_versions"]:
            raise Refused("VersionAlreadyAllowed")
        if market["status"] not in (0, 1):
            raise Refused("MarketNotActive")
        config.update(canary_version=version, canary_market=market_key)
        config.update(canary_remaining=batches, canary_last_sequence=last)
    count_event(config)


def end_canary(config: Fields) -> None:
    config.update(canary_version=0, canary_market=NOBODY, canary_remaining=0, canary_last_sequence=0)


def is_canary(config: Fields, version: int, market_key: Pubkey, sequence: int) -> bool:
    """Whether the canary lets this version through in this market, at this sequence."""
    first = config["canary_last_sequence"] - config["canary_remaining"] + 1
    of_it = (config["canary_version"], config["canary_market"]) == (version, market_key)
    return of_it and first <= sequence <= config["canary_last_sequence"]


def set_guardian(tx: Draft, signer: Pubkey, guardian: Pubkey, data: bytes) -> None:
    config = as_admin(tx, signer)
    consume_change(tx, config, data)
    config["guardian"] = guardian
    count_event(config)


RANGES = {
    "slippage_floor_atoms": (0, 10**17, "SlippageFloorTooLarge"),
    "slippage_share_bps": (0, 10_000, "BadShare"),
    "insurance_share_bps": (0, 10_000, "BadShare"),
    "takeover_slots": (1, 216_000, "BadTakeoverSlots"),
    "release_delay_slots": (1, 9_000, "BadReleaseDelay"),
    "batch_retention_seconds": (60, 30 * 86_400, "BadBatchRetention"),
}


def set_config_limits(tx: Draft, signer: Pubkey, limits: dict[str, int], data: bytes) -> None:
    config = as_admin(tx, signer)
    consume_change(tx, config, data)
    for name, (low, high, error) in RANGES.items():
        if not low <= limits[name] <= high:
            raise Refused(error)
    config.update(limits)
    count_event(config)


def raise_delay(tx: Draft, signer: Pubkey, seconds: int, data: bytes) -> None:
    config = as_admin(tx, signer)
    consume_change(tx, config, data)
    if seconds > 30 * 86_400:
        raise Refused("DelayTooLong")
    if seconds <= config["delay_seconds"]:
        raise Refused("DelayNotRaised")
    config["delay_seconds"] = seconds
    count_event(config)


def _require_restriction(config: Fields, signer: Pubkey, is_narrower: bool) -> None:
    if signer != config["admin"] and not is_narrower:
        raise Refused("GuardianMayOnlyRestrict")


def approve_relayer(tx: Draft, signer: Pubkey, relayer: Pubkey, data: bytes) -> None:
    config = as_admin(tx, signer)
    consume_change(tx, config, data)
    if relayer == NOBODY:
        raise Refused("DefaultAddressRefused")
    if relayer in config["approved_relayers"]:
        raise Refused("RelayerAlreadyApproved")
    if NOBODY not in config["approved_relayers"]:
        raise Refused("TooManyRelayers")
    config["approved_relayers"][config["approved_relayers"].index(NOBODY)] = relayer
    count_event(config)


def revoke_relayer(tx: Draft, signer: Pubkey, relayer: Pubkey) -> None:
    config = as_guard(tx, signer)
    if relayer == config["active_relayer"]:
        raise Refused("ActiveRelayerNotRevocable")
    config["approved_relayers"][_place(config, relayer)] = NOBODY
    count_event(config)


def set_active_relayer(tx: Draft, signer: Pubkey, relayer: Pubkey, data: bytes) -> None:
    config = as_guard(tx, signer)
    if signer != config["guardian"]:
        consume_change(tx, config, data)
    _activate(tx, config, relayer)
    count_event(config)


def beat(tx: Draft, signer: Pubkey) -> None:
    config = tx.read(CONFIG)
    if config["active_relayer"] != signer:
        raise Refused("WrongRelayer")
    _beat(tx, config)


def take_over(tx: Draft, signer: Pubkey) -> None:
    config = tx.edit(CONFIG)
    if tx.slot - max(tx.read(BEAT)["slot"], config["relayer_since_slot"]) <= config["takeover_slots"]:
        raise Refused("RelayerAlive")
    _activate(tx, config, signer)
    _beat(tx, config)
    count_event(config)


def _activate(tx: Draft, config: Fields, relayer: Pubkey) -> None:
    _place(config, relayer)
    config["active_relayer"] = relayer
    config["relayer_since_slot"] = tx.slot
    config["relayer_epoch"] += 1


def _beat(tx: Draft, config: Fields) -> None:
    said = {"relayer": config["active_relayer"], "epoch": config["relayer_epoch"]}
    tx.edit(BEAT).update(said, slot=tx.slot, ts=tx.now_ts)


def _place(config: Fields, relayer: Pubkey) -> int:
    if relayer == NOBODY:
        raise Refused("DefaultAddressRefused")
    if relayer not in config["approved_relayers"]:
        raise Refused("RelayerNotApproved")
    places: list[Pubkey] = config["approved_relayers"]
    return places.index(relayer)


def accept_admin(tx: Draft, signer: Pubkey) -> None:
    vault.accept_admin(tx.edit(CONFIG), signer, tx.now_ts)
