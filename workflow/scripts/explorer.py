"""Page to explore every layer's map over the training in a browser: one file, which needs no network."""

from bokeh.document import Document

from evolution.activations.cells import Cells
from evolution.explorer.page import page_html
from evolution.explorer.page_data import PageSettings, explorer_data
from evolution.explorer.plots import draw_curves, draw_maps
from evolution.io.job_log import job_log
from evolution.io.whole_files import whole_file


def explore(
    *,
    dataset: str,
    embeddings: Cells,
    clusters: Cells,
    predictions: list[str],
    metrics_table: str,
    times: list[int],
    layers: list[str],
    settings: PageSettings,
) -> str:
    """The page's HTML.

    Parameters
    ----------
    dataset, embeddings, clusters, predictions, metrics_table, times, layers
        See `page_data.explorer_data`.
    settings : PageSettings
    """
    data, curves = explorer_data(
        dataset=dataset,
        embeddings=embeddings,
        clusters=clusters,
        predictions=predictions,
        metrics_table=metrics_table,
        times=times,
        layers=layers,
        settings=settings,
    )
    document = Document()
    draw_maps(document, layers, len(data["samples"]))
    draw_curves(document, curves, data["network"], times, settings.time_axis)
    return page_html(document, data, settings)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        page = explore(
            dataset=snakemake.input.dataset,
            embeddings=Cells(snakemake.input.embeddings, snakemake.params.spans),
            clusters=Cells(snakemake.input.clusters, snakemake.params.spans),
            predictions=list(snakemake.input.predictions),
            metrics_table=snakemake.input.metrics,
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            settings=PageSettings(
                run=snakemake.wildcards.run,
                palette=snakemake.params.palette,
                colors=snakemake.params.colors,
                max_samples=snakemake.params.max_samples,
                aligned=snakemake.params.alignment == "previous",
                method=snakemake.params.method,
                unit=snakemake.params.unit,
                time_axis=snakemake.params.time_axis,
            ),
        )
        with whole_file(snakemake.output[0]) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
