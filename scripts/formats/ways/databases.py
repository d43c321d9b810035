"""SQLite."""

import sqlite3
import subprocess

from .registry import way

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
