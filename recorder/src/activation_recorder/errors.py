"""The error that a person can mend."""


class RecorderError(ValueError):
    """A recorder cannot begin: the message names what is wrong, where, and the remedy.

    It is raised when a recorder is made and at its first step. Later nothing is raised, so that no training ends
    because of its recorder.
    """
