"""Workbooks."""

import subprocess

import openpyxl

from .registry import way


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
