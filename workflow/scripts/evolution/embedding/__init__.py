"""Layouts of activations in the plane, going on from snapshot to snapshot, and how far to trust them."""
