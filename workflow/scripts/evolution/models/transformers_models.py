"""Models of Hugging Face's transformers, built from the content of a config.json, without any network access."""

import os
import sys
from importlib.util import find_spec

from torch import nn

from evolution.errors import ModelError, first_line
from evolution.models.config_file import read_model_config

# Entries of a config.json that say how the weights are stored or computed, and not what the model is.
NOT_THE_MODEL = ("dtype", "torch_dtype", "attn_implementation", "_attn_implementation")


def build_transformers(kwargs: dict, *, classes: int | None) -> nn.Module:
    """Build a classifier with random weights, float32.

    Parameters
    ----------
    kwargs : dict
        `model.kwargs` of the config: `config` alone, the content of a config.json or its path. The model is its first
        architecture; without one, the model type's classifier of images, or else of sequences.
    classes : int or None
        The outputs that the data ask for; None where they ask for none.

    Raises
    ------
    ModelError
        If the package is not installed, the config is missing or not that of a model, or it has another number of
        classes.
    """
    if find_spec("transformers") is None:
        raise ModelError(
            f"transformers needs the package transformers, which is not installed; install it with `{sys.executable} "
            "-m pip install -r requirements-extras.txt` (with --sdm conda, add it to envs/torch.yaml)",
            "model.name",
        )
    # Nothing is looked up on the network, whatever a config names.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import transformers

    content = kwargs.get("config")
    if kwargs.keys() != {"config"} or not isinstance(content, (dict, str)):
        raise ModelError(
            f"{kwargs} is not allowed; must be config alone, the path of a config.json or what it holds: "
            "{config: path/to/config.json}",
            "model.kwargs",
        )
    if isinstance(content, str):
        content = read_model_config(content)
    kind = content.get("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        raise ModelError(
            f"config has the model_type {kind!r}, which transformers {transformers.__version__} does not have",
            "model.kwargs",
        )
    content = {key: value for key, value in content.items() if key not in NOT_THE_MODEL}
    try:
        # As in matrices and a softmax: other implementations of attention round differently from one machine and batch
        # to the next, and some are not deterministic on a GPU.
        config = transformers.CONFIG_MAPPING[kind].from_dict(content, attn_implementation="eager")
        architecture = _architecture(config, content.get("architectures") or [])
        model = architecture(config)
    except ModelError:
        raise
    except Exception as error:  # The package raises anything.
        raise ModelError(
            f"config does not make a model: {type(error).__name__}: {first_line(error)}", "model.kwargs"
        ) from error
    if classes not in (None, config.num_labels):
        raise ModelError(
            f"config has {config.num_labels} labels (num_labels, or the entries of id2label), and the data ask "
            f"for {classes} outputs; they must be as many",
            "model.kwargs",
        )
    return model


def _architecture(config, names: list[str]) -> type[nn.Module]:
    """The class of a config's model."""
    import transformers

    if not names:
        for mapping in (
            transformers.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING,
            transformers.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
        ):
            if type(config) in mapping:
                found = mapping[type(config)]
                return found[0] if isinstance(found, tuple) else found
        raise ModelError(
            f"config has no architectures, and transformers has no classifier for the model_type {config.model_type}",
            "model.kwargs",
        )
    found = getattr(transformers, names[0], None)
    if not (isinstance(found, type) and issubclass(found, transformers.PreTrainedModel)):
        raise ModelError(
            f"config has the architecture {names[0]}, which is no model of transformers {transformers.__version__}; "
            "for a class of your own give model.name its file: path/to/file.py:Class",
            "model.kwargs",
        )
    return found


def is_transformers(model: nn.Module) -> bool:
    """Whether a model is one of the transformers package, or of a class derived from one."""
    return any(kind.__module__ == "transformers.modeling_utils" for kind in type(model).__mro__)


def named_by_library(model: nn.Module, tensors: dict[str, object]) -> dict[str, object]:
    """Weights under the names that this version of transformers has, as it stores some under others.

    Parameters
    ----------
    model : Module
        One of transformers, see `is_transformers`.
    tensors : dict of str to Tensor
        As a checkpoint has them.

    Returns
    -------
    dict of str to Tensor
        Without those that the checkpoint lacks; with those that the model does not know.
    """
    loaded, found = type(model).from_pretrained(
        None, config=model.config, state_dict=dict(tensors), output_loading_info=True, ignore_mismatched_sizes=True
    )
    missing = {*found["missing_keys"], *(entry[0] for entry in found["mismatched_keys"])}
    named = {name: value for name, value in loaded.state_dict().items() if name not in missing}
    return named | {name: tensors[name] for name in found["unexpected_keys"] if name in tensors}
