"""The work of `kd prepare` as one would write it in Python: read CSV, clean, encode with Hugging Face's tokenizers
(Rust, all cores), write Arrow. It neither shuffles nor samples, and keeps rows in the order of the files.

    python scripts/bench/prepare.py <teacher folder> <student folder> <out.arrow> <file.csv>...

Needs `tokenizers` and `pyarrow`. Prints the counts, the seconds of each stage, and the peak of resident memory, as
JSON.
"""
import collections
import csv
import hashlib
import json
import re
import resource
import sys
import time
import unicodedata

import pyarrow as pa
from tokenizers import Tokenizer

MAX_LENGTH = 77
BATCH = 10_000
SPACE = re.compile(r"\s+")
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
IDS = pa.list_(pa.uint16())
SCHEMA = pa.schema([("ko", pa.string()), ("en", pa.string()), ("split", pa.string()),
                    ("teacher_en", IDS), ("student_en", IDS), ("student_ko", IDS)])

seconds = collections.Counter()
dropped = collections.Counter()


def fold(text):
    return SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def digest(text):
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def clean_pairs(paths):
    """Pairs of use, in the order of the files."""
    pairs_seen, ko_seen, en_seen = set(), set(), set()
    for path in paths:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = next(rows)
            ko_at, en_at = header.index("ko"), header.index("en")
            for row in rows:
                if len(row) != len(header):
                    dropped["unreadable"] += 1
                    continue
                ko, en = fold(row[ko_at]), fold(row[en_at])
                if not ko or not en:
                    dropped["empty"] += 1
                    continue
                if ko == en:
                    dropped["identical"] += 1
                    continue
                if not HANGUL.search(ko):
                    dropped["no_hangul"] += 1
                    continue
                ko_hash, en_hash = digest(ko), digest(en)
                if ko_hash + en_hash in pairs_seen:
                    dropped["duplicate_pair"] += 1
                elif ko_hash in ko_seen:
                    dropped["duplicate_ko"] += 1
                elif en_hash in en_seen:
                    dropped["duplicate_en"] += 1
                else:
                    pairs_seen.add(ko_hash + en_hash)
                    ko_seen.add(ko_hash)
                    en_seen.add(en_hash)
                    yield ko, en, "validation" if ko_hash[0] < 51 else "training"


def batches(pairs):
    while True:
        started = time.perf_counter()
        batch = [pair for _, pair in zip(range(BATCH), pairs)]
        seconds["read and clean"] += time.perf_counter() - started
        if not batch:
            return
        yield batch


def main(teacher_folder, student_folder, out, *paths):
    teacher = Tokenizer.from_file(f"{teacher_folder}/tokenizer.json")
    student = Tokenizer.from_file(f"{student_folder}/tokenizer.json")
    kept = 0
    started = time.perf_counter()
    with pa.OSFile(out, "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as writer:
        for batch in batches(clean_pairs(paths)):
            at = time.perf_counter()
            ko, en = [pair[0] for pair in batch], [pair[1] for pair in batch]
            ids = [[encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
                   for tokenizer, texts in ((teacher, en), (student, en), (student, ko))]
            seconds["encode"] += time.perf_counter() - at
            at = time.perf_counter()
            rows = [(*pair, *lists) for pair, *lists in zip(batch, *ids) if max(map(len, lists)) <= MAX_LENGTH]
            dropped["too_long"] += len(batch) - len(rows)
            kept += len(rows)
            columns = zip(*rows)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA)]
            writer.write(pa.record_batch(arrays, schema=SCHEMA))
            seconds["write"] += time.perf_counter() - at
    seconds["in all"] = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rounded = {stage: round(s, 1) for stage, s in seconds.items()}
    print(json.dumps({"kept": kept, "dropped": dropped, "seconds": rounded, "peak_bytes": peak}))


main(*sys.argv[1:])
