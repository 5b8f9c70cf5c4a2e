"""The samples of a run: what is known of them, in dataset.npz."""

from pathlib import Path

import numpy as np

from activation_reader.arrays import OUT_OF_DATE, not_there
from activation_reader.errors import ReaderError

DATASET = "dataset.npz"


class Samples:
    """The arrays of dataset.npz, each read when it is asked for.

    Parameters
    ----------
    folder : Path
        The run's.

    Raises
    ------
    ReaderError
        If the file is not there, or cannot be read.
    """

    def __init__(self, folder: Path):
        self._folder, self._path = folder, folder / DATASET
        self._known = set(self._open(lambda archive: archive.files))
        self.target = self._text("target", "classes")
        self.count = len(self._array("eval_indices"))

    def labels(self) -> np.ndarray | None:
        """What is known of each sample; None where nothing is."""
        return None if self.target == "none" else self._array("eval_labels")

    def class_names(self) -> list[str]:
        """Of the classes or labels, or of the model's outputs; empty where there are none."""
        names = [str(name) for name in self._array("class_names")]
        if self.target == "labels" and names == [str(number) for number in range(len(names))]:
            # As the workflow calls labels that nobody named.
            return [f"label {name}" for name in names]
        return names

    def ids(self) -> np.ndarray:
        """Text, where samples have ids; else their positions in their data set."""
        return self._array("eval_ids" if "eval_ids" in self._known else "eval_indices")

    def attributes(self) -> dict[str, np.ndarray]:
        """Further columns, by name."""
        if "attribute_names" not in self._known:
            return {}
        names = self._array("attribute_names")
        return {str(name): self._array(f"attribute_{number}") for number, name in enumerate(names)}

    def images(self) -> np.ndarray:
        """What a person looks at."""
        return self._array("eval_images")

    def _text(self, name: str, default: str) -> str:
        return str(self._array(name)) if name in self._known else default

    def _array(self, name: str) -> np.ndarray:
        if name not in self._known:
            raise ReaderError(f"{self._path} has no array {name}: it is not of this run. {OUT_OF_DATE}")
        return self._open(lambda archive: archive[name])

    def _open(self, read):
        try:
            with np.load(self._path, allow_pickle=False) as archive:
                return read(archive)
        except FileNotFoundError:
            raise ReaderError(not_there(self._folder, DATASET)) from None
        except Exception as error:  # Damaged bytes make readers raise anything.
            raise ReaderError(f"{self._path} cannot be read ({error}).") from error
