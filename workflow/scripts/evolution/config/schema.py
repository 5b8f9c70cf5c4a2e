"""The config's schema: fills in the defaults, and says of each value that does not fit what is allowed."""

import copy
import difflib
import math
import reprlib
from collections.abc import Set
from dataclasses import dataclass

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

# JSON Schema accepts 100.0 as an integer, which range() refuses, and NaN as a number.
Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda checker, value: type(value) is int,
            "number": lambda checker, value: type(value) in (int, float) and math.isfinite(value),
        }
    ),
)

# JSON's words for types that YAML calls otherwise.
TYPE_WORDS = {"object": "mapping", "array": "list"}

# What a text with a pattern is, where the schema does not describe it.
NAMES = "made of letters, digits and _, with single dots between (runs also take -)"

# Cuts long values short in messages.
value_repr = reprlib.Repr()
value_repr.maxstring = value_repr.maxother = 80
value_repr.maxlist = value_repr.maxdict = 8

# A key of the config with the keys that it lies in, outermost first; an integer is an index of a list.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """Something in a config that the schema does not allow.

    Attributes
    ----------
    key : KeyPath
        The key that the message names.
    problem : str
        What was given and what is allowed.
    culprits : tuple of KeyPath
        What to leave out of the config so that the rest fits the schema.
    """

    key: KeyPath
    problem: str
    culprits: tuple[KeyPath, ...]

    def __str__(self) -> str:
        return f"{dotted(self.key) or 'config'}: {self.problem}"


def dotted(key: KeyPath) -> str:
    """A key as messages write it."""
    return ".".join(map(str, key))


def definition(schema: dict, root: dict) -> dict:
    """The schema with its $ref followed; what stands next to the $ref, such as a default, is kept."""
    if "$ref" not in schema:
        return schema
    target = root
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**definition(target, root), **{key: value for key, value in schema.items() if key != "$ref"}}


def with_defaults(value: object, schema: dict, root: dict) -> object:
    """A copy of the value in which every key of the schema is present."""
    schema = definition(schema, root)
    if not isinstance(value, dict) or "properties" not in schema:
        return copy.deepcopy(value)
    filled = {}
    for key, part in schema["properties"].items():
        default = definition(part, root).get("default")
        filled[key] = with_defaults(value.get(key, default), part, root)
    return filled


def without(value: object, removed: Set[KeyPath], key: KeyPath = ()) -> object:
    """A copy of the value, which lies at `key`, without what lies at the removed keys."""
    if isinstance(value, dict):
        return {
            name: without(part, removed, (*key, name)) for name, part in value.items() if (*key, name) not in removed
        }
    if isinstance(value, list):
        return [
            without(item, removed, (*key, index)) for index, item in enumerate(value) if (*key, index) not in removed
        ]
    return value


def schema_faults(config: dict, schema: dict) -> list[Fault]:
    """Everything in a config that the schema does not allow, sorted by message."""
    faults = [fault for error in Validator(schema).iter_errors(config) for fault in _explain(error, schema)]
    return sorted(faults, key=str)


def _explain(error, schema: dict) -> list[Fault]:
    """One of jsonschema's errors as faults: a mapping with several unknown keys has one of each."""
    key = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [(*key, name) for name in error.instance if name not in known]
        return [Fault(path, _unknown_key(path, known, schema), (path,)) for path in unknown]
    problem, culprits = f"{value_repr.repr(error.instance)} is not allowed; {_allowed(error)}", (key,)
    if "propertyNames" in error.absolute_schema_path:
        culprits = ((*key, error.instance),)
    elif error.validator == "uniqueItems":
        items = error.instance
        culprits = tuple((*key, index) for index, item in enumerate(items) if item in items[:index]) or culprits
    return [Fault(key, problem, culprits)]


