"""Markdown tables."""

from evolution.io.markdown import DASH, markdown_table


def test_a_table_is_padded_and_aligned():
    rows = [["conv1", "0.5", DASH], ["a|b", "12.25", "1"]]
    assert markdown_table(["layer", "x", "longer"], rows) == "\n".join(
        [
            "| layer |     x | longer |",
            "| ----- | ----: | -----: |",
            "| conv1 |   0.5 |      – |",  # noqa: RUF001
            r"| a\|b  | 12.25 |      1 |",
        ]
    )


def test_a_table_without_rows():
    assert markdown_table(["a", "bb"], []) == "| a | bb |\n| - | -: |"
