"""How many steps an epoch has. The planner and the training count with the same function, so it loads no torch."""


def steps_an_epoch(images: int, *, batch_size: int | None, accumulate: int = 1) -> int:
    """The steps of the optimizer in one pass over the training images.

    Parameters
    ----------
    images : int
    batch_size : int or None
        Images a pass; None for all of them.
    accumulate : int
        Batches a step. The last step of an epoch may have fewer.
    """
    batches = -(-images // min(batch_size or images, images))
    return -(-batches // accumulate)
