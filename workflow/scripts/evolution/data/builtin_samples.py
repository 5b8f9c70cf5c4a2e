"""The built-in data sets that are no images: tables of scikit-learn, and a signal set and a text set of small packages.

Of these two packages only data files are read. Nothing of them is imported, so what else they need makes no difference.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
import yaml

from evolution.data.catalogue import DATA_PACKAGES, DATASET_CLASS_SIZES, SAMPLE_SETS
from evolution.data.kinds import CLASSES, NUMBER, SIGNALS, TABLE, TOKENS
from evolution.data.sample_source import SamplePart, SampleSource
from evolution.errors import DataError

# Signals are brought to so many samples, by linear interpolation: utterances last from 7 to 29.
SIGNAL_LENGTH = 20

# Of the sentences: tokens at most, how often a word occurs at least to be one of the vocabulary, and what stands for
# padding and for any other word.
MOST_TOKENS, FEWEST_OCCURRENCES, PADDING, UNKNOWN = 16, 2, "<pad>", "<unknown>"
# Shorter lines are names and numbers more often than sentences.
FEWEST_WORDS = 3
# One sentence in so many is to evaluate on.
EVALUATED = 3
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
# Topics whose files have names of their own in some languages. What is left out holds programs and not sentences.
TOPICS = {"IA": "ai", "dinero": "money", "emociones": "emotion", "psicologia": "psychology", "sport": "sports"}
TOPICS |= {"perfilbot": "botprofile", "history_brasil": "history", "origen": "origin"}
NO_SENTENCES = ("coding", "tech_support")


def load_table(root: Path, *, name: str) -> SampleSource:
    """One of scikit-learn's tables, in its own order and units; `root` is not used."""
    from sklearn import datasets

    facts = SAMPLE_SETS[name]
    table = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    values = table.target.astype(np.float64 if facts.target == NUMBER else np.int64)
    names = () if facts.target == NUMBER else tuple(map(str, table.target_names))
    return SampleSource(
        kind=TABLE,
        target=facts.target,
        names=names,
        train=SamplePart(table.data.astype(np.float64), values),
        target_name={"wine": "cultivar", "breast_cancer": "diagnosis", "diabetes": "disease progression"}[name],
        columns=tuple(map(str, table.feature_names)),
    )


def load_japanese_vowels(root: Path) -> SampleSource:
    """640 utterances of two vowels by nine men, as 12 coefficients over time; `root` is not used.

    All are brought to `SIGNAL_LENGTH` samples; the attribute `length` keeps how many there were.

    Raises
    ------
    DataError
        If the package that ships them is not installed, or has other utterances.
    """
    names, parts = (), []
    for part in ("TRAIN", "TEST"):
        path = _package_file("japanese_vowels", f"sktime/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts")
        signals, labels = [], []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("@classLabel"):
                names = tuple(line.split()[2:])
            elif line and line[0] not in "#@":
                *channels, label = line.split(":")
                signals.append(np.array([channel.split(",") for channel in channels], np.float64))
                labels.append(label)
        length = np.array([signal.shape[1] for signal in signals], np.float64)
        parts.append(
            SamplePart(
                np.stack([_stretched(signal) for signal in signals]),
                np.array([names.index(label) for label in labels], np.int64),
                {"length": length},
            )
        )
    speakers = tuple(f"speaker {name}" for name in names)
    return _checked("japanese_vowels", SampleSource(SIGNALS, CLASSES, speakers, *parts, target_name="speaker"))


def _stretched(signal: np.ndarray) -> np.ndarray:
    """A signal (C, T) at `SIGNAL_LENGTH` even times from its first sample to its last."""
    times = np.linspace(0, signal.shape[1] - 1, SIGNAL_LENGTH)
    return np.stack([np.interp(times, np.arange(signal.shape[1]), channel) for channel in signal])


