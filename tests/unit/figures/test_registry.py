"""The registry of figures against all that must say the same: scripts, captions, config, SLURM profile, docs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evolution.config.resolve import resolve
from evolution.figures.registry import COMPARISON_FIGURES, FIGURES, config_value, is_drawn
from evolution.planning.code_files import code_files
from support.metrics_of_classes import MEASURES

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "workflow" / "scripts"
ALL = [*FIGURES, *COMPARISON_FIGURES]
each_figure = pytest.mark.parametrize("figure", ALL, ids=lambda figure: figure.rule)


@pytest.fixture(scope="module")
def config():
    """The default experiment, resolved."""
    return resolve(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")))


def read_by(script, group):
    """The names that a script reads of snakemake.input or snakemake.params."""
    tree = ast.parse((SCRIPTS / f"{script}.py").read_text(encoding="utf-8"))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {node.attr for node in attributes if ast.unparse(node.value) == f"snakemake.{group}"}


def table_rows(page):
    """The rows of a page's tables: first and second cell."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("|")]
    return [(row[0], row[1]) for row in rows if len(row) >= 2]


def test_each_figure_has_its_script_and_each_script_its_figure():
    rules = [figure.rule for figure in ALL]
    assert sorted(rules) == sorted(path.stem for path in SCRIPTS.glob("plot_*.py"))


def test_names_and_labels_are_unique():
    for figures in (FIGURES, COMPARISON_FIGURES):
        names = [figure.name for figure in figures]
        labels = [label for figure in figures for label in (figure.film.values() or [figure.label])]
        assert len(set(names)) == len(names) and len(set(labels)) == len(labels)
        assert all(labels)


@each_figure
def test_a_script_reads_what_its_figure_gives(figure):
    assert read_by(figure.rule, "input") == set(figure.inputs)
    assert read_by(figure.rule, "params") == set(figure.params)


@each_figure
def test_keys_and_measures_exist(figure, config):
    keys = [wanted for wanted in figure.params.values() if isinstance(wanted, str)]
    for key in [*keys, *[figure.switch] * bool(figure.switch)]:
        config_value(config, key)
    assert set(figure.measures) <= set(MEASURES)


@pytest.mark.parametrize(("figures", "prefix"), [(FIGURES, ""), (COMPARISON_FIGURES, "compared_")], ids=["run", "runs"])
def test_each_figure_has_a_caption(figures, prefix):
    for figure in figures:
        assert (ROOT / "workflow" / "report" / f"{prefix}{figure.name}.rst").is_file()


@pytest.mark.parametrize(("figures", "group"), [(FIGURES, "figures"), (COMPARISON_FIGURES, "comparison")])
def test_the_slurm_profile_groups_each_figure(figures, group):
    """A figure outside of its group would be one more submission a run."""
    groups = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text(encoding="utf-8"))["groups"]
    listed = {rule for rule, name in groups.items() if name == group and rule.startswith("plot_")}
    assert listed == {figure.rule for figure in figures}


@pytest.mark.parametrize(("figures", "page"), [(FIGURES, "results.md"), (COMPARISON_FIGURES, "a-sweep.md")])
def test_the_docs_have_a_row_of_each_figure(figures, page):
    rows = table_rows(page)
    for figure in figures:
        file = f"`figures/{figure.name}.{next(iter(figure.film), 'png')}`"
        assert [what for name, what in rows if name.startswith(file)] == [figure.description]


def drawn(config):
    return {figure.name for figure in FIGURES if is_drawn(figure, config)}


def test_what_a_recording_may_lack_is_marked():
    assert {figure.name for figure in FIGURES if figure.of_raw_inputs} == {"raw_inputs"}
    assert {figure.name for figure in FIGURES if figure.of_predictions} >= {"training_curves", "confusion"}


def test_what_is_switched_off_is_not_drawn(config):
    everything = {figure.name for figure in FIGURES}
    assert drawn(config) == everything - {"attributes"}
    config["metrics"]["measure_by"] = ["writer"]
    assert drawn(config) == everything
    assert drawn(config | {"activations": config["activations"] | {"raw_inputs": False}}) == everything - {"raw_inputs"}

    def with_metrics(**changes):
        return config | {"metrics": config["metrics"] | changes}

    assert drawn(with_metrics(cka=False)) == everything - {"cka"}
    assert drawn(with_metrics(measures=[])) == everything - {"geometry", "neural_collapse"}
    assert drawn(with_metrics(measures=["neural_collapse"])) == everything - {"geometry"}
    # One of its panels is enough for a figure.
    assert drawn(with_metrics(measures=["knn_purity"])) == everything - {"neural_collapse"}


def test_nothing_is_drawn_of_what_a_target_does_not_have(config):
    everything = drawn(config)

    def drawn_of(target, measures):
        changed = config | {"metrics": config["metrics"] | {"measures": measures}}
        return {figure.name for figure in FIGURES if is_drawn(figure, changed, target)}

    all_measures = list(MEASURES)
    assert drawn_of("classes", all_measures) == everything
    assert drawn_of("number", all_measures) == everything - {"class_separation", "confusion", "neural_collapse"}
    assert drawn_of("labels", all_measures) == everything - {"confusion", "neural_collapse"}
    assert drawn_of("none", all_measures) == everything - {"class_separation", "confusion", "neural_collapse"}
    # Its panels are of classes alone.
    assert "geometry" not in drawn_of("number", ["knn_purity", "davies_bouldin"])
    assert "geometry" not in drawn_of("none", ["linear_probe"]) and "geometry" in drawn_of("labels", ["linear_probe"])


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_no_script_imports_the_registry(script):
    """Else an entry that changes would have each figure drawn again."""
    assert SCRIPTS / "evolution" / "figures" / "registry.py" not in code_files(script)


def test_it_loads_no_library():
    code = "import sys, evolution.figures.registry; print(*{'numpy', 'matplotlib', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
