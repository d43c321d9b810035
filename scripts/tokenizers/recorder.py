"""Records what AutoTokenizer makes of tokenizer files."""

import itertools
import json
import os
import shutil
import tempfile

from family import MAX_LENGTH
from transformers import AutoTokenizer

TEXTS = [
    "",
    "   ",
    "a cat",
    "A Cat! cat.",
    "a <cat-toy> b",
    "a  <CAT-TOY>  b<cat-toy>! xtoyx toy",
    "<|endoftext|> [SEP] </s> <mask> [MASK] [CLS] <pad>",
    "한국 漢字 각",
    "\u1112\u1161\u11ab \u00e9 e\u0301 \u0041\u0300",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 cat",
    "! !! !!!",
    "cat " * 90,
    "<extra> constructor __proto__ toString",
]


def write(folder, files, family):
    for file, content in files.items():
        if content is None:
            continue
        if isinstance(content, dict) and "$text" in content:
            content = content["$text"]
        elif isinstance(content, dict) and "$added" in content:
            stored = family.parts["tokenizer.json"][1]
            content = {**stored, "added_tokens": [*stored["added_tokens"], *content["$added"]]}
        with open(os.path.join(folder, file), "w", encoding="utf-8", newline="") as handle:
            handle.write(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))


class Recorder:
    """What came out, each once: rows of ids as texts, and outcomes, which name rows by their numbers."""

    def __init__(self):
        self.sequences, self.outcomes = {}, {}

    def outcome(self, files, family):
        """The number of what AutoTokenizer makes of these files."""
        folder = tempfile.mkdtemp()
        try:
            write(folder, files, family)
            tokenizer = AutoTokenizer.from_pretrained(folder)
            rows, again = (
                tokenizer(TEXTS, padding="max_length", max_length=MAX_LENGTH, truncation=True)["input_ids"]
                for _ in range(2)
            )
            pad = tokenizer.pad_token_id
            # dropout among merges gives other ids each time, which would make every recording another one
            random = {"pad": pad, "random": True}
            result = {"pad": pad, "ids": [self.sequence(row, pad) for row in rows]} if rows == again else random
        except BaseException as error:  # the library's panics are no Exceptions
            result = {"error": type(error).__name__}
        finally:
            shutil.rmtree(folder)
        return self.outcomes.setdefault(json.dumps(result), len(self.outcomes))

    def sequence(self, row, pad):
        assert len(row) == MAX_LENGTH
        while len(row) > 1 and row[-1] == pad and row[-2] == pad:
            row = row[:-1]
        runs = [(token, len(list(run))) for token, run in itertools.groupby(row)]
        text = " ".join(str(token) if count == 1 else f"{token}x{count}" for token, count in runs)
        return self.sequences.setdefault(text, len(self.sequences))
