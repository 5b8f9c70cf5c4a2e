"""Values of --config, next to Snakemake's own reading of the command line and to the same values in a file."""

from pathlib import Path

import pytest
import yaml
from snakemake.cli import parse_config
from snakemake.utils import update_config

from evolution.config.command_line import with_typed_values

SCHEMA = yaml.safe_load((Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml").read_text("utf-8"))


def given(tmp_path, arguments, *contents):
    """What a config becomes, as Snakemake joins files and command line."""
    config, files = {}, []
    for number, content in enumerate(contents):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(content, encoding="utf-8")
        update_config(config, yaml.safe_load(content))
    update_config(config, parse_config(arguments))
    return with_typed_values(config, files, SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "training: {epochs: 3}",
        "training: {epochs: 3, optimizer: sgd, optimizer_kwargs: {momentum: 0.9, nesterov: true}}",
        "snapshots: {also: [1, 2, 8], log_until: null}",
        "seeds: [1, 2]",
        "runs: {a: {training: {learning_rate: 0.01}}, b: {}}",
        "layers: [conv1, 'layer*.0']",
        "model: {name: 'net.py:Net', kwargs: {layers: [{width: 3, bias: false}]}}",
    ],
)
def test_a_nested_value_is_what_a_file_would_make_of_it(tmp_path, text):
    ((key, value),) = yaml.safe_load(text).items()
    argument = f"{key}={yaml.safe_dump(value, default_flow_style=True, width=1000).strip()}"
    assert given(tmp_path, [argument], "seed: 17") == {"seed": 17, key: value}


def test_it_is_laid_over_the_files(tmp_path):
    below = "training: {epochs: 5, learning_rate: 0.1}\nruns: {a: {}}"
    found = given(tmp_path, ["training={epochs: 3}"], below, "training: {batch_size: 8}")
    assert found == {"training": {"epochs": 3, "learning_rate": 0.1, "batch_size": 8}, "runs": {"a": {}}}


def test_text_of_a_file_stays_text(tmp_path):
    """A number in quotes is refused with its own remedy."""
    text = "training: {epochs: '5'}\nmodel: {kwargs: {name: '07', parts: ['1']}}"
    assert given(tmp_path, ["seed=3"], text) == {**yaml.safe_load(text), "seed": 3}


def test_a_number_with_an_exponent_is_one(tmp_path):
    assert given(tmp_path, ["training={learning_rate: 1e-3}"]) == {"training": {"learning_rate": 0.001}}


def test_other_text_stays(tmp_path):
    found = given(tmp_path, ["dataset={name: 'npz:a.npz', root: '2024-01-01'}", "model={name: 'a: b'}"])
    assert found == {"dataset": {"name": "npz:a.npz", "root": "2024-01-01"}, "model": {"name": "a: b"}}


def test_where_the_schema_wants_text_it_stays_text(tmp_path):
    """A Sequential's layers are called 0, 1, ..., and a folder may be."""
    found = given(tmp_path, ["layers=['1', '3']", "dataset={root: 2024, eval_size: 20}", "skip=['7']"])
    assert found == {"layers": ["1", "3"], "dataset": {"root": "2024", "eval_size": 20}, "skip": ["7"]}


@pytest.mark.parametrize("text", ["010", "1_0", "1:30", "no", "nan", "inf", "~", "1e", ".", "0x10"])
def test_what_may_surprise_stays_text(tmp_path, text):
    found = given(tmp_path, [f"model={{kwargs: {{value: '{text}'}}}}"])
    assert found == {"model": {"kwargs": {"value": text}}}


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL"])
def test_a_word_is_what_a_file_would_make_of_it(tmp_path, text):
    found = given(tmp_path, [f"model={{kwargs: {{value: {text}}}}}"])
    assert found == {"model": {"kwargs": {"value": yaml.safe_load(text)}}}


def test_what_a_model_is_given_is_read(tmp_path):
    found = given(tmp_path, ["model={kwargs: {a: 3, b: 0.5, c: true, d: null, e: [1, x], f: -2e-3, g: .5}}"])
    assert found["model"]["kwargs"] == {"a": 3, "b": 0.5, "c": True, "d": None, "e": [1, "x"], "f": -0.002, "g": 0.5}


def test_files_that_cannot_be_read_are_passed_over(tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "list.yaml").write_text("[1]", encoding="utf-8")
    files = [tmp_path / "broken.yaml", tmp_path / "list.yaml", tmp_path / "none.yaml"]
    assert with_typed_values({"training": {"epochs": "3"}}, files, SCHEMA) == {"training": {"epochs": 3}}
