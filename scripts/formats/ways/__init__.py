"""Ways in which pairs are written, in the order in which they are tried."""

from . import delimited, json_files, workbooks, columnar, data_sets, archives, databases, others
from .registry import WAYS

__all__ = ["WAYS"]
