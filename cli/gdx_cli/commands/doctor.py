"""`gdx doctor`."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

import click

from gdx_cli.cluster import Cluster, cluster_options, is_readable_file
from gdx_cli.output import columns, emit, json_option

PROGRAMS = ("collateral_vault", "ephemeral_vault", "oracle", "funding_rate", "position_mgmt")
PACKAGES = {
    "base": ("solders", "solana", "httpx", "websockets", "construct", "click"),
    "keepers": ("structlog", "prometheus-client", "msgspec"),
    "localnet": ("uvicorn", "zstandard"),
    "fast": ("numpy", "pybase64"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it is well, and what was found."""

    check: str
    is_ok: bool
    is_required: bool
    detail: str


@click.command()
@cluster_options
@json_option
def doctor(cluster: Cluster, is_json: bool) -> None:
    """Check Python, packages, programs, signer and cluster; exit code 1 when a required one is missing."""
    findings = [
        Finding("python", sys.version_info >= (3, 11), True, platform.python_version()),
        *(_packages(extra, names) for extra, names in PACKAGES.items()),
        _programs(),
        _keypair(cluster),
        _cluster(cluster),
    ]
    is_ok = all(finding.is_ok for finding in findings if finding.is_required)
    emit({"ok": is_ok, "findings": findings}, is_json=is_json, table=lambda: _table(findings))
    sys.exit(0 if is_ok else 1)


def _packages(extra: str, names: tuple[str, ...]) -> Finding:
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    detail = f"missing {', '.join(missing)}: pip install 'gdx[{extra}]'" if missing else ", ".join(found)
    return Finding(f"packages {extra}", not missing, extra == "base", detail)


def _programs() -> Finding:
    folder = files("gdx_sdk") / "programs"
    missing = [name for name in PROGRAMS if not (folder / f"{name}.so").is_file()]
    detail = f"missing {', '.join(missing)}" if missing else f"{len(PROGRAMS)} built programs"
    return Finding("programs", not missing, True, detail)


def _keypair(cluster: Cluster) -> Finding:
    is_there = is_readable_file(cluster.keypair_path)
    return Finding(
        "keypair", is_there, False, cluster.keypair_path if is_there else f"no {cluster.keypair_path}"
    )


def _cluster(cluster: Cluster) -> Finding:
    from gdx_cli.reading import ask

    try:
        slot = ask(cluster, lambda client: client.get_slot())
    except Exception as error:  # any reason is a finding, not a failure of this command
        return Finding("cluster", False, False, str(error))
    return Finding("cluster", True, False, f"{cluster.url} at slot {slot}")


def _table(findings: list[Finding]) -> str:
    return columns(["check", "", "detail"], [[f.check, _mark(f), f.detail] for f in findings])


def _mark(finding: Finding) -> str:
    if finding.is_ok:
        return "ok"
    return "MISSING" if finding.is_required else "absent"
