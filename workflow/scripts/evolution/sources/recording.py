"""What all times of a recording share: its samples, its layers, what comes with them."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from evolution.data.attribute_table import csv_rows
from evolution.data.kinds import AUTO, IMAGES, NONE, NUMBER, OTHER, SIGNALS, TABLE, TOKENS, DataFacts
from evolution.data.kinds import CLASSES as CLASS_TARGET
from evolution.data.kinds import LABELS as LABELS_TARGET
from evolution.errors import ConfigError, DataError
from evolution.sources.array_file import has_one_hot_rows, largest_whole, read_ids
from evolution.sources.file_names import UNITS
from evolution.sources.recorded_time import Arrays, RecordedArray, folder_fingerprint
from evolution.sources.recording_format import (
    ATTRIBUTES_TABLE,
    CLASS_NAMES,
    CLASS_NAMES_TEXT,
    CLASSES,
    FORMAT,
    IDS,
    INPUTS,
    LABELS,
    OUTPUTS,
    PREDICTIONS,
    PREVIEWS,
    SETTINGS_FILE,
    TEXTS,
    is_layer,
)


@dataclass(frozen=True)
class Recording:
    """What all times of a recording share.

    Attributes
    ----------
    sample_count : int
    layers : dict of str to list of int
        Each layer's shape for one sample, in the order of the network as far as it is known.
    predictions : {"outputs", "classes"} or None
        What `predictions` holds: the model's outputs, or the classes that it predicts.
    class_count : int or None
        How many classes there are, where the outputs or the classes' names say so.
    has_inputs : bool
        Whether the raw inputs are there.
    samples_digest : str
        A digest of labels, ids, names, previews and inputs; empty where the folder is gone.
    ids_digest : str or None
        See `evolution.sources.array_file.ids_digest`; None where there are no ids.
    form : dict of str to str, bool or int
        What the recorder made of the activations, where recording.json says so: maps, tokens, compact.
    labels : str
        What the labels are by their type, shape and rows, one of `evolution.data.kinds.TARGETS`.
    names : list of str
        Of the classes or the labels; empty where the outputs alone say how many classes there are, or nothing does.
    attributes : list of str
        The columns that samples have in addition to their labels.
    inputs : str
        What the raw inputs are by their type and shape, one of `evolution.data.kinds.KINDS`; texts are tokens.
    input_shape : list of int or None
        Of the raw inputs of one sample.
    """

    sample_count: int
    layers: dict[str, list[int]] = field(default_factory=dict)
    predictions: str | None = None
    class_count: int | None = None
    has_inputs: bool = False
    samples_digest: str = ""
    ids_digest: str | None = None
    form: dict[str, str | bool | int] = field(default_factory=dict)
    labels: str = CLASS_TARGET
    names: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    inputs: str = OTHER
    input_shape: list[int] | None = None

    def facts(self, dataset: dict) -> DataFacts:
        """What planning knows of the samples.

        Parameters
        ----------
        dataset : dict
            `dataset` of the run: its kind and target may say what the samples are.
        """
        kind, target = (
            found if dataset[key] == AUTO else dataset[key]
            for key, found in (("kind", self.inputs), ("target", self.labels))
        )
        names = () if target == NUMBER else tuple(self.names)
        if not names and target == CLASS_TARGET:
            names = tuple(map(str, range(self.class_count or 0)))
        shape = None if self.input_shape is None else tuple(self.input_shape)
        return DataFacts(kind, target, names, tuple(self.attributes), shape)

    def for_record(self) -> dict:
        """What a record keeps: all that is still asked for once the folder is gone."""
        return {
            name: value for name, value in asdict(self).items() if name not in ("samples_digest", "ids_digest", "form")
        }

    def left_out(self) -> list[str]:
        """What is left out because it is not there, a sentence each without its subject."""
        sentences = []
        if self.labels == NONE:
            sentences.append(f"has no {LABELS}.npy: what is measured against labels is left out.")
        if self.predictions is None:
            sentences.append(
                "has no predictions: accuracies, the figures of them, and what the explorer page says of them are left "
                "out."
            )
        elif self.predictions == CLASSES:
            sentences.append("has predicted classes and no outputs: the loss and the confidence are left out.")
        if not self.has_inputs:
            sentences.append(f"has no {INPUTS}.npy: the raw inputs are not followed.")
        return sentences

    def without_effect(self, activations: dict) -> list[str]:
        """The keys that come too late for what the recorder made already, a sentence each without its subject.

        Parameters
        ----------
        activations : dict
            `activations` of the config.
        """
        keys = {f"pooling.{kind}": (kind, activations["pooling"][kind]) for kind in ("maps", "tokens")}
        late = {key: pair for key, pair in keys.items() if self.form.get(pair[0], pair[1]) != pair[1]}
        # What was recorded as it was is compacted here.
        if self.form.get("compact") is True and not activations["compact"]:
            late["compact"] = ("compact", False)
        return [
            f"was recorded with {kind}: {_as_yaml(self.form[kind])}, so activations.{key}: {_as_yaml(asked)} has no "
            "effect on it."
            for key, (kind, asked) in late.items()
        ]


def _as_yaml(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def describe(folder: Path, said: dict, *, shared: Arrays, time: Arrays, ids_digest: str | None = None) -> Recording:
    """What the times of a recording share, by one of them.

    Parameters
    ----------
    folder : Path
    said : dict
        See `read_settings`.
    shared, time : dict of str to RecordedArray
        What lies next to the folders of the times, and what lies in one of these.
    ids_digest : str, optional

    Raises
    ------
    ConfigError
        If the classes' names or the attributes cannot be read.
    """
    outputs = time.get(PREDICTIONS)
    columns = outputs.facts.shape[1] if outputs and len(outputs.facts.shape) == 2 else None
    texts = text_class_names(folder)
    given = names = _class_names(shared, texts)
    basis = [folder_fingerprint(shared), texts, ids_digest]
    # Where there are none of these files the digest is as before there could be any.
    basis += [_digest(path) for path in (folder / ATTRIBUTES_TABLE, folder / TEXTS) if path.is_file()]
    counted = next((shared[name] for name in (LABELS, INPUTS, PREVIEWS, IDS) if name in shared), None)
    # Without all of them a layer says how many samples there are.
    samples = (counted or next(array for name, array in time.items() if is_layer(name))).facts.shape[0]
    labels = _target(shared.get(LABELS))
    if not given and LABELS in shared and _has_rows(shared[LABELS]):
        # Outputs of the model may be of more classes; its labels have a column each.
        count = columns if labels == CLASS_TARGET else None
        names = list(map(str, range(count or shared[LABELS].facts.shape[1])))
    elif not given and columns is None and labels == CLASS_TARGET:
        count = largest_whole(Path(shared[LABELS].file)) + 1
        # Classes without names have a sample each. Labels beyond that are a number, or refused where they are read.
        names = list(map(str, range(count))) if count <= samples else []
    inputs = shared.get(INPUTS)
    return Recording(
        sample_count=samples,
        layers={name: time[name].facts.shape[1:] for name in in_order(list(filter(is_layer, time)), said)},
        predictions=None if outputs is None else OUTPUTS if "float" in outputs.facts.dtype else CLASSES,
        class_count=columns or len(given) or None,
        has_inputs=inputs is not None,
        samples_digest=hashlib.sha256(json.dumps(basis).encode()).hexdigest()[:32],
        ids_digest=ids_digest,
        form=_form(said),
        labels=labels,
        names=names,
        attributes=_attribute_names(folder / ATTRIBUTES_TABLE, samples),
        inputs=TOKENS if (folder / TEXTS).is_file() and inputs is None else _kind(inputs),
        input_shape=None if inputs is None else inputs.facts.shape[1:],
    )


def _digest(path: Path) -> str:
    """A digest of a text file, by its name and content."""
    return hashlib.sha256(path.name.encode() + path.read_bytes()).hexdigest()[:32]


def _class_names(shared: Arrays, texts: list[str]) -> list[str]:
    """The names of the classes or labels; none where they have none."""
    return read_ids(Path(shared[CLASS_NAMES].file)) if CLASS_NAMES in shared else texts


def _attribute_names(path: Path, samples: int) -> list[str]:
    """The columns of attributes.csv; none where there is no such file."""
    if not path.is_file():
        return []
    try:
        rows = csv_rows(path)
    except DataError as error:
        raise ConfigError(error.problem, "path") from None
    if len(rows) != samples + 1:
        raise ConfigError(
            f"{path} has {len(rows) - 1} lines after its header, and there are {samples} samples; give each a line",
            "path",
        )
    return rows[0]


def _has_rows(labels: RecordedArray) -> bool:
    """Whether labels have several columns."""
    return len(labels.facts.shape) == 2 and labels.facts.shape[1] > 1


def _target(labels: RecordedArray | None) -> str:
    """What labels are, by their type and shape; rows with a single 1 each are classes, as in all other data."""
    if labels is None:
        return NONE
    if _has_rows(labels):
        return CLASS_TARGET if has_one_hot_rows(Path(labels.file)) else LABELS_TARGET
    return NUMBER if "float" in labels.facts.dtype else CLASS_TARGET


def _kind(inputs: RecordedArray | None) -> str:
    """What raw inputs are, by their type and shape."""
    if inputs is None:
        return OTHER
    shape, dtype = inputs.facts.shape, inputs.facts.dtype
    whole = "int" in dtype and not dtype.endswith("int8")
    if len(shape) == 2:
        return TOKENS if whole else TABLE
    if len(shape) == 3 and "float" in dtype:
        return SIGNALS
    return IMAGES if len(shape) == 4 and {shape[1], shape[3]} & {1, 3} else OTHER


def text_class_names(folder: Path) -> list[str]:
    """The lines of class_names.txt; none where there is no such file.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    path = folder / CLASS_NAMES_TEXT
    try:
        return path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); it is text in UTF-8, a line a class", "path") from None


