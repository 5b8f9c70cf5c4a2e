"""The explorer page put together: template, style, code, Bokeh and data in one file."""

import json
from pathlib import Path
from string import Template

from bokeh.core.json_encoder import serialize_json
from bokeh.document import Document
from bokeh.resources import INLINE

from evolution.embedding.methods import Method
from evolution.io.whole_files import whole_file

CODE_PARTS = ("data", "maps", "controls")


def write_page(page: Path, output: str, run: str, document: Document, data: dict, method: Method) -> None:
    """Put template, style, code, Bokeh and data into one file."""

    def embedded(value) -> str:
        # JSON has < in its strings only. In a script element "</" would end it, and "<!--" with "<script" never.
        return value.replace("<", r"\u003c")

    roots = {plot.name: plot.id for plot in document.roots}
    text = Template((page / "page.html").read_text(encoding="utf-8")).substitute(
        run=run,
        method=method.title,
        of_layer=method.of_layer,
        caution=method.caution,
        style=(page / "page.css").read_text(encoding="utf-8"),
        bokeh="\n".join(INLINE.clone(components=["bokeh"]).js_raw[:1]),
        **{f"code_{part}": (page / f"{part}.js").read_text(encoding="utf-8") for part in CODE_PARTS},
        data=embedded(json.dumps(data | {"roots": roots}, separators=(",", ":"))),
        document=embedded(serialize_json(document.to_json(deferred=False))),
    )
    with whole_file(output) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
