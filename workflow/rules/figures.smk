# Figures of each run: a rule for each entry of workflow/scripts/evolution/figures/registry.py.
from evolution.data.kinds import BASELINES, OTHER
from evolution.figures import registry

FORMATS = experiment["plots"]["formats"]
LAYERS_OF = {
    registry.Layers.FOLLOWED: FOLLOWED_LAYERS,
    registry.Layers.NETWORK: NETWORK_LAYERS,
    registry.Layers.LAST: {run: layers[-1:] for run, layers in NETWORK_LAYERS.items()},
}


@for_each_cell
def class_colors_of(wildcards):
    """The colours that `plots.colors` gives the run's classes."""
    return class_colors.run_colors(experiment["plots"]["colors"], FACTS[wildcards.run])


def times_of(run, wanted):
    """The times of a run that a figure shows."""
    if wanted is registry.Times.LAST:
        return TIMES[run].times[-1:]
    return grid_times(run) if wanted is registry.Times.GRID else TIMES[run].times


def spans_with(run, wanted):
    """The snapshot spans that hold a figure's times, each with all of its times: where a cell lies in the files."""
    return {
        span: run_spans(run)[span] for span in dict.fromkeys(TIMES[run].span_of[time] for time in times_of(run, wanted))
    }


def files_of(wanted):
    """An input function: the files that the registry's `Files` stand for."""

    def files(wildcards):
        found = [
            wanted.pattern.format(span=span, layer=layer)
            for span in spans_with(wildcards.run, wanted.times)
            for layer in LAYERS_OF[wanted.layers][wildcards.run]
            if span in spans_of(wildcards.run, layer)
        ]
        # A pattern without {layer} is the same file for all layers of a span.
        return [f"<results>/{wildcards.run}/{path}" for path in dict.fromkeys(found)]

    return files


def figure_inputs(figure):
    """What a run's figure is drawn from, by the input's name."""
    return {
        name: files_of(wanted) if isinstance(wanted, registry.Files) else file_of(wanted)
        for name, wanted in figure.inputs.items()
    }


def file_of(path):
    """A path in a run's folder; {first_span} stands for the span of the first snapshot."""

    def file(wildcards):
        return f"<results>/{wildcards.run}/{path.format(first_span=first_span(wildcards.run))}"

    return file if "{first_span}" in path else f"<results>/{{run}}/{path}"


def figure_outputs(figure, folder="<results>/{run}", caption="../report/{name}.rst", category="{run}"):
    """A figure's files by their format. A film goes into the report in each format, other figures in the first."""
    labels = figure.film or {FORMATS[0]: figure.label}
    outputs = {format: f"{folder}/figures/{figure.name}.{format}" for format in figure.film or FORMATS}
    for format, label in labels.items():
        outputs[format] = report(
            outputs[format],
            caption=caption.format(name=figure.name),
            category=category,
            labels={"result": label},
        )
    return outputs


def figure_param(wanted):
    """The value of one of a figure's params, see the registry."""
    if isinstance(wanted, registry.Times):
        return lambda wildcards: times_of(wildcards.run, wanted)
    if isinstance(wanted, registry.Spans):
        return lambda wildcards: spans_with(wildcards.run, wanted.times)
    if wanted is registry.Unit.OF_RUN:
        return run_unit
    if wanted is registry.Colors.OF_RUN:
        return class_colors_of
    if wanted is registry.Baseline.OF_RUN:
        return lambda wildcards: BASELINES[FACTS[wildcards.run].kind]
    if wanted is registry.Layers.LAST:
        return lambda wildcards: network_layers(wildcards)[-1]
    if isinstance(wanted, registry.Layers):
        return lambda wildcards: LAYERS_OF[wanted][wildcards.run]
    return registry.config_value(experiment, wanted)


def figure_script(names):
    """The script of a rule that is made in a loop.

    Snakemake asks twice: when it makes the rule, where `figure` is the loop's, and when a job runs, where `figure` is
    the last one of the loop and the job's params say which script it is.
    """
    script_name = getattr(names["params"], "script_name", None)
    # Where a rule is made, `params` is Snakemake's stand-in for them.
    return f"../scripts/{script_name if isinstance(script_name, str) else names['figure'].rule}.py"


for figure in registry.FIGURES:

    rule:
        name:
            figure.rule
        input:
            **figure_inputs(figure),
            ending=ending,
            code=code(figure.rule),
        output:
            **figure_outputs(figure),
        log:
            f"<results>/{{run}}/logs/{figure.rule}.log",
        priority: figure.priority
        conda:
            "../../envs/plots.yaml"
        resources:
            **resources_of(memory=figure.memory, minutes=figure.minutes),
        params:
            **{name: figure_param(wanted) for name, wanted in figure.params.items()},
            # For figure_script, and for the captions.
            script_name=figure.rule,
            target=lambda wildcards: FACTS[wildcards.run].target,
        message:
            figure.message
        script:
            figure_script(locals())


def has_figure(run, figure):
    """Whether a figure of a run is asked for, and the run has what it shows."""
    has_predictions = PLANNED[run].has_predictions or not figure.of_predictions
    has_raw_inputs = RAW_INPUTS in FOLLOWED_LAYERS[run] or not figure.of_raw_inputs
    has_history = not figure.of_history or may_have_history(run)
    return (
        has_predictions and has_raw_inputs and has_history and registry.is_drawn(figure, experiment, FACTS[run].target)
    )


# The figures of each run.
FIGURE_FILES = [
    f"<results>/{run}/figures/{figure.name}.{format}"
    for run in RUNS
    for figure in registry.FIGURES
    if has_figure(run, figure)
    for format in figure.film or FORMATS
]
