"""scikit-learn and pyarrow, loaded without what no job here needs of them."""

import pytest

from support.own_process import run

LEFT_OUT = "pandas scipy.stats numpy.testing numpy.f2py"


@pytest.mark.parametrize("script", ["measure", "embed"])
def test_the_script_of_a_cell_loads_them_only_with_the_off_switch(script):
    pytest.importorskip("pandas")
    code = f"""
import gc, sys, {script}, pyarrow
pyarrow.array([0])
assert "sklearn" in sys.modules
print(gc.get_freeze_count() > 0, *[name for name in "{LEFT_OUT}".split() if name in sys.modules])
"""
    assert run(code) == "True\n"
    assert run(code, EVOLUTION_PLAIN_IMPORTS="1") == f"False {LEFT_OUT}\n"


@pytest.mark.parametrize("library", ["scikit_learn-2.0", "scipy-2.0", "numpy-3.0", "pyarrow-99.0"])
def test_with_another_version_of_a_library_nothing_is_loaded_in_advance(tmp_path, library):
    (tmp_path / f"{library}.dist-info").mkdir()
    code = "import sys; {} import evolution.startup.load_analysis; print('sklearn' in sys.modules)"
    assert run(code.format("")) == "True\n"
    assert run(code.format(f"sys.path.insert(0, {str(tmp_path)!r});")) == "False\n"


def test_a_cell_is_measured_without_pandas_or_statistics(tmp_path):
    pytest.importorskip("pandas")
    run(
        f"""
import sys, measure, numpy as np
from evolution.io.tables import save_table
from evolution.measures.cell_metrics import MeasureSettings
from evolution.measures.registry import MEASURE_NAMES
folder = {str(tmp_path)!r}
random = np.random.default_rng(3)
labels = np.repeat([0, 1, 2], 20)
np.save(folder + "/layer.npy", (random.normal(size=(1, 60, 8)) + labels[:, None]).astype(np.float32))
names = np.array(["a", "b", "c"])
np.savez(folder + "/dataset.npz", eval_labels=labels, eval_indices=labels, class_names=names)
said = dict(epoch=np.zeros(60, np.int32), sample=np.arange(60, dtype=np.int32), predicted=labels.astype(np.int32))
save_table(folder + "/said.parquet", said | dict(confidence=np.ones(60, np.float32)))
files = dict(activations="/layer.npy", dataset="/dataset.npz", predictions="/said.parquet")
settings = MeasureSettings(clusters=3, n_init=2, neighbors=5, measures=list(MEASURE_NAMES), seed=1)
table, _, _ = measure.metrics_span(
    **{{name: folder + file for name, file in files.items()}}, times=[0], settings=settings
)
assert table["silhouette"][0] > 0
assert "pandas" not in sys.modules and "scipy.stats" not in sys.modules
"""
    )


def test_a_cell_is_embedded_without_umaps_libraries():
    pytest.importorskip("pynndescent")
    run(
        """
import sys, embed, numpy as np
from evolution.embedding.tsne import tsne
rows = np.random.default_rng(3).normal(size=(60, 8)).astype(np.float32)
layout, _ = tsne(rows, perplexity=10, start=None, seed=1)
tsne(rows, perplexity=10, start=layout, seed=1)
loaded = {"pandas", "scipy.stats", "pynndescent", "numba"} & set(sys.modules)
assert not loaded, loaded
"""
    )


def test_the_statistics_that_scikit_learn_imported_work_when_they_are_called():
    # By hand: the true labels rank second and third, with no other true label above them.
    run(
        """
import evolution.startup.load_analysis
from sklearn.metrics import label_ranking_average_precision_score
score = label_ranking_average_precision_score([[1, 0, 0], [0, 0, 1]], [[0.75, 0.5, 1], [1, 0.2, 0.1]])
assert abs(score - (1 / 2 + 1 / 3) / 2) < 1e-12, score
"""
    )


def test_the_statistics_are_the_real_ones_for_everybody_else():
    run("import evolution.startup.load_analysis, scipy.stats; assert abs(scipy.stats.norm.cdf(0) - 0.5) < 1e-12")


def test_pandas_can_still_be_imported():
    pytest.importorskip("pandas")
    run(
        "import evolution.startup.load_analysis, sklearn.metrics, pandas\n"
        "assert pandas.DataFrame({'a': [1]}).shape == (1, 1)"
    )


def test_a_pandas_that_is_loaded_stays():
    pytest.importorskip("pandas")
    run("import sys, pandas, evolution.startup.load_analysis; assert sys.modules['pandas'] is pandas")


def test_numpys_tools_are_the_real_ones_afterwards():
    code = "import numpy, evolution.startup.load_analysis; numpy.testing.assert_equal(1, 1); numpy.f2py.get_include()"
    run(code)
