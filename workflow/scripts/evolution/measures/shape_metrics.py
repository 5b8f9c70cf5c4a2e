"""What is measured of a cell where lengths matter: its spectrum and dimension, neural collapse, a probe."""

import math
from typing import TYPE_CHECKING

import numpy as np

from evolution.data.kinds import CLASSES, NUMBER
from evolution.measures import neighbors
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.products import Products
from evolution.scores import average_precisions, mean_of_known, r_squared
from evolution.seeds import generator, integer_seed

if TYPE_CHECKING:
    import torch

# The probe takes this many samples where neither N nor D is smaller: its time goes with min(N, D)^3.
PROBE_SAMPLES = 5000

OF_SPECTRUM = ("effective_rank", "participation_ratio")


def samples_of_probe(activations: np.ndarray, seed: int, most: int) -> np.ndarray:
    """The samples that the probe takes: all, or `most`, the same ones in every layer and form.

    Parameters
    ----------
    activations : array (N, D)
    seed : int
        The run's.
    most : int

    Returns
    -------
    bool array (N,)
    """
    kept = np.ones(len(activations), bool)
    if len(activations) > most:
        kept[:] = False
        kept[generator(seed, "probe samples").choice(len(activations), most, replace=False)] = True
    return kept


def shape_metrics(
    activations: np.ndarray,
    labels: np.ndarray | None,
    settings: MeasureSettings,
    *,
    target: str = CLASSES,
    predicted: np.ndarray | None = None,
    classes: int | None = None,
    kept: np.ndarray | None = None,
    of_spectrum: np.ndarray | None = None,
    singular: np.ndarray | None = None,
    two_nearest: np.ndarray | None = None,
    device: "torch.device | None" = None,
) -> dict[str, object]:
    """The metrics that lengths matter to: spectrum, dimension, neural collapse, probe.

    Parameters
    ----------
    activations : float32 array (N, D)
        Compact or raw, and not scaled to unit length.
    labels, target
        See `cell_metrics.layer_metrics`.
    settings : MeasureSettings
        Its measures of other kinds are passed over.
    predicted : int array (N,) or None
        See `collapse.layer_collapse`.
    classes : int or None
        How many there are; None: as many as have samples.
    kept : bool array (N,) or None
        The samples that the probe takes; None: all.
    of_spectrum : int array (M,) or None
        The samples that the spectrum takes, see `evolution.activations.spectra.samples_of_spectrum`; None: all.
    singular : float array (M,) or None
        Singular values of their raw activations, where `activations` do not keep them, see
        `evolution.activations.spectra.singular_values`.
    two_nearest : float64 array (M, 2) or None
        See `neighbors.intrinsic_dimension`.
    device : torch.device or None
        Where spectrum and probe are computed, see `devices.find_device`.
    """
    # Modules are imported where they are needed: a run without these measures need not load them.
    measures, values = settings.measures, {}
    if "intrinsic_dimension" in measures:
        values["intrinsic_dimension"] = neighbors.intrinsic_dimension(
            activations, two_nearest=two_nearest, device=device
        )
    if "neural_collapse" in measures and target == CLASSES:
        from evolution.measures import collapse

        values |= collapse.layer_collapse(activations, labels, predicted, classes)
    of_all_samples = None
    if "linear_probe" in measures and labels is not None:
        every = kept is None or kept.all()
        some = slice(None) if every else kept
        products = Products(activations[some], device=device)
        of_all_samples = products if every else None
        values |= _probed(products, activations[some], labels[some], target, integer_seed(settings.seed, "probe"))
    if set(OF_SPECTRUM).intersection(measures):
        from evolution.measures import spectrum

        if singular is not None:
            singular = spectrum.without_faint(singular)
        elif of_spectrum is not None and len(of_spectrum) < len(activations):
            singular = spectrum.singular_values(Products(activations[of_spectrum], device=device))
        else:
            singular = spectrum.singular_values(of_all_samples or Products(activations, device=device))
        values["effective_rank"] = spectrum.effective_rank(singular)
        values["participation_ratio"] = spectrum.participation_ratio(singular)
    return values


def _probed(
    products: Products, activations: np.ndarray, labels: np.ndarray, target: str, seed: int
) -> dict[str, object]:
    """What a linear probe reads off the activations; `products` are theirs."""
    from evolution.measures.probe import linear_probe, ridge_predictions

    if target == CLASSES:
        return {"linear_probe_accuracy": linear_probe(activations, labels, seed, products=products)}
    predicted = ridge_predictions(activations, labels.reshape(len(labels), -1), seed, products=products)
    if target == NUMBER:
        return {"linear_probe_r2": math.nan if predicted is None else r_squared(labels, predicted[:, 0])}
    unknown = np.full(labels.shape[1], math.nan)
    precisions = unknown if predicted is None else average_precisions(labels, predicted)
    return {
        "linear_probe_average_precision": mean_of_known(precisions),
        "class_linear_probe_average_precision": precisions.tolist(),
    }
