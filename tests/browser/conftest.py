"""The experiment made by rule lies beside the tests that look at it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
