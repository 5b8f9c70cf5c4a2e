"""The errors that a user can mend: one family, whose messages need no traceback."""


class UserError(Exception):
    """A fault that the user can mend: the message names what is wrong, where, and the remedy.

    Parameters
    ----------
    problem : str
        What is wrong and what to do.
    key : str, optional
        The dotted key of the config at which the problem lies. The message then begins with it.

    Attributes
    ----------
    problem, key
        As given, for code that says the same in another message.
    """

    def __init__(self, problem: str, key: str | None = None):
        super().__init__(problem if key is None else f"{key}: {problem}")
        self.problem, self.key = problem, key

    def at(self, key: str | None) -> "UserError":
        """The same error for another key, such as the one at which a single run's value is written."""
        return type(self)(self.problem, key)


class ConfigError(UserError):
    """A config cannot be used: the message names everything that is wrong in it, a line each."""


class DataError(UserError):
    """A user's data cannot be used: the message names the file, what was found, what to do."""


class ModelError(UserError):
    """A model cannot be built or run. The key is the one of `model` that has to change, such as model.kwargs."""


class LayerError(UserError):
    """A layer cannot be followed.

    Without a key the problem is the end of a sentence that begins with the layer's name, as in "puts out no tensor".
    """


def first_line(error: BaseException) -> str:
    """The first line of an exception's text; the name of its class where it has no text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


# The end of messages on a path of the user's where nothing is.
PATHS_COUNT = "paths count from their config file's folder, and where nothing is there from the one Snakemake runs in"
