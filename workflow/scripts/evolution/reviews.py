"""When a layout that goes on from the epoch before is compared with one made afresh."""


def review_due(before: int, epoch: int) -> bool:
    """Whether the layout of a snapshot is reviewed, see `layouts.tsne`.

    That of the first snapshot from epoch 4 on is, from 16, from 64, and so on by powers of 4: a network changes the
    less the longer it trains, and a fresh start takes thrice as long as going on. It does not depend on what follows.

    Parameters
    ----------
    before, epoch : int
        Of the snapshot before, and of this one.
    """
    return _powers(before) < _powers(epoch)


def _powers(epoch: int) -> int:
    """How many of 4, 16, 64, ... are no larger than this."""
    return max(0, (epoch.bit_length() - 1) // 2)
