import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def run(code):
    """Run code in a Python of its own, which has imported nothing yet."""
    subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, check=True, timeout=120)


@pytest.mark.parametrize("script", ["measure", "embed"])
def test_the_script_of_a_cell_loads_no_pandas(script):
    pytest.importorskip("pandas")
    run(f"import sys, {script}; assert 'sklearn' in sys.modules; assert 'pandas' not in sys.modules")


def test_pandas_can_still_be_imported():
    pytest.importorskip("pandas")
    run("import evolution.lean, sklearn.metrics, pandas; assert pandas.DataFrame({'a': [1]}).shape == (1, 1)")


def test_what_is_loaded_is_left_alone():
    pytest.importorskip("pandas")
    run("import sys, pandas, evolution.lean; assert sys.modules['pandas'] is pandas")
