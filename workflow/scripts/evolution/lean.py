"""Load scikit-learn without pandas: import this module before it.

scikit-learn imports pandas where there is one, for the sake of data frames. A job that measures one cell has none, and
would spend a quarter of a second of its two on it.
"""

import sys

if "pandas" not in sys.modules and "sklearn" not in sys.modules:
    # What is None here cannot be imported.
    sys.modules["pandas"] = None
    try:
        import sklearn.utils.fixes  # noqa: F401 - the module that would
    finally:
        del sys.modules["pandas"]
