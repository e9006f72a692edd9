"""The fixture `gdx_chain` for users' tests, found by pytest itself once gdx is installed.

Nothing is imported before a test asks for the chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gdx_sdk.testing import GdxChain


@pytest.fixture
def gdx_chain() -> GdxChain:
    """The five programs with a small exchange in a LiteSVM of this test's own; see `GdxChain`."""
    from gdx_sdk.errors import GdxError

    try:
        from gdx_sdk.testing import GdxChain

        return GdxChain()
    except GdxError as error:
        raise pytest.UsageError(f"the fixture gdx_chain cannot be made: {error}") from error
