"""The explorer page put together: template, style, code, Bokeh and data in one file."""

import json
from pathlib import Path
from string import Template

from bokeh.core.json_encoder import serialize_json
from bokeh.document import Document
from bokeh.resources import INLINE

from evolution.embedding.methods import METHODS
from evolution.explorer.page_data import PageSettings

FOLDER = Path(__file__).parent

CODE_PARTS = ("data", "maps", "controls")


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
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        bokeh="\n".join(INLINE.clone(components=["bokeh"]).js_raw[:1]),
        **{f"code_{part}": (FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in CODE_PARTS},
        data=embedded(json.dumps(data | {"roots": roots}, separators=(",", ":"))),
        document=embedded(serialize_json(document.to_json(deferred=False))),
    )
