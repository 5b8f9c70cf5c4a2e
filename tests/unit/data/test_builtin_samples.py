"""The built-in sets that are no images: against scikit-learn, and against the packages' files read another way."""

import re
from importlib import metadata

import numpy as np
import pytest
import yaml

from evolution.data import builtin_samples
from evolution.data.builtin import load_source
from evolution.data.builtin_samples import MOST_TOKENS, PADDING, SIGNAL_LENGTH, UNKNOWN, tokens_of, words_of
from evolution.data.catalogue import DATA_PACKAGES
from evolution.errors import DataError


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes"])
def test_tables_are_those_of_scikit_learn(name):
    from sklearn import datasets

    source = load_source(name, None)
    values, target = getattr(datasets, f"load_{name}")(
        return_X_y=True, **({"scaled": False} if name == "diabetes" else {})
    )
    np.testing.assert_array_equal(source.train.inputs, values)
    np.testing.assert_array_equal(source.train.values, target)
    assert source.train.values.dtype == (np.float64 if name == "diabetes" else np.int64)
    assert source.test is None and len(source.columns) == values.shape[1] and source.target_name
    assert source.names == {"wine": ("class_0", "class_1", "class_2"), "breast_cancer": ("malignant", "benign")}.get(
        name, ()
    )


def utterances(part):
    """Signals and labels of the package's file, as its format says: channels parted by colons, and the label."""
    file = metadata.distribution("sktime").locate_file(f"sktime/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts")
    rows = re.split(r"^@data$", file.read_text(), flags=re.MULTILINE)[1].split()
    for row in rows:
        *channels, label = row.split(":")
        yield np.array([list(map(float, channel.split(","))) for channel in channels]), int(label)


@pytest.mark.parametrize(("part", "name"), [("TRAIN", "train"), ("TEST", "test")])
def test_japanese_vowels_are_the_utterances_brought_to_one_length(part, name):
    source = load_source("japanese_vowels", None)
    taken = getattr(source, name)
    for signal, value, length, (raw, label) in zip(
        taken.inputs, taken.values, taken.attributes["length"], utterances(part), strict=True
    ):
        assert source.names[value] == f"speaker {label}" and length == raw.shape[1]
        np.testing.assert_array_equal(signal[:, [0, -1]], raw[:, [0, -1]])
        if raw.shape[1] == SIGNAL_LENGTH:
            np.testing.assert_array_equal(signal, raw)
        # Halfway the straight line between the two samples around it.
        place = 7 * (raw.shape[1] - 1) / (SIGNAL_LENGTH - 1)
        low = int(place)
        line = raw[:, low] + (place - low) * (raw[:, min(low + 1, raw.shape[1] - 1)] - raw[:, low])
        np.testing.assert_allclose(signal[:, 7], line, atol=1e-12)


def test_chat_languages_are_sentences_of_one_language_each():
    source = load_source("chat_languages", None)
    folder = metadata.distribution("chatterbot-corpus").locate_file("chatterbot_corpus/data")
    lines = {}
    for language in source.names:
        for path in (folder / language.lower()).glob("*.yml"):
            for conversation in yaml.safe_load(path.read_text(encoding="utf-8"))["conversations"]:
                for line in conversation:
                    lines.setdefault(" ".join(str(line).split()), set()).add(language)
    everything = [text for part in (source.train, source.test) for text in part.texts]
    assert len(set(everything)) == len(everything), "no sentence is there twice"
    for part in (source.train, source.test):
        assert all(lines[text] == {source.names[value]} for text, value in zip(part.texts, part.values))
        assert all(len(text.split()) > 0 for text in part.texts) and part.attributes["words"].min() >= 3
        assert len({len(part.attributes[name]) for name in ("topic", "words")} | {len(part.texts)}) == 1
    assert 0.3 < len(source.test) / len(everything) < 0.34


def test_the_vocabulary_is_that_of_the_training_part():
    source = load_source("chat_languages", None)
    assert source.vocabulary[:2] == (PADDING, UNKNOWN)
    counts = {}
    for text in source.train.texts:
        for word in words_of(text):
            counts[word] = counts.get(word, 0) + 1
    assert set(source.vocabulary[2:]) == {word for word, count in counts.items() if count >= 2}
    assert [counts[word] for word in source.vocabulary[2:]] == sorted(
        (counts[word] for word in source.vocabulary[2:]), reverse=True
    )
    tokens, text = source.test.inputs[5], source.test.texts[5]
    words = [word if word in source.vocabulary else UNKNOWN for word in words_of(text)][:MOST_TOKENS]
    assert [source.vocabulary[token] for token in tokens if token] == words
    assert not tokens[len(words) :].any() and source.test.inputs.dtype == np.int64


def test_words_and_tokens_by_hand():
    assert words_of("¿Qué?  I'm here, 3 times -- isn\u2019t it_so!") == [
        "qué",
        "i'm",
        "here",
        "3",
        "times",
        "isn\u2019t",
        "it",
        "so",
    ]
    number = {PADDING: 0, UNKNOWN: 1, "a": 2, "b": 3}
    tokens = tokens_of(["A b. c", "b " * 40], number)
    assert tokens[0].tolist() == [2, 3, 1] + [0] * (MOST_TOKENS - 3) and tokens[1].tolist() == [3] * MOST_TOKENS


def test_what_a_package_ships_can_be_learned():
    """A linear classifier of word counts tells the languages, and one of samples the speakers: the sets suit a look."""
    from sklearn.linear_model import LogisticRegression

    vowels = load_source("japanese_vowels", None)
    model = LogisticRegression(max_iter=500).fit(vowels.train.inputs.reshape(270, -1), vowels.train.values)
    assert model.score(vowels.test.inputs.reshape(370, -1), vowels.test.values) > 0.95


@pytest.mark.parametrize("name", DATA_PACKAGES)
def test_a_package_that_is_not_installed(name, monkeypatch):
    def missing(package):
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(builtin_samples.metadata, "distribution", missing)
    with pytest.raises(
        DataError, match=rf"^dataset.name: {name} comes with the package .* pip install {DATA_PACKAGES[name]}$"
    ):
        load_source(name, None)


def test_a_package_that_ships_other_data(tmp_path, monkeypatch):
    class Other:
        version = "1"

        def locate_file(self, file):
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("conversations:\n- - one two three\n  - four five six\n")
            return path

    monkeypatch.setattr(builtin_samples.metadata, "distribution", lambda package: Other())
    with pytest.raises(DataError, match=r"the installed 1 ships other data; pip install chatterbot-corpus=="):
        load_source("chat_languages", None)
