"""matplotlib, loaded before anything else of it."""

from support.own_process import run
from support.startup import assert_scripts_load_it_first

CODE = """
import gc, sys
import evolution.startup.collection
looks = []
gc.callbacks.append(lambda phase, info: looks.append("matplotlib" in sys.modules))
import evolution.startup.load_matplotlib
assert "matplotlib.backends.backend_agg" in sys.modules and gc.isenabled()
print(any(looks), gc.get_freeze_count() > 10 * len(gc.get_objects()))
"""


def test_nothing_is_collected_while_it_is_imported_nor_looked_at_later():
    assert run(CODE).split() == ["False", "True"]


def test_the_off_switch_imports_it_as_usual():
    assert run(CODE, EVOLUTION_PLAIN_IMPORTS="1").split() == ["True", "False"]


def test_scripts_that_draw_load_it_first():
    assert_scripts_load_it_first("matplotlib")
