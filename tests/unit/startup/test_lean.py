import re
import subprocess
import sys
from pathlib import Path

import pytest

from evolution.planning.code_files import code_files

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


def read(path):
    return path.read_text(encoding="utf-8")


def run(code):
    """Run code in a Python of its own, which has imported nothing yet."""
    subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, check=True, timeout=120)


@pytest.mark.parametrize("script", ["measure", "embed"])
def test_the_script_of_a_cell_loads_no_pandas(script):
    pytest.importorskip("pandas")
    run(f"import sys, {script}; assert 'sklearn' in sys.modules; assert 'pandas' not in sys.modules")


@pytest.mark.parametrize("script", ["measure", "embed"])
def test_the_script_of_a_cell_loads_no_statistics(script):
    run(f"import sys, {script}; assert 'sklearn' in sys.modules; assert 'scipy.stats' not in sys.modules")


def test_a_cell_is_measured_without_pandas_or_statistics(tmp_path):
    pytest.importorskip("pandas")
    run(
        f"""
import sys, measure, numpy as np
from evolution.io.tables import save_table
from evolution.measures.registry import MEASURES
folder = {str(tmp_path)!r}
random = np.random.default_rng(3)
labels = np.repeat([0, 1, 2], 20)
np.save(folder + "/layer.npy", (random.normal(size=(1, 60, 8)) + labels[:, None]).astype(np.float32))
np.savez(folder + "/dataset.npz", eval_labels=labels, class_names=np.array(["a", "b", "c"]))
said = dict(epoch=np.zeros(60, np.int32), sample=np.arange(60, dtype=np.int32), predicted=labels.astype(np.int32))
save_table(folder + "/said.parquet", said | dict(confidence=np.ones(60, np.float32)))
files = (folder + "/layer.npy", folder + "/dataset.npz", folder + "/said.parquet")
table, _, _ = measure.metrics_span(*files, [0], 3, 2, 5, list(MEASURES), 1)
assert table["silhouette"][0] > 0
assert "pandas" not in sys.modules and "scipy.stats" not in sys.modules
"""
    )


def test_a_cell_is_embedded_without_what_umap_brings():
    pytest.importorskip("pynndescent")
    run(
        """
import sys, embed, numpy as np
from evolution.embedding.tsne import tsne
rows = np.random.default_rng(3).normal(size=(60, 8)).astype(np.float32)
layout, _ = tsne(rows, 10, None, 1)
tsne(rows, 10, layout, 1)
loaded = {"pandas", "scipy.stats", "pynndescent", "numba"} & set(sys.modules)
assert not loaded, loaded
"""
    )


def test_what_scikit_learn_took_of_the_statistics_works_when_it_is_called():
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
    run("import evolution.lean, scipy.stats; assert abs(scipy.stats.norm.cdf(0) - 0.5) < 1e-12")


def test_pandas_can_still_be_imported():
    pytest.importorskip("pandas")
    run("import evolution.lean, sklearn.metrics, pandas; assert pandas.DataFrame({'a': [1]}).shape == (1, 1)")


def test_what_is_loaded_is_left_alone():
    pytest.importorskip("pandas")
    run("import sys, pandas, evolution.lean; assert sys.modules['pandas'] is pandas")


@pytest.mark.parametrize("library", ["torch", "matplotlib"])
def test_nothing_looks_for_garbage_while_importing_nor_later_among_what_that_made(library):
    run(
        f"""
import gc, sys
import evolution.imports
looks = []
gc.callbacks.append(lambda phase, info: looks.append(phase))
import evolution.lean_{library}
assert not looks and "{library}" in sys.modules and gc.isenabled()
made, new = gc.get_freeze_count(), len(gc.get_objects())
assert made > 10 * new, (made, new)
"""
    )


@pytest.mark.parametrize("library", ["torch", "matplotlib"])
def test_scripts_load_large_libraries_the_quick_way(library):
    importing = re.compile(rf"^(import|from) {library}\b", re.M)
    scripts = [path for path in SCRIPTS.glob("*.py") if any(map(importing.search, map(read, code_files(path))))]
    assert scripts
    for path in scripts:
        first = next(
            line for line in read(path).splitlines() if line.startswith(("import evolution", "from evolution"))
        )
        assert first.startswith(f"import evolution.lean_{library} "), path
        assert read(path).index(first) < min((found.start() for found in importing.finditer(read(path))), default=10**6)


def test_a_training_without_the_compiler_gives_the_same_bytes(tmp_path):
    code = """
import sys
sys.path.insert(0, {unit!r})
from pathlib import Path
import train
from evolution.startup.load_torch import without_compiler
if {without}: without_compiler()
from support.tiny_dataset import write_dataset
from support.tiny_training import start, train_epochs
folder = Path({folder!r})
folder.mkdir()
dataset = write_dataset(folder / "dataset.npz")
for optimizer in ("adamw", "sgd"):
    settings = dict(model_name="small_cnn", optimizer_name=optimizer, batch_size=8)
    path, *_ = train_epochs(folder, dataset, 1, 2, start(folder, dataset, **settings), **settings)
    Path(path).rename(folder / (optimizer + ".pt"))
assert ("torch._dynamo.eval_frame" in sys.modules) != {without}
"""
    unit = Path(__file__).parent
    folders = tmp_path / "without", tmp_path / "with"
    for folder in folders:
        run(code.format(unit=str(unit), folder=str(folder), without=folder.name == "without"))
    for optimizer in ("adamw", "sgd"):
        found = [(folder / f"{optimizer}.pt").read_bytes() for folder in folders]
        assert found[0] == found[1]


def test_a_compiler_that_is_there_stays():
    run(
        "import sys, torch._dynamo; from evolution.lean_torch import without_compiler; without_compiler()\n"
        "assert hasattr(sys.modules['torch._dynamo'], 'eval_frame')"
    )


@pytest.mark.parametrize(
    "code",
    [
        "torch.use_deterministic_algorithms(True, warn_only=True)",
        "import torchvision.models; torchvision.models.resnet18(num_classes=3)(torch.zeros(2, 3, 32, 32))",
        "assert torch.compile(lambda x: x + 1, backend='eager')(torch.ones(2)).tolist() == [2, 2]",
    ],
)
def test_a_process_that_needs_the_compiler_after_all_gets_it(code):
    run(
        f"""
import sys, torch
from evolution.startup.load_torch import without_compiler
without_compiler()
torch.optim.SGD(torch.nn.Linear(2, 2).parameters())
assert "torch._dynamo.eval_frame" not in sys.modules
{code}
assert "torch._dynamo.eval_frame" in sys.modules
torch.optim.AdamW(torch.nn.Linear(2, 2).parameters())
"""
    )
