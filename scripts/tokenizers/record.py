"""Records the ids that transformers' AutoTokenizer gives for combinations of tokenizer files.

    pip install transformers==5.24.0
    python scripts/tokenizers/record.py tests/fixtures/tokenizer-files/combinations.json

Tiny vocabularies of CLIP, BERT and RoBERTa are written in every combination of files (each there or not, with values
that agree or conflict), and one change at a time beside that: special tokens in every form, the flags of added tokens,
other classes, wrong types. The fixture holds the parts that the files are made of, the texts, and what came out: ids
padded and cut to 77 by the pad token's id, or the kind of error. tests/text/file-combinations.test.ts builds the same
folders and compares.
"""

import itertools
import json
import os
import sys

import tokenizers
import transformers
from families import bert, clip, roberta
from mutations import MUTATIONS, mutations
from recorder import TEXTS, Recorder
from variations import variations

transformers.logging.set_verbosity_error()

PART_NAMES = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocabulary",
    "config.json",
]


def combinations(parts):
    """Every combination of files: which of its contents each has, and the files."""
    ranges = [range(len(parts[name])) for name in PART_NAMES]
    for choice in itertools.product(*ranges):
        # `config.json` matters where no class is named
        if choice[5] == 1 or choice[1] == 0:
            files = {part: parts[part][index] for part, index in zip(PART_NAMES, choice)}
            files.update(files.pop("vocabulary") or {})
            yield "".join(map(str, choice)), files


def delta(value, base):
    """What a file has beyond the one that it stands in for, where that is all the difference."""
    if not isinstance(value, dict) or not isinstance(base, dict) or any(key not in value for key in base):
        return value
    return {"$more": {key: item for key, item in value.items() if key not in base or base[key] != item}}


def record(recorder, family):
    """A family's parts, and the numbers of the outcomes of all that is made of them."""
    base = {"tokenizer_config.json": family.config, **family.files}
    stored = json.dumps(family.parts["tokenizer.json"][1])

    def compact(change):
        return {k: "$stored" if json.dumps(v) == stored else delta(v, base.get(k)) for k, v in change.items()}

    return {
        "parts": family.parts,
        "config": family.config,
        "combinations": [[choice, recorder.outcome(files, family)] for choice, files in combinations(family.parts)],
        "variations": [
            [title, compact(change), recorder.outcome({**base, **change}, family)]
            for title, change in variations(family)
        ],
        "mutations": [[path, [recorder.outcome(files, family) for files in each]] for path, each in mutations(family)],
    }


def main(output):
    recorder = Recorder()
    families = {family.name: record(recorder, family) for family in [clip(), bert(), roberta()]}
    whole = {
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
        "texts": TEXTS,
        "mutations": MUTATIONS,
        "partNames": PART_NAMES,
        "sequences": list(recorder.sequences),
        "outcomes": [json.loads(x) for x in recorder.outcomes],
        "families": families,
    }
    with open(output, "w", encoding="utf-8") as handle:
        handle.write(json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n")
    counts = {name: [len(f[x]) for x in ("combinations", "variations", "mutations")] for name, f in families.items()}
    outcomes, sequences = len(recorder.outcomes), len(recorder.sequences)
    print(counts, outcomes, "outcomes", sequences, "sequences", os.path.getsize(output), "bytes")


main(sys.argv[1])
