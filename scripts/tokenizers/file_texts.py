"""Changes of tokenizer files that are no sound JSON, no sound vocabulary or no sound merges."""

SETTING_FILES = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
JSON_TEXTS = ["", "null", "[]", "3", "{", "\ufeff{}", '{"a": }']

VOCABULARY_TEXTS = [
    "[UNK]\na\n\ncat\n",
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na \na\ncat\u3000\r\nb\n",
    "\ufeff[PAD]\n[UNK]\na",
]
MERGES_TEXTS = [
    *["", "c a\n", "c a\n\nca t\n", "c a \n", "c  a\n", "c a\r\nca t\r\n", "x q\n", "c\ta\n", "# x\n"],
    "c a\n#version: 1\n",
]


def file_texts(family):
    for file in [*SETTING_FILES, "tokenizer.json", "vocab.json"]:
        for text in JSON_TEXTS:
            yield f"{file} {text!r}", {file: {"$text": text}}
    if family.name == "bert":
        for index, text in enumerate(VOCABULARY_TEXTS):
            yield f"vocab.txt {index}", {"vocab.txt": {"$text": text}}
        return
    for index, text in enumerate(MERGES_TEXTS):
        yield f"merges.txt {index}", {"merges.txt": {"$text": text}}
    vocab = family.files["vocab.json"]
    for index, value in enumerate([-1, 0.5, "3", None, True, 2**31]):
        yield f"vocab.json id {index}", {"vocab.json": {**vocab, "q": value}}
    yield "vocab.json with a gap", {"vocab.json": {**vocab, "ab": family.size + 5}}
