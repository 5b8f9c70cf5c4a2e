"""The metrics that cells have whose samples have classes."""

from evolution.data.kinds import CLASSES
from evolution.measures.registry import MEASURE_NAMES, metrics_of

# Whatever the config names.
BASIC_METRICS = metrics_of(CLASSES, ())

# Of each measure that `metrics.measures` may name.
MEASURES = {
    measure: tuple(name for name in metrics_of(CLASSES, [measure]) if name not in BASIC_METRICS)
    for measure in MEASURE_NAMES
}
