"""Attributes and hundreds of classes in the explorer, in a real Chromium, from disk."""

from dataclasses import replace

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from evolution.data.targets import load_targets
from evolution.explorer.columns import category_colors
from evolution.io.arrays import load_npz, names_in_npz, save_npz
from explorer import explore
from support.chromium import complaints, requests, set_screen
from support.explorer_page import write_run
from support.open_page import Explorer
from support.page import page_settings

GREY = "#808080"
TAGS = '<b>bold</b> & "quoted" </script><img src=x onerror=alert(1)>'


@pytest.fixture
def open_run(browser, tmp_path):
    """Opens the page of a run of labelled images, some arrays of its data set replaced."""

    def opened(fragment="", arrays=None, kind="images", target="classes", colors=None, **samples):
        run = write_run(tmp_path, kind=kind, target=target, **samples)
        if arrays:
            known = {name: load_npz(run["dataset"], name)[0] for name in names_in_npz(run["dataset"])}
            save_npz(run["dataset"], **known | arrays)
        path = tmp_path / "explorer.html"
        path.write_text(
            explore(**run, settings=replace(page_settings(), colors=colors or {})), encoding="utf-8", newline="\n"
        )
        return Explorer(browser, path, fragment), load_targets(run["dataset"])

    yield opened
    assert complaints(browser) == []
    assert requests(browser) == []


def hidden(explorer):
    return np.isnan(explorer.column("x1"))


def chips(explorer):
    return [chip.text for chip in explorer.driver.find_elements(By.CSS_SELECTOR, "#legend .name")]


def link_of(explorer):
    return "#" + explorer.driver.current_url.split("#")[1]


def test_a_text_attribute_gives_colours_and_a_filter(open_run):
    explorer, targets = open_run()
    writers = targets.attributes["writer"]
    Select(explorer.find("#color")).select_by_visible_text("writer")
    palette = dict(zip(sorted(set(writers)), category_colors("petroff10", 4)))
    assert explorer.colors(2) == [palette[writer] for writer in writers]
    # The filter goes with the colour, until another is chosen.
    assert chips(explorer) == sorted(set(writers))
    explorer.find("#legend button:nth-child(2)").click()
    np.testing.assert_array_equal(hidden(explorer), writers == "writer 1")
    Select(explorer.find("#filter")).select_by_visible_text("true tree")
    assert chips(explorer) == ["ash", "birch", "cedar"] and explorer.text("#others") == "writer: filtered \u00d7"
    explorer.find("#legend button:nth-child(1)").click()
    expected = (writers == "writer 1") | (targets.values == 0)
    np.testing.assert_array_equal(hidden(explorer), expected)
    explorer.shoot("attribute")
    link = link_of(explorer)
    assert "color=attribute:writer" in link and "hidden=0" in link and "hidden.attribute:writer=1" in link
    explorer.driver.execute_script("location.hash = ''")
    explorer.until("return explorer.state.color === 'label'")
    assert not hidden(explorer).any()
    explorer.driver.execute_script("location.hash = arguments[0]", link)
    explorer.until("return explorer.state.color === 'attribute:writer'")
    np.testing.assert_array_equal(hidden(explorer), expected)
    # A dot's place in the legend is grey where colours are another column's.
    assert not explorer.find("#legend .dot").is_displayed()


def test_none_and_all(open_run):
    explorer, targets = open_run()
    explorer.find("#none").click()
    assert hidden(explorer).all()
    explorer.find("#legend button:nth-child(2)").click()
    np.testing.assert_array_equal(hidden(explorer), targets.values != 1)
    explorer.find("#every").click()
    assert not hidden(explorer).any()


def test_values_that_are_missing_are_grey_and_can_be_hidden(open_run):
    writers = np.array(["b", "", "a"] * 20)
    explorer, targets = open_run("#color=attribute:writer", {"attribute_1": writers})
    assert {color for color, writer in zip(explorer.colors(1), writers) if not writer} == {GREY}
    assert GREY not in {color for color, writer in zip(explorer.colors(1), writers) if writer}
    assert chips(explorer) == ["a", "b", "missing"]
    explorer.find("#legend button:nth-child(3)").click()
    np.testing.assert_array_equal(hidden(explorer), writers == "")
    Select(explorer.find("#color")).select_by_visible_text("age")
    missing = np.isnan(targets.attributes["age"])
    np.testing.assert_array_equal(np.array(explorer.colors(1)) == GREY, missing)
    assert explorer.text("#scale").endswith("missing")
    explorer.script("explorer.hover([7])")
    assert explorer.text("#tip").splitlines()[3:5] == ["age: \u2013", "writer: \u2013"]


