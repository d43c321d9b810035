"""Writes the same pairs in many ways, by other software, and shows what `kd prepare` reads of each.

    pip install pandas pyarrow datasets openpyxl
    python scripts/formats/same_pairs.py [--pairs 2000] [--only <part of a way's name>] [--work <folder>]

Needs a built project (`npm run build`), and no network. Info-ZIP's `zip`, `sqlite3`, LibreOffice's `soffice` and `7z`
are used where they are there. The pairs are the same in every run: some hold separators, quotes of both kinds,
backslashes and line breaks. Prints a Markdown table: the way, the rows read, and whether the token store holds the same pairs
(texts are stored with every stretch of white space as one blank), or the line that `kd` ended with. Ends with 1 if a
way gave other pairs, or if `kd` ended without a line of its own.
"""

import argparse
import bz2
import csv
import gzip
import io
import json
import lzma
import os
import pathlib
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import datasets
import openpyxl
import pandas
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "data/tiny"

KOREAN = ["{i}번째 문을 연다", "\"{i}번\"이라고 말했다", "'{i}' 하고, 또 하나", "값; {i} | 번호", "길 C:\\자료\\{i}", "첫 줄 {i}\n둘째 줄"]
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


WAYS = []


def way(name, *flags, needs=None):
    """Registers a function that writes the pairs into a folder and may return the path to read."""

    def register(write):
        WAYS.append((name, write, flags, needs))
        return write

    return register


class Pairs:
    """The pairs in the forms that writers take."""

    def __init__(self, pairs):
        self.rows = pairs
        self.frame = pandas.DataFrame(pairs, columns=["ko", "en"])
        self.flat = [(" ".join(ko.split()), " ".join(en.split())) for ko, en in pairs]
        self.flat_frame = pandas.DataFrame(self.flat, columns=["ko", "en"])
        self.table = pyarrow.table({"ko": [ko for ko, _ in pairs], "en": [en for _, en in pairs]})
        self.objects = [{"ko": ko, "en": en} for ko, en in pairs]


# ---- pandas: delimited text

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


# ---- pandas: JSON

for orient in ["records", "columns", "index", "split", "table", "values"]:
    numbers = ["--ko-column", "1", "--en-column", "2"] if orient == "values" else []

    @way(f"pandas `to_json`, {orient}", *numbers)
    def _(pairs, folder, orient=orient):
        pairs.frame.to_json(folder / "pairs.json", orient=orient)


@way("pandas `to_json`, lines")
def _(pairs, folder):
    pairs.frame.to_json(folder / "pairs.jsonl", orient="records", lines=True, force_ascii=False)


@way("pandas `to_json`, lines, gzip")
def _(pairs, folder):
    pairs.frame.to_json(folder / "pairs.jsonl.gz", orient="records", lines=True)


# ---- Python's json

JSON = {
    "a list, indented": lambda pairs: json.dumps(pairs.objects, indent=2, ensure_ascii=False),
    "lists by language": lambda pairs: json.dumps(pairs.frame.to_dict("list")),
    'under "rows"': lambda pairs: json.dumps({"version": 1, "rows": pairs.objects}),
    "splits": lambda pairs: json.dumps({"train": pairs.objects[:-100], "test": pairs.objects[-100:]}),
    "translations, a line each": lambda pairs: "\n".join(json.dumps({"translation": pair}) for pair in pairs.objects),
    "objects with NaN": lambda pairs: json.dumps([{"score": float("nan"), **pair} for pair in pairs.objects]),
    "a list of lists, with a header": lambda pairs: json.dumps([["ko", "en"], *pairs.rows]),
}
for name, dump in JSON.items():

    @way(f"Python `json`, {name}")
    def _(pairs, folder, dump=dump):
        (folder / "pairs.json").write_text(dump(pairs), encoding="utf-8")


# ---- Python's csv

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


# ---- Workbooks

@way("pandas `to_excel`")
def _(pairs, folder):
    pairs.frame.to_excel(folder / "pairs.xlsx", index=False)


@way("openpyxl, a title above the header, two sheets")
def _(pairs, folder):
    book = openpyxl.Workbook()
    for number, rows in enumerate([pairs.rows[:900], pairs.rows[900:]]):
        sheet = book.active if number == 0 else book.create_sheet()
        for row in [["A title"], [], ["id", "영어", "한국어"], *[[i, en, ko] for i, (ko, en) in enumerate(rows)]]:
            sheet.append(row)
    book.save(folder / "pairs.xlsx")


@way("openpyxl, write-only, without a header", "--ko-column", "2", "--en-column", "1")
def _(pairs, folder):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for ko, en in pairs.rows:
        sheet.append([en, ko])
    book.save(folder / "pairs.xlsx")


