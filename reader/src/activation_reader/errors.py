"""The error that a person can mend."""


class ReaderError(ValueError):
    """Something is not there, or cannot be read: the message says what there is, or what to do."""
