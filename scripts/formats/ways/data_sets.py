"""Data sets of the Hugging Face library."""

import os
import shutil

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import datasets

from .registry import way


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
