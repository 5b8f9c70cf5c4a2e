"""What a user can mend: one family of errors, whose messages need no traceback."""


class UserError(Exception):
    """A fault that the user can mend: the message names what is wrong, where, and the remedy.

    Parameters
    ----------
    problem : str
        What is wrong and what to do.
    key : str, optional
        The dotted key of the config that the problem lies at. The message then begins with it.
    """

    def __init__(self, problem: str, key: str | None = None):
        super().__init__(problem if key is None else f"{key}: {problem}")
        self.problem, self.key = problem, key

    def at(self, key: str | None) -> "UserError":
        """The same error, said of another key: where a run's own value is written, for instance."""
        return type(self)(self.problem, key)


class ConfigError(UserError):
    """Everything wrong in a config, a line each."""


class DataError(UserError):
    """A user's data cannot be used: the message names the file, what was found, what to do."""


class ModelError(UserError):
    """A model cannot be built or run."""


class LayerError(UserError):
    """A module's output cannot be followed; the message goes on after the layer's name."""


def first_line(error: BaseException) -> str:
    """The first line of what an exception says; the name of its class where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
