"""The listing of the models' layers."""

from layers import describe_models, layer_table

TREE = [
    {"name": "conv", "type": "Conv2d", "shape": [8, 4, 4], "parameters": 1080, "own_parameters": 2, "fault": None},
    {"name": "pool", "type": "MaxPool2d", "shape": [8, 2, 2], "parameters": 0, "own_parameters": 0,
     "fault": "runs more than once"},
    {"name": "idle", "type": "Linear", "shape": None, "parameters": 20, "own_parameters": 2,
     "fault": "does not run as a sample passes"},
    {"name": "score", "type": "Score", "shape": [], "parameters": 1, "own_parameters": 1, "fault": None},
    {"name": "head", "type": "Sequential", "shape": [10], "parameters": 330, "own_parameters": 0, "fault": None},
    {"name": "head.0", "type": "Linear", "shape": [10], "parameters": 330, "own_parameters": 2, "fault": None},
]  # fmt: skip


def test_a_table_of_layers():
    assert layer_table(TREE, ["conv", "head.0"]) == [
        "   layer   class       output     parameters",
        "*  conv    Conv2d      8 x 4 x 4       1,080",
        "   pool    MaxPool2d   -                   0  cannot be followed: runs more than once",
        "   idle    Linear      -                  20  cannot be followed: does not run as a sample passes",
        "   score   Score       1                   1",
        "   head    Sequential  10                330",
        "*  head.0  Linear      10                330",
    ]


def test_runs_of_one_model_and_the_same_layers_are_listed_together():
    text = describe_models(
        runs=["a", "b", "c", "d"],
        models=["net", "net", "net", "other"],
        trees=[TREE, TREE, TREE, TREE[:1]],
        layers=[["conv"], ["conv"], ["head"], ["conv"]],
    )
    heads = [line for line in text.splitlines() if line.startswith("Run")]
    assert heads == [
        "Runs a, b: net: 1,431 parameters in its layers",
        "Run c: net: 1,431 parameters in its layers",
        "Run d: other: 1,080 parameters in its layers",
    ]
    assert text.count("* is followed (layers).") == 3
    assert "*  head    Sequential" in text
