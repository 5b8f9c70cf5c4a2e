"""Settings of the embedding methods, for the tests; a method that is not installed is skipped."""

import os

import pytest

from evolution.embedding.methods import METHODS, missing_package

KEYS = {"perplexity": 10, "neighbors": 12, "pca_components": 20}
EXTRAS = [name for name, method in METHODS.items() if method.package]


def need(method):
    """Skip a test of a method that is not installed, or with REQUIRE_ALL=1 let it fail."""
    if package := missing_package(method):
        give_up = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
        give_up(f"no {package}: pip install -r requirements-extras.txt")
