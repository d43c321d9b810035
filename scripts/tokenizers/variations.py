"""Changes of a folder of tokenizer files, one at a time.

Each is a title, and the files that differ from vocabulary files with a class and its tokens: None for one that is not
there, `{"$text": …}` for one that holds this text, `{"$added": …}` for a tokenizer.json with these tokens besides.
"""

import itertools

from file_texts import file_texts
from tokenizer_files import added, without_id

FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"]

SPECIAL_NAMES = [
    *["pad_token", "unk_token", "bos_token", "eos_token", "cls_token", "sep_token", "mask_token"],
    "image_token",  # which transformers does not know
]

LISTS = [
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

SETTINGS = {
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

CLASSES = [
    *["CLIPTokenizer", "CLIPTokenizerFast", "BertTokenizer", "RobertaTokenizer", "DistilBertTokenizer"],
    *["ElectraTokenizerFast", "ConvBertTokenizer", "BartTokenizer", "LongformerTokenizerFast"],
    *["PreTrainedTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend"],
    *["NoSuchTokenizer", "constructor", "", None, 3],
]
OTHER_MODELS = ["nystromformer", "unheard-of"]


def variations(family):
    yield from flags_of_added_tokens(family)
    yield from special_tokens(family)
    yield from lists_of_tokens(family)
    yield from settings(family)
    yield from classes(family)
    yield from added_tokens(family)
    yield from file_texts(family)


def flags_of_added_tokens(family):
    for flags in itertools.product([False, True], repeat=len(FLAGS)):
        chosen = dict(zip(FLAGS, flags))
        title = "+".join(key for key, on in chosen.items() if on) or "none"
        tokens = [added(family.size, "<cat-toy>", **chosen), added(family.size + 1, "toy", **chosen)]
        decoder = {str(t["id"]): without_id(t) for t in tokens}
        yield f"decoder {title}", {"tokenizer_config.json": {**family.config, "added_tokens_decoder": decoder}}
        if family.name == "roberta":
            continue  # has no normalizer
        yield f"json {title}", {
            "tokenizer.json": {"$added": tokens},
            "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **family.names},
        }


def special_tokens(family):
    pad = family.other_pad
    forms = {
        "text": pad,
        "new": "[new]",
        "object": {"content": pad},
        "null": None,
        "number": 3,
        "true": True,
        "list": [pad],
        "empty": "",
        "__proto__": "__proto__",
        "constructor": "constructor",
        "toString": "toString",
        "typed": {"__type": "AddedToken", "content": pad},
        "typed lstrip": {"__type": "AddedToken", "content": "toy", "lstrip": True},
        "no content": {"__type": "AddedToken"},
        "content 3": {"__type": "AddedToken", "content": 3},
        "lstrip 1": {"__type": "AddedToken", "content": pad, "lstrip": 1},
        "lstrip null": {"__type": "AddedToken", "content": pad, "lstrip": None},
        "more": {"__type": "AddedToken", "content": pad, "id": 1, "foo": 2},
    }
    stored = family.parts["tokenizer.json"][1]
    for token in SPECIAL_NAMES:
        for title, value in forms.items():
            if token != "pad_token" and title not in ("text", "new", "object", "null", "number", "typed lstrip"):
                continue
            yield f"{token} {title}", {"tokenizer_config.json": {**family.config, token: value}}
            yield f"map {token} {title}", {"special_tokens_map.json": {token: value}}
            if token == "pad_token":
                plain = {**family.names, "tokenizer_class": "PreTrainedTokenizerFast", token: value}
                yield f"json {token} {title}", {"tokenizer.json": stored, "tokenizer_config.json": plain}


def lists_of_tokens(family):
    for key in ["additional_special_tokens", "extra_special_tokens"]:
        for index, value in enumerate(LISTS):
            yield f"{key} {index}", {"tokenizer_config.json": {**family.config, key: value}}
            yield f"map {key} {index}", {"special_tokens_map.json": {key: value}}
        both = {**family.config, key: ["<extra>"]}
        yield f"both {key}", {"tokenizer_config.json": both, "special_tokens_map.json": {key: ["<cat-toy>"]}}


def settings(family):
    for key, values in SETTINGS.items():
        for index, value in enumerate(values):
            yield f"{key} {index}", {"tokenizer_config.json": {**family.config, key: value}}
            if key != "added_tokens_decoder" and not key.startswith("init"):
                yield f"map {key} {index}", {"special_tokens_map.json": {key: value}}


def classes(family):
    models = ["clip_text_model", "bert", *OTHER_MODELS] if family.name == "bert" else ["clip", "roberta"]
    stored = family.parts["tokenizer.json"][1]
    for tokenizer_class in CLASSES:
        changed = {**family.config, "tokenizer_class": tokenizer_class}
        for model in [None, *models]:
            configured = {} if model is None else {"config.json": {"model_type": model}}
            title = f"class {tokenizer_class} of {model}"
            yield title, {"tokenizer_config.json": changed, **configured}
            yield f"{title} json", {"tokenizer_config.json": changed, **configured, "tokenizer.json": stored}
    yield "class in config.json", {
        "tokenizer_config.json": None,
        "config.json": {"model_type": "clip_text_model", "tokenizer_class": family.tokenizer_class},
    }


def added_tokens(family):
    size = family.size
    yield "added [] ", {"added_tokens.json": []}
    forms = [{}, {"toy": size}, {"toy": size + 7, "<cat-toy>": size + 3}, {"a": "b"}, {"a": None}, {"a": 0}]
    for index, value in enumerate(forms):
        yield f"added {index}", {"added_tokens.json": value}
