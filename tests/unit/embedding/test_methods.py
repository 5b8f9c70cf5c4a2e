"""What the config and the rules know of the embedding methods."""

import sys

import pytest

from evolution.config.checks import check_installed
from evolution.config.resolve import resolve
from evolution.embedding.layout import EmbeddingSettings
from evolution.embedding.methods import METHODS, missing_package, settings_read
from evolution.errors import ConfigError

EXTRAS = [name for name, method in METHODS.items() if method.package]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_reads_its_own_keys(name):
    embedding = resolve({"embedding": {"method": name}})["embedding"]
    read = settings_read(embedding)
    assert set(read) == {"method", "alignment", *METHODS[name].reads}
    # What a job passes on is what a layout is made by.
    settings = EmbeddingSettings(**read)
    assert all(getattr(settings, key) == embedding[key] for key in read)


@pytest.mark.parametrize("name", EXTRAS)
def test_a_method_that_is_not_installed_stops_the_config(name, monkeypatch):
    config = resolve({"embedding": {"method": name}})
    # For the import system this is a module that does not exist.
    monkeypatch.setitem(sys.modules, METHODS[name].module, None)
    assert missing_package(name) == METHODS[name].package
    with pytest.raises(ConfigError) as error:
        check_installed(config)
    message = str(error.value)
    assert message.startswith(f"embedding.method: {name} needs the package {METHODS[name].package}, which is not inst")
    assert "pip install -r requirements-extras.txt" in message
    check_installed(resolve({}))


@pytest.mark.parametrize(
    ("embedding", "key"),
    [
        ({"method": "umap", "neighbors": 60}, "embedding.neighbors: 60 is too large"),
        ({"method": "pacmap", "neighbors": 20}, "embedding.neighbors: 20 is too large"),
        ({"method": "umap", "neighbors": 59, "pca_components": 61}, "embedding.pca_components: 61 is too large"),
        ({"method": "tsne", "neighbors": 500}, "embedding.perplexity: 30 is too large"),
        ({"method": "unap"}, "embedding.method: 'unap' is not allowed"),
    ],
)
def test_sizes_of_the_method_are_checked_and_of_no_other(embedding, key):
    with pytest.raises(ConfigError) as error:
        resolve({"dataset": {"eval_size": 60}, "embedding": embedding})
    (line,) = str(error.value).split("\n")
    assert line.startswith(key)


def test_what_another_method_reads_may_be_anything():
    pca = {"method": "pca", "perplexity": 500, "pca_components": 500, "neighbors": 500}
    resolve({"dataset": {"eval_size": 60}, "embedding": pca})
    resolve({"dataset": {"eval_size": 60}, "embedding": {"method": "pacmap", "neighbors": 19, "perplexity": 400}})
