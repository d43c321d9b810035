"""Records the ids that transformers' AutoTokenizer gives for tokenizers of SentencePiece's kinds, and for WordLevel.

    pip install transformers==5.24.0
    python scripts/tokenizers/record_sentencepiece.py tests/fixtures/tokenizer-files/sentencepiece.json

Tiny vocabularies in the forms of XLM-R and CamemBERT (Unigram, with a table of characters), of Llama (BPE with byte
fallback) and of WordLevel, with the ways to split words that other families have. tests/text/sentencepiece.test.ts
writes the same folders and compares.
"""

import base64
import json
import random
import struct
import sys
import tempfile

import transformers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import AutoTokenizer

transformers.logging.set_verbosity_error()

# What SentencePiece's nmt_nfkc has for these, and graphemes of two characters
CHARACTERS = {
    "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u3000": " ", "\u200b": " ", "\u00ad": "",
    "…": "...", "ﬁ": "fi", "①": "1", "Ａ": "A", "ａ": "a", "１": "1", "㎏": "kg", "ｶ": "カ", "ｶﾞ": "ガ",
    "e\u0301": "é", "a\u0300": "à", "ㄱ": "\u1100", "ㅏ": "\u1161", "한": "한", "\u2126": "Ω",
}  # fmt: skip


def charsmap(entries):
    """A table as SentencePiece compiles it: a double array trie (Darts-clone) over UTF-8, and the replacements."""
    texts, trie = b"", {}
    for key, value in entries.items():
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[None] = len(texts)
        texts += value.encode() + b"\0"
    units, used = [0] * (1 << 16), {0}

    def place(node, at, label):
        labels = [0 if byte is None else byte for byte in node]
        offset = next(o for o in range(1, 1 << 16) if all((at ^ o ^ x) not in used for x in labels))
        used.update(at ^ offset ^ x for x in labels)
        units[at] = offset << 10 | (0x100 if None in node else 0) | label
        for byte, child in node.items():
            if byte is None:
                units[at ^ offset] = child | 1 << 31
            else:
                place(child, at ^ offset ^ byte, byte)

    place(trie, 0, 0)
    size = max(used) + 1
    blob = b"".join(struct.pack("<I", unit) for unit in units[:size])
    return base64.b64encode(struct.pack("<I", len(blob)) + blob + texts).decode()


SPECIALS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>"}
SPECIALS |= {"sep_token": "</s>", "mask_token": "<mask>"}
PIECES = "▁ ▁a ▁the ▁cat cat ca at s t h e c a ing ▁고양이 고양이 고양 이 가 ▁가 는 ▁한국 한국 어 . , ! 1 é à fi ... kg カ"
UNIGRAM = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
UNIGRAM += [[piece, -2.0 - 0.37 * i] for i, piece in enumerate(PIECES.split())] + [["<mask>", 0.0]]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
PRECOMPILED = {"type": "Precompiled", "precompiled_charsmap": charsmap(dict(CHARACTERS))}
BLANKS = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}


def added(content, number, **settings):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": number, "content": content, **flags, **settings}


def stored(model, normalizer, words, first, last, tokens):
    around = [{"SpecialToken": {"id": first[0], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    around.append({"SpecialToken": {"id": last[0], "type_id": 0}})
    special = {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in (first, last)}
    template = {"type": "TemplateProcessing", "single": around, "pair": around, "special_tokens": special}
    template["pair"] = [*around, {"Sequence": {"id": "B", "type_id": 0}}]
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer}
    return {**whole, "pre_tokenizer": words, "post_processor": template, "decoder": None, "model": model}


def xlm_roberta(normalizer, words, vocab=UNIGRAM, **settings):
    tokens = [added(token, i) for i, (token, _) in enumerate(vocab[:4])]
    tokens.append(added("<mask>", len(vocab) - 1, lstrip=True))
    model = {"type": "Unigram", "unk_id": 3, "vocab": vocab, **settings}
    return stored(model, normalizer, words, ("<s>", 0), ("</s>", 2), tokens)


def llama():
    letters = "▁ a c t e s 가 이 . ▁c at ▁cat ca".split()
    vocab = {token: i for i, token in enumerate(["<unk>", "<s>", "</s>", *BYTES, *letters, "<pad>"])}
    merges = [["▁", "c"], ["a", "t"], ["▁c", "at"], ["c", "a"]]
    model = {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None}
    model |= {"end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "vocab": vocab, "merges": merges}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    normalizer = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace]}
    tokens = [added(token, vocab[token]) for token in ("<unk>", "<s>", "</s>", "<pad>")]
    return stored(model, normalizer, None, ("<s>", 1), ("</s>", 2), tokens)


def byte_letters(words):
    """BPE over the letters that ByteLevel writes, here as a normalizer."""
    letters = sorted(ByteLevel.alphabet())
    merges = [["Ġ", "c"], ["a", "t"], ["Ġc", "at"], ["ê", "°"], ["ê°", "Ģ"]]
    tokens = ["<s>", "<pad>", "</s>", *letters, *("".join(pair) for pair in merges)]
    vocab = {token: i for i, token in enumerate(tokens)}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None}
    model |= {"end_of_word_suffix": None, "fuse_unk": False, "vocab": vocab, "merges": merges}
    normalizer = {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "ByteLevel"}]}
    named = [added(token, vocab[token]) for token in ("<s>", "<pad>", "</s>")]
    return stored(model, normalizer, words, ("<s>", 0), ("</s>", 2), named)


