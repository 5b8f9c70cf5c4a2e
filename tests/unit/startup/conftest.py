"""What the tests of the worker share."""

import signal

import pytest


@pytest.fixture(scope="module")
def heeded_signals():
    """Programs that were started in the background or by nohup ignore these signals, and so would their own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
