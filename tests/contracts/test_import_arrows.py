"""Imports point downward only: cli → keepers, localnet, matcher → gdx_sdk → gdx_sdk._generated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOTS = {
    "gdx_sdk": ROOT / "gdx_sdk",
    "gdx_matcher": ROOT / "matcher/gdx_matcher",
    "gdx_keepers": ROOT / "keepers/gdx_keepers",
    "gdx_localnet": ROOT / "localnet/gdx_localnet",
    "gdx_cli": ROOT / "cli/gdx_cli",
}
ALLOWED = {
    "gdx_sdk": set[str](),
    "gdx_matcher": {"gdx_sdk"},
    "gdx_keepers": {"gdx_sdk"},
    "gdx_localnet": {"gdx_sdk"},
    "gdx_cli": {"gdx_sdk", "gdx_matcher", "gdx_keepers", "gdx_localnet"},
}


def imported_modules(path: Path, package: str) -> Iterator[str]:
    """Absolute names of everything that a file imports, at any depth."""
    relative_to = [package, *path.relative_to(ROOTS[package]).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = relative_to[: len(relative_to) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def all_imports(package: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(ROOTS[package].rglob("*.py")):
        for module in imported_modules(path, package):
            yield path.relative_to(ROOT), module


@pytest.mark.parametrize("package", ROOTS)
def test_imports_point_downward(package: str) -> None:
    others = set(ROOTS) - {package} - ALLOWED[package]
    wrong = [f"{path}: {module}" for path, module in all_imports(package) if module.split(".")[0] in others]
    assert wrong == []


@pytest.mark.parametrize("package", [name for name in ROOTS if name != "gdx_sdk"])
def test_only_the_public_sdk_is_used(package: str) -> None:
    wrong = [
        f"{path}: {module}"
        for path, module in all_imports(package)
        if module.startswith("gdx_sdk.") and any(part.startswith("_") for part in module.split(".")[1:])
    ]
    assert wrong == []


def test_generated_clients_import_nothing_of_ours_but_the_runtime() -> None:
    wrong = []
    for path, module in all_imports("gdx_sdk"):
        inside = path.parts[:2] == ("gdx_sdk", "_generated")
        allowed = ("gdx_sdk._generated", "gdx_sdk.runtime", "gdx_sdk.errors")
        if inside and module.startswith("gdx_sdk") and not module.startswith(allowed):
            wrong.append(f"{path}: {module}")
    assert wrong == []


def test_the_arrow_check_sees_every_package() -> None:
    assert {package for package in ROOTS if list(ROOTS[package].rglob("*.py"))} == set(ROOTS)
