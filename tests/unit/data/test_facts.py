"""What planning knows of samples against the data sets themselves."""

from evolution.config.resolve import resolve
from evolution.data.facts import data_facts
from evolution.data.kinds import DataFacts
from support.own_files import write_npz


def test_a_built_in_set(tmp_path):
    digits = tuple("0123456789")
    assert data_facts({"name": "digits"}) == DataFacts("images", "classes", digits, (), (1, 8, 8))
    assert data_facts({"name": "nothing"}) is None


def test_built_in_sets_without_images():
    facts = data_facts({"name": "chat_languages"})
    assert (facts.kind, facts.target, len(facts.names), facts.shape) == ("tokens", "classes", 6, (16,))
    assert data_facts({"name": "wine", "target": "none"}) == DataFacts("table", "none", (), (), (13,))


def test_own_images(tmp_path):
    path = write_npz(tmp_path / "a.npz", class_names=["x", "y", "z"])
    assert data_facts({"name": f"npz:{path}"}) == DataFacts("images", "classes", ("x", "y", "z"), (), (1, 8, 8))
    assert data_facts({"name": f"npz:{tmp_path / 'b.npz'}"}) is None


def test_each_run_has_facts():
    facts = resolve(
        {
            "runs": {
                "a": {},
                "b": {"dataset": {"name": "digits", "train_size": 500, "eval_size": 500}, "model": {"name": "mlp"}},
            }
        }
    )["facts"]
    assert facts["a"].shape == (1, 28, 28) and facts["b"].shape == (1, 8, 8)
