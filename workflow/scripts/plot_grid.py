"""Figure of every layer's map at chosen times: layers from left to right, training from top to bottom."""

from matplotlib.figure import Figure

from evolution.activations.cells import Cells
from evolution.data.targets import load_targets
from evolution.embedding.methods import METHODS
from evolution.figures.dot_colors import color_maps
from evolution.figures.map_metrics import MAP_METRICS
from evolution.figures.sheets import bands_of, cell_side, draw_map, map_sheet, square_limits, title_cell
from evolution.figures.style import FigureStyle, save_figure, score, shared_look
from evolution.io.job_log import job_log
from evolution.measures.long_tables import cell_values, without_raw_inputs

NOTE = "Each dot is an evaluation sample, in the colour of {meaning}; {title} {of_layer}. {metric}{more}"

LETTER = 0.085  # inches, of a row's label with more than ten


def plot_grid(
    *,
    dataset: str,
    embeddings: Cells,
    metrics_table: str,
    clusters: Cells,
    times: list[int],
    layers: list[str],
    style: FigureStyle,
    method: str = "tsne",
) -> Figure:
    """Draw a grid of maps; the maps of a layer share their axes, so that movement shows.

    Parameters
    ----------
    dataset : path of dataset.npz
    embeddings : Cells
        Of layouts, float32 (N, 2).
    metrics_table : path of `tables/metrics.parquet`
    clusters : Cells
        Of k-means clusters, int16 (N,), of the last layer at the last snapshot, see `color_maps`.
    times : list of int
        A row each.
    layers : list of str
        A column each, in network order; very many go on below. The raw inputs, which have one time only, are left out.
    style : FigureStyle
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    targets = load_targets(dataset)
    layers = without_raw_inputs(layers)
    metric = MAP_METRICS[targets.target]
    values = cell_values(metrics_table, metric.name, [(time, layer) for time in times for layer in layers])
    colors = color_maps(targets, style, clusters, layers[-1])
    # On paper the labels stand upright.
    label_width = 0.2 if style.printed else 0.75 + LETTER * max(0, len(f"{style.unit} {max(times)}") - 10)
    bands, columns = bands_of(len(layers), style, label_width)
    more = colors.note + " Further layers stand below." * (bands > 1)
    with shared_look(colors.fonts):
        sheet = map_sheet(
            rows=len(times) * bands,
            columns=columns,
            bands=bands,
            cell=cell_side(layers, 2.1, metric.short),
            title=f"{METHODS[method].title} of each layer while the network trains",
            note=NOTE.format(
                meaning=colors.meaning,
                title=METHODS[method].title,
                of_layer=METHODS[method].of_layer,
                metric=metric.full_sentence,
                more=more,
            ),
            legend=colors.legend,
            scale=colors.scale,
            style=style,
            row_label_width=label_width,
        )
        # (bands * times, columns) to (layers, times)
        places = sheet.axes.reshape(bands, len(times), columns).swapaxes(1, 2).reshape(-1, len(times))
        for axes in places[len(layers) :].ravel():
            axes.remove()
        for layer, column in zip(layers, places):
            layouts = [embeddings.read_layout(layer, time, targets.count) for time in times]
            limits = square_limits(layouts)
            for axes, time, layout in zip(column, times, layouts):
                draw_map(axes, layout, colors.dots, limits)
                title_cell(axes, layer, layers, metric.short, score(values[time, layer]))
        for axes, time in zip(sheet.axes[:, 0], times * bands):
            if style.printed:
                label, offset, properties = f"{style.unit} {time}", -3, {"size": 7, "rotation": 90}
            else:
                label, offset, properties = f"{style.unit} {time}", -6, {"size": 9}
            axes.annotate(
                label, (0, 0.5), xytext=(offset, 0), xycoords="axes fraction", textcoords="offset points",
                ha="right", va="center", **properties,
            )  # fmt: skip
    return sheet.figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_grid(
            dataset=snakemake.input.dataset,
            embeddings=Cells(snakemake.input.embeddings, snakemake.params.spans),
            metrics_table=snakemake.input.metrics,
            clusters=Cells(snakemake.input.clusters, snakemake.params.cluster_spans),
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            method=snakemake.params.method,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                palette=snakemake.params.palette,
                colors=snakemake.params.colors,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
            ),
        )
        save_figure(figure, snakemake.output)
