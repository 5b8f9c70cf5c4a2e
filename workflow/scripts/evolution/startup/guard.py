"""When imports are left as they are: with other versions of the libraries than those tested, or by an off switch.

The substitutions of this package rely on what the libraries do inside while they are imported, which a new major
version may change. With another version nothing is substituted: a job then starts later, and works as well.
"""

import os
import re
import sys
from contextlib import suppress

# Set this environment variable to 1, and this package changes nothing.
OFF_SWITCH = "EVOLUTION_PLAIN_IMPORTS"


def plain_imports() -> bool:
    """Whether the off switch is set, to anything but an empty text or 0."""
    return os.environ.get(OFF_SWITCH, "") not in ("", "0")


def may_substitute(**tested: int) -> bool:
    """Whether the off switch is not set, and each library has the major version that was tested.

    Parameters
    ----------
    **tested : int
        Major version by the distribution's name, as in the name of the folder of its metadata: scikit_learn=1.
    """
    return not plain_imports() and {name: installed_major(name) for name in tested} == tested


def installed_major(name: str) -> int | None:
    """The major version of an installed distribution, None where it is not found.

    It is read off the name of the folder with the metadata, such as scikit_learn-1.9.1.dist-info. The standard library
    has importlib.metadata for this, but that takes 20 ms to import, a twentieth of what a short job needs to start.
    """
    metadata = re.compile(rf"{re.escape(name)}-(\d+)\b.*\.(dist|egg)-info", re.IGNORECASE)
    for folder in sys.path:
        with suppress(OSError):
            for entry in os.listdir(folder or "."):
                if match := metadata.fullmatch(entry):
                    return int(match[1])
    return None
