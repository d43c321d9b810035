"""A family of tokenizers, and the files that one of it may have."""

from dataclasses import dataclass, field

from tokenizer_files import added, tokenizer_json, without_id

# To how many ids texts are padded and cut.
MAX_LENGTH = 77


@dataclass
class Family:
    """A tokenizer, and the files that it may have."""

    name: str
    vocab: dict
    # The names of special tokens in the files, and the tokens.
    names: dict
    # Some other token to pad with.
    other_pad: str
    tokenizer_class: str
    model_type: str
    # The vocabulary's own files.
    files: dict
    # What a tokenizer.json consists of but for the added tokens, as `tokenizer_json` takes it.
    json_parts: tuple
    # The special tokens in the order of their addition.
    specials: list
    # For each name of a file the contents that it may have, None where the file is not there.
    parts: dict = field(init=False)

    def __post_init__(self):
        self.parts = parts_of(self)

    @property
    def size(self):
        return len(self.vocab)

    @property
    def config(self):
        """A tokenizer_config.json that says the class and the pad token, for changes of one thing at a time."""
        return {**self.parts["tokenizer_config.json"][1], "pad_token": self.names["pad_token"]}


def parts_of(family):
    """For each name of a file the contents that it may have, None where the file is not there."""
    vocab, names, size, other_pad = family.vocab, family.names, family.size, family.other_pad
    tokens = [added(vocab[x], x) for x in family.specials]
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
    base = {"tokenizer_class": family.tokenizer_class}
    return {
        "tokenizer.json": [
            None,
            tokenizer_json(*family.json_parts, tokens),
            tokenizer_json(*family.json_parts, more),
            tokenizer_json(*family.json_parts, tokens, padding=padding),
        ],
        "tokenizer_config.json": [
            None,
            base,
            {**base, **names, "do_lower_case": family.name != "bert", "model_max_length": MAX_LENGTH},
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
        "vocabulary": [None, family.files],
        "config.json": [None, {"model_type": family.model_type}],
    }
