"""A layout in the plane by the method that the config names. Each job loads the library of its own method alone.

All methods use one thread and a seed, so that the same bytes come out at any --cores.
"""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import ArpackError
from sklearn.decomposition import PCA

from evolution.activations.compaction import compact
from evolution.embedding.other_methods import pacmap, plane, umap
from evolution.embedding.tsne import tsne
from evolution.seeds import integer_seed

# Principal components are few where there are more than this times as many in all.
FEW = 4

# Up to so many samples principal components are found to the last digit. Of more, a random projection finds them: they
# hold a millionth less of the variance, and of 90 neighbours among them 0.04 are others.
LANCZOS_SAMPLES = 5000

# Up to so many features of so many samples the covariance is quicker still, and exact.
COVARIANCE_FEATURES = 1000

# What makes the random projection as good: columns in addition to the components, and passes over the rows.
OVERSAMPLED, POWER = 50, 4


@dataclass(frozen=True)
class EmbeddingSettings:
    """What the config's `embedding` says, with None for the keys that its method does not read.

    Attributes
    ----------
    method : str
        A key of `methods.METHODS`.
    alignment : str
        previous: each time starts from the layout of the time before; none: each is made from scratch.
    perplexity : float or None
    neighbors : int or None
    pca_components : int or None
        Layouts are made from this many principal components where there are more features.
    """

    method: str
    alignment: str = "previous"
    perplexity: float | None = None
    neighbors: int | None = None
    pca_components: int | None = None


def lay_out(
    rows: np.ndarray,
    *,
    settings: EmbeddingSettings,
    start: np.ndarray | None,
    seed: int,
    reviewed: bool = False,
) -> tuple[np.ndarray, float]:
    """Lay rows out in the plane.

    Parameters
    ----------
    rows : float32 array (N, D)
    settings : EmbeddingSettings
    start : float array (N, 2) or None
        The layout of the time before, to go on from; None: from scratch.
    seed : int
        The run's.
    reviewed : bool
        See `tsne.tsne`; the other methods have nothing to review.

    Returns
    -------
    layout : float32 array (N, 2)
    kl_divergence : float
        The loss that t-SNE ends with; NaN for the other methods, which have no such number.
    """
    if rows.shape[1] == 1:
        # A plane has two axes; a second one of zeros leaves all distances as they are.
        rows = np.pad(rows, ((0, 0), (0, 1)))
    varies = bool(np.ptp(rows, axis=0).any())
    if settings.method == "tsne":
        components = principal_components(rows, number=settings.pca_components, seed=integer_seed(seed, "pca"))
        return tsne(
            components,
            perplexity=settings.perplexity,
            start=start,
            seed=integer_seed(seed, "t-sne"),
            reviewed=reviewed,
        )
    if not varies:
        # A dead layer: all images are one point, and the other methods divide by its size.
        return np.zeros((len(rows), 2), np.float32), np.nan
    if start is not None and not np.ptp(start, axis=0).all():
        start = None
    if settings.method == "pca":
        layout = plane(rows, start=start, seed=integer_seed(seed, "pca"))
    else:
        components = principal_components(rows, number=settings.pca_components, seed=integer_seed(seed, "pca"))
        method = {"umap": umap, "pacmap": pacmap}[settings.method]
        layout = method(components, neighbors=settings.neighbors, start=start, seed=integer_seed(seed, settings.method))
    return np.asarray(layout, np.float32), np.nan


def without_padding(rows: np.ndarray) -> np.ndarray:
    """Rows without the last features that are zero in all of them, which add nothing to a distance.

    Exact coordinates are stored with as many columns as there are samples, and behind their rank all are zero: 9330 of
    10,000 in a first convolution. Up to `LANCZOS_SAMPLES` rows stay as they are, which keeps the last
    digits of their principal components.

    Parameters
    ----------
    rows : float array (N, D)

    Returns
    -------
    float array (N, D')
        A view. D' is at least 2 where D is.
    """
    # To look through one column is cheap.
    if len(rows) <= LANCZOS_SAMPLES or rows[:, -1].any():
        return rows
    used = np.flatnonzero(rows.any(axis=0))
    # A single feature would be taken for a layer of one, which has no directions.
    return rows[:, : max(2, used.max(initial=0) + 1)]


def principal_components(rows: np.ndarray, *, number: int, seed: int) -> np.ndarray:
    """The rows' first principal components.

    Parameters
    ----------
    rows : float32 array (N, D)
    number : int
        How many; N where there are fewer rows.
    seed : int

    Returns
    -------
    float32 array (N, number)
        The rows themselves where they have no more features than that.
    """
    number = min(number, len(rows))
    if rows.shape[1] <= number:
        return rows
    if not np.ptp(rows, axis=0).any():
        return np.zeros((len(rows), number), np.float32)
    # Compact, since the covariance of many thousand features takes minutes and of N coordinates no time.
    rows = compact(rows)
    if len(rows) > LANCZOS_SAMPLES:
        if rows.shape[1] <= COVARIANCE_FEATURES:
            return PCA(number, svd_solver="covariance_eigh").fit_transform(rows)
        projection = PCA(
            number, svd_solver="randomized", n_oversamples=OVERSAMPLED, iterated_power=POWER, random_state=seed
        )
        return projection.fit_transform(rows)
    if FEW * number < min(rows.shape):
        # Lanczos finds a few of many components to the last digit, where it finds them; rows that are nearly constant
        # give it nothing to start from.
        with suppress(ArpackError):
            return PCA(number, svd_solver="arpack", random_state=seed).fit_transform(rows)
    return PCA(number, svd_solver="covariance_eigh", random_state=seed).fit_transform(rows)
