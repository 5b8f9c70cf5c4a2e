"""The config: read, checked, filled in. Loads neither NumPy nor torch."""
