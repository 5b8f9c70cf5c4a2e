"""The garbage collector while libraries are imported."""

from support.own_process import run

CODE = """
import gc
from evolution.startup.collection import without_collections
made, looks = [], []
gc.callbacks.append(lambda phase, info: looks.append(phase))
with without_collections():
    held_off = not gc.isenabled()
    made += [[number] for number in range(100_000)]
seen = len(looks)
assert gc.isenabled()
print(held_off, seen > 0, gc.get_freeze_count() > len(made), any(item is made[0] for item in gc.get_objects()))
"""


def test_nothing_is_collected_in_the_block_nor_looked_at_later():
    assert run(CODE).split() == ["True", "False", "True", "False"]


def test_the_collector_comes_back_after_an_error():
    code = """
import gc
from evolution.startup.collection import without_collections
try:
    with without_collections():
        raise ImportError
except ImportError:
    assert gc.isenabled()
"""
    run(code)