# Words, and pieces that tell at what a text was split
WORDS = "<s> <pad> </s> <unk> a cat the . 고양이 이 , ! cats The CAT! a▁cat ! cat 고양이는 한국어 1 é fi ▁ ▁a ▁cat ▁the".split()


def word_level(words):
    vocab = {token: i for i, token in enumerate(dict.fromkeys(WORDS))}
    model = {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"}
    tokens = [added(token, vocab[token]) for token in ("<unk>", "<s>", "</s>", "<pad>")]
    strip = {"type": "Strip", "strip_left": True, "strip_right": True}
    normalizer = {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, strip]}
    return stored(model, normalizer, words, ("<s>", 0), ("</s>", 2), tokens)


# fairseq's dictionary, before the pieces
FAIRSEQ = [["<s>NOTUSED", 0.0], ["<pad>", 0.0], ["</s>NOTUSED", 0.0], ["<unk>", 0.0], ["<unk>NOTUSED", -100.0]]
CAMEMBERT = FAIRSEQ + [["<s>", 0.0], ["</s>", 0.0], *UNIGRAM[4:]]


def camembert():
    tokens = [added(token, i) for i, (token, _) in enumerate(CAMEMBERT[:7]) if token != "<unk>NOTUSED"]
    tokens.append(added("<mask>", len(CAMEMBERT) - 1, lstrip=True))
    model = {"type": "Unigram", "unk_id": 4, "vocab": CAMEMBERT}
    return stored(model, PRECOMPILED, METASPACE, ("<s>", 5), ("</s>", 6), tokens)


def splits():
    """Ways to split words, which WordLevel shows."""
    letter_a, words = {"String": "a"}, {"Regex": "\\p{L}+"}
    for behavior in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        for pattern, invert in ((letter_a, False), (words, False), (words, True)):
            yield {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
        yield {"type": "Punctuation", "behavior": behavior}
    yield {"type": "Punctuation"}
    yield {"type": "Digits", "individual_digits": False}
    yield {"type": "Digits", "individual_digits": True}
    yield {"type": "CharDelimiterSplit", "delimiter": "t"}
    yield {"type": "UnicodeScripts"}
    yield {"type": "FixedLength"}
    yield {"type": "FixedLength", "length": 1}


def normalizers():
    """Ways to normalise that SentencePiece and others have instead of a table of characters."""
    for kinds in ("NFKC", "NFKD", "Nmt", "StripAccents", "NFKD StripAccents Lowercase", "Nmt NFKC"):
        yield kinds, {"type": "Sequence", "normalizers": [{"type": kind} for kind in kinds.split()]}


def firsts():
    """Metaspace that only writes a blank at the beginning of the whole text, after what may drop that."""
    first = {**METASPACE, "prepend_scheme": "first"}
    yield None, first
    yield {"type": "Strip", "strip_left": True, "strip_right": False}, first
    yield PRECOMPILED, first
    yield {"type": "Sequence", "normalizers": [PRECOMPILED, BLANKS]}, {**first, "split": False}
    before = [{"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Removed"}, {"type": "BertPreTokenizer"}]
    before.append({"type": "Split", "pattern": {"String": "a"}, "behavior": "Removed", "invert": False})
    before.append({"type": "Punctuation", "behavior": "Isolated"})
    for step in before:
        yield None, {"type": "Sequence", "pretokenizers": [step, first]}
    yield {"type": "StripAccents"}, first
    yield {"type": "Nmt"}, {"type": "Sequence", "pretokenizers": [{"type": "UnicodeScripts"}, first]}


def folders():
    fast = {**SPECIALS, "tokenizer_class": "PreTrainedTokenizerFast"}
    xlmr = {**SPECIALS, "tokenizer_class": "XLMRobertaTokenizer"}
    words = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, METASPACE]}
    plain = xlm_roberta({"type": "Sequence", "normalizers": [PRECOMPILED, BLANKS]}, METASPACE)
    older = {"type": "Metaspace", "replacement": "▁", "str_rep": "▁", "add_prefix_space": True}
    whole = {**METASPACE, "prepend_scheme": "never", "split": False}
    with_bytes = UNIGRAM[:-1] + [[token, -9.0] for token in BYTES] + UNIGRAM[-1:]
    by_bytes = xlm_roberta(PRECOMPILED, older, with_bytes, byte_fallback=True)
    yield "the class of XLM-R", xlm_roberta(PRECOMPILED, words), xlmr, None
    yield "the class of XLM-R by its model type", plain, {"model_max_length": 512}, {"model_type": "xlm-roberta"}
    yield "the class of XLM-R without a space at the beginning", plain, {**xlmr, "add_prefix_space": False}, None
    yield "the class of XLM-R in a BERT", xlm_roberta(None, older), xlmr, {"model_type": "bert"}
    yield "Unigram as it is", plain, fast, None
    yield "Unigram with byte fallback", by_bytes, fast, None
    yield "Unigram without splitting words", xlm_roberta(PRECOMPILED, whole), fast, None
    yield "BPE with byte fallback", llama(), fast, None
    yield "BPE after ByteLevel as a normalizer", byte_letters(None), fast, None
    by_length = byte_letters({"type": "FixedLength", "length": 3})
    yield "BPE after ByteLevel as a normalizer, by length", by_length, fast, None
    for kind in ("Whitespace", "WhitespaceSplit"):
        yield f"WordLevel, {kind}", word_level({"type": kind}), fast, None
    for split in splits():
        title = " ".join(str(part) for part in split.values())
        yield f"WordLevel, {title}", word_level(split), fast, None
    for title, normalizer in normalizers():
        yield f"Unigram, {title}", xlm_roberta(normalizer, METASPACE), fast, None
    for i, (normalizer, words) in enumerate(firsts()):
        yield f"Metaspace at the beginning of the text, {i}", xlm_roberta(normalizer, words), fast, None
    cam = {**SPECIALS, "tokenizer_class": "CamembertTokenizer"}
    extra = {**cam, "additional_special_tokens": ["<s>NOTUSED", "</s>NOTUSED"]}
    yield "the class of CamemBERT", camembert(), cam, None
    yield "the class of CamemBERT with two of its tokens", camembert(), extra, None
    yield "the class of CamemBERT in XLM-R's vocabulary", plain, cam, None
    unnamed = {"model_max_length": 512, "unk_token": "<unk>NOTUSED"}
    yield "the class of CamemBERT by its model type", camembert(), unnamed, {"model_type": "camembert"}


