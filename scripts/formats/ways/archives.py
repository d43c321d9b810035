"""Archives."""

import io
import subprocess
import tarfile
import unicodedata
import zipfile

from .registry import way


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
