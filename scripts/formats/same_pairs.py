"""Writes the same pairs in many ways, by other software, and shows what `kd prepare` reads of each.

    pip install pandas polars pyarrow datasets openpyxl
    python scripts/formats/same_pairs.py [--pairs 2000] [--only <part of a way's name>] [--work <folder>]

Needs a built project (`npm run build`), and no network. Info-ZIP's `zip`, `sqlite3`, LibreOffice's `soffice` and `7z`
are used where they are there. The pairs are the same in every run: some hold separators, quotes of both kinds,
backslashes and line breaks. Prints a Markdown table: the way, the rows read, and whether the token store holds the same
pairs (texts are stored with every stretch of white space as one blank), or the line that `kd` ended with. Ends with 1
if a way gave other pairs, or if `kd` ended without a line of its own.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pyarrow
from pairs import Pairs, folded, make_pairs
from ways import WAYS

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "data/tiny"


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
