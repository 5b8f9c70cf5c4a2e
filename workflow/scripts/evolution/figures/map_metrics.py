"""The one metric that stands above each map, by what the samples are measured against."""

from dataclasses import dataclass

from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER


@dataclass(frozen=True)
class MapMetric:
    """A metric above a map.

    Attributes
    ----------
    name : str
        In tables.
    short : str
        Above a map.
    explanation : str
        In the note, after `short` and a colon.
    long : str
        The full name, before the explanation where there is room; empty where `short` is no abbreviation.
    """

    name: str
    short: str
    explanation: str
    long: str = ""

    @property
    def sentence(self) -> str:
        """The explanation as a sentence; k-NN is written so at its beginning too."""
        start = self.short if "-" in self.short else self.short[0].upper() + self.short[1:]
        return f"{start}: {self.explanation}."

    @property
    def full_sentence(self) -> str:
        """The same with the full name, if there is one."""
        return self.sentence.replace(": ", f": {self.long}, ", 1) if self.long else self.sentence

    @property
    def inputs_sentence(self) -> str:
        """The same of the raw inputs, which are no layer."""
        return self.full_sentence.replace("the layer's", "the inputs'").replace("in the layer", "among the inputs")


MAP_METRICS = {
    CLASSES: MapMetric(
        "adjusted_rand_index",
        "ARI",
        "agreement of the layer's k-means clusters with the classes; 1 is perfect, 0 is chance",
        "adjusted Rand index",
    ),
    NUMBER: MapMetric(
        "knn_r2",
        "k-NN R²",
        "how well the neighbours of a sample in the layer tell its number; 1 is perfect, 0 is no better than the mean",
    ),
    LABELS: MapMetric(
        "knn_average_precision",
        "k-NN AP",
        "how well the neighbours of a sample in the layer tell its labels, the mean of their average precisions; 1 is "
        "perfect, the share of samples that have the label is chance",
    ),
    NONE: MapMetric(
        "silhouette",
        "silhouette",
        "how compact and far apart the layer's k-means clusters are; 1 is best, 0: they overlap",
    ),
}
