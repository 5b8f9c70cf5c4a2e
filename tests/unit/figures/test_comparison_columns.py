"""Which layers of different models stand in one column of a figure."""

from evolution.figures.comparison import layer_columns


def test_layers_of_the_same_name_stand_in_one_column():
    layers = {"a": ["x", "y", "z"], "b": ["x", "y", "z"]}
    assert layer_columns(layers, 6) == [{"a": name, "b": name} for name in "xyz"]


def test_other_layers_stand_where_they_are_in_depth():
    layers = {"cnn": ["c1", "c2", "c3", "f1", "f2"], "mlp": ["f1", "f2", "f3"], "one": ["f"]}
    assert layer_columns(layers, 6) == [
        {"cnn": "c1", "mlp": "f1"},
        {"cnn": "c2"},
        {"cnn": "c3", "mlp": "f2"},
        {"cnn": "f1"},
        {"cnn": "f2", "mlp": "f3", "one": "f"},
    ]


def test_of_many_layers_the_first_and_the_last_are_shown():
    names = [f"l{index}" for index in range(21)]
    shown = [column["a"] for column in layer_columns({"a": names}, 6)]
    assert shown == ["l0", "l4", "l8", "l12", "l16", "l20"]
    assert layer_columns({"a": ["x"]}, 6) == [{"a": "x"}]