@way("openpyxl, formulas that were never calculated")
def _(pairs, folder):
    book = openpyxl.Workbook()
    for row in [["ko", "en"], *[[ko, f'=UPPER("{i}")'] for i, (ko, _) in enumerate(pairs.rows)]]:
        book.active.append(row)
    book.save(folder / "pairs.xlsx")


for ending in ["xlsx", "ods", "xls"]:

    @way(f"LibreOffice, .{ending} from CSV", needs="soffice")
    def _(pairs, folder, ending=ending):
        pairs.frame.to_csv(folder / "pairs.csv", index=False)
        command = ["soffice", "--headless", "--infilter=CSV:44,34,76,1", "--convert-to", ending, "--outdir", folder]
        subprocess.run([*command, folder / "pairs.csv"], check=True, capture_output=True)
        (folder / "pairs.csv").unlink()


# ---- Parquet, Arrow, ORC

for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:

    @way(f"pyarrow, Parquet, {codec}")
    def _(pairs, folder, codec=codec):
        pyarrow.parquet.write_table(pairs.table, folder / "pairs.parquet", compression=codec, row_group_size=700)


@way("pyarrow, Parquet, data pages of version 2, delta encodings")
def _(pairs, folder):
    encodings = {"ko": "DELTA_BYTE_ARRAY", "en": "DELTA_LENGTH_BYTE_ARRAY"}
    options = {"data_page_version": "2.0", "use_dictionary": False, "column_encoding": encodings}
    pyarrow.parquet.write_table(pairs.table, folder / "pairs.parquet", **options)


@way("pandas `to_parquet`, compressed by gzip once more")
def _(pairs, folder):
    (folder / "pairs.parquet.gz").write_bytes(gzip.compress(pairs.frame.to_parquet()))


@way("pyarrow, Parquet, lists")
def _(pairs, folder):
    lists = pyarrow.table({name: [[text] for text in pairs.table[name].to_pylist()] for name in ["ko", "en"]})
    pyarrow.parquet.write_table(lists, folder / "pairs.parquet")


for codec in ["uncompressed", "lz4", "zstd"]:

    @way(f"pyarrow, Feather, {codec}")
    def _(pairs, folder, codec=codec):
        pyarrow.feather.write_feather(pairs.table, str(folder / "pairs.feather"), compression=codec)


@way("pandas `to_feather`")
def _(pairs, folder):
    pairs.frame.to_feather(folder / "pairs.feather")


