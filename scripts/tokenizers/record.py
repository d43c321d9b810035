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
import shutil
import sys
import tempfile

import tokenizers
import transformers
from transformers import AutoTokenizer

transformers.logging.set_verbosity_error()

MAX_LENGTH = 77
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

LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("!<>-./_[]|") + ["ê", "°"]


def with_ids(tokens):
    return {token: index for index, token in enumerate(tokens)}


CLIP_MERGES = ["c a", "ca t</w>", "t o", "to y</w>", "a n", "h e"]
CLIP_VOCAB = with_ids(
    ["!"]
    + [x for x in LETTERS if x != "!"]
    + [x + "</w>" for x in LETTERS]
    + ["ca", "cat</w>", "to", "toy</w>", "an", "he", "<|startoftext|>", "<|endoftext|>"]
)
BERT_TOKENS = (
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    + LETTERS[:12]
    + ["cat", "Cat", "##s", "toy", "##toy", "A", "한국", "漢", "字", "\u00e9", "e\u0301", "\u1112", "##\u1161"]
    + ["##\u11ab", "!", "<", ">", "-"]
)
ROBERTA_MERGES = ["c a", "ca t", "Ġ cat", "t o", "to y"]
ROBERTA_VOCAB = with_ids(
    ["<s>", "<pad>", "</s>", "<unk>"] + LETTERS + ["A", "C", "Ġ", "ca", "cat", "Ġcat", "to", "toy", "<mask>"]
)


def added(index, content, **flags):
    token = {"id": index, "content": content, "single_word": False, "lstrip": False, "rstrip": False}
    return {**token, "normalized": False, "special": True, **flags}


def without_id(token):
    return {key: value for key, value in token.items() if key != "id"}


def tokenizer_json(model, normalizer, pre_tokenizer, post_processor, decoder, tokens, **rest):
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": tokens,
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor,
        "decoder": decoder,
        "model": model,
        **rest,
    }


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
CLIP_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def bpe(vocab, merges, **rest):
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": vocab,
        "merges": merges,
        **rest,
    }


def around(kind, cls, sep, vocab):
    return {
        "type": kind,
        "sep": [sep, vocab[sep]],
        "cls": [cls, vocab[cls]],
        "trim_offsets": False,
        "add_prefix_space": False,
    }


BERT_VOCAB = with_ids(BERT_TOKENS)


def template(cls, sep, vocab):
    def piece(token):
        return {"SpecialToken": {"id": token, "type_id": 0}}

    def sequence(name):
        return {"Sequence": {"id": name, "type_id": 0}}

    single = [piece(cls), sequence("A"), piece(sep)]
    specials = {x: {"id": x, "ids": [vocab[x]], "tokens": [x]} for x in (cls, sep)}
    pair = [*single, sequence("B"), piece(sep)]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": specials}


