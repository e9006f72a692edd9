"""`gdx config`."""

from __future__ import annotations

import click

from gdx_cli.cluster import Cluster, cluster_options, is_readable_file
from gdx_cli.output import emit, json_option


@click.group()
def config() -> None:
    """Cluster and signer in use."""


@config.command()
@cluster_options
@json_option
def show(cluster: Cluster, is_json: bool) -> None:
    """Show which cluster and signer commands use, and where each setting comes from."""
    result = {
        "url": cluster.url,
        "url_source": cluster.url_source,
        "commitment": cluster.commitment,
        "keypair_path": cluster.keypair_path,
        "keypair_source": cluster.keypair_source,
        "has_keypair": is_readable_file(cluster.keypair_path),
        "config_path": cluster.config_path,
        "has_config": is_readable_file(cluster.config_path),
    }
    emit(result, is_json=is_json)
