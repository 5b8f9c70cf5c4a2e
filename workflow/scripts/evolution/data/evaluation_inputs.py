"""What the inputs of evaluation samples are that a person's own code or files give, and whether they can be that."""

from collections.abc import Sequence

import numpy as np

from evolution.data.contents import unusable
from evolution.data.kinds import AUTO, IMAGES, MASK, OTHER, PADDING, SIGNALS, TABLE, TOKENS
from evolution.data.network_input import first_input, token_mask

# Dimensions of one sample of each kind.
DIMENSIONS = {IMAGES: (2, 3), TOKENS: (1,), TABLE: (1,), SIGNALS: (1, 2)}


def kind_of(inputs: dict[str, np.ndarray], where: str, *, asked: str = AUTO) -> str:
    """What samples are, by the first input of the model.

    Whole numbers (N, T) are tokens, other numbers (N, D) a table, (N, C, T) signals, and (N, C, H, W) of one channel or
    three images.

    Parameters
    ----------
    inputs : dict of str to array (N, ...)
        float32, int64 or bool. Empty where they are not known.
    where : str
        Where they come from, for messages.
    asked : str
        `dataset.kind` of the config.

    Raises
    ------
    DataError
        If the samples cannot be what is asked for.
    """
    first = first_input(inputs)
    if first is None:
        return OTHER if asked == AUTO else asked
    if asked != AUTO:
        if first.ndim - 1 not in DIMENSIONS[asked] or (asked == TOKENS and first.dtype != np.int64):
            raise unusable(
                f"{where} gives {first.dtype} {first.shape}, and dataset.kind is {asked}; images are (N, C, H, W), "
                "tokens whole numbers (N, T), rows of a table (N, D), signals (N, T) or (N, C, T)"
            )
        return asked
    if first.ndim == 2:
        return TOKENS if first.dtype == np.int64 else TABLE
    if first.ndim == 3 and first.dtype == np.float32:
        return SIGNALS
    if first.ndim == 4 and first.dtype == np.float32 and {first.shape[1], first.shape[3]} & {1, 3}:
        return IMAGES
    return OTHER


def require_inputs(
    kind: str,
    inputs: dict[str, np.ndarray],
    where: str,
    *,
    names: Sequence[str],
    vocabulary: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> None:
    """Refuse inputs that cannot be what they are taken for.

    Parameters
    ----------
    kind : str
    inputs : dict of str to array (N, ...)
    where : str
        Where they come from, for messages.
    names : sequence of str (N,)
        What the samples are called.
    vocabulary : sequence of str (V,)
        The words of tokens, where they are known.
    columns : sequence of str (D,)
        The names of a table's columns, where they are known.

    Raises
    ------
    DataError
    """
    first = first_input(inputs)
    if first is None:
        return
    if kind == TABLE and columns and len(columns) != first.shape[1]:
        raise unusable(f"{where} has {len(columns)} names of columns, and rows of {first.shape[1]}; name each column")
    if kind == TOKENS:
        _require_tokens(first, inputs, where, names, vocabulary)


def _require_tokens(
    tokens: np.ndarray, inputs: dict[str, np.ndarray], where: str, names: Sequence[str], vocabulary: Sequence[str]
) -> None:
    def place(wrong: np.ndarray) -> tuple[str, int]:
        row, column = np.argwhere(wrong)[0]
        return names[row], int(tokens[row, column])

    if (tokens < 0).any():
        sample, token = place(tokens < 0)
        raise unusable(
            f"{where}: sample {sample} holds {token}, and tokens are whole numbers from 0. For rows of a table: "
            "dataset: {kind: table}"
        )
    if len(vocabulary) and (tokens >= len(vocabulary)).any():
        sample, token = place(tokens >= len(vocabulary))
        raise unusable(
            f"{where}: sample {sample} holds the token {token}, and the vocabulary has {len(vocabulary)} words, from 0 "
            f"to {len(vocabulary) - 1}; give the vocabulary that the texts were made with"
        )
    mask = inputs.get(MASK)
    if mask is not None and mask.shape != tokens.shape:
        raise unusable(
            f"{where}: {MASK} is {mask.shape}, and the tokens are {tokens.shape}; there is an entry for each"
        )
    empty = ~token_mask(inputs, TOKENS).any(axis=1)
    if empty.any():
        by = f"the token {PADDING} alone" if mask is None else f"an {MASK} of 0 alone"
        raise unusable(
            f"{where}: {int(empty.sum())} of {len(tokens)} samples are padding throughout, {by} (as "
            f"{names[int(empty.argmax())]}); leave empty texts out"
        )