def family(name):
    """The files of a family: for each name the contents that it may have, None where the file is not there."""
    if name == "clip":
        vocab, specials = CLIP_VOCAB, ["<|startoftext|>", "<|endoftext|>"]
        model = bpe(vocab, [x for x in CLIP_MERGES], unk_token=specials[1], end_of_word_suffix="</w>")
        json_parts = (
            model,
            {
                "type": "Sequence",
                "normalizers": [
                    {"type": "NFC"},
                    {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
                    {"type": "Lowercase"},
                ],
            },
            {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": CLIP_WORDS}, "behavior": "Removed", "invert": True},
                    BYTE_LEVEL,
                ],
            },
            around("RobertaProcessing", *specials, vocab),
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        )
        names = {
            "bos_token": specials[0],
            "eos_token": specials[1],
            "unk_token": specials[1],
            "pad_token": specials[1],
        }
        other_pad, tokenizer_class, model_type = "!", "CLIPTokenizer", "clip"
        files = {"vocab.json": vocab, "merges.txt": "\n".join(["#version: 0.2", *CLIP_MERGES, ""])}
    elif name == "bert":
        vocab, specials = BERT_VOCAB, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        json_parts = (
            {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": vocab,
            },
            {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": False,
            },
            {"type": "BertPreTokenizer"},
            template("[CLS]", "[SEP]", vocab),
            {"type": "WordPiece", "prefix": "##", "cleanup": True},
        )
        names = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], specials))
        other_pad, tokenizer_class, model_type = "[MASK]", "BertTokenizer", "bert"
        files = {"vocab.txt": "\n".join([*BERT_TOKENS, ""])}
    else:
        vocab, specials = ROBERTA_VOCAB, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        json_parts = (
            bpe(vocab, [x.split(" ") for x in ROBERTA_MERGES]),
            None,
            BYTE_LEVEL,
            around("RobertaProcessing", "<s>", "</s>", vocab),
            BYTE_LEVEL,
        )
        names = {
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "cls_token": "<s>",
            "mask_token": "<mask>",
        }
        other_pad, tokenizer_class, model_type = "<unk>", "RobertaTokenizer", "roberta"
        files = {"vocab.json": vocab, "merges.txt": "\n".join(["#version: 0.2", *ROBERTA_MERGES, ""])}

    size = len(vocab)
    tokens = [added(vocab[x], x) for x in specials]
    more = [*tokens, added(size, "<cat-toy>", normalized=True, special=False), added(size + 1, "toy", lstrip=True)]
    padding = {
        "strategy": {"Fixed": 20},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": vocab[other_pad],
        "pad_type_id": 0,
        "pad_token": other_pad,
    }

    def as_object(content, **rest):
        flags = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
        return {"content": content, **flags, **rest}

    typed = {k: as_object(v, __type="AddedToken") for k, v in names.items()}
    decoder = {str(t["id"]): without_id(t) for t in more}
    decoder[str(size)] = without_id(added(0, "<cat-toy>", rstrip=True))
    mask = "mask_token" if "mask_token" in names else "eos_token"
    base = {"tokenizer_class": tokenizer_class}
    parts = {
        "tokenizer.json": [
            None,
            tokenizer_json(*json_parts, tokens),
            tokenizer_json(*json_parts, more),
            tokenizer_json(*json_parts, tokens, padding=padding),
        ],
        "tokenizer_config.json": [
            None,
            base,
            {**base, **names, "do_lower_case": name != "bert", "model_max_length": MAX_LENGTH},
            {**base, **typed, "pad_token": other_pad, "additional_special_tokens": ["<extra>"]},
            {**base, **names, "added_tokens_decoder": decoder, mask: {**typed[mask], "lstrip": True}},
            {**names, "tokenizer_class": "PreTrainedTokenizerFast", "extra_special_tokens": ["<extra>"]},
        ],
        "special_tokens_map.json": [
            None,
            {**names, "pad_token": other_pad},
            {**{k: as_object(v) for k, v in names.items()}, "additional_special_tokens": ["<cat-toy>", "<extra>"]},
        ],
        "added_tokens.json": [None, {"<cat-toy>": size, "toy": size + 1, other_pad: vocab[other_pad]}],
        "vocabulary": [None, files],
        "config.json": [None, {"model_type": model_type}],
    }
    return parts, size, names, other_pad


PART_NAMES = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocabulary",
    "config.json",
]


def combinations(parts):
    ranges = [range(len(parts[name])) for name in PART_NAMES]
    for choice in itertools.product(*ranges):
        # `config.json` matters where no class is named
        if choice[5] == 1 or choice[1] == 0:
            yield list(choice)


def base_config(parts, names):
    return {**parts["tokenizer_config.json"][1], "pad_token": names["pad_token"]}


OTHER_MODELS = ["nystromformer", "unheard-of"]
FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"]


