"""The download of a data set, from a server on this machine: whole, damaged, or without an end."""

import functools
import gzip
import hashlib
import http.server
import threading
import time

import pytest

from evolution.data.builtin import load_mnist_like, load_source
from evolution.errors import DataError
from support.published_files import assert_is, listing, mnist_files


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A server on this machine from which torchvision downloads MNIST, and the folder that it serves."""
    from torchvision.datasets import MNIST

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    folder = tmp_path / "served"
    folder.mkdir()
    resources = []
    for name, content in mnist_files()[0].items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        resources.append((f"{name}.gz", hashlib.md5((folder / f"{name}.gz").read_bytes()).hexdigest()))
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(MNIST, "resources", resources)
        yield folder
        server.shutdown()


def test_download(served, tmp_path):
    arrays = mnist_files()[1]
    assert_is(load_source("mnist", tmp_path / "data"), arrays)
    assert listing(tmp_path / "data") == sorted(f"MNIST/raw/{name}.gz" for name in arrays)
    for path in served.iterdir():
        path.unlink()
    assert_is(load_source("mnist", tmp_path / "data"), arrays)


def test_damaged_download_is_not_kept(served, tmp_path):
    (served / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half a fi")
    with pytest.raises(DataError, match="downloading it failed"):
        load_source("mnist", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_download_without_answer_ends(tmp_path, monkeypatch):
    """As where a firewall swallows every packet, for each of a server's addresses in turn."""
    from torchvision.datasets import MNIST

    ended = threading.Event()
    monkeypatch.setattr(MNIST, "download", lambda self: ended.wait(60))
    start = time.monotonic()
    with pytest.raises(DataError, match=r"no answer within 0\.2 s.*Place .*train-images-idx3-ubyte\.gz"):
        load_mnist_like(tmp_path, name="mnist", torchvision_name="MNIST", silence=0.2)
    assert time.monotonic() - start < 10
    ended.set()


def test_download_that_stalls_ends(served, tmp_path, monkeypatch):
    """As where a server goes silent in the middle of a file."""

    def stall(self, source, outputfile):
        outputfile.write(source.read(10))
        outputfile.flush()
        ended.wait(60)

    ended = threading.Event()
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "copyfile", stall)
    start = time.monotonic()
    with pytest.raises(DataError, match="timed out"):
        load_mnist_like(tmp_path, name="mnist", torchvision_name="MNIST", silence=0.5)
    assert time.monotonic() - start < 10
    ended.set()
