"""The data behind the page; tests/browser has the page itself."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import explorer
from evolution.activations.predictions import load_predictions
from evolution.embedding.methods import METHODS
from evolution.errors import UserError
from evolution.explorer import page_data
from evolution.io.tables import save_table
from evolution.measures.cluster_matching import matched_clusters


def unpacked(array):
    return np.frombuffer(base64.b64decode(array["bytes"]), array["type"]).reshape(array["shape"])


def test_arrays_come_back():
    array = np.arange(-6, 6, dtype=np.int16).reshape(2, 3, 2)
    np.testing.assert_array_equal(unpacked(page_data.packed(array.astype(">i2"))), array)


def test_layouts_keep_their_shape_to_a_thousandth_of_the_square():
    layouts = np.random.default_rng(0).normal(3, 20, (4, 50, 2)).astype(np.float32)
    back = page_data.quantise(layouts) / page_data.STEPS
    assert np.abs(back).max() <= 1
    # One scale for both axes and all epochs: a fit of one factor and one offset an axis explains everything.
    factor = np.ptp(layouts[..., 0]) / np.ptp(back[..., 0])
    np.testing.assert_allclose(back * factor - layouts, (back * factor - layouts)[:1, :1].repeat(4, 0).repeat(50, 1),
                               atol=1e-3 * factor)  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_of_images_holds_each_in_its_place(channels):
    images = np.zeros((53, channels, 8, 8), np.uint8)
    images += (np.arange(53, dtype=np.uint8) * 4)[:, None, None, None]
    sheet = page_data.sprite(images)
    url, content = sheet["url"].split(",")
    assert url == f"data:image/{'png' if channels == 1 else 'jpeg'};base64"
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L")).astype(int)
    assert (sheet["columns"], sheet["rows"], picture.shape) == (50, 2, (16, 400))
    for place in (0, 1, 49, 50, 52):
        row, column = divmod(place, 50)
        cell = picture[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        assert abs(cell.mean() - 4 * place) <= (0 if channels == 1 else 3)


def test_thinning_keeps_as_many_as_asked_for_and_always_the_same():
    np.testing.assert_array_equal(page_data.shown_samples(7, 7), np.arange(7))
    shown = page_data.shown_samples(1000, 100)
    assert len(set(shown)) == 100 and shown.min() >= 0 and shown.max() < 1000
    np.testing.assert_array_equal(shown, page_data.shown_samples(1000, 100))
    assert (np.diff(shown) > 0).all()


def test_clusters_are_numbered_after_their_classes():
    labels = np.array([0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(matched_clusters(np.array([2, 2, 0, 0, 1, -1]), labels, 3), [0, 0, 1, 1, 2, -1])
    np.testing.assert_array_equal(matched_clusters(np.full(6, -1), labels, 3), [-1] * 6)


def write_predictions(path, epochs, samples):
    save_table(path, {"epoch": epochs, "sample": samples, "predicted": samples, "confidence": [0.5] * len(samples)})
    return str(path)


def test_predictions_are_put_in_the_order_of_samples_and_epochs(tmp_path):
    paths = [
        write_predictions(tmp_path / "b.parquet", [4, 4], [1, 0]),
        write_predictions(tmp_path / "a.parquet", [0, 2, 2, 0], [0, 1, 0, 1]),
    ]
    predicted, confidence = load_predictions(paths, [0, 4], 2)
    np.testing.assert_array_equal(predicted, [[0, 1], [0, 1]])
    assert confidence.shape == (2, 2)


def test_predictions_that_are_missing_are_named(tmp_path):
    path = write_predictions(tmp_path / "a.parquet", [0, 0], [0, 1])
    with pytest.raises(UserError, match=r"a\.parquet is damaged.*no epoch 2"):
        load_predictions([path], [0, 2], 2)
    with pytest.raises(UserError, match="not one row for each of 3 samples at epoch 0"):
        load_predictions([path], [0], 3)


def test_no_name_ends_the_page_or_begins_a_script(tmp_path):
    """A page is read by an HTML parser of another make: scripts are as many as the template has, and data come back."""
    from html.parser import HTMLParser

    from bokeh.document import Document

    class Scripts(HTMLParser):
        def __init__(self):
            super().__init__()
            self.texts, self.inside = {}, None

        def handle_starttag(self, tag, attributes):
            if tag == "script":
                self.inside = dict(attributes).get("id", "code")
                self.texts[self.inside] = self.texts.get(self.inside, "")

        def handle_endtag(self, tag):
            self.inside = None if tag == "script" else self.inside

        def handle_data(self, text):
            if self.inside:
                self.texts[self.inside] += text

    names = ["<script>", "<!--<script>", "</script>", "-->", "a & b", "$run", "\u2028", "犬"]
    page = Path(explorer.__file__).parent / "evolution" / "explorer"
    page.write_page(page, tmp_path / "e.html", "run", Document(), {"names": names}, METHODS["pca"])
    text = (tmp_path / "e.html").read_text(encoding="utf-8")
    parser = Scripts()
    parser.feed(text)
    assert set(parser.texts) == {"data", "document", "code"}
    assert json.loads(parser.texts["data"])["names"] == names
    # A browser takes a script that has both of these for one that goes on past its end.
    assert "<!--" not in parser.texts["data"] and "<script" not in parser.texts["data"]
    assert "PCA shows the two directions" in text and "t-SNE" not in text.split("<script")[0]


def test_large_images_are_shown_smaller():
    ramp = np.linspace(0, 255, 400).astype(np.uint8)
    images = np.broadcast_to(ramp, (3, 1, 200, 400)).copy()
    sheet = page_data.sprite(images)
    assert (sheet["width"], sheet["height"]) == (96, 48)
    picture = Image.open(io.BytesIO(base64.b64decode(sheet["url"].split(",")[1])))
    assert picture.size == (3 * 96, 48)
    np.testing.assert_allclose(np.asarray(picture)[20, 96:192], np.linspace(0, 255, 96), atol=3)