def _unknown_key(key: KeyPath, known: dict, schema: dict) -> str:
    """What is said of a key that the schema does not have, with what was probably meant."""
    parents, name = key[:-1], str(key[-1])
    near = difflib.get_close_matches(name, known, n=1)
    if "." in name and name.split(".")[0] in known:
        nested = name.replace(".", ": {") + ": ..." + "}" * name.count(".")
        hint = f"a key within a key is written as {nested}; "
    elif near:
        hint = f"did you mean {near[0]}? "
    elif parents[:1] == ("runs",) and name in _part(schema, parents[2:]):
        hint = f"it holds for all runs, so set {dotted((*parents[2:], name))} outside of runs. "
    else:
        hint = ""
    return f"unknown key; {hint}known here: {', '.join(known)}"


def _part(schema: dict, key: KeyPath) -> dict:
    """The keys that the schema has within a key."""
    part = schema
    for name in key:
        part = definition(part.get("properties", {}).get(name, {}), schema)
    return part.get("properties", {})


def _allowed(error) -> str:
    """What may stand where one of jsonschema's errors is."""
    value, instance = error.validator_value, error.instance
    if error.validator == "anyOf":
        # One of a list of names, or text in one of several described forms.
        names = [name for part in value for name in part.get("enum", ())]
        near = difflib.get_close_matches(str(instance), names, n=1)
        forms = [part["description"] for part in value if "description" in part]
        return f"allowed: {', '.join(names)}, {', '.join(forms)}" + (f"; did you mean {near[0]}?" if near else "")
    if error.validator == "enum":
        near = difflib.get_close_matches(str(instance), [str(name) for name in value], n=1)
        if "cuda" in value and str(instance).startswith(("gpu", "GPU", "cuda", "CUDA")):
            # It is as near to cpu in letters.
            near = ["cuda"]
        # Instead of a word there may be a mapping, which the description shows.
        forms = [error.schema["description"]] if "description" in error.schema else []
        return "allowed: " + ", ".join([*map(str, value), *forms]) + (f"; did you mean {near[0]}?" if near else "")
    if error.validator == "type":
        remedy, key = _type_remedy(instance, value), tuple(error.absolute_path)
        if key[:1] == ("grid",) and isinstance(instance, dict) and instance:
            remedy = f"; its keys are dotted: grid: {{{dotted((*key[1:], next(iter(instance))))}: [...]}}"
        return "must be of type " + _type_names(value) + remedy
    return {
        "minimum": lambda: f"must be at least {value}",
        "maximum": lambda: f"must be at most {value}",
        "exclusiveMinimum": lambda: f"must be greater than {value}",
        "exclusiveMaximum": lambda: f"must be less than {value}",
        "minItems": lambda: f"must have at least {'one entry' if value == 1 else f'{value} entries'}",
        "required": lambda: f"must have {' and '.join(value)}",
        "minProperties": lambda: "must have at least one entry",
        "minLength": lambda: "must not be empty",
        "maxLength": lambda: f"must have at most {value} characters",
        "const": lambda: f"must be of type list; write [{instance}], or the word {value}",
        "uniqueItems": lambda: "must not name anything twice",
        "pattern": lambda: f"must be {error.schema.get('description', NAMES)}",
    }.get(error.validator, lambda: error.message)()


def _type_names(types: str | list[str]) -> str:
    """The schema's types in YAML's words."""
    types = [types] if isinstance(types, str) else types
    return " or ".join(TYPE_WORDS.get(name, name) for name in types)


def _type_remedy(instance: object, types: str | list[str]) -> str:
    """What to write instead, where it is clear what was meant."""
    types = [types] if isinstance(types, str) else types
    if instance is None:
        return "; give it a value, or leave the key out for its default"
    if isinstance(instance, float) and not math.isfinite(instance):
        return ", and finite"
    if isinstance(instance, str) and "string" not in types:
        checker = Validator.TYPE_CHECKER
        try:
            unquoted = yaml.safe_load(instance)
        except yaml.YAMLError:
            unquoted = instance
        if any(checker.is_type(unquoted, name) for name in types):
            return "; write it without quotes"
        if "number" in types and _is_number(instance):
            return "; YAML reads it as text: write a point and a sign, as in 1.0e-3 or 1.0e+3"
    if set(types) - {"null"} == {"string"} and not isinstance(instance, (dict, list)):
        return "; put it in quotes"
    if "array" in types and not isinstance(instance, dict):
        return f"; write [{instance}]"
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
