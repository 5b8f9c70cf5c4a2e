"""The format of a recording, which docs/your-own-activations.md describes: its version, and what its files are called.

It loads nothing, so that planning and jobs can read it.
"""

import re

from evolution.data.kinds import MASK

# The version that is read here.
FORMAT = 1

# What a Recorder says of its recording.
SETTINGS_FILE = "recording.json"

# What lies next to the folders of the times. All but the classes' names have an entry for each sample, and none must
# be there.
LABELS, IDS, CLASS_NAMES, PREVIEWS, INPUTS = "labels", "ids", "class_names", "previews", "inputs"
# Of inputs that are tokens the mask says where there are any.
SHARED = (LABELS, IDS, CLASS_NAMES, PREVIEWS, INPUTS, MASK)
# The classes' names, a line each, where they are no array.
CLASS_NAMES_TEXT = "class_names.txt"
# Further columns of the samples, a header and a line a sample; and what a person reads, a line a sample.
ATTRIBUTES_TABLE, TEXTS = "attributes.csv", "texts.txt"

# What lies in the folder of a time, apart from its layers; it may hold the ids too.
PREDICTIONS = "predictions"
CLASSIFIER = ("classifier_inputs", "classifier_weight", "classifier_bias")

# Names that are no layer's.
RESERVED = frozenset({*SHARED, PREDICTIONS, *CLASSIFIER})

# What a layer may be called: its name is part of paths.
LAYER_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")

# What predictions are: the model's outputs, or the classes that it predicts.
OUTPUTS, CLASSES = "outputs", "classes"


def is_layer(name: str) -> bool:
    """Whether an array of a time is one of its layers."""
    return name not in RESERVED


def belongs_to_time(name: str) -> bool:
    """Whether an array in the folder of a time is read there: a layer, the predictions, the classifier or the ids."""
    return is_layer(name) or name in (PREDICTIONS, *CLASSIFIER, IDS)
