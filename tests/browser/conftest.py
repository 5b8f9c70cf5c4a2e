"""The page of an experiment made by rule, and the page open in a browser."""

import pytest

from support.chromium import complaints, requests
from support.open_page import Explorer
from support.page import write_page


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture
def explorer(browser, page):
    """The page at its start; after the test it must have written no warning and sent no request."""
    yield Explorer(browser, page)
    assert complaints(browser) == []
    assert requests(browser) == []
