rule about:
    input:
        code=code("about"),
    output:
        report(
            "results/{run}/about.html",
            caption="../report/about.rst",
            category="{run}",
            labels={"result": "settings and software"},
        ),
    log:
        "results/{run}/logs/about.log",
    benchmark:
        "results/{run}/benchmarks/about.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=200,
        runtime=5,
    params:
        # The whole config, as it is what the file holds.
        settings=run_settings,
        versions=software_versions(),
    message:
        "Noting settings and software of run {wildcards.run}."
    script:
        "../scripts/about.py"


rule write_report:
    input:
        expand("results/{run}/figures/{figure}", run=RUNS, figure=FIGURES),
        expand("results/{run}/{page}", run=RUNS, page=["explorer.html", "summary.csv", "about.html"]),
        COMPARISON,
        captions=report_files(),
        code=code("write_report"),
    output:
        "results/report.{kind}",
    log:
        "results/logs/report_{kind}.log",
    benchmark:
        "results/benchmarks/report_{kind}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(10),
    params:
        config=dict(config),
        # The very Snakemake that is at work, also where this job has an environment of its own.
        python=sys.executable,
        conda=DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method,
        snakefile=os.path.relpath(workflow.main_snakefile),
    message:
        "Writing the report as {wildcards.kind}."
    script:
        "../scripts/write_report.py"
