"""The embedding methods: what the config, rules and figures need to know of them. It loads none of them."""

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Method:
    """An embedding method.

    Attributes
    ----------
    title : str
        As figures write it.
    reads : tuple of str
        The keys of `embedding` that decide its result, in addition to method and alignment.
    of_layer, of_inputs : str
        What it does, as the end of a sentence that begins with its title.
    caution : str
        How not to read its maps.
    module, package : str
        What is imported, and what it is called in requirements-extras.txt; empty where every installation has it.
    """

    title: str
    reads: tuple[str, ...]
    of_layer: str = "puts samples close together that the layer represents alike"
    of_inputs: str = "puts samples with similar inputs close together"
    caution: str = "Distances between groups, their sizes and their density mean little."
    module: str = ""
    package: str = ""


METHODS = {
    "tsne": Method("t-SNE", ("perplexity", "pca_components")),
    "pca": Method(
        "PCA",
        (),
        "shows the two directions in which the layer's activations vary most",
        "shows the two directions in which the inputs vary most",
        "Samples that lie apart are apart in the layer too. Samples that lie together may differ in other directions.",
    ),
    "umap": Method("UMAP", ("neighbors", "pca_components"), module="umap", package="umap-learn"),
    "pacmap": Method("PaCMAP", ("neighbors", "pca_components"), module="pacmap", package="pacmap"),
}


def settings_read(embedding: dict) -> dict:
    """The part of the config's `embedding` that decides the layouts."""
    keys = ("method", "alignment", *METHODS[embedding["method"]].reads)
    return {key: embedding[key] for key in keys}


def missing_package(method: str) -> str:
    """The package that a method needs and this Python does not have; empty where none is missing."""
    known = METHODS[method]
    return known.package if known.module and find_spec(known.module) is None else ""
