"""What stops a keeper's run.

GdxError
└── KeeperError
    ├── Transient    back off and try again: the cause is expected to pass
    └── Fatal        stop this keeper and say why: trying again cannot help
"""

from __future__ import annotations

from gdx_sdk.errors import GdxError


class KeeperError(GdxError):
    """Root of the errors that keepers raise themselves."""


class Transient(KeeperError):
    """The cause is expected to pass; the runner backs off and runs the job again."""


class Fatal(KeeperError):
    """Trying again cannot help; the runner stops the job and reports the reason."""
