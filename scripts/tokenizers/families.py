"""Tiny tokenizers of CLIP, BERT and RoBERTa."""

from family import Family
from tokenizer_files import BYTE_LEVEL, around, bpe, template

LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("!<>-./_[]|") + ["ê", "°"]


def with_ids(tokens):
    return {token: index for index, token in enumerate(tokens)}


def clip():
    merges = ["c a", "ca t</w>", "t o", "to y</w>", "a n", "h e"]
    start, end = specials = ["<|startoftext|>", "<|endoftext|>"]
    words = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    vocab = with_ids(
        ["!"]
        + [x for x in LETTERS if x != "!"]
        + [x + "</w>" for x in LETTERS]
        + ["ca", "cat</w>", "to", "toy</w>", "an", "he", *specials]
    )
    return Family(
        name="clip",
        vocab=vocab,
        specials=specials,
        names={"bos_token": start, "eos_token": end, "unk_token": end, "pad_token": end},
        other_pad="!",
        tokenizer_class="CLIPTokenizer",
        model_type="clip",
        files={"vocab.json": vocab, "merges.txt": "\n".join(["#version: 0.2", *merges, ""])},
        json_parts=(
            bpe(vocab, merges, unk_token=end, end_of_word_suffix="</w>"),
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
                    {"type": "Split", "pattern": {"Regex": words}, "behavior": "Removed", "invert": True},
                    BYTE_LEVEL,
                ],
            },
            around("RobertaProcessing", start, end, vocab),
            {**BYTE_LEVEL, "add_prefix_space": True},
        ),
    )


def bert():
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = (
        [*specials, *LETTERS[:12]]
        + ["cat", "Cat", "##s", "toy", "##toy", "A", "한국", "漢", "字", "\u00e9", "e\u0301", "\u1112", "##\u1161"]
        + ["##\u11ab", "!", "<", ">", "-"]
    )
    vocab = with_ids(tokens)
    return Family(
        name="bert",
        vocab=vocab,
        specials=specials,
        names=dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], specials)),
        other_pad="[MASK]",
        tokenizer_class="BertTokenizer",
        model_type="bert",
        files={"vocab.txt": "\n".join([*tokens, ""])},
        json_parts=(
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
        ),
    )


def roberta():
    merges = ["c a", "ca t", "Ġ cat", "t o", "to y"]
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    vocab = with_ids([*specials[:4], *LETTERS, "A", "C", "Ġ", "ca", "cat", "Ġcat", "to", "toy", "<mask>"])
    return Family(
        name="roberta",
        vocab=vocab,
        specials=specials,
        names={
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "cls_token": "<s>",
            "mask_token": "<mask>",
        },
        other_pad="<unk>",
        tokenizer_class="RobertaTokenizer",
        model_type="roberta",
        files={"vocab.json": vocab, "merges.txt": "\n".join(["#version: 0.2", *merges, ""])},
        json_parts=(
            bpe(vocab, [x.split(" ") for x in merges]),
            None,
            BYTE_LEVEL,
            around("RobertaProcessing", "<s>", "</s>", vocab),
            BYTE_LEVEL,
        ),
    )
