"""The raw inputs of samples as rows of numbers, each kind in its own sense: what all layers are compared with."""

import logging

import numpy as np
from scipy.sparse import csr_array

from evolution.data.kinds import TABLE, TOKENS
from evolution.data.network_input import first_input, token_mask
from evolution.data.standardising import standardised_columns

log = logging.getLogger("evolution")


def baseline_rows(kind: str, inputs: dict[str, np.ndarray], *, trained_on: np.ndarray | None = None) -> np.ndarray:
    """One row a sample: pixels, standardised columns, the samples of the signal, or the weights of its tokens.

    Parameters
    ----------
    kind : str
        One of `evolution.data.kinds.KINDS`.
    inputs : dict of str to array (N, ...)
        What a model is given, by the names of its arguments. The first one that is no mask counts.
    trained_on : array (M, ...), optional
        The first input of the samples that a network is trained on, by which the columns of a table are standardised.
        By default they are by these samples.

    Returns
    -------
    float32 array (N, D)
    """
    first = first_input(inputs)
    rows = first.reshape(len(first), -1)
    if kind == TOKENS:
        return tf_idf(rows, token_mask(inputs, kind))
    if kind == TABLE:
        part = "evaluation" if trained_on is None else "training"
        log.info("The columns are standardised by the %s samples: mean 0, deviation 1", part)
        by = rows if trained_on is None else trained_on.reshape(len(trained_on), -1)
        return standardised_columns(rows, by=by).astype(np.float32)
    return rows.astype(np.float32, copy=False)


def tf_idf(tokens: np.ndarray, there: np.ndarray) -> np.ndarray:
    """A bag of tokens: how often each sample has each token, less weight to tokens that many samples have.

    tf is how often a token occurs in a sample, idf = ln((1 + N) / (1 + df)) + 1 with df the samples that have it, and
    each row of tf * idf is divided by its length (Salton and Buckley 1988; the smooth form is that of scikit-learn's
    TfidfTransformer). Distances between the numbers of tokens say nothing.

    Parameters
    ----------
    tokens : int64 array (N, T)
    there : bool array (N, T)
        False for padding.

    Returns
    -------
    float32 array (N, V)
        A column a token that any sample has, ascending.
    """
    known, places = np.unique(tokens[there], return_inverse=True)
    # Of thousands of columns a sample has a few dozen.
    which, once = (np.nonzero(there)[0], places), np.ones(len(places), np.float32)
    counts = csr_array((once, which), shape=(len(tokens), len(known)))
    counts.sum_duplicates()
    seen = np.bincount(counts.indices, minlength=len(known))
    counts.data *= (np.log((1 + len(tokens)) / (1 + seen)) + 1).astype(np.float32)[counts.indices]
    lengths = np.sqrt((counts * counts).sum(axis=1))
    counts.data /= np.repeat(lengths, np.diff(counts.indptr))
    return counts.toarray()
