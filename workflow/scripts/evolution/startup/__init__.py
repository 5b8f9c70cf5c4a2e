"""Loading large libraries in less time: the one place that touches how they are imported."""
