"""A wrong config, through Snakemake as a user meets it: one message, no traceback, results as they were."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from support.own_recipes import line_of, write_recipes
from support.project import TINY, Project, changed
from support.random_configs import configs

# Each as the text of the config file, and what must be said.
BAD = {
    "many faults": (
        yaml.safe_dump(changed(changed(TINY, "training.epochs", 0), "trainin", {})) + "sede: 4\n",
        [
            "training.epochs: 0 is not allowed; must be at least 1",
            "trainin: unknown key; did you mean training?",
            "sede: unknown key; did you mean seed?",
        ],
    ),
    "a layer that the model lacks": (
        yaml.safe_dump(changed(TINY, "layers", ["conv2", "fc9"])),
        ["layers: fc9 is not in tiny_cnn (model.name); did you mean fc2?"],
    ),
    "more images than there are": (
        yaml.safe_dump(changed(TINY, "dataset.eval_size", 5000)),
        ["dataset.train_size: 300 and dataset.eval_size: 5000 are more than digits has"],
    ),
    "a name that leaves the results": (
        yaml.safe_dump(changed(TINY, "runs", {"../../x": {}})),
        ["runs: '../../x' is not allowed; must be made of letters, digits and _"],
    ),
    "a recipe with slips that torch and torchvision know of": (
        yaml.safe_dump(
            changed(
                TINY,
                "runs",
                {
                    "optimizer": {"training": {"optimizer": "AdamQ"}},
                    "argument": {"training": {"optimizer_kwargs": {"momentum": 0.9}}},
                    "transform": {"training": {"augmentation": ["RandomHorizontalFlop"]}},
                    "wrong": {"training": {"augmentation": [{"RandomCrop": {"size": 8, "pading": 1}}]}},
                    "crop": {"training": {"augmentation": [{"RandomCrop": {"size": 6}}]}},
                    "absent": {"training": {"recipe": "recipes.py:Nothing"}},
                    "slip": {"training": {"recipe": "recipes.py:Slip"}},
                },
            )
        ),
        [
            "runs.optimizer.training.optimizer: torch.optim has no optimizer AdamQ; did you mean Adam?",
            "runs.argument.training.optimizer_kwargs: momentum is no argument of torch.optim.AdamW; it takes betas",
            "runs.transform.training.augmentation: torchvision.transforms.v2 has no RandomHorizontalFlop; did you mean "
            "RandomHorizontalFlip?",
            "runs.wrong.training.augmentation: pading is no argument of RandomCrop; did you mean padding?",
            "runs.crop.training.augmentation: after RandomCrop an image has the shape 1 x 6 x 6",
            "runs.absent.training.recipe: recipes.py has no Nothing; its classes are Scaled, Slip",
            "runs.slip.training.recipe: recipes.py:Slip: loss failed: NameError: name 'label' is not defined "
            f"(recipes.py, line {line_of('model(images), label)')})",
        ],
    ),
    "a recipe's file that is not there": (
        yaml.safe_dump(changed(TINY, "training.recipe", "nowhere.py:Recipe")),
        ["training.recipe: there is no file nowhere.py; paths count from their config file's folder"],
    ),
    "a font that is not installed": (
        yaml.safe_dump(changed(TINY, "plots.font", "DejaVu Serifs")),
        ["plots.font: 'DejaVu Serifs' is not installed on this machine; fonts like it: DejaVu Serif"],
    ),
    "colours that are none, and of no class": (
        yaml.safe_dump(changed(TINY, "plots.colors", {3: "rde", 12: "red"})),
        ["plots.colors.3: 'rde' is no colour", "plots.colors.12: no run has this class; there are 0, 1, 2"],
    ),
    "no mapping": ("- seed\n", ["config.yaml is a list; a config is keys with their values"]),
    "no YAML": ("layers: [conv2\nseed: 3\n", ["config.yaml is not valid YAML in line 2"]),
    "a run twice": (
        "runs:\n  a: {}\n  a: {seed: 3}\n",
        ["config.yaml: runs.a is given twice, in line 2 and line 3; keep one"],
    ),
    "code": (
        "__use_yte__: true\nseed: ?__import__('os').mkdir('pwned')\n",
        ["config.yaml: __use_yte__ makes Snakemake run code in the config"],
    ),
    "no file": (None, ["config.yaml does not exist; write one, or name another with --configfile"]),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("bad") / "checkout")
    project.path("metrics").mkdir(parents=True)
    project.path("metrics/kept.parquet").write_bytes(b"kept")
    write_recipes(project.folder)
    return project


def state(project):
    """What lies in the folder, without what Snakemake notes of itself."""
    return {
        path: (path.lstat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in sorted(project.folder.rglob("*"))
        if not {".snakemake", "__pycache__", "config.yaml"} & set(path.relative_to(project.folder).parts)
    }


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_a_bad_config_stops_before_any_job(checkout, text, said):
    path = checkout.folder / "config.yaml"
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text, encoding="utf-8")
    before = state(checkout)
    output = checkout.run(check=False)
    assert checkout.returncode != 0
    for sentence in said:
        assert sentence in output
    assert "Traceback" not in output
    assert "Building DAG" not in output
    assert state(checkout) == before


def test_a_traceback_for_those_who_ask(checkout):
    checkout.configure(changed(TINY, "training.epochs", 0))
    output = checkout.run("--verbose", check=False)
    assert "Traceback (most recent call last)" in output
    assert "training.epochs: 0 is not allowed" in output


@pytest.mark.parametrize("content", ["- seed\n", "seed\n", "", "layers: [conv2\n"])
def test_a_configfile_that_is_none(checkout, tmp_path, content):
    """Snakemake reads these itself, before the workflow."""
    path = tmp_path / "experiment.yaml"
    path.write_text(content)
    before = state(checkout)
    output = checkout.run("--configfile", str(path), check=False)
    assert checkout.returncode != 0
    assert "Config file" in output and "JSON or YAML" in output
    assert "Traceback" not in output
    assert state(checkout) == before


def test_what_happens_to_an_uneven_size_is_said(checkout):
    checkout.configure(changed(TINY, "dataset.eval_size", 103))
    output = checkout.snakemake("--dry-run")
    assert "dataset.eval_size 103 of run tiny does not divide by its 10 classes" in output
    assert "the first 3 of them one more" in output


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=configs(most_epochs=30))
def test_a_random_valid_config_is_planned(checkout, config):
    checkout.configure(config)
    before = state(checkout)
    output = checkout.snakemake("--dry-run", "--quiet")
    assert checkout.returncode == 0
    assert "cannot be used" not in output
    assert state(checkout) == before
