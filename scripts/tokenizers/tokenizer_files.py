"""Parts of tokenizer files, in the form in which the tokenizers library writes them."""

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


def template(cls, sep, vocab):
    def piece(token):
        return {"SpecialToken": {"id": token, "type_id": 0}}

    def sequence(name):
        return {"Sequence": {"id": name, "type_id": 0}}

    single = [piece(cls), sequence("A"), piece(sep)]
    specials = {x: {"id": x, "ids": [vocab[x]], "tokens": [x]} for x in (cls, sep)}
    pair = [*single, sequence("B"), piece(sep)]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": specials}
