"""Markdown tables that also read well in a terminal."""

# Stands in a cell that has no value.
DASH = "\u2013"


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, padded so that it also reads well as plain text.

    Parameters
    ----------
    header : list of str
    rows : list of list of str
        Each as long as the header. The first column is aligned left, the others right.

    Returns
    -------
    str
        Without a line break at the end.
    """
    cells = [[cell.replace("|", r"\|") for cell in row] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = []
    for first, *others in cells:
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:]))]
        lines.append("| " + " | ".join(padded) + " |")
    rule = "| " + " | ".join(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])
