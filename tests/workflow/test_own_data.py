"""The examples of docs/your-own-data.md on real digits; and the jobs that run again when data change."""

import os
import re
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from support.project import ROOT, TINY, Project, job

NAMES = ("cat", "dog")
PAGE = (ROOT / "docs" / "your-own-data.md").read_text(encoding="utf-8")


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.S)


def digits():
    """Zeros and ones, 360 of them: uint8 (N, 8, 8), and 0 or 1."""
    from sklearn.datasets import load_digits

    source = load_digits()
    wanted = source.target < 2
    return np.rint(source.images[wanted] * (255 / 16)).astype(np.uint8), source.target[wanted]


def config(example, **more):
    """A tiny experiment on the example's data, with fewer images and cheaper maps."""
    example["dataset"] |= {"train_size": 100, "eval_size": 50}
    runs = {"tiny": {}}
    return TINY | example | {"metrics": TINY["metrics"] | {"clusters": "auto"}, "runs": runs} | more


@pytest.fixture
def photos(tmp_path):
    """A project with the page's folder of images, of two sizes and in colour, and its config."""
    project = Project(tmp_path / "checkout")
    for index, (image, label) in enumerate(zip(*digits())):
        folder = project.folder / "photos" / NAMES[label]
        folder.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(np.stack([image, image // 2, 255 - image], axis=-1))
        picture.resize((20 + index % 2, 20)).save(folder / f"{index}.png")
    example = yaml.safe_load(examples("yaml")[1])
    assert example["dataset"]["name"] == "image_folder:photos"
    project.configure(config(example, embedding={"method": "pca"}))
    return project


def test_a_folder_of_images(photos):
    output = photos.run()
    with np.load(photos.path("dataset.npz")) as data:
        assert data["class_names"].tolist() == list(NAMES)
        assert data["train_images"].shape == (100, 3, 32, 32) and data["eval_images"].shape == (50, 3, 32, 32)
    assert "has 10 classes" not in output
    quality = pq.read_table(photos.path("tables/embedding.parquet")).to_pylist()
    divergences = [row["value"] for row in quality if row["metric"] == "kl_divergence"]
    assert divergences and all(value is None or np.isnan(value) for value in divergences)
    assert "PCA" in photos.path("explorer.html").read_text(encoding="utf-8")

    # Times do not count, nor do files that are no images.
    for path in (photos.folder / "photos").rglob("*"):
        os.utime(path)
    (photos.folder / "photos" / "cat" / "notes.txt").write_text("")
    assert photos.plan() == Counter()
    # Another method's key is not read.
    photos.configure(photos.config | {"embedding": {"method": "pca", "perplexity": 3, "neighbors": 4}})
    assert photos.plan() == Counter()
    more = photos.folder / "photos" / "cat" / "more.png"
    Image.new("RGB", (9, 9)).save(more)
    assert photos.plan()[job("prepare_data", run="tiny")] == 1
    more.unlink()
    assert photos.plan() == Counter()


def test_damaged_images_are_named_by_the_job_and_the_log(photos):
    paths = sorted((photos.folder / "photos" / "dog").glob("*.png"))
    for path in paths:
        path.write_bytes(path.read_bytes()[:100])
    output = photos.run("data", check=False)
    assert photos.returncode != 0
    assert "75 of the 150 images that were drawn cannot be read: photos/dog/" in output
    assert "Put whole images in the place of damaged ones, or remove the files" in output
    assert "Traceback" not in photos.path("logs/prepare_data.log").read_text(encoding="utf-8")
    assert not photos.path("dataset.npz").exists()
    # A folder without images is found before any job starts.
    for path in paths:
        path.unlink()
    output = photos.run("data", check=False)
    assert "dataset.name: image_folder:photos cannot be used: photos/dog holds no images" in output
    assert "Traceback" not in output and "Building DAG" not in output


def test_arrays(tmp_path, monkeypatch):
    project = Project(tmp_path / "checkout")
    code = examples("python")[0]
    assert code.count("images, labels = ...") == 1
    monkeypatch.chdir(project.folder)
    exec(code.replace("images, labels = ...", "images, labels = digits()"), {"digits": digits})
    project.configure(config(yaml.safe_load(examples("yaml")[0])))
    project.run("data")
    with np.load(project.path("dataset.npz")) as data:
        assert data["class_names"].tolist() == list(NAMES)
        images, labels = digits()
        np.testing.assert_array_equal(data["eval_images"][:, 0], images[data["eval_indices"]])
        np.testing.assert_array_equal(data["train_labels"], labels[data["train_indices"]])
    assert project.plan("data") == Counter()
    # The content counts, not the time: a new time changes nothing, and a file that was moved here may be old.
    os.utime("mine.npz")
    assert project.plan("data") == Counter()
    np.savez_compressed("mine.npz", images=255 - images, labels=labels, class_names=np.array(NAMES))
    os.utime("mine.npz", (1, 1))
    assert project.plan("data") == Counter([job("prepare_data", run="tiny")])


def test_another_eval_image_reaches_all_that_reads_activations(tmp_path):
    """Also where no accuracy changes, and where the snapshots were taken again before and what reads them was not."""
    project, (images, labels) = Project(tmp_path / "checkout"), digits()
    arrays = {"images": images[:200], "labels": labels[:200], "eval_images": images[200:], "eval_labels": labels[200:]}
    np.savez(project.folder / "mine.npz", **arrays)
    dataset = {"name": "npz:mine.npz", "train_size": 150, "eval_size": 100}
    training = TINY["training"] | {"epochs": 1}
    plots = TINY["plots"] | {"grid_times": [0, 1]}
    project.configure(TINY | {"dataset": dataset, "layers": ["fc1"], "training": training, "plots": plots})
    project.run("metrics", "embeddings")
    before = pq.read_table(project.path("history/0001.parquet"))
    arrays["eval_images"] = arrays["eval_images"] ^ 1
    np.savez(project.folder / "mine.npz", **arrays)
    project.run("snapshots")
    assert pq.read_table(project.path("history/0001.parquet")).equals(before)
    planned = Counter(name.split()[0] for name in project.plan("metrics", "embeddings").elements())
    cells = {"measure": 3, "embed": 3, "cka_layers": 2, "cka_times": 1, "measure_collapse": 1}
    assert planned == Counter(cells | {"collect": 3})


def test_parts_that_are_called_otherwise_and_warnings(tmp_path):
    """Train/ and valid/ are parts, and images in both are a warning; a part that does not fit stops before any job."""
    project = Project(tmp_path / "checkout")
    for index, (image, label) in enumerate(zip(*digits())):
        for part in ("Train", "valid") if index < 120 else ("Train",):
            folder = project.folder / "photos" / part / NAMES[label]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{index}.png")
    dataset = {"name": "image_folder:photos", "train_size": 300, "eval_size": 100, "normalize": "none"}
    project.configure(TINY | {"dataset": dataset})
    project.run("data")
    with np.load(project.path("dataset.npz")) as data:
        assert data["class_names"].tolist() == list(NAMES)
        assert (data["mean"].tolist(), data["std"].tolist()) == ([0], [1])
        (warning,) = data["warnings"].tolist()
    assert "of the 100 evaluation images" in warning and "are training images too" in warning
    assert warning in project.path("logs/prepare_data.log").read_text(encoding="utf-8")
    project.configure(TINY | {"dataset": dataset | {"normalize": {"mean": 0.5, "std": 0.5}}})
    assert project.plan("data") == Counter([job("prepare_data", run="tiny")])
    (project.folder / "photos" / "val" / "cat").mkdir(parents=True)
    output = project.run("data", check=False)
    assert "val and valid are both a validation part" in output and "Building DAG" not in output
