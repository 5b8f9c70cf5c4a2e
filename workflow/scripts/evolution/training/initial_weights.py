"""The weights that a training begins with, where the config names a file with them."""

import logging
from pathlib import Path

from torch import nn

from evolution.errors import ModelError
from evolution.sources.weights import fit_weights, read_weights

log = logging.getLogger("evolution")


def load_weights(model: nn.Module, path: str) -> None:
    """Fill a model with the weights of a file, see `evolution.sources.weights.read_weights`.

    Raises
    ------
    ModelError
        If the file holds no weights, its names or shapes are not the model's, or a weight is not finite; the message
        names the first few.
    """
    path = str(Path(path).expanduser())
    try:
        notes = fit_weights(model, read_weights(path), path=path)
    except ModelError as error:
        raise error.at("model.weights") from error
    for note in notes:
        log.info("%s: %s", path, note)
