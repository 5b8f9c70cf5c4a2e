"""Activations on disk, a file a span and layer, for the tests of CKA."""

import numpy as np

from evolution.activations.compaction import compact
from evolution.io.arrays import save_npy


def write_layers(folder):
    """Write two layers at epochs 0, 2 and 4, in a span of one and one of two, and the raw_inputs.

    Returns
    -------
    rows : dict
        Layer to its activations, an array an epoch.
    paths : dict
        (span, layer) to the file's path.
    """
    random = np.random.default_rng(0)
    epochs = {
        "conv": random.normal(size=(3, 30, 70)).astype(np.float32),
        "fc": random.normal(size=(3, 30, 5)).astype(np.float32),
    }
    epochs["fc"][1:] += epochs["conv"][1:, :, :5]
    rows = {name: [compact(entry) for entry in entries] for name, entries in epochs.items()}
    paths = {}
    for name, entries in rows.items():
        for span, part in {"0000": entries[:1], "0002-0004": entries[1:]}.items():
            paths[span, name] = str(folder / span / f"{name}.npy")
            save_npy(paths[span, name], np.stack(part))
    rows["raw_inputs"] = [random.normal(size=(30, 8)).astype(np.float32)]
    paths["0000", "raw_inputs"] = str(folder / "0000" / "raw_inputs.npy")
    save_npy(paths["0000", "raw_inputs"], rows["raw_inputs"][0][None])
    return rows, paths
