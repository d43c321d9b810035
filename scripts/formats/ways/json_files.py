"""JSON."""

import bz2
import json
import lzma

from .registry import way

for orient in ["records", "columns", "index", "split", "table", "values"]:
    numbers = ["--ko-column", "1", "--en-column", "2"] if orient == "values" else []

    @way(f"pandas `to_json`, {orient}", *numbers)
    def _(pairs, folder, orient=orient):
        pairs.frame.to_json(folder / "pairs.json", orient=orient)


@way("pandas `to_json`, lines")
def _(pairs, folder):
    pairs.frame.to_json(folder / "pairs.jsonl", orient="records", lines=True, force_ascii=False)


@way("pandas `to_json`, lines, gzip")
def _(pairs, folder):
    pairs.frame.to_json(folder / "pairs.jsonl.gz", orient="records", lines=True)


JSON = {
    "a list, indented": lambda pairs: json.dumps(pairs.objects, indent=2, ensure_ascii=False),
    "lists by language": lambda pairs: json.dumps(pairs.frame.to_dict("list")),
    'under "rows"': lambda pairs: json.dumps({"version": 1, "rows": pairs.objects}),
    "splits": lambda pairs: json.dumps({"train": pairs.objects[:-100], "test": pairs.objects[-100:]}),
    "translations, a line each": lambda pairs: "\n".join(json.dumps({"translation": pair}) for pair in pairs.objects),
    "objects with NaN": lambda pairs: json.dumps([{"score": float("nan"), **pair} for pair in pairs.objects]),
    "a list of lists, with a header": lambda pairs: json.dumps([["ko", "en"], *pairs.rows]),
}
for name, dump in JSON.items():

    @way(f"Python `json`, {name}")
    def _(pairs, folder, dump=dump):
        (folder / "pairs.json").write_text(dump(pairs), encoding="utf-8")


@way("Python `bz2`, JSON lines")
def _(pairs, folder):
    (folder / "pairs.jsonl.bz2").write_bytes(bz2.compress("\n".join(map(json.dumps, pairs.objects)).encode()))


@way("Python `lzma`, JSON lines")
def _(pairs, folder):
    (folder / "pairs.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, pairs.objects)).encode()))


@way("Python `json`, a list in each object")
def _(pairs, folder):
    documents = [{"id": i, "sentences": pairs.objects[i : i + 10]} for i in range(0, len(pairs.objects), 10)]
    (folder / "pairs.json").write_text(json.dumps(documents, ensure_ascii=False), encoding="utf-8")