def test_no_text_of_the_user_is_read_as_html(open_run):
    arrays = {
        "class_names": np.array([TAGS, "b", "c"]),
        "target_name": np.array(TAGS),
        "attribute_names": np.array([TAGS, "b"]),
        "attribute_1": np.array([TAGS, "x"] * 30),
        "eval_ids": np.array([f"{TAGS} {number}" for number in range(60)]),
        "eval_texts": np.array([f"{TAGS} {number}" for number in range(60)]),
    }
    explorer, _ = open_run("#color=attribute:b&range.attribute:b=1,2", arrays, kind="tokens")
    explorer.script("explorer.hover([0]); explorer.source.selected.indices = [0, 1]")
    assert f"{TAGS} 0" in explorer.text("#tip") and f"true {TAGS}: {TAGS}" in explorer.text("#tip")
    assert TAGS in explorer.text("#legend")
    assert not explorer.driver.find_elements(By.CSS_SELECTOR, "img, #tip b, .card b, #legend b")
    # A sample is found by its id, whatever that is, and by its number.
    field = explorer.find("#search")
    field.send_keys(f"{TAGS} 17", Keys.ENTER)
    assert explorer.selected() == [17]
    field.clear()
    field.send_keys("4, 5", Keys.ENTER)
    assert explorer.selected() == [4, 5]


def test_ids_are_found_before_numbers(open_run):
    ids = np.array([str(100 - number) for number in range(60)])
    explorer, _ = open_run(arrays={"eval_ids": ids})
    explorer.find("#search").send_keys("99, 7", Keys.ENTER)
    # 99 is the id of sample 1, and 7 is no id.
    assert explorer.selected() == [1, 7]


def test_long_texts_are_cut_and_own_previews_come_first(open_run):
    texts = np.array(["word " * 200] * 60)
    explorer, _ = open_run(arrays={"eval_texts": texts}, kind="tokens")
    explorer.script("explorer.hover([3]); explorer.source.selected.indices = [3]")
    assert len(explorer.text("#tip .text")) <= 400 and explorer.text("#tip .text").endswith("…")
    assert len(explorer.text(".card .text")) <= 120
    assert not explorer.driver.find_elements(By.CSS_SELECTOR, ".image")
    explorer, _ = open_run(arrays={"eval_texts": texts, "previews_given": np.array(True)}, kind="tokens")
    explorer.script("explorer.hover([3])")
    assert explorer.find("#tip .image").is_displayed() and len(explorer.text("#tip .text")) <= 120


def test_a_wide_row_shows_its_most_unusual_values(open_run):
    rows = np.random.default_rng(0).normal(size=(60, 50))
    rows[3, 41] = 500
    names = np.array([f"column {number}" for number in range(50)])
    explorer, _ = open_run(arrays={"eval_rows": rows, "column_names": names}, kind="table")
    explorer.script("explorer.hover([3])")
    lines = explorer.text("#tip table").splitlines()
    assert lines[0] == "column 41 500" and len(lines) == 21 and lines[-1] == "and 30 more"
    explorer.shoot("wide-row")


@pytest.fixture
def many(open_run):
    names = [f"species {number}" for number in range(1000)]
    return open_run(count=3000, names=names)


