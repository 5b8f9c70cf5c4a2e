"""The files of layers among a job's outputs."""

from evolution.activations.layer_files import layer_outputs


def test_arrays_but_the_classifiers_are_layers():
    outputs = [f"r/a/activations/0001/{name}.npy" for name in ("conv1", "layer1.0.conv1", "classifier")]
    classifier = "r/a/classifier/0001.npy"
    found = layer_outputs([*outputs, "r/a/predictions/0001.parquet", classifier, "r/a/x/0001.json"], classifier)
    assert found == dict(zip(("conv1", "layer1.0.conv1", "classifier"), outputs))
