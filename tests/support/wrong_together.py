"""Configs whose keys do not go together, for tests: among themselves, in sweeps, with the data set or the model."""

# As in wrong_keys: what is written, the keys that the message must name, and the remedy that it must state.
WRONG_TOGETHER = {
    # Keys that do not go together
    "a snapshot past the end": ("snapshots: {also: [101]}", "snapshots.also: [101]", "training.epochs is 100"),
    "a grid epoch past the end": (
        "{training: {epochs: 4}, plots: {grid_times: [0, 6]}}",
        "plots.grid_times: 6",
        "training.epochs is 4",
    ),
    "a grid epoch without a snapshot": (
        "plots: {grid_times: [3]}",
        "plots.grid_times: 3",
        "add 3 to snapshots.also",
    ),
    "a grid epoch twice": ("plots: {grid_times: [2, 2]}", "plots.grid_times: [2, 2]", "must not name anything twice"),
    "perplexity a third of the images": (
        "{dataset: {eval_size: 90}, embedding: {perplexity: 30}}",
        "embedding.perplexity: 30",
        "must be below a third of it",
    ),
    "as many clusters as images": (
        "{dataset: {eval_size: 100}, metrics: {clusters: 100}}",
        "metrics.clusters: 100",
        "dataset.eval_size 100; must be below it",
    ),
    "as many neighbours as images": (
        "{dataset: {eval_size: 100}, metrics: {neighbors: 100}}",
        "metrics.neighbors: 100",
        "dataset.eval_size 100; must be below it",
    ),
    "more components than images": (
        "{dataset: {eval_size: 100}, embedding: {pca_components: 101}}",
        "embedding.pca_components: 101",
        "must be at most that",
    ),
    "more components than images by default": (
        "{dataset: {eval_size: 40}, embedding: {perplexity: 5}}",
        "embedding.pca_components: 50 (the default)",
        "dataset.eval_size 40",
    ),
    "a run with few images": (
        "{embedding: {perplexity: 20}, runs: {small: {dataset: {eval_size: 60}}}}",
        "embedding.perplexity: 20 is too large, run small",
        "must be below a third of it",
    ),
    "a GPU that is not asked for": (
        "training: {device: cuda, gpus: 0}",
        "training.gpus: 0",
        "set gpus to 1, or device to auto",
    ),
    "more jobs than can be planned": (
        "{training: {epochs: 100000}, snapshots: {every: 1}}",
        "training.epochs: 100000",
        "raise snapshots.every, snapshots_per_job or",
    ),
    "a run in the comparison's folder": ("runs: {Comparison: {}}", "runs.Comparison: is the folder", "choose another"),
    "a comparison at no snapshot": (
        "comparison: {cka_time: 3}",
        "comparison.cka_time: 3 has no snapshot",
        "the nearest is 2",
    ),
    # Sweeps
    "a seed below zero": ("seeds: [1, -1]", "seeds.1: -1", "must be at least 0"),
    "a seed of a run and seeds": ("{seeds: [1], runs: {a: {seed: 2}}}", "runs.a.seed: is set by seeds too", "keep one"),
    "two sweeps over seeds": ("{seeds: [1], grid: {seed: [2]}}", "grid.seed: and seeds both set seed", "keep one"),
    "a run's key in the grid": (
        "{grid: {training.learning_rate: [1.0]}, runs: {a: {training: {learning_rate: 0.1}}}}",
        "runs.a.training.learning_rate: is set by grid.training.learning_rate too",
        "keep one",
    ),
    "a run's argument in a mapping of the grid": (
        "{layers: [fc1], grid: {model: [{name: mlp}]}, runs: {a: {model: {name: mlp}}}}",
        "runs.a.model.name: is set by grid.model too",
        "keep one",
    ),
    "a key of the grid within another": (
        "{layers: [fc1], grid: {model: [{name: mlp}], model.name: [mlp]}}",
        "grid.model: and grid.model.name both set model.name",
        "keep one",
    ),
    "a grid of keys that are not dotted": (
        "grid: {training: {learning_rate: [1, 2]}}",
        "grid.training: {'learning_rate': [1, 2]}",
        "its keys are dotted: grid: {training.learning_rate: [...]}",
    ),
    "a grid without values": ("grid: {training.learning_rate: []}", "grid.training.learning_rate: []", "at least one"),
    "a grid of one value": ("grid: {training.learning_rate: 0.1}", "grid.training.learning_rate: 0.1", "write [0.1]"),
    "a key of the grid misspelt": (
        "grid: {training.learningrate: [0.1]}",
        "grid.training.learningrate: unknown key",
        "did you mean learning_rate?",
    ),
    "a key of the grid that all runs share": (
        "grid: {training.epochs: [3, 4]}",
        "grid.training.epochs: unknown key",
        "it holds for all runs, so set training.epochs outside of runs",
    ),
    "a key of the grid that is a number": ("grid: {3: [4]}", "grid: 3", "put it in quotes"),
    "a value of the grid out of range": (
        "grid: {training.learning_rate: [0.1, 0]}",
        "grid.training.learning_rate: 0 is not allowed",
        "must be greater than 0",
    ),
    "a value of the grid that is none of a choice": (
        "grid: {training.precision: [float32, bfloat]}",
        "grid.training.precision: 'bfloat'",
        "did you mean bfloat16?",
    ),
    "a mapping of the grid with a key misspelt": (
        "grid: {model: [{nmae: mlp}]}",
        "grid.model.nmae: unknown key",
        "did you mean name?",
    ),
    "an argument of the grid that the model lacks": (
        "grid: {model.kwargs.droput: [0.1, 0.2]}",
        "grid.model.kwargs.droput: unknown argument of small_cnn",
        "did you mean dropout?",
    ),
    "an argument of the grid out of range": (
        "grid: {model.kwargs.dropout: [0.1, 2]}",
        "grid.model.kwargs.dropout: 2",
        "a number from 0 to 1",
    ),
    "a model of the grid without a layer": (
        "{layers: [conv1], grid: {model.name: [small_cnn, mlp]}}",
        "layers: conv1 is not in mlp (grid.model.name)",
        "mlp has fc1, fc2, fc3",
    ),
    "images of the grid that are not there": (
        "{dataset: {name: digits, eval_size: 500}, grid: {dataset.train_size: [1000, 2000]}}",
        "grid.dataset.train_size: 2000 and dataset.eval_size: 500 are more than digits has",
        "174 per class",
    ),
    "a fault of a run that is swept": (
        "{seeds: [1, 2], runs: {a: {dataset: {train_size: 9}}}}",
        "runs.a.dataset.train_size: 9",
        "must be at least 10",
    ),
    "more runs than can be planned": (
        f"{{seeds: {list(range(200))}, grid: {{training.weight_decay: {list(range(100))}}}}}",
        "grid: makes 20000 runs",
        "give fewer values",
    ),
    "a skipped run that is none": ("{seeds: [1, 2], skip: [run-sed-2]}", "skip: run-sed-2", "did you mean run-seed-2?"),
    "all runs skipped": ("skip: [run]", "skip: run is the last run that is left", "at least one must stay"),
    # What the data set and the model allow
    "fewer images than classes": ("dataset: {train_size: 9}", "dataset.train_size: 9", "must be at least 10"),
    "more images than there are": (
        "dataset: {name: digits, train_size: 1000, eval_size: 900}",
        "dataset.train_size: 1000 and dataset.eval_size: 900",
        "174 per class, 1740 in all",
    ),
    "more test images than there are": (
        "dataset: {name: kmnist, eval_size: 10001}",
        "dataset.eval_size: 10001",
        "1000 per class, 10000 in all",
    ),
    "means for other channels": (
        "dataset: {normalize: {mean: [0.485, 0.456, 0.406], std: 0.2}}",
        "dataset.normalize.mean: [0.485, 0.456, 0.406] has 3 numbers, and the images of mnist_5k have 1 channel;",
        "give one number, or one for each channel",
    ),
    "deviations for other channels in a run": (
        "{dataset: {name: cifar10}, runs: {a: {dataset: {normalize: {mean: 0, std: [0.5, 0.5]}}}}}",
        "runs.a.dataset.normalize.std: [0.5, 0.5] has 2 numbers, and the images of cifar10 have 3 channels;",
        "give one number, or one for each channel",
    ),
    "means of the grid for other channels": (
        "grid: {dataset.normalize: [auto, {mean: [0.1, 0.2], std: 1}]}",
        "grid.dataset.normalize.mean: [0.1, 0.2] has 2 numbers",
        "give one number, or one for each channel",
    ),
    "a mean of the grid without a deviation": (
        "grid: {dataset.normalize.mean: [0.1]}",
        "grid.dataset.normalize: {'mean': 0.1} is not allowed",
        "must have mean and std",
    ),
    "a layer that the model lacks": ("layers: [conv1, fc9]", "layers: fc9", "did you mean fc2? small_cnn has conv1"),
    "a layer that a run's model lacks": (
        "{layers: [conv1], runs: {flat: {model: {name: mlp}}}}",
        "layers: conv1 is not in mlp (runs.flat.model.name)",
        "mlp has fc1, fc2, fc3",
    ),
    "a layer that runs often": ("layers: [fc1, pool]", "layers: pool runs more than once", "leave it out"),
    "a layer of one run that its model lacks": (
        "runs: {a: {layers: [fc1, fc9]}, b: {}}",
        "runs.a.layers: fc9 is not in small_cnn (model.name)",
        "did you mean fc2? small_cnn has conv1",
    ),
    "raw inputs as a layer of one run": (
        "runs: {a: {layers: [raw_inputs, fc1]}}",
        "runs.a.layers: raw_inputs",
        "leave it out",
    ),
    "a glob that finds nothing": (
        "layers: [fc1, 'conv?.1']",
        "layers: conv?.1 finds nothing in small_cnn",
        "has conv1",
    ),
    "a glob that finds what runs often": (
        "layers: ['poo?']",
        "layers: poo? only finds what cannot be followed, pool runs more than once",
        "leave it out. small_cnn has conv1",
    ),
    "a word for layers that is not auto": ("layers: all", "layers: 'all'", "write [all], or the word auto"),
    "a glob with a slash": ("layers: ['conv*/x']", "layers.0: 'conv*/x'", "with single dots between"),
    "weights that are not there": (
        "model: {weights: trained.pt}",
        "model.weights: 'trained.pt' is no file",
        "must be a file with weights (.pt, .safetensors, ...), or null",
    ),
    "weights of one run that are not there": (
        "runs: {a: {model: {weights: trained.pt}}}",
        "runs.a.model.weights: 'trained.pt' is no file",
        "or null",
    ),
    "weights that are a number": ("model: {weights: 3}", "model.weights: 3", "must be of type string or null"),
    "weights without a path": ("model: {weights: ''}", "model.weights: ''", "must not be empty"),
    "a model file that is not there": (
        "model: {name: 'nets/mine.py:Net'}",
        "model.name: there is no file nets/mine.py",
        "paths count from their config file's folder",
    ),
    "a model's module that is not there": (
        "model: {name: 'nets_of_mine.mine:Net'}",
        "model.name: there is no module nets_of_mine.mine",
        "on PYTHONPATH or in the folder that Snakemake runs in; install its package where Snakemake is, or name a file",
    ),
    "a model's config that is not there": (
        "model: {name: transformers, kwargs: {config: vit/config.json}}",
        "model.kwargs.config: 'vit/config.json' cannot be read (No such file or directory)",
        "must be a config.json",
    ),
    "a model file without a class": ("model: {name: mine.py}", "model.name: 'mine.py'", "FILE.py:CLASS"),
    "a model that is a number": ("model: {name: 3}", "model.name: 3", "allowed: small_cnn, "),
    "maps pooled in no known way": (
        "activations: {pooling: {maps: max}}",
        "activations.pooling.maps: 'max'",
        "allowed: flatten, mean",
    ),
    "tokens pooled in no known way": (
        "activations: {pooling: {tokens: clss}}",
        "activations.pooling.tokens: 'clss'",
        "did you mean cls?",
    ),
    "an argument misspelt": ("model: {kwargs: {droput: 0.5}}", "model.kwargs.droput", "did you mean dropout?"),
    "an argument that another model takes": (
        "{layers: [fc1], runs: {a: {model: {name: tiny_cnn, kwargs: {dropout: 0.1}}}}}",
        "runs.a.model.kwargs.dropout: unknown argument of tiny_cnn",
        "it takes no arguments",
    ),
    "an argument out of range": ("model: {kwargs: {dropout: 2}}", "model.kwargs.dropout: 2", "a number from 0 to 1"),
    "a file where a folder belongs": (
        "dataset: {root: config.yaml}",
        "dataset.root: 'config.yaml'",
        "must be a folder",
    ),
    "a path that is none": ('dataset: {root: "a\\0b"}', "dataset.root: 'a\\x00b'", "must be a folder's path"),
    "no path": ("dataset: {root: ''}", "dataset.root: ''", "must not be empty"),
}