def variations(name, parts, size, names, other_pad):
    """One change at a time: a title, and the files that differ from vocabulary files with a class and its tokens."""
    config = base_config(parts, names)
    stored = parts["tokenizer.json"][1]
    for flags in itertools.product([False, True], repeat=len(FLAGS)):
        settings = dict(zip(FLAGS, flags))
        title = "+".join(key for key, on in settings.items() if on) or "none"
        tokens = [added(size, "<cat-toy>", **settings), added(size + 1, "toy", **settings)]
        decoder = {str(t["id"]): without_id(t) for t in tokens}
        yield f"decoder {title}", {"tokenizer_config.json": {**config, "added_tokens_decoder": decoder}}
        if name == "roberta":
            continue  # has no normalizer
        yield f"json {title}", {
            "tokenizer.json": {"$added": tokens},
            "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **names},
        }
    token_forms = {
        "text": other_pad,
        "new": "[new]",
        "object": {"content": other_pad},
        "null": None,
        "number": 3,
        "true": True,
        "list": [other_pad],
        "empty": "",
        "__proto__": "__proto__",
        "constructor": "constructor",
        "toString": "toString",
        "typed": {"__type": "AddedToken", "content": other_pad},
        "typed lstrip": {"__type": "AddedToken", "content": "toy", "lstrip": True},
        "no content": {"__type": "AddedToken"},
        "content 3": {"__type": "AddedToken", "content": 3},
        "lstrip 1": {"__type": "AddedToken", "content": other_pad, "lstrip": 1},
        "lstrip null": {"__type": "AddedToken", "content": other_pad, "lstrip": None},
        "more": {"__type": "AddedToken", "content": other_pad, "id": 1, "foo": 2},
    }
    for token in [
        "pad_token",
        "unk_token",
        "bos_token",
        "eos_token",
        "cls_token",
        "sep_token",
        "mask_token",
        "image_token",
    ]:
        for title, value in token_forms.items():
            if token != "pad_token" and title not in ("text", "new", "object", "null", "number", "typed lstrip"):
                continue
            yield f"{token} {title}", {"tokenizer_config.json": {**config, token: value}}
            yield f"map {token} {title}", {"special_tokens_map.json": {token: value}}
            if token == "pad_token":
                plain = {**names, "tokenizer_class": "PreTrainedTokenizerFast", token: value}
                yield f"json {token} {title}", {"tokenizer.json": stored, "tokenizer_config.json": plain}
    lists = [
        ["<cat-toy>", "toy"],
        ["toy", "<cat-toy>", "toy"],
        None,
        [],
        "toy",
        3,
        [3],
        [""],
        [None],
        {"a": "toy"},
        {"a": 3},
        [{"content": "toy"}],
        [{"content": "toy", "__type": "AddedToken", "rstrip": True}],
        {"x_token": "<cat-toy>"},
    ]
    for key in ["additional_special_tokens", "extra_special_tokens"]:
        for index, value in enumerate(lists):
            yield f"{key} {index}", {"tokenizer_config.json": {**config, key: value}}
            yield f"map {key} {index}", {"special_tokens_map.json": {key: value}}
        both = {**config, key: ["<extra>"]}
        yield f"both {key}", {"tokenizer_config.json": both, "special_tokens_map.json": {key: ["<cat-toy>"]}}
    settings = {
        "do_lower_case": [True, False, None, 1],
        "strip_accents": [True, False, None, "x"],
        "tokenize_chinese_chars": [False, None],
        "add_prefix_space": [True, False],
        "trim_offsets": [False],
        "errors": ["strict"],
        "padding_side": ["right", "up", None],
        "truncation_side": ["right", "no", None],
        "split_special_tokens": [True, False, 1],
        "add_bos_token": [True],
        "add_eos_token": [False],
        "model_max_length": [5, 1e30, "x"],
        "clean_up_tokenization_spaces": [True],
        "init_inputs": [[], [1]],
        "model_input_names": [["input_ids"], 3],
        "post_processor": [None, 3],
        "vocab": [{"a": 1}],
        "merges": [[]],
        "added_tokens_decoder": [
            {},
            None,
            [],
            {"x": {"content": "toy"}},
            {"5": "toy"},
            {"5": None},
            {"5": {"content": "toy"}},
            {"9999": {"content": "toy"}, "5": {"content": "<cat-toy>"}},
            {"5": {"content": 3}},
        ],
        "unk_token_id": [3],
    }
    for key, values in settings.items():
        for index, value in enumerate(values):
            yield f"{key} {index}", {"tokenizer_config.json": {**config, key: value}}
            if key != "added_tokens_decoder" and not key.startswith("init"):
                yield f"map {key} {index}", {"special_tokens_map.json": {key: value}}
    for tokenizer_class in [
        "CLIPTokenizer",
        "CLIPTokenizerFast",
        "BertTokenizer",
        "RobertaTokenizer",
        "DistilBertTokenizer",
        "ElectraTokenizerFast",
        "ConvBertTokenizer",
        "BartTokenizer",
        "LongformerTokenizerFast",
        "PreTrainedTokenizer",
        "PreTrainedTokenizerFast",
        "TokenizersBackend",
        "NoSuchTokenizer",
        "constructor",
        "",
        None,
        3,
    ]:
        changed = {**config, "tokenizer_class": tokenizer_class}
        for model in (
            [None, "clip", "roberta"] if name != "bert" else [None, "clip_text_model", "bert", *OTHER_MODELS]
        ):
            configured = {} if model is None else {"config.json": {"model_type": model}}
            title = f"class {tokenizer_class} of {model}"
            yield title, {"tokenizer_config.json": changed, **configured}
            yield f"{title} json", {"tokenizer_config.json": changed, **configured, "tokenizer.json": stored}
    yield "class in config.json", {
        "tokenizer_config.json": None,
        "config.json": {"model_type": "clip_text_model", "tokenizer_class": config["tokenizer_class"]},
    }
    yield "added [] ", {"added_tokens.json": []}
    for index, value in enumerate(
        [{}, {"toy": size}, {"toy": size + 7, "<cat-toy>": size + 3}, {"a": "b"}, {"a": None}, {"a": 0}]
    ):
        yield f"added {index}", {"added_tokens.json": value}
    for file in [
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "tokenizer.json",
        "vocab.json",
    ]:
        for text in ["", "null", "[]", "3", "{", "\ufeff{}", '{"a": }']:
            yield f"{file} {text!r}", {file: {"$text": text}}
    if name == "bert":
        for index, text in enumerate(
            [
                "[UNK]\na\n\ncat\n",
                "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na \na\ncat\u3000\r\nb\n",
                "\ufeff[PAD]\n[UNK]\na",
            ]
        ):
            yield f"vocab.txt {index}", {"vocab.txt": {"$text": text}}
    else:
        for index, text in enumerate(
            [
                "",
                "c a\n",
                "c a\n\nca t\n",
                "c a \n",
                "c  a\n",
                "c a\r\nca t\r\n",
                "x q\n",
                "c\ta\n",
                "# x\n",
                "c a\n#version: 1\n",
            ]
        ):
            yield f"merges.txt {index}", {"merges.txt": {"$text": text}}
        for index, value in enumerate([-1, 0.5, "3", None, True, 2**31]):
            yield f"vocab.json id {index}", {"vocab.json": {**parts["vocabulary"][1]["vocab.json"], "q": value}}
        yield "vocab.json with a gap", {"vocab.json": {**parts["vocabulary"][1]["vocab.json"], "ab": size + 5}}


