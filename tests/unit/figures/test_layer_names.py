"""What layers are called."""

from evolution.data.kinds import BASELINES, TOKENS
from evolution.figures.layer_names import layer_title


def test_the_inputs_are_named_in_words_and_other_layers_by_their_module():
    assert [layer_title(layer) for layer in ("raw_inputs", "conv1", "layer1.0.conv1")] == [
        "raw inputs",
        "conv1",
        "layer1.0.conv1",
    ]
    assert layer_title("raw_inputs", BASELINES[TOKENS]) == "TF-IDF of tokens"
    assert layer_title("3", BASELINES[TOKENS]) == "layer 3"
