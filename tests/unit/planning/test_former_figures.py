"""Figures that were drawn in another format are named, and nothing else."""

import subprocess

from evolution.planning.former_figures import former_figure_lines


def test_a_figure_of_a_format_that_is_not_asked_for_is_named(tmp_path):
    figures = tmp_path / "a run" / "figures"
    figures.mkdir(parents=True)
    for name in ("grid.png", "grid.pdf", "curves.png", "curves.pdf", "own.png", "animation.gif", "notes.svg.txt"):
        (figures / name).touch()
    drawn = [str(figures / "grid.pdf"), str(figures / "curves.pdf"), str(figures / "animation.gif")]
    (line,) = former_figure_lines(drawn, ["pdf"])
    assert line.startswith(
        f"{figures} also has figures of formats that plots.formats does not name (grid.png, curves.png)"
    )
    assert former_figure_lines(drawn, ["png", "pdf"]) == []
    # The command deletes what is named, and no more.
    subprocess.run(line.rpartition(": ")[2], shell=True, check=True)
    assert former_figure_lines(drawn, ["pdf"]) == []
    assert {path.name for path in figures.iterdir()} == {
        *("grid.pdf", "curves.pdf", "own.png", "animation.gif", "notes.svg.txt")
    }


def test_each_folder_has_a_line(tmp_path):
    drawn = []
    for run in ("a", "b.c"):
        folder = tmp_path / run
        folder.mkdir()
        for format in ("svg", "png"):
            (folder / f"grid.{format}").touch()
        drawn.append(str(folder / "grid.svg"))
    lines = former_figure_lines(drawn, ["svg"])
    assert [line.split(" also")[0] for line in lines] == [str(tmp_path / "a"), str(tmp_path / "b.c")]
