"""How images are shared among classes. The config is checked with the function that the drawing uses."""

from collections.abc import Sequence


def images_per_class(size: int, classes: int) -> list[int]:
    """The number of images of each class when `size` images are shared evenly among `classes` classes.

    Where the size does not divide by the number of classes, the first classes get one image more.
    """
    return [size // classes + (label < size % classes) for label in range(classes)]


def most_to_train_on(sizes: Sequence[int], eval_sizes: Sequence[int] | None, eval_size: int) -> int:
    """The most samples to train on, the same number of each class, next to those to evaluate on.

    Parameters
    ----------
    sizes : sequence of int (K,)
        Samples of each class in the part to train on; one number, that of all, where there are no classes.
    eval_sizes : sequence of int (K,) or None
        The same of the part to evaluate on; None where there is one part only.
    eval_size : int
        Samples that are evaluated on.
    """
    taken = images_per_class(eval_size, len(sizes)) if eval_sizes is None else [0] * len(sizes)
    return len(sizes) * max(0, min(size - count for size, count in zip(sizes, taken)))