@way("pyarrow, Arrow file, dictionaries")
def _(pairs, folder):
    table = pyarrow.table({name: pairs.table[name].dictionary_encode() for name in ["ko", "en"]})
    with pyarrow.ipc.new_file(folder / "pairs.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=300)


@way("pyarrow, Arrow stream, string views")
def _(pairs, folder):
    table = pyarrow.table({name: pairs.table[name].cast(pyarrow.string_view()) for name in ["ko", "en"]})
    with pyarrow.ipc.new_stream(folder / "pairs.arrows", table.schema) as writer:
        writer.write_table(table)


@way("pyarrow, Arrow file, run-end encoded")
def _(pairs, folder):
    encoded = pyarrow.compute.run_end_encode(pairs.table["ko"].combine_chunks())
    table = pyarrow.table({"ko": encoded, "en": pairs.table["en"]})
    with pyarrow.ipc.new_file(folder / "pairs.arrow", table.schema) as writer:
        writer.write_table(table)


@way("pyarrow, CSV")
def _(pairs, folder):
    pyarrow.csv.write_csv(pairs.table, folder / "pairs.csv")


@way("pyarrow, ORC")
def _(pairs, folder):
    pyarrow.orc.write_table(pairs.table, folder / "pairs.orc")


# ---- datasets

@way("datasets, `save_to_disk`, three shards")
def _(pairs, folder):
    datasets.Dataset.from_list(pairs.objects).save_to_disk(folder / "set", num_shards=3)


@way("datasets, `DatasetDict.save_to_disk`, texts under `translation`")
def _(pairs, folder):
    features = datasets.Features({"translation": datasets.Translation(languages=["ko", "en"])})
    whole = datasets.Dataset.from_list([{"translation": pair} for pair in pairs.objects], features=features)
    parts = {"train": whole.select(range(1500)), "test": whole.select(range(1500, len(whole)))}
    datasets.DatasetDict(parts).save_to_disk(folder / "set")


for method, ending in [("to_parquet", "parquet"), ("to_json", "json"), ("to_csv", "csv")]:

    @way(f"datasets, `{method}`")
    def _(pairs, folder, method=method, ending=ending):
        getattr(datasets.Dataset.from_list(pairs.objects), method)(folder / f"train-00000-of-00001.{ending}")


@way("datasets, `save_to_disk`, zipped by Python")
def _(pairs, folder):
    datasets.Dataset.from_list(pairs.objects).save_to_disk(folder / "set")
    shutil.make_archive(str(folder / "set"), "zip", folder, "set")
    shutil.rmtree(folder / "set")


# ---- Archives

def csv_in(pairs, folder):
    pairs.frame.to_csv(folder / "말뭉치.csv", index=False)
    return folder / "말뭉치.csv"


ZIP_FLAGS = {"deflated": ["-9"], "stored": ["-0"], "encrypted": ["-P", "secret"], "bzip2": ["-Z", "bzip2"]}
for name, flags in ZIP_FLAGS.items():

    @way(f"Info-ZIP `zip`, {name}", needs="zip")
    def _(pairs, folder, flags=flags):
        file = csv_in(pairs, folder)
        subprocess.run(["zip", "-q", *flags, "pairs.zip", file.name], cwd=folder, check=True)
        file.unlink()


@way("Info-ZIP `zip`, from a pipe, in a zip", needs="zip")
def _(pairs, folder):
    file = csv_in(pairs, folder)
    with open(folder / "inner.zip", "wb") as inner:
        subprocess.run(["zip", "-q", "-", "-"], stdin=open(file, "rb"), stdout=inner, check=True)
    subprocess.run(["zip", "-q", "pairs.zip", "inner.zip"], cwd=folder, check=True)
    for left in [file, folder / "inner.zip"]:
        left.unlink()


@way("Info-ZIP `zip`, from a pipe", needs="zip")
def _(pairs, folder):
    file = csv_in(pairs, folder)
    with open(folder / "pairs.zip", "wb") as archive:
        subprocess.run(["zip", "-q", "-", file.name], cwd=folder, stdout=archive, check=True)
    file.unlink()


@way("a zip as macOS makes it: `__MACOSX`, names in NFD without the flag of UTF-8")
def _(pairs, folder):
    content = pairs.frame.to_csv(index=False).encode()
    with zipfile.ZipFile(folder / "pairs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        left = [("__MACOSX/자료/._말뭉치.csv", b"\0\5\26\7"), ("자료/.DS_Store", b"\0\0\0\1Bud1")]
        for member, data in [("자료/말뭉치.csv", content), *left]:
            info = zipfile.ZipInfo("x")
            info.compress_type = zipfile.ZIP_DEFLATED
            info.filename = unicodedata.normalize("NFD", member).encode().decode("cp437")
            archive.writestr(info, data)


@way("Python `zipfile`, LZMA")
def _(pairs, folder):
    with zipfile.ZipFile(folder / "pairs.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("pairs.csv", pairs.frame.to_csv(index=False))


@way("Python `tarfile`, gzip")
def _(pairs, folder):
    with tarfile.open(folder / "pairs.tar.gz", "w:gz") as archive:
        content = pairs.frame.to_csv(index=False).encode()
        info = tarfile.TarInfo("pairs.csv")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))


for kind in ["7z", "zip"]:

    @way(f"7-Zip, .{kind}", needs="7z")
    def _(pairs, folder, kind=kind):
        file = csv_in(pairs, folder)
        subprocess.run(["7z", "a", f"pairs.{kind}", file.name], cwd=folder, check=True, capture_output=True)
        file.unlink()


# ---- sqlite3

MODES = {"csv": "csv", "tabs": "tsv", "list": "txt", "json": "json", "ascii": "txt", "html": "html"}
for mode, ending in MODES.items():

    @way(f"sqlite3, `.mode {mode}`", needs="sqlite3")
    def _(pairs, folder, mode=mode, ending=ending):
        rows = pairs.flat if mode in ["tabs", "list"] else pairs.rows
        rows = [(ko.replace("|", "/"), en.replace("|", "/")) for ko, en in rows] if mode == "list" else rows
        with sqlite3.connect(folder / "pairs.db") as base:
            base.execute("CREATE TABLE pairs (ko TEXT, en TEXT)")
            base.executemany("INSERT INTO pairs VALUES (?, ?)", rows)
        base.close()
        with open(folder / f"pairs.{ending}", "wb") as file:
            query = [f".mode {mode}", ".headers on", "SELECT * FROM pairs"]
            subprocess.run(["sqlite3", folder / "pairs.db", *query], stdout=file, check=True)
        (folder / "pairs.db").unlink()
        return rows


@way("sqlite3, the database itself")
def _(pairs, folder):
    with sqlite3.connect(folder / "pairs.db") as base:
        pairs.frame.to_sql("pairs", base, index=False)
    base.close()


# ---- Translation memories and others

for languages, encoding in [(("ko-KR", "en-US"), "utf-8"), (("KOR", "ENG"), "utf-8"), (("ko", "en"), "utf-16")]:

    @way(f"TMX by `xml.etree`, {languages[0]} and {languages[1]}, {encoding.upper()}")
    def _(pairs, folder, languages=languages, encoding=encoding):
        import xml.etree.ElementTree as tree

        root = tree.Element("tmx", version="1.4")
        tree.SubElement(root, "header", srclang=languages[1], datatype="plaintext")
        body = tree.SubElement(root, "body")
        for row in pairs.rows:
            unit = tree.SubElement(body, "tu")
            for language, text in zip(languages, row):
                tree.SubElement(tree.SubElement(unit, "tuv", {"xml:lang": language}), "seg").text = text
        tree.ElementTree(root).write(folder / "pairs.tmx", encoding=encoding, xml_declaration=True)


@way("pandas `to_html`")
def _(pairs, folder):
    pairs.frame.to_html(folder / "pairs.html")


@way("pandas `to_stata`")
def _(pairs, folder):
    pairs.frame.to_stata(folder / "pairs.dta", version=118)


@way("Python `pickle`")
def _(pairs, folder):
    (folder / "pairs.pkl").write_bytes(pickle.dumps(pairs.rows))


@way("Python `bz2`, JSON lines")
def _(pairs, folder):
    (folder / "pairs.jsonl.bz2").write_bytes(bz2.compress("\n".join(map(json.dumps, pairs.objects)).encode()))


@way("Python `lzma`, JSON lines")
def _(pairs, folder):
    (folder / "pairs.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, pairs.objects)).encode()))


def prepare(data, flags, work):
    """What `kd prepare` made of a file or folder: rows read and the pairs in the store, or the line it ended with."""
    out = work / "store"
    models = ["--teacher", TINY / "teacher", "--student", TINY / "student", "--long", "truncate"]
    command = ["node", ROOT / "bin/kd.js", "prepare", "--quiet", "--data", data, "--out", out, *models, *flags]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return None, None, run.stderr.strip().replace(f"{data.parent}/", "")
    report = json.loads((out / "report.json").read_text())
    stored = []
    for shard in sorted(out.glob("*.arrow")):
        table = pyarrow.ipc.open_file(shard).read_all()
        stored += zip(table["ko"].to_pylist(), table["en"].to_pylist())
    shutil.rmtree(out)
    return report["total"]["read"], stored, run.stderr.strip()


def cell(text):
    return text.replace("|", "\\|").replace("\x01", "U+0001")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--only", default="")
    parser.add_argument("--work", help="a folder for what is written; kept where it is given")
    options = parser.parse_args()
    pairs = Pairs(make_pairs(options.pairs))
    work = pathlib.Path(options.work or tempfile.mkdtemp(prefix="same-pairs-"))
    counts = {"same": 0, "one line": 0, "wrong": 0}
    missing = set()
    print("| written by | rows read | same pairs |\n| --- | --- | --- |")
    for name, write, flags, needs in WAYS:
        if options.only not in name:
            continue
        if needs is not None and shutil.which(needs) is None:
            missing.add(needs)
            continue
        folder = work / f"way-{sum(counts.values())}"
        folder.mkdir(parents=True)
        rows = write(pairs, folder) or pairs.rows
        written = list(folder.iterdir())
        read, stored, said = prepare(written[0] if len(written) == 1 else folder, flags, work)
        expected = sorted((folded(ko), folded(en)) for ko, en in rows)
        if stored is not None:
            outcome = "same" if sorted(stored) == expected else "wrong"
            shown = "yes" if outcome == "same" else f"no: {len(set(stored) & set(expected))} of {len(expected)}"
        else:
            outcome = "one line" if said.startswith("error: ") and "\n" not in said else "wrong"
            shown = said.removeprefix("error: ")
        counts[outcome] += 1
        with_flags = f" (`{' '.join(flags)}`)" if flags else ""
        print(f"| {cell(name)}{with_flags} | {'' if read is None else read} | {cell(shown)} |", flush=True)
        shutil.rmtree(folder)
    if options.work is None:
        shutil.rmtree(work)
    print(f"\n{counts['same']} the same pairs, {counts['one line']} one line, {counts['wrong']} neither.")
    if missing:
        print(f"Not on this machine: {', '.join(sorted(missing))}.")
    sys.exit(1 if counts["wrong"] else 0)


main()