def write(folder, files, parts):
    for file, content in files.items():
        if content is None:
            continue
        if isinstance(content, dict) and "$text" in content:
            content = content["$text"]
        elif isinstance(content, dict) and "$added" in content:
            stored = parts["tokenizer.json"][1]
            content = {**stored, "added_tokens": [*stored["added_tokens"], *content["$added"]]}
        with open(os.path.join(folder, file), "w", encoding="utf-8", newline="") as handle:
            handle.write(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))


def delta(value, base):
    """What a file has beyond the one that it stands in for, where that is all the difference."""
    if not isinstance(value, dict) or not isinstance(base, dict) or any(key not in value for key in base):
        return value
    return {"$more": {key: item for key, item in value.items() if key not in base or base[key] != item}}


class Recorder:
    def __init__(self):
        self.sequences, self.outcomes = {}, {}

    def outcome(self, files, parts):
        """The number of what AutoTokenizer makes of these files."""
        folder = tempfile.mkdtemp()
        try:
            write(folder, files, parts)
            tokenizer = AutoTokenizer.from_pretrained(folder)
            rows = tokenizer(TEXTS, padding="max_length", max_length=MAX_LENGTH, truncation=True)["input_ids"]
            pad = tokenizer.pad_token_id
            result = {"pad": pad, "ids": [self.sequence(row, pad) for row in rows]}
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


def mutations(recorder, parts, names):
    """A tokenizer.json with each of its parts replaced: the place, and the numbers of the outcomes."""
    stored = parts["tokenizer.json"][3]
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": names["pad_token"]}
    for path in paths(stored):
        changed = [mutate(stored, path, mutation) for mutation in MUTATIONS]
        files = [{"tokenizer.json": value, "tokenizer_config.json": config} for value in changed]
        yield [path, [recorder.outcome(each, parts) for each in files]]


def main(output):
    recorder = Recorder()
    families = {}
    for name in ["clip", "bert", "roberta"]:
        parts, size, names, other_pad = family(name)
        combined = []
        for choice in combinations(parts):
            files = {part: parts[part][index] for part, index in zip(PART_NAMES, choice)}
            files.update(files.pop("vocabulary") or {})
            combined.append(["".join(map(str, choice)), recorder.outcome(files, parts)])
        varied = []
        base = {"tokenizer_config.json": base_config(parts, names), **parts["vocabulary"][1]}
        stored = json.dumps(parts["tokenizer.json"][1])
        for title, change in variations(name, parts, size, names, other_pad):
            number = recorder.outcome({**base, **change}, parts)
            compact = {k: "$stored" if json.dumps(v) == stored else delta(v, base.get(k)) for k, v in change.items()}
            varied.append([title, compact, number])
        mutated = list(mutations(recorder, parts, names))
        families[name] = {
            "parts": parts,
            "config": base["tokenizer_config.json"],
            "combinations": combined,
            "variations": varied,
            "mutations": mutated,
        }
    record = {
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
        handle.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    counts = {name: [len(f[x]) for x in ("combinations", "variations", "mutations")] for name, f in families.items()}
    print(
        counts,
        len(recorder.outcomes),
        "outcomes",
        len(recorder.sequences),
        "sequences",
        os.path.getsize(output),
        "bytes",
    )


main(sys.argv[1])