TEXTS = ["", " ", "a cat", "The cats, the CAT!", " ▁a▁▁cat ", "고양이는 한국어", "a <mask>고양이<s>", "<0x41>"]
TEXTS += ["ｶﾞｶ\u0301", "각 ㄱㅏ", "e\u0301\u0301 x\u0301", "a\u0300t\r\ncat\n\u0301", "①\u0308ﬁsh…", "🇰🇷🇰 👨‍👩‍👧 𝒜"]
TEXTS += ["한국　ＡＢａ１\u00a0\u00ad㎏", "가" * 90, " a", "<s> a cat", "\u00ad a", "a12 3", "!?. a", "<unk>NOTUSED x <mask>"]
TEXTS += ["ーカ고양이ｶﾞcat고", "\x01 a\u2581cat\ufffdcat\u200bt㋿", "\u0301a cat\U0001e6e3", "a\u0301\u0327\U00010780\u1cf2 한ㅏ"]
PARTS = [*CHARACTERS, "\u0301", "\u0308", "\u200d", "\u0600", "क", "\u094d", "가", "\u1100", "\u1161", "cat", " ", "▁"]
PARTS += ["👨", "🏽"]


def main(output):
    random.seed(1)
    texts = TEXTS + ["".join(random.choices(PARTS, k=random.randint(2, 9))) for _ in range(150)]
    recorded = []
    for title, stored_json, settings, config in folders():
        files = {"tokenizer.json": stored_json, "tokenizer_config.json": settings, "config.json": config}
        files = {name: content for name, content in files.items() if content is not None}
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                with open(f"{folder}/{name}", "w", encoding="utf-8") as handle:
                    json.dump(content, handle)
            tokenizer = AutoTokenizer.from_pretrained(folder)
            rows = tokenizer(texts, padding="max_length", truncation=True, max_length=77)["input_ids"]
        pad = tokenizer.pad_token_id
        recorded.append({"title": title, "files": files, "pad": pad, "ids": [trimmed(row, pad) for row in rows]})
    whole = {"transformers": transformers.__version__, "texts": texts, "folders": recorded}
    with open(output, "w", encoding="utf-8") as handle:
        handle.write(json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n")


def trimmed(row, pad):
    """Ids without the padding."""
    end = len(row)
    while end > 0 and row[end - 1] == pad:
        end -= 1
    return row[:end]


main(sys.argv[1])
