"""Delimited text."""

import csv

from .registry import way

for name, options in {
    "as it is": {},
    "index as a column": {"index": True},
    "all in quotes": {"quoting": csv.QUOTE_ALL},
    "texts in quotes": {"quoting": csv.QUOTE_NONNUMERIC},
    "single quotes": {"quotechar": "'"},
    "all in single quotes": {"quotechar": "'", "quoting": csv.QUOTE_ALL},
    "backslashes for quotes": {"doublequote": False, "escapechar": "\\"},
    "never in quotes, backslashes": {"quoting": csv.QUOTE_NONE, "escapechar": "\\"},
    "semicolons": {"sep": ";"},
    "pipes": {"sep": "|"},
    "carets": {"sep": "^"},
    "tildes": {"sep": "~"},
    "separator U+0001": {"sep": "\x01"},
    "tabs": {"sep": "\t"},
    "tabs, all in quotes": {"sep": "\t", "quoting": csv.QUOTE_ALL},
    "tabs, never in quotes, backslashes": {"sep": "\t", "quoting": csv.QUOTE_NONE, "escapechar": "\\"},
    "CRLF": {"lineterminator": "\r\n"},
    "CR": {"lineterminator": "\r"},
    "UTF-8 with a byte order mark": {"encoding": "utf-8-sig"},
    "UTF-16": {"encoding": "utf-16"},
    "UTF-16BE without a mark": {"encoding": "utf-16-be"},
    "UTF-32": {"encoding": "utf-32"},
    "EUC-KR": {"encoding": "euc_kr"},
    "code page 949": {"encoding": "cp949"},
    "gzip": {"compression": "gzip"},
    "zip": {"compression": {"method": "zip", "archive_name": "pairs.csv"}},
    "bzip2": {"compression": "bz2"},
    "xz": {"compression": "xz"},
    "tar": {"compression": "tar"},
}.items():

    @way(f"pandas `to_csv`, {name}")
    def _(pairs, folder, options=options):
        packed = {"gzip": ".csv.gz", "bz2": ".csv.bz2", "xz": ".csv.xz", "tar": ".tar"}
        ending = packed.get(str(options.get("compression")))
        ending = ending or (".zip" if "compression" in options else ".tsv" if options.get("sep") == "\t" else ".csv")
        frame = pairs.flat_frame if options.get("lineterminator") == "\r" else pairs.frame
        frame.to_csv(folder / f"pairs{ending}", **{"index": False, **options})


@way("pandas `to_csv`, without a header", "--ko-column", "2", "--en-column", "1")
def _(pairs, folder):
    pairs.frame[["en", "ko"]].to_csv(folder / "pairs.csv", index=False, header=False)


@way("pandas `to_csv`, without a header and without column numbers")
def _(pairs, folder):
    pairs.frame.to_csv(folder / "pairs.csv", index=False, header=False)


@way("pandas `to_csv`, columns of other names", "--ko-column", "left", "--en-column", "right")
def _(pairs, folder):
    pairs.frame.rename(columns={"ko": "left", "en": "right"}).to_csv(folder / "pairs.csv")


for dialect in ["excel", "excel-tab", "unix"]:

    @way(f"Python `csv`, dialect {dialect}")
    def _(pairs, folder, dialect=dialect):
        name = "pairs.tsv" if dialect == "excel-tab" else "pairs.csv"
        with open(folder / name, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, dialect).writerows([("ko", "en"), *pairs.rows])


@way("a blank after every comma")
def _(pairs, folder):
    quoted = [", ".join('"' + text.replace('"', '""') + '"' for text in row) for row in [("ko", "en"), *pairs.rows]]
    (folder / "pairs.csv").write_text("\n".join(quoted), encoding="utf-8")


@way("as MySQL's `SELECT … INTO OUTFILE` writes", "--ko-column", "1", "--en-column", "2")
def _(pairs, folder):
    def escaped(text):
        return text.replace("\\", "\\\\").replace("\t", "\\\t").replace("\n", "\\\n")

    lines = [f"{escaped(ko)}\t{escaped(en)}\t\\N\n" for ko, en in pairs.rows]
    (folder / "pairs.txt").write_text("".join(lines), encoding="utf-8")


@way("two aligned text files")
def _(pairs, folder):
    for side, language in enumerate(["ko", "en"]):
        (folder / f"pairs.{language}").write_text("\n".join(row[side] for row in pairs.flat) + "\n", encoding="utf-8")
