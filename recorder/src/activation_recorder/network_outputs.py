"""What the network itself puts out in a pass of all samples, and the linear layer that runs last before it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from activation_recorder.classifier import Classifier, gives_outputs
from activation_recorder.npy import write_array
from activation_recorder.outputs import LayerFault, logits_of


class NetworkOutputs:
    """The network's outputs for all samples, and what its classifier is given.

    The classifier is the linear layer that runs last, where it makes a number for each class from one vector for each
    sample, and is the same one in every batch.

    Parameters
    ----------
    linear : mapping of str to Linear
        The layers that may be the classifier.
    classes : int
        Numbers that the network gives for a sample.
    """

    def __init__(self, linear: Mapping[str, nn.Module], classes: int):
        self.linear = linear
        self._classes = classes
        self._outputs: list[np.ndarray] = []
        self._inputs: list[np.ndarray] = []
        # The linear layer that ran last in each batch; None where it gives no classes.
        self._layers: set[str | None] = set()
        self._last: tuple[str, np.ndarray] | None = None
        self._weights: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def note_linear(self, name: str, inputs: tuple, output: object) -> None:
        """Take what a linear layer was given, and its weights: it calls this as soon as it has run."""
        fits = bool(inputs) and inputs[0].dim() == 2 and output.dim() == 2 and output.shape[1] == self._classes
        # A copy: a later layer may write over its inputs.
        self._last = (name, _copied(inputs[0])) if fits else None
        if fits and name not in self._weights:
            # Read here, in evaluation mode: a weight may be computed when it is read, as by spectral_norm, and an
            # attribute `weight` may be what the last pass left.
            layer = self.linear[name]
            weight = _copied(layer.weight)
            self._weights[name] = (
                weight,
                np.zeros(len(weight), np.float32) if layer.bias is None else _copied(layer.bias),
            )

    def note_output(self, output: object) -> None:
        """Take what the network put out for a batch.

        Raises
        ------
        LayerFault
            If it is something else than outputs of so many classes.
        """
        logits = logits_of(output)
        if logits is None or logits.shape[1] != self._classes:
            raise LayerFault(f"the model put out {self._classes} numbers for a sample before, and does no more")
        self._outputs.append(_copied(logits))
        self._layers.add(self._last[0] if self._last else None)
        if self._last is not None:
            self._inputs.append(self._last[1])
        self._last = None

    def outputs(self) -> np.ndarray:
        """float32 array (N, classes)."""
        return np.concatenate(self._outputs)

    def classifier(self) -> tuple[str, Classifier] | None:
        """The name of the classifier and what it was given; None where there is none."""
        if len(self._layers) != 1 or None in self._layers:
            return None
        (name,) = self._layers
        return name, Classifier(np.concatenate(self._inputs), *self._weights[name])

    def write(self, folder: Path, with_classifier: bool) -> bool:
        """Write predictions.npy, and the three files of the classifier.

        Returns
        -------
        bool
            Whether the classifier, if there is one to write, still gives the outputs.

        Raises
        ------
        LayerFault
            If there is no classifier any more.
        OSError
        """
        outputs = self.outputs()
        write_array(folder / "predictions.npy", outputs)
        if not with_classifier:
            return True
        found = self.classifier()
        if found is None:
            raise LayerFault(f"{', '.join(self.linear)} gave the model's outputs before, and does not run any more")
        _, classifier = found
        for part in ("inputs", "weight", "bias"):
            write_array(folder / f"classifier_{part}.npy", getattr(classifier, part))
        return gives_outputs(classifier, outputs)


def _copied(tensor: Tensor) -> np.ndarray:
    return tensor.detach().to("cpu", torch.float32, copy=True).numpy()
