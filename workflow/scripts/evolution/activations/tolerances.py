"""What the config's `activations.tolerance` stands for. Planning reads it too, so it loads no large library."""

# What `auto` stands for above so many samples; it is 0 up to as many. Of fewer samples exact coordinates are found as
# fast and are as many.
AUTO, AUTO_SAMPLES = 0.04, 2000


def tolerance_of(tolerance: float | str, samples: int) -> float:
    """The tolerance of a run with so many samples.

    Parameters
    ----------
    tolerance : float or "auto"
        `activations.tolerance` of the config.
    samples : int
    """
    if tolerance == "auto":
        return AUTO if samples > AUTO_SAMPLES else 0
    return tolerance


def planned_tolerance(tolerance: float | str, most_samples: int) -> float | str:
    """As `tolerance_of`, as far as it is known before the samples are drawn.

    Jobs depend on this, so that for few samples 0 and `auto` are the same to them: a change from one to the other makes
    no job run again.

    Parameters
    ----------
    tolerance : float or "auto"
    most_samples : int
        A data function or a recording may have fewer.
    """
    return 0 if tolerance == "auto" and most_samples <= AUTO_SAMPLES else tolerance
