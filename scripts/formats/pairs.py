"""The pairs that are written, in the forms that writers take."""

import unicodedata

import pandas
import pyarrow

KOREAN = ["{i}번째 문을 연다", "\"{i}번\"이라고 말했다", "'{i}' 하고, 또 하나", "값; {i} | 번호"]
KOREAN += ["길 C:\\자료\\{i}", "첫 줄 {i}\n둘째 줄"]
ENGLISH = ["Open door {i}", 'She said "number {i}", twice', "'{i}', and it's one more", "Value; {i} | a number"]
ENGLISH += ["The path C:\\data\\{i}\\", "First line {i}\nsecond line"]


def make_pairs(count):
    """Pairs of which each is plain or has one of the things that need quoting, in turn."""
    kinds = len(KOREAN)
    return [
        (KOREAN[i // 2 % kinds if i % 2 else 0].format(i=i), ENGLISH[i // 2 % kinds if i % 2 else 0].format(i=i))
        for i in range(count)
    ]


def folded(text):
    return " ".join(unicodedata.normalize("NFC", text).split())


class Pairs:
    """The pairs in the forms that writers take."""

    def __init__(self, pairs):
        self.rows = pairs
        self.frame = pandas.DataFrame(pairs, columns=["ko", "en"])
        self.flat = [(" ".join(ko.split()), " ".join(en.split())) for ko, en in pairs]
        self.flat_frame = pandas.DataFrame(self.flat, columns=["ko", "en"])
        self.table = pyarrow.table({"ko": [ko for ko, _ in pairs], "en": [en for _, en in pairs]})
        self.objects = [{"ko": ko, "en": en} for ko, en in pairs]
