"""What a person looks at in place of a sample."""

import numpy as np
import pytest
from PIL import Image

from evolution.data.previews import LARGEST, TILE, previews_of, sample_previews, thumbnail, tile, token_texts
from evolution.data.sketches import row_sketches, signal_sketches
from evolution.errors import DataError

NAMES = ["a", "b"]


def test_texts_of_tokens_have_no_padding_and_end_somewhere():
    tokens = np.array([[1, 2, 0], [2, 2, 2]])
    there = np.array([[True, True, False], [True, False, False]])
    assert token_texts(tokens, there, ("<pad>", "good", "day")).tolist() == ["good day", "day"]
    assert token_texts(tokens, there).tolist() == ["1 2", "2"]
    long = np.ones((1, 500), int)
    assert len(token_texts(long, long > 0)[0].split()) == 200


def made(previews, first=None):
    first = np.zeros((2, 3), np.float32) if first is None else first
    if previews is not None:
        previews = [preview if preview is None else thumbnail(preview, "a", "data.py:f") for preview in previews]
    return previews_of(previews, kind="other", first_input=first, names=NAMES)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_that_the_network_sees_are_stretched(channels):
    first = np.random.default_rng(0).normal(size=(2, channels, 6, 5)).astype(np.float32)
    found = made(None, first)
    expected = (first - first.min()) / (first.max() - first.min()) * 255
    assert found.shape == first.shape and found.dtype == np.uint8
    assert np.abs(found - expected).max() <= 0.5 + 1e-3


def test_other_samples_are_a_tile_with_their_name():
    found = made(None)
    assert found.shape == (2, 1, TILE, TILE)
    np.testing.assert_array_equal(found[1, 0], np.asarray(tile("b")))
    assert (found[0] != found[1]).any() and found.min() < 100 and np.median(found) == 255


@pytest.mark.parametrize("shape", [(6, 5), (1, 6, 5), (6, 5, 1)])
def test_grey_images(shape):
    images = [np.full(shape, value, np.uint8) for value in (7, 200)]
    np.testing.assert_array_equal(made(images), np.stack([np.full((1, 6, 5), value) for value in (7, 200)]))


@pytest.mark.parametrize("axis", [0, 2])
def test_colour_images_and_floats(axis):
    image = np.random.default_rng(0).random((3, 6, 5))
    given = image if axis == 0 else image.transpose(1, 2, 0)
    np.testing.assert_array_equal(made([given, given])[0], np.rint(image * 255))


def test_images_of_pillow_texts_and_large_ones():
    large = Image.new("RGBA", (200, 100), (255, 0, 0, 255))
    text = "some text that is longer than a line and goes on for many lines " * 3
    found = made([large, text])
    assert found.shape == (2, 3, LARGEST, LARGEST)
    # Red, in its proportions, on white.
    assert found[0, 0].min() == 255 and (found[0, 1, 16:48] == 0).all() and (found[0, :, :16] == 255).all()
    np.testing.assert_array_equal(found[1, 0], np.asarray(tile(text)))


def test_transparent_and_two_coloured_images():
    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    assert (made([clear, clear]) == 255).all()
    for image in (Image.new("1", (2, 2), 1), np.ones((2, 2), bool)):
        assert (made([image, image]) == 255).all() and made([image, image]).shape == (2, 1, 2, 2)


def test_a_sample_without_a_preview_has_a_tile():
    found = made([None, np.full((64, 64), 7, np.uint8)])
    np.testing.assert_array_equal(found[0, 0], np.asarray(tile("a")))
    assert (found[1] == 7).all()


def test_large_inputs_become_small():
    first = np.zeros((2, 3, 224, 112), np.float32)
    first[1, :, :112] = 1
    found = made(None, first)
    assert found.shape == (2, 3, LARGEST, LARGEST // 2)
    assert (found[0] == 0).all() and (found[1, :, :30] == 255).all() and (found[1, :, 34:] == 0).all()


def test_inputs_of_one_value():
    assert (made(None, np.ones((2, 1, 4, 4), np.float32)) == 0).all()


@pytest.mark.parametrize("text", ["a", "W" * 200, "word " * 100, "x" * 10**6, "", "\n\t", "приве́т ελλ"])
def test_text_stays_within_its_tile(text):
    drawn = np.asarray(tile(text))
    assert drawn.shape == (TILE, TILE)
    edge = np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]])
    assert (edge > 100).all(), "no letter is cut off"
    assert (drawn.min() < 128) == bool(text.strip())


def test_other_scripts_are_no_boxes():
    letters = [np.asarray(tile(letter)).tobytes() for letter in "дзλц"]
    assert len(set(letters)) == 4


@pytest.mark.parametrize(
    ("preview", "said"),
    [
        (np.zeros(5), r"is \(5,\); it is an image"),
        (np.full((4, 4), 1.5), "float64 with values outside 0 to 1;"),
        (np.full((4, 4), np.nan), "outside 0 to 1;"),
        (np.full((4, 4), 300), "int64 with values outside 0 to 255;"),
        (np.full((4, 4), -1, np.int8), "outside 0 to 255;"),
        (np.zeros((0, 4)), r"is \(0, 4\); it is an image"),
        (object(), r"is \(\); it is an image"),
        (np.zeros((4, 4, 2)), "is an"),
    ],
)
def test_what_is_no_preview(preview, said):
    with pytest.raises(DataError, match=rf"preview of a .*{said}"):
        made([preview, preview])


def test_each_kind_is_seen_in_its_own_way():
    random = np.random.default_rng(0)
    signals, rows = random.normal(size=(2, 3, 20)), random.normal(size=(2, 4))
    np.testing.assert_array_equal(sample_previews("signals", signals), signal_sketches(signals))
    np.testing.assert_array_equal(
        sample_previews("table", rows, columns=list("abcd")), row_sketches(rows, list("abcd"))
    )
    tokens = np.array([[5, 3, 0], [7, 0, 0]])
    for texts, expected in ((None, ["5 3", "7"]), (["five three", "seven"],) * 2):
        found = sample_previews("tokens", tokens, texts=texts)
        np.testing.assert_array_equal(found[:, 0], [np.asarray(tile(text)) for text in expected])
    assert sample_previews("other", random.normal(size=(2, 4, 3, 2)).astype(np.float32)) is None
    assert sample_previews("signals", None) is None


def test_texts_of_samples_whose_inputs_are_not_known():
    found = previews_of(None, kind="tokens", first_input=None, names=NAMES, texts=["one", "two"])
    np.testing.assert_array_equal(found[1, 0], np.asarray(tile("two")))
    found = previews_of(None, kind="tokens", first_input=np.array([[1], [2]]), names=NAMES)
    np.testing.assert_array_equal(found[1, 0], np.asarray(tile("b")))


@pytest.mark.parametrize(("shape", "size"), [((1, 500), (64, 1)), ((500, 1), (1, 64)), ((30, 4000), (64, 1))])
def test_a_very_flat_image_is_no_thinner_than_a_pixel(shape, size):
    assert thumbnail(np.full(shape, 200, np.uint8), "a", "here").size == size
