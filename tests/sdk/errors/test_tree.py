"""The tree on the first page of `gdx_sdk.errors` is the tree of its classes."""

from __future__ import annotations

import inspect
import re

from gdx_sdk import errors


def test_the_drawn_tree_is_complete() -> None:
    classes = {
        name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    drawn = set(re.findall(r"\b([A-Z][A-Za-z]+)\b(?=\s{2,}|$)", errors.__doc__ or "", re.MULTILINE))
    assert classes == drawn


def test_every_error_is_one_of_ours_and_says_what_it_is() -> None:
    for name, kind in vars(errors).items():
        if inspect.isclass(kind) and issubclass(kind, Exception):
            assert issubclass(kind, errors.GdxError), name
            assert kind.__doc__, name
