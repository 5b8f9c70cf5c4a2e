"""What the tests of models share."""

import sys

import pytest

from support.own_models import write_models


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The path of a file with models, next to one that it imports."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "parts_of_own", raising=False)
    return write_models(tmp_path)
