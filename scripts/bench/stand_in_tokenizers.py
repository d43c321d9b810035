"""Writes stand-ins for the tokenizers of CLIP and klue/roberta-small where the hub cannot be reached: their settings
and their numbers of ids, but vocabularies trained on generated sentences, small enough that words come in pieces, and
filled up with tokens that never occur.

    python scripts/bench/stand_in_tokenizers.py <folder> <file.csv>...

Makes `<folder>/teacher` and `<folder>/student`. Needs `tokenizers`; the CSV files have columns `ko` and `en`.
"""
import csv
import itertools
import json
import pathlib
import random
import shutil
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

FIXTURES = pathlib.Path(__file__).parents[2] / "tests/fixtures/parity"
SENTENCES = 60_000
TRAINED = {"teacher": 1_000, "student": 1_200}
IDS = {"teacher": 49_408, "student": 32_000}
HANGUL = [chr(code) for code in range(0xAC00, 0xD7A4)]


def trained(settings, model, trainer, texts):
    """The vocabulary, and merges if it has any, of a new model with the settings of another."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer, tokenizer.pre_tokenizer = settings.normalizer, settings.pre_tokenizer
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


def teacher_model(settings, english):
    end = "</w>"
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=TRAINED["teacher"], end_of_word_suffix=end, initial_alphabet=letters, show_progress=False
    )
    model = trained(settings, models.BPE(unk_token="<|endoftext|>", end_of_word_suffix=end), trainer, english)
    vocab, merges = model["vocab"], model["merges"]
    starts = [token for token in vocab if not token.endswith(end)]
    for letter in sorted(letters):
        vocab.setdefault(letter + end, len(vocab))
    while len(vocab) < IDS["teacher"] - 2:
        left, right = random.choice(starts), random.choice(starts)
        if left + right not in vocab:
            vocab[left + right] = len(vocab)
            merges.append([left, right])
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    return {"vocab": vocab, "merges": [" ".join(merge) for merge in merges]}


def student_model(settings, texts):
    specials = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=TRAINED["student"], special_tokens=specials, show_progress=False)
    vocab = trained(settings, models.WordPiece(unk_token="[UNK]"), trainer, texts)["vocab"]
    while len(vocab) < IDS["student"]:
        prefix, letters = random.choice(["", "##"]), random.choices(HANGUL, k=random.randint(2, 4))
        vocab.setdefault(prefix + "".join(letters), len(vocab))
    return {"vocab": vocab}


def write(folder, role, make, texts):
    source = FIXTURES / role
    config = json.loads((source / "tokenizer.json").read_text())
    model = make(Tokenizer.from_file(str(source / "tokenizer.json")), texts)
    config["model"].update(model)
    for token in config["added_tokens"]:
        token["id"] = model["vocab"][token["content"]]
    processor = config["post_processor"]
    for side in ("cls", "sep"):
        if side in processor:
            processor[side][1] = model["vocab"][processor[side][0]]
    (folder / role).mkdir(parents=True, exist_ok=True)
    (folder / role / "tokenizer.json").write_text(json.dumps(config))
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(source / name, folder / role / name)


def read(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        yield from ((row["ko"], row["en"]) for row in csv.DictReader(file) if row["ko"] and row["en"])


random.seed(0)
target, *files = map(pathlib.Path, sys.argv[1:])
pairs = list(itertools.islice(itertools.chain.from_iterable(map(read, files)), SENTENCES))
write(target, "teacher", teacher_model, [en for _, en in pairs])
write(target, "student", student_model, [text for pair in pairs for text in pair])
