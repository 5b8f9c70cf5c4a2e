"""Training a network, span by span."""