def read_settings(folder: Path) -> dict:
    """What recording.json says: unit and layers, as far as it is there and says so.

    Raises
    ------
    ConfigError
        If it cannot be read, or is of another version of the format.
    """
    path = folder / SETTINGS_FILE
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error})", "path") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON ({error}); write it again, or remove it", "path") from None
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        said = settings.get("format") if isinstance(settings, dict) else settings
        raise ConfigError(
            f"{path} has the format {said!r}, and this workflow reads format {FORMAT}; take a version of the workflow "
            "that reads it, or remove the file where the folder is as docs/your-own-activations.md says",
            "path",
        )
    if settings.get("unit") not in (None, *UNITS):
        raise ConfigError(f"{path} has the unit {settings['unit']!r}; must be epoch or step", "path")
    layers = settings.get("layers", [])
    if not isinstance(layers, list) or not all(isinstance(layer, str) for layer in layers):
        raise ConfigError(f"{path} has the layers {layers!r}; must be a list of names", "path")
    return settings


def _form(said: dict) -> dict[str, str | bool | int]:
    """What recording.json says of the form that the recorder gave to the activations."""
    pooling = said.get("pooling") if isinstance(said.get("pooling"), dict) else {}
    found = {kind: pooling.get(kind) for kind in ("maps", "tokens")} | {"compact": said.get("compact")}
    return {kind: value for kind, value in found.items() if isinstance(value, str | bool | int)}


def in_order(names: list[str], settings: dict) -> list[str]:
    """Layers in the order that recording.json gives, or else of their names, with numbers by value."""
    said = settings.get("layers")
    rank = {name: place for place, name in enumerate(said)} if isinstance(said, list) else {}

    def key(name: str) -> tuple:
        parts = re.split(r"([0-9]+)", name)
        return rank.get(name, len(rank)), [
            (int(part), "") if re.fullmatch(r"[0-9]+", part) else (-1, part) for part in parts
        ]

    return sorted(names, key=key)
