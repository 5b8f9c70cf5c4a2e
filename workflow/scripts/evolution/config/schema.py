"""A config against its schema: defaults filled in, and each fault as a line that says what is allowed."""

import copy
import difflib
import math
import reprlib

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

# JSON Schema takes 100.0 for an integer, which range() does not, and NaN for a number.
Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda checker, value: type(value) is int,
            "number": lambda checker, value: type(value) in (int, float) and math.isfinite(value),
        }
    ),
)

# What JSON calls otherwise than YAML.
TYPE_WORDS = {"object": "mapping", "array": "list"}

shown = reprlib.Repr()

shown.maxstring = shown.maxother = 80

shown.maxlist = shown.maxdict = 8

KeyPath = tuple[str | int, ...]


def dotted(path: KeyPath) -> str:
    """A key's path as it is written in messages."""
    return ".".join(map(str, path))


def definition(schema: dict, root: dict) -> dict:
    """The schema with its $ref followed; what stands beside the $ref, such as a default, is kept."""
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


def without(value: object, removed: set[KeyPath], path: KeyPath = ()) -> object:
    """A copy of the value that lacks what lies at the removed paths."""
    if isinstance(value, dict):
        return {key: without(part, removed, (*path, key)) for key, part in value.items() if (*path, key) not in removed}
    if isinstance(value, list):
        return [
            without(part, removed, (*path, place)) for place, part in enumerate(value) if (*path, place) not in removed
        ]
    return value


def schema_faults(config: dict, schema: dict) -> tuple[dict[str, None], set[KeyPath]]:
    """Hold a config against the schema.

    Returns
    -------
    faults : dict
        Its keys are the faults, a line each, in the config's order and none twice.
    paths : set of paths
        Where they lie: with these taken out, the config fits the schema.
    """
    faults: dict[str, None] = {}
    paths: set[KeyPath] = set()
    for error in Validator(schema).iter_errors(config):
        for path, line in _explain(error, schema):
            faults[line] = None
            paths.add(path)
    return dict.fromkeys(sorted(faults)), paths


def _explain(error, schema: dict) -> list[tuple[KeyPath, str]]:
    """The paths of one error, each with a line: the key's path, what was given, what is allowed."""
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        return [((*path, key), _unknown_key(path, key, known, schema)) for key in error.instance if key not in known]
    where, given, allowed = dotted(path) or "config", shown.repr(error.instance), _allowed(error)
    line = f"{where}: {given} is not allowed; {allowed}"
    if "propertyNames" in error.absolute_schema_path:
        return [((*path, error.instance), line)]
    if error.validator == "uniqueItems":
        twice = [place for place, item in enumerate(error.instance) if item in error.instance[:place]]
        return [((*path, place), line) for place in twice] or [(path, line)]
    return [(path, line)]


def _unknown_key(path: KeyPath, key: object, known: dict, schema: dict) -> str:
    where, name = dotted((*path, key)), str(key)
    near = difflib.get_close_matches(name, known, n=1)
    if "." in name and name.split(".")[0] in known:
        nested = name.replace(".", ": {") + ": ..." + "}" * name.count(".")
        hint = f"a key within a key is written as {nested}; "
    elif near:
        hint = f"did you mean {near[0]}? "
    elif path[:1] == ("runs",) and name in _part(schema, path[2:]):
        hint = f"it holds for all runs, so set {dotted((*path[2:], key))} outside of runs. "
    else:
        hint = ""
    return f"{where}: unknown key; {hint}known here: {', '.join(known)}"


def _part(schema: dict, path: KeyPath) -> dict:
    """The keys that the schema has at a path."""
    part = schema
    for step in path:
        part = definition(part.get("properties", {}).get(step, {}), schema)
    return part.get("properties", {})


def _allowed(error) -> str:
    value, instance = error.validator_value, error.instance
    if error.validator == "anyOf":
        # One of a list of names, or a text of a form that is described.
        names = [name for part in value for name in part.get("enum", ())]
        near = difflib.get_close_matches(str(instance), names, n=1)
        forms = [part["description"] for part in value if "description" in part]
        return f"allowed: {', '.join(names)}, {', '.join(forms)}" + (f"; did you mean {near[0]}?" if near else "")
    if error.validator == "enum":
        near = difflib.get_close_matches(str(instance), [str(name) for name in value], n=1)
        return "allowed: " + ", ".join(map(str, value)) + (f"; did you mean {near[0]}?" if near else "")
    if error.validator == "type":
        remedy = _type_remedy(instance, value)
        if tuple(error.absolute_path)[:1] == ("grid",) and isinstance(instance, dict) and instance:
            remedy = (
                f"; its keys are dotted: grid: {{{dotted((*error.absolute_path, next(iter(instance))))[5:]}: [...]}}"
            )
        return "must be of type " + _type_names(value) + remedy
    return {
        "minimum": lambda: f"must be at least {value}",
        "maximum": lambda: f"must be at most {value}",
        "exclusiveMinimum": lambda: f"must be greater than {value}",
        "minItems": lambda: "must have at least one entry",
        "minProperties": lambda: "must have at least one entry",
        "minLength": lambda: "must not be empty",
        "maxLength": lambda: f"must have at most {value} characters",
        "const": lambda: f"must be of type list; write [{instance}], or the word {value}",
        "uniqueItems": lambda: "must not name anything twice",
        "pattern": lambda: "must be made of letters, digits and _, with single dots between (runs also take -)",
    }.get(error.validator, lambda: error.message)()


def _type_names(types: str | list[str]) -> str:
    types = [types] if isinstance(types, str) else types
    return " or ".join(TYPE_WORDS.get(name, name) for name in types)


def _type_remedy(instance: object, types: str | list[str]) -> str:
    """What to write instead, where it is plain what was meant."""
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
    if types == ["string"] and not isinstance(instance, (dict, list)):
        return "; put it in quotes"
    if "array" in types and not isinstance(instance, dict):
        return f"; write [{instance}]"
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