def test_of_a_thousand_classes_some_have_a_colour_and_others_are_found(many):
    explorer, targets = many
    palette = category_colors("petroff10", 1000)
    picked = [f"species {number}" for number in range(len(palette))]
    assert chips(explorer) == picked and f"{1000 - len(palette)} others" in explorer.text("#legend")
    colors = np.array(explorer.colors(1))
    for number, color in enumerate(palette):
        assert set(colors[targets.values == number]) == {color}
    assert set(colors[targets.values >= len(palette)]) == {GREY}
    field = explorer.find("#find")
    field.send_keys("ES 77")
    found = [button.text for button in explorer.driver.find_elements(By.CSS_SELECTOR, "#found button")]
    assert found[0] == "species 77" and set(found[1:]) == {f"species {number}" for number in range(770, 780)}
    explorer.shoot("thousand-classes")
    field.send_keys(Keys.ENTER)
    # It takes the place of the last.
    assert chips(explorer) == [*picked[:-1], "species 77"] and not explorer.find("#found").is_displayed()
    assert set(np.array(explorer.colors(1))[targets.values == 77]) == {palette[-1]}
    # Alone, and by link.
    explorer.find("#legend > button:last-child").click()
    shown = [*range(len(palette) - 1), 77]
    np.testing.assert_array_equal(hidden(explorer), ~np.isin(targets.values, shown))
    link = link_of(explorer)
    assert len(link) < 200
    explorer.find("#none").click()
    assert hidden(explorer).all()
    explorer.driver.execute_script("location.hash = arguments[0]", link)
    explorer.until("return explorer.source.get_column('x1').some((x) => !Number.isNaN(x))")
    np.testing.assert_array_equal(hidden(explorer), ~np.isin(targets.values, shown))
    # A colour that is given back is the next one to be taken.
    explorer.find("#legend .pair:nth-child(2) button:last-child").click()
    assert "species 1" not in chips(explorer)
    explorer.find("#find").send_keys("species 500", Keys.ENTER)
    assert chips(explorer)[1] == "species 500"
    assert set(np.array(explorer.colors(1))[targets.values == 500]) == {palette[1]}


def test_of_many_classes_those_with_a_colour_of_their_own_are_picked_and_keep_it(open_run):
    colors = {"species 30": "#dd0000", "species 7": "#00dd00"}
    explorer, targets = open_run(count=300, names=[f"species {number}" for number in range(40)], colors=colors)
    first = ["species 7", "species 30", "species 0"]
    assert chips(explorer)[:3] == first
    dots = np.array(explorer.colors(1))
    assert (set(dots[targets.values == 7]), set(dots[targets.values == 30])) == ({"#00dd00"}, {"#dd0000"})
    assert not set(dots[(targets.values != 7) & (targets.values != 30)]) & set(colors.values())
    # Its colour is its own: another class that takes its place has the palette's, and it has it back wherever it is.
    explorer.find("#legend .pair:nth-child(1) button:last-child").click()
    explorer.find("#find").send_keys("species 35", Keys.ENTER)
    explorer.find("#find").send_keys("species 7", Keys.ENTER)
    dots = np.array(explorer.colors(1))
    assert chips(explorer)[0] == "species 35" and set(dots[targets.values == 7]) == {"#00dd00"}
    assert "#00dd00" not in set(dots[targets.values == 35])


def test_on_a_phone_a_thousand_classes_stick_out_nowhere(browser, many):
    explorer, _ = many
    set_screen(browser, 390, 844, phone=True)
    assert explorer.script("return document.documentElement.scrollWidth") <= 390
    explorer.find("#find").send_keys("species 12")
    assert explorer.script("return document.getElementById('found').getBoundingClientRect().right") <= 390
    explorer.shoot("thousand-classes-phone")


def test_a_thousand_classes_are_fast_to_open_and_to_colour(many):
    explorer, _ = many
    took = explorer.script(
        "const start = performance.now(); const menu = document.getElementById('color');"
        "for (const color of ['prediction', 'cluster', 'right', 'label'])"
        " { menu.value = color; menu.onchange(); } return performance.now() - start"
    )
    assert took < 2000
    assert len(explorer.driver.find_elements(By.CSS_SELECTOR, "#legend button")) < 30


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (8, 300)])
def test_images_of_extreme_shape_can_be_seen(open_run, shape):
    images = np.random.default_rng(0).integers(0, 256, (60, 1, *shape)).astype(np.uint8)
    explorer, _ = open_run(arrays={"eval_images": images})
    explorer.script("explorer.hover([3])")
    size = explorer.find("#tip .image").size
    assert max(size.values()) > 5 * 10 and min(size.values()) >= 10
    explorer.shoot(f"flat-image-{shape[0]}x{shape[1]}")
