"""The explorer page put together: template, style, code, Bokeh and data in one file."""

import json
from pathlib import Path
from string import Template

from bokeh.core.json_encoder import serialize_json
from bokeh.document import Document
from bokeh.resources import INLINE

from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.embedding.methods import METHODS
from evolution.explorer.columns import MOST_CATEGORIES
from evolution.explorer.page_data import PageSettings

FOLDER = Path(__file__).parent

CODE_PARTS = ("data", "columns", "samples", "maps", "controls")

# What the scores and colours of the page mean, for each kind of target.
SCORE_HELP = {
    CLASSES: (
        "ARI: adjusted Rand index, agreement of the layer's k-means clusters with the classes; 1 is perfect, 0 is "
        "chance. NMI: normalized mutual information of the two; 1 is most."
    ),
    NUMBER: (
        "k-NN R²: how well the mean of a sample's nearest neighbours in the layer tells its number; 1 is perfect, 0 is "
        "no better than the mean of all samples."
    ),
    LABELS: (
        "k-NN AP: average precision at which a sample's nearest neighbours in the layer tell whether it has a label, a "
        "mean over the labels; 1 is perfect, chance is the share of samples that have the label."
    ),
    NONE: (
        "Silhouette: how much nearer samples are to their own k-means cluster than to the next one, from -1 to 1; 1 is "
        "best."
    ),
}
MATCHED_HELP = "A cluster has the colour of the class that it matches best."
FOLLOWED_HELP = "A cluster keeps its colour over time and from layer to layer as far as its samples stay together."
SCALE_HELP = "≤ and ≥ at the ends of a scale of colours: some values lie beyond it."
MANY_HELP = (
    f"With more than {MOST_CATEGORIES} classes or values, the largest have a colour and the others are grey: find one "
    "by its name to give it a colour."
)


def color_help(data: dict[str, object]) -> str:
    """What a reader must know of the colours that this page has."""
    columns = data["attributes"]
    texts = [MATCHED_HELP if data["target"] == CLASSES else FOLLOWED_HELP]
    if data["target"] == NUMBER or any("scale" in column for column in columns):
        texts.append(SCALE_HELP)
    names = [data["names"]] if data["target"] in (CLASSES, NONE) else []
    if any(len(each) > MOST_CATEGORIES for each in [*names, *(column.get("names", ()) for column in columns)]):
        texts.append(MANY_HELP)
    return " ".join(texts)


def page_html(document: Document, data: dict[str, object], settings: PageSettings) -> str:
    """The whole page: template, style, code, Bokeh, its figures and the data.

    Parameters
    ----------
    document : Document
        With the figures of `plots`.
    data : dict
        See `page_data.explorer_data`.
    settings : PageSettings
    """

    def embedded(json_text: str) -> str:
        # JSON has < in its strings only. In a script element "</" would end the element, and "<!--" with "<script"
        # would keep it from ending.
        return json_text.replace("<", r"\u003c")

    method = METHODS[settings.method]
    roots = {plot.name: plot.id for plot in document.roots}
    return Template((FOLDER / "page.html").read_text(encoding="utf-8")).substitute(
        run=settings.run,
        unit=settings.unit,
        unit_title=settings.unit.capitalize(),
        method=method.title,
        of_layer=method.of_layer,
        caution=method.caution,
        scores=SCORE_HELP[data["target"]],
        colors=color_help(data),
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        bokeh="\n".join(INLINE.clone(components=["bokeh"]).js_raw[:1]),
        **{f"code_{part}": (FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in CODE_PARTS},
        data=embedded(json.dumps(data | {"roots": roots}, separators=(",", ":"))),
        document=embedded(serialize_json(document.to_json(deferred=False))),
    )
