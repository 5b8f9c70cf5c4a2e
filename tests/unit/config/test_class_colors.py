"""Colours of classes in the config: what is refused, and what each run is given."""

import numpy as np
import pytest
import yaml

from evolution.config.class_colors import color_notes, run_colors
from evolution.config.resolve import resolve
from evolution.data.kinds import DataFacts
from support.config_faults import faults

DIGITS = DataFacts(names=tuple("0123456789"))
PETS = DataFacts(names=("cat", "dog"))


def config(colors: str, name: str = "digits") -> dict:
    """A config with these colours, as YAML reads them."""
    return {
        "dataset": {"name": name, "train_size": 100, "eval_size": 100},
        "model": {"name": "mlp"},
        "plots": {"colors": yaml.safe_load(colors)},
    }


def colored(colors: str, facts: DataFacts) -> dict:
    return run_colors(yaml.safe_load(colors), facts)


def test_a_mapping_gives_some_classes_colours():
    assert colored('{dog: "#D00"}', PETS) == {"dog": "#dd0000"}
    # In the order of the classes, whatever the mapping's: another order is no change.
    assert list(colored("{dog: red, cat: rebeccapurple}", PETS).items()) == [("cat", "#663399"), ("dog", "#ff0000")]
    assert resolve(config('{3: "#d00", "4": teal}'))["plots"]["colors"] == {3: "#d00", "4": "teal"}


def test_a_list_gives_each_class_its_own():
    assert colored("[red, lime, blue]", PETS) == {"cat": "#ff0000", "dog": "#00ff00"}
    assert run_colors(None, PETS) == run_colors({}, PETS) == {}


@pytest.mark.parametrize(
    ("key", "name"),
    [("3", "3"), ("yes", "yes"), ("no", "no"), ("2020-01-01", "2020-01-01"), ("1.50", "1.50"), ("0x1F", "0x1F")],
)
def test_a_class_that_yaml_reads_as_no_text_is_found(key, name):
    names = ("1", name, "other")
    assert colored(f"{{{key}: red}}", DataFacts(names=names)) == {name: "#ff0000"}
    # 1 is no true, and true no 1.
    assert colored("{1: red}", DataFacts(names=("yes", "1"))) == {"1": "#ff0000"}


def test_a_class_that_looks_like_another_to_yaml_needs_quotes(tmp_path):
    np.savez(tmp_path / "a.npz", rows=np.eye(60), labels=np.arange(60) % 2, class_names=["yes", "true"])
    wanted = config("{yes: red}", f"npz:{tmp_path / 'a.npz'}")
    wanted["dataset"] |= {"train_size": 20, "eval_size": 40}
    wanted["embedding"] = {"perplexity": 5, "pca_components": 5}
    (line,) = faults(wanted)
    assert line == "plots.colors.True: YAML reads yes and true as this; put the class's name in quotes"
    assert colored("{'yes': red}", DataFacts(names=("yes", "true"))) == {"yes": "#ff0000"}


@pytest.mark.parametrize(
    ("key", "names"),
    [("1.10", ("1.1", "1.10")), ("007", ("7", "007")), ("yes", ("True", "yes")), ("010", ("8", "010"))],
)
def test_a_bare_key_is_never_the_class_that_python_writes_like_it(key, names):
    """YAML reads 010 as 8, which Python writes as 8: the class 8 is not what was named."""
    found = colored(f"{{{key}: red}}", DataFacts(names=names))
    assert names[0] not in found
    assert colored(f"{{'{key}': red}}", DataFacts(names=names)) == {names[1]: "#ff0000"}


def test_each_run_has_its_own_classes():
    colors = yaml.safe_load("{cat: red, 3: blue}")
    assert run_colors(colors, PETS) == {"cat": "#ff0000"}
    assert run_colors(colors, DIGITS) == {"3": "#0000ff"}
    assert run_colors(colors, DataFacts(target="number")) == run_colors(colors, DataFacts(target="none")) == {}


def test_labels_have_colours_too():
    assert colored("{dog: red}", DataFacts(target="labels", names=("cat", "dog"))) == {"dog": "#ff0000"}
    unnamed = DataFacts(target="labels", names=("0", "1"))
    # As figures call them, and as their number.
    assert colored("{label 1: red}", unnamed) == colored("{1: red}", unnamed) == {"label 1": "#ff0000"}


@pytest.mark.parametrize(
    ("colors", "key", "remedy"),
    [
        ("{3: rde}", "plots.colors.3: 'rde' is no colour", "did you mean red?"),
        ("{3: dd0000}", "plots.colors.3: 'dd0000' is no colour", "write '#dd0000'"),
        ('{3: "#dd000080"}', "plots.colors.3: '#dd000080' is no colour", "must be opaque"),
        ("{3: 112233}", "plots.colors.3: 112233 is not allowed", "put it in quotes"),
        ("{3: #dd0000\n}", "plots.colors.3: None is not allowed", "in quotes, such as '#d00'"),
        ("[red, 5]", "plots.colors.1: 5 is not allowed", "put it in quotes"),
        ("red", "plots.colors: 'red' is not allowed", "must be of type mapping or list or null"),
        ("{13: red}", "plots.colors.13: no run has this class", "there are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"),
        ("{yes: red}", "plots.colors.True: no run has this class", "there are 0, 1, 2"),
        ('{3: red, "3": blue}', "plots.colors: 3 and '3' are the same class", "keep one of them"),
        (
            "[red, blue]",
            "plots.colors: 2 colours are too few, as run run has 10 classes",
            "one for each class, or a map",
        ),
    ],
)
def test_what_is_wrong_is_refused(colors, key, remedy):
    (line,) = faults(config(colors))
    assert line.startswith(key) and remedy in line


def test_all_faults_come_at_once():
    lines = faults(config("{13: rde, 3: red}") | {"seed": -1})
    assert [line.split(":")[0] for line in lines] == ["seed", "plots.colors.13", "plots.colors.13"]


def test_a_misspelt_class_is_named_among_its_like():
    (line,) = faults(config("{benin: red}", "breast_cancer"))
    assert line == ("plots.colors.benin: no run has this class; did you mean benign? there are malignant, benign")


@pytest.mark.parametrize(("name", "has"), [("diabetes", "a number to predict and no classes")])
def test_samples_without_classes_have_no_colours(name, has):
    (line,) = faults(config("{1: red}", name))
    assert line == f"plots.colors: has no meaning, as the samples have {has}; must be null"


def test_one_run_with_the_class_is_enough(tmp_path):
    np.savez(tmp_path / "pets.npz", rows=np.eye(60), labels=np.arange(60) % 2, class_names=["cat", "dog"])
    both = config("{cat: red, 3: blue}")
    pets = {"name": f"npz:{tmp_path / 'pets.npz'}", "train_size": 20, "eval_size": 40}
    both |= {"runs": {"digits": {}, "pets": {"dataset": pets}}, "embedding": {"perplexity": 5, "pca_components": 5}}
    resolved = resolve(both)
    given = {run: run_colors(resolved["plots"]["colors"], facts) for run, facts in resolved["facts"].items()}
    assert given == {"digits": {"3": "#0000ff"}, "pets": {"cat": "#ff0000"}}


def test_two_classes_of_one_colour_are_said():
    resolved = {"plots": {"colors": {"cat": "red", "dog": "#F00"}}}
    (note,) = color_notes(resolved, {"a": PETS, "b": PETS, "c": DIGITS})
    assert note == "plots.colors: cat and dog have one colour (#ff0000), so figures do not tell them apart."
    assert color_notes({"plots": {"colors": None}}, {"a": PETS}) == []
