"""Shards with registered, funded accounts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gdx_matcher.shard import Shard

from tests.matcher.matcher_flows import MARKETS, fund

OpenShard = Callable[..., Shard]


@pytest.fixture
def open_shard(tmp_path: Path) -> Any:
    """Opens, or opens again, the shard in this test's directory; closes the one before."""
    opened: list[Shard] = []

    def open_it(**options: Any) -> Shard:
        if opened:
            opened.pop().close()
        shard = Shard(tmp_path, options.pop("markets", MARKETS), **options)
        opened.append(shard)
        return shard

    yield open_it
    for shard in opened:
        shard.close()


@pytest.fixture
def funded_shard(open_shard: OpenShard) -> Shard:
    """A shard with six rich accounts in both markets."""
    shard = open_shard()
    fund(shard.submit_many)
    return shard
