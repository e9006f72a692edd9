"""Which of the runtime's features a chain has: mainnet's, unless told otherwise."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from solders.account import Account
from solders.litesvm import FeatureSet, LiteSVM
from solders.pubkey import Pubkey

from gdx_localnet.errors import EngineError

_log = logging.getLogger("gdx_localnet")

FEATURE_OWNER = Pubkey.from_string("Feature111111111111111111111111111111111111")
_IS_ACTIVATED = 1


def known_features() -> list[Pubkey]:
    """Every feature that the embedded runtime knows."""
    return sorted(FeatureSet.all_enabled().active, key=bytes)


def is_active(account: Account | None) -> bool:
    """Whether the account at a feature's address says that a cluster has activated it."""
    return account is not None and account.owner == FEATURE_OWNER and account.data[:1] == b"\1"


def build_svm(active: Iterable[Pubkey] | None, deactivated: Iterable[Pubkey]) -> LiteSVM:
    """A runtime with these features (None: mainnet's) less the deactivated ones, of those that it knows.

    Raises EngineError when it cannot run with them.
    """
    svm = LiteSVM()
    features = LiteSVM.mainnet_feature_set()
    known = {*features.active, *features.inactive}
    wanted = set(features.active) if active is None else known & set(active)
    for feature in deactivated:
        if feature not in known:
            _log.warning("deactivate-feature %s: the runtime knows no such feature", feature)
        wanted.discard(feature)
    if wanted == set(features.active):
        return svm
    for feature in known:
        if feature in wanted:
            features.activate(feature, features.active.get(feature, 0))
        else:
            features.deactivate(feature)
            if svm.get_account(feature) is not None:
                svm.set_account(feature, Account(0, b"", Pubkey.default()))
    # What a runtime is made of depends on its features, so all of that is made again.
    svm = svm.with_feature_set(features).with_builtins()
    try:
        svm = svm.with_default_programs()
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust, which is no Exception
            raise
        raise EngineError(f"features: the runtime's own programs do not run with them: {error}") from error
    return svm.with_feature_accounts()
