"""Random configs that are valid, for property tests."""

from hypothesis import strategies as st

from support.metrics_of_classes import MEASURES

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)
# Layers that every one of the models has.
LAYERS = ("fc1", "fc2")


def some(**keys):
    """A mapping that gives some of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


@st.composite
def training_settings(draw):
    """A run's own training settings; no GPU asked for where none is scheduled."""
    training = draw(
        some(
            batch_size=st.none() | st.integers(1, 5000),
            optimizer=st.sampled_from(["adamw", "sgd"]),
            learning_rate=st.floats(1e-9, 1e9) | st.integers(1, 10),
            weight_decay=st.floats(0, 1e3),
            device=st.sampled_from(["auto", "cpu"]),
            gpus=st.integers(0, 8),
            threads=st.integers(1, 64),
        )
    )
    return training


@st.composite
def configs(draw, most_epochs=300):
    """A config that is valid by the way it is made."""
    epochs = draw(st.integers(1, most_epochs))
    every = draw(st.integers(1, 60))
    also = draw(st.lists(st.integers(0, epochs), unique=True, max_size=5))
    snapshots = sorted({0, epochs, *also, *range(0, epochs, every)})
    eval_size = draw(st.integers(50, 500))
    datasets = some(
        name=st.sampled_from(["mnist_5k", "mnist", "fashion_mnist", "kmnist", "cifar10"]),
        train_size=st.integers(10, 4500),
    )
    model = st.sampled_from([{"name": "tiny_cnn"}, {"name": "small_cnn"}, {"name": "mlp"}, {}])
    seeds = draw(st.lists(st.integers(0, 2**32 - 1), max_size=3, unique=True))
    own_seed = {} if seeds else {"seed": st.integers(0, 2**32 - 1)}
    run = some(**own_seed, dataset=datasets, model=model, training=training_settings())
    runs = draw(st.dictionaries(names, st.none() | run, min_size=1, max_size=3))
    runs = {name.lower(): changes for name, changes in runs.items()}
    config = {
        "dataset": draw(datasets) | {"eval_size": eval_size},
        "model": draw(model),
        "layers": draw(st.lists(st.sampled_from(LAYERS), min_size=1, unique=True)),
        "training": draw(training_settings())
        | {"epochs": epochs, "epochs_per_job": draw(st.none() | st.integers(1, 400))},
        "snapshots": {"every": every, "also": also},
        "embedding": {
            "perplexity": draw(st.floats(1.1, eval_size / 3 - 0.1)),
            "pca_components": draw(st.integers(2, eval_size)),
        },
        "plots": {"grid_times": draw(st.none() | st.lists(st.sampled_from(snapshots), min_size=1, unique=True))},
        "seeds": seeds,
        "runs": runs,
    }
    more = draw(
        some(
            seed=st.integers(0, 2**32 - 1),
            snapshots_per_job=st.integers(1, 40),
            comparison=some(threshold=st.floats(0.01, 1), cka_time=st.none() | st.sampled_from(snapshots)),
            activations=some(compact=st.booleans(), raw_inputs=st.booleans()),
            metrics=some(
                clusters=st.integers(2, eval_size - 1),
                n_init=st.integers(1, 50),
                neighbors=st.integers(1, eval_size - 1),
                measures=st.lists(st.sampled_from(list(MEASURES)), unique=True),
                cka=st.booleans(),
            ),
        )
    )
    return config | more
