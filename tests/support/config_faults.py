"""Configs with a single key, and what is said of a config that is refused."""

import pytest

from evolution.config.resolve import resolve
from evolution.errors import ConfigError


def with_key(key: str, value: object) -> dict:
    """A config that says nothing but one dotted key."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


def faults(config: dict) -> list[str]:
    """The lines of the message with which a config is refused."""
    with pytest.raises(ConfigError) as error:
        resolve(config)
    return str(error.value).split("\n")