def load_chat_languages(root: Path) -> SampleSource:
    """Short sentences of conversations in six languages, as tokens of words; `root` is not used.

    The attributes are the `topic` that a sentence is about, and how many `words` it has. A sentence that is written
    alike in two languages, such as a name, tells neither and is left out.

    Raises
    ------
    DataError
        If the package that ships them is not installed, or has other sentences.
    """
    languages = SAMPLE_SETS["chat_languages"].names
    found: dict[str, dict[str, str]] = {}
    for language in languages:
        for topic, text in _sentences(language):
            found.setdefault(text, {}).setdefault(language, topic)
    rows = [(*by_language.popitem(), text) for text, by_language in found.items() if len(by_language) == 1]
    by_part: dict[bool, list[tuple[str, str, str]]] = {False: [], True: []}
    for language in languages:
        for place, row in enumerate(row for row in rows if row[0] == language):
            by_part[place % EVALUATED == EVALUATED - 1].append(row)
    counts = Counter(word for _, _, text in by_part[False] for word in words_of(text))
    known = (word for word, count in counts.items() if count >= FEWEST_OCCURRENCES)
    vocabulary = (PADDING, UNKNOWN, *sorted(known, key=lambda word: (-counts[word], word)))
    number = {word: place for place, word in enumerate(vocabulary)}
    parts = []
    for evaluated in (False, True):
        part = by_part[evaluated]
        texts = [text for _, _, text in part]
        parts.append(
            SamplePart(
                tokens_of(texts, number),
                np.array([languages.index(language) for language, _, _ in part], np.int64),
                {
                    "topic": np.array([topic for _, topic, _ in part]),
                    "words": np.array([len(words_of(text)) for text in texts], np.float64),
                },
                np.array(texts),
            )
        )
    source = SampleSource(TOKENS, CLASSES, languages, *parts, target_name="language", vocabulary=vocabulary)
    return _checked("chat_languages", source)


def _sentences(language: str) -> Iterator[tuple[str, str]]:
    """The topic and the text of each sentence of a language, in the order of the files' names."""
    some = _package_file("chat_languages", f"chatterbot_corpus/data/{language.lower()}/greetings.yml")
    for path in sorted(some.parent.glob("*.yml")):
        if path.stem in NO_SENTENCES:
            continue
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
        for conversation in read["conversations"]:
            for line in conversation:
                text = " ".join(str(line).split())
                if len(words_of(text)) >= FEWEST_WORDS:
                    yield TOPICS.get(path.stem, path.stem), text


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, without the signs between them."""
    return WORD.findall(text.lower())


def tokens_of(texts: list[str], number: dict[str, int]) -> np.ndarray:
    """Texts as the numbers of their words.

    Parameters
    ----------
    texts : list of str (N,)
    number : dict of str to int
        The vocabulary, `UNKNOWN` among it. 0 is the padding.

    Returns
    -------
    int64 array (N, MOST_TOKENS)
        The padding is at the end.
    """
    tokens = np.zeros((len(texts), MOST_TOKENS), np.int64)
    for row, text in zip(tokens, texts):
        words = words_of(text)[:MOST_TOKENS]
        row[: len(words)] = [number.get(word, number[UNKNOWN]) for word in words]
    return tokens


def _package_file(name: str, file: str) -> Path:
    """A file that the package of a data set ships."""
    package = DATA_PACKAGES[name].partition("==")[0]
    try:
        path = Path(metadata.distribution(package).locate_file(file))
    except metadata.PackageNotFoundError:
        raise DataError(
            f"{name} comes with the package {package}, which is not installed; pip install {DATA_PACKAGES[name]}",
            key="dataset.name",
        ) from None
    if not path.is_file():
        raise _other_version(name)
    return path


def _checked(name: str, source: SampleSource) -> SampleSource:
    """The source, where it is what planning takes it for."""
    facts, sizes = SAMPLE_SETS[name], DATASET_CLASS_SIZES[name]
    found = tuple(tuple(np.bincount(part.values, minlength=len(facts.names))) for part in (source.train, source.test))
    if (source.names, found, len(source.vocabulary)) != (facts.names, sizes, facts.vocabulary):
        raise _other_version(name)
    return source


def _other_version(name: str) -> DataError:
    package, _, wanted = DATA_PACKAGES[name].partition("==")
    return DataError(
        f"{name} is read from {package} {wanted}, and the installed {metadata.version(package)} ships other data; "
        f"pip install {DATA_PACKAGES[name]}",
        key="dataset.name",
    )


SAMPLE_LOADERS = {
    **{name: partial(load_table, name=name) for name in ("wine", "breast_cancer", "diabetes")},
    "japanese_vowels": load_japanese_vowels,
    "chat_languages": load_chat_languages,
}
