"""Parquet, Arrow and ORC."""

import gzip

import polars
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet

from .registry import way

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


POLARS = {
    "`write_ipc`": lambda frame, folder: frame.write_ipc(folder / "pairs.arrow"),
    "`write_ipc`, zstd, a categorical column": lambda frame, folder: frame.with_columns(
        polars.col("ko").cast(polars.Categorical)
    ).write_ipc(folder / "pairs.arrow", compression="zstd"),
    "`write_ipc_stream`": lambda frame, folder: frame.write_ipc_stream(folder / "pairs.arrows"),
    "`write_parquet`": lambda frame, folder: frame.write_parquet(folder / "pairs.parquet"),
    "`write_ndjson`": lambda frame, folder: frame.write_ndjson(folder / "pairs.ndjson"),
    "`write_json`": lambda frame, folder: frame.write_json(folder / "pairs.json"),
    "`write_csv`": lambda frame, folder: frame.write_csv(folder / "pairs.csv"),
}
for method, write in POLARS.items():

    @way(f"Polars {method}")
    def _(pairs, folder, write=write):
        write(polars.DataFrame({"ko": [ko for ko, _ in pairs.rows], "en": [en for _, en in pairs.rows]}), folder)


@way("pyarrow, Arrow file, list views and run-end encoding beside the texts")
def _(pairs, folder):
    count = len(pairs.rows)
    ends = pyarrow.array([count], pyarrow.int32())
    encoded = pyarrow.RunEndEncodedArray.from_arrays(ends, pyarrow.array(["news"]))
    views = pyarrow.array([[1, 2]] * count, pyarrow.list_view(pyarrow.int32()))
    table = pairs.table.append_column("domain", encoded).append_column("ids", views)
    with pyarrow.ipc.new_file(folder / "pairs.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=300)
