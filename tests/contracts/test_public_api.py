"""The public names of `gdx_sdk`, as a list that is reviewed: a name that goes away breaks somebody.

After a change that is meant: python tests/contracts/test_public_api.py > tests/contracts/public_api.txt
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import gdx_sdk

LISTED = Path(__file__).with_name("public_api.txt")


def public_modules() -> list[str]:
    """Modules without a private part in their name; the generator's insides are not for import."""
    found = ["gdx_sdk"]
    for module in pkgutil.walk_packages(gdx_sdk.__path__, "gdx_sdk."):
        parts = module.name.split(".")
        is_private = any(part.startswith("_") for part in parts) or (parts[1] == "idlgen" and len(parts) > 2)
        is_program = parts[1] == "programs" and len(parts) > 2  # compiled for Solana, named like an extension
        if not is_private and not is_program and parts[-1] != "build_registry":
            found.append(module.name)
    return sorted(found)


def public_names() -> list[str]:
    """`module.name` for everything in `__all__`, or defined in the module itself."""
    names = []
    for module_name in public_modules():
        module = import_module(module_name)
        exported = getattr(module, "__all__", None)
        if exported is None:
            exported = [
                name
                for name, value in vars(module).items()
                if not name.startswith("_") and getattr(value, "__module__", None) == module_name
            ]
        names += [f"{module_name}.{name}" for name in exported]
    return sorted(set(names), key=lambda name: (name.casefold(), name))


def test_the_public_names_are_those_listed() -> None:
    assert public_names() == LISTED.read_text().splitlines(), __doc__


def test_every_public_name_can_be_imported() -> None:
    for name in LISTED.read_text().splitlines():
        module, attribute = name.rsplit(".", 1)
        assert hasattr(import_module(module), attribute), name


if __name__ == "__main__":
    print("\n".join(public_names()))
