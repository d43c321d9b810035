"""A tokenizer.json with each of its parts replaced, one at a time."""

import json

# What every part of a tokenizer.json is replaced with, one at a time; "$delete" takes it out.
MUTATIONS = [
    "$delete",
    None,
    True,
    3,
    -1,
    0.5,
    1e300,
    2**32,
    "x",
    "__proto__",
    "constructor",
    "",
    [],
    {},
    [[]],
    [None],
    {"type": "x"},
]
MUTATED_TOKENS = 3


def paths(value, path=()):
    """The places of all parts of a value, of long lists and objects only the first and the last."""
    if path:
        yield list(path)
    children = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    if len(children) > 16:
        children = children[:MUTATED_TOKENS] + children[-MUTATED_TOKENS:]
    for key, child in children:
        yield from paths(child, (*path, key))


def mutate(value, path, mutation):
    changed = json.loads(json.dumps(value))
    owner = changed
    for key in path[:-1]:
        owner = owner[key]
    if mutation == "$delete":
        del owner[path[-1]]
    else:
        owner[path[-1]] = mutation
    return changed


def mutations(family):
    """A tokenizer.json with each of its parts replaced: the place, and the files for each of `MUTATIONS`."""
    stored = family.parts["tokenizer.json"][3]
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": family.names["pad_token"]}
    for path in paths(stored):
        changed = [mutate(stored, path, mutation) for mutation in MUTATIONS]
        yield path, [{"tokenizer.json": value, "tokenizer_config.json": config} for value in changed]
