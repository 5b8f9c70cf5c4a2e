"""Labelled images: the built-in data sets and the user's own, and drawing samples to train and to evaluate on."""
