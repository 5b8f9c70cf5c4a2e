"""The numbers in the names of checkpoints: what `{epoch}` and `{step}` of a pattern stand for, and what names say."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

UNITS = ("epoch", "step")

# A number after a word, as in epoch=2-step=500, ep_3, iter-1000, or in front of one, as in 10epochs. Digits that belong
# to a fraction, or to a size such as 10k, are no number.
WORDS = {"epoch": r"(?:epochs?|ep)", "step": r"(?:global[-_]?steps?|steps?|iterations?|iters?|it)"}
LABELLED = {
    unit: re.compile(
        rf"(?<![A-Za-z]){word}[-_=. ]?(\d+)(?![\dkm])(?!\.\d|e\d|,\d)"
        rf"|(?<![\d.])(\d+)[-_ ]?{word}(?![A-Za-z])(?![-_=. ]?\d)",
        re.IGNORECASE,
    )
    for unit, word in WORDS.items()
}

# How Hugging Face's Trainer names its folders.
TRAINER_FOLDER = re.compile(r"checkpoint-(\d+)")

FIELD = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class Numbers:
    """The numbers of a checkpoint.

    Attributes
    ----------
    epoch, step : int or None
        None where nothing says it.
    plain : int or None
        A number of which nothing says whether it is an epoch or a step.
    """

    epoch: int | None = None
    step: int | None = None
    plain: int | None = None


# Tables keep times as int32.
LARGEST_TIME = 2**31 - 1


def too_large(path: str, unit: str, time: int) -> str:
    """The message on a time that is larger than that."""
    return f"{path} is of {unit} {time}; must be at most {LARGEST_TIME}: count steps, and not samples or tokens"


def other_unit(unit: str) -> str:
    """The unit that times are not counted in."""
    return UNITS[unit == UNITS[0]]


def unknown_fields(pattern: str) -> list[str]:
    """What stands in braces in a pattern and is no unit."""
    return [name for name in FIELD.findall(pattern) if name not in UNITS]


def glob_of(pattern: str) -> str:
    """The glob that finds the files of a pattern: any text stands for a number in braces."""
    return FIELD.sub("*", pattern)


def expression_of(pattern: str) -> re.Pattern:
    """The regular expression of a pattern, with a group for each number in braces."""
    parts, seen = [], set()
    for part in re.split(r"(\{\w+\}|\*\*/?|\*|\?)", pattern):
        if match := FIELD.fullmatch(part):
            # The same number may stand in a folder's name and again in the file's.
            parts.append(f"(?P={match[1]})" if match[1] in seen else rf"(?<!\d)(?P<{match[1]}>\d+)(?!\d)")
            seen.add(match[1])
        else:
            parts.append({"**/": ".*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part)))
    return re.compile("".join(parts))


def numbers_by_pattern(paths: Iterable[str], pattern: str) -> dict[str, Numbers]:
    """The numbers where a pattern has its braces, of each path that fits the pattern."""
    expression = expression_of(pattern)
    matches = {path: match for path in paths if (match := expression.fullmatch(path))}
    return {
        path: Numbers(**{unit: int(text) for unit, text in match.groupdict().items()})
        for path, match in matches.items()
    }


def numbers_in_names(paths: list[str]) -> list[Numbers]:
    """The numbers that the paths of checkpoints hold in what differs between them.

    Parameters
    ----------
    paths : list of str
        Without what a user's glob fixes: a number that all paths share says nothing of one checkpoint.

    Returns
    -------
    list of Numbers
    """
    labelled = [_labelled(path) for path in paths]
    unlabelled = [path for path, numbers in zip(paths, labelled) if numbers == Numbers()]
    plain = dict(zip(unlabelled, _varying_numbers(unlabelled)))
    return [Numbers(plain=plain[path]) if path in plain else numbers for path, numbers in zip(paths, labelled)]


def numbers_of_name(name: str) -> Numbers:
    """The numbers of a name that says its time and nothing else: 100, step_100, epoch=3-step=100.

    In any other name a number may be anything: 0.5, -1, 1e3, 1_000 and backup_50 are no times.
    """
    if re.fullmatch(r"[0-9]+", name):
        return Numbers(plain=int(name))
    found, rest = {}, name
    for unit, word in WORDS.items():
        part = re.compile(rf"(?<![A-Za-z]){word}[-_= ]?([0-9]+)(?![0-9])", re.IGNORECASE)
        texts = part.findall(rest)
        if len(texts) > 1:
            return Numbers()
        if texts:
            found[unit] = int(texts[0])
        rest = part.sub("", rest)
    whole = found and re.fullmatch(r"[-_ ]?", rest)
    return Numbers(**found) if whole else Numbers()


def _labelled(path: str) -> Numbers:
    """The numbers of a path that a word says the unit of."""
    found = {}
    for unit, expression in LABELLED.items():
        # The last number counts: the file's own name says more than its folders'.
        texts = [first or second for part in path.split("/") for first, second in expression.findall(part)]
        found[unit] = int(texts[-1]) if texts else None
    folders = [match for part in path.split("/") if (match := TRAINER_FOLDER.fullmatch(part))]
    if folders and found == dict.fromkeys(UNITS):
        found["step"] = int(folders[-1][1])
    return Numbers(**found)


def _varying_numbers(paths: list[str]) -> list[int | None]:
    """The number of each path that differs from path to path; None where there is none, or more than one."""
    # Without the suffix; a number with a point, such as an accuracy, is no time.
    numbers = [re.findall(r"(?<![\d.])\d+(?![\dA-Za-z]|\.\d)", re.sub(r"\.\w+$", "", path)) for path in paths]
    usual = max(map(len, numbers), default=0)
    columns = list(zip(*(found for found in numbers if len(found) == usual)))
    varying = [
        index for index, column in enumerate(columns) if len(set(column)) > 1 or (len(paths) == 1 and usual == 1)
    ]
    if len(varying) != 1:
        return [None] * len(paths)
    return [int(found[varying[0]]) if len(found) == usual else None for found in numbers]
