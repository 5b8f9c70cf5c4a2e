"""Labelled images: built in or the user's own, drawn into training and evaluation samples."""
