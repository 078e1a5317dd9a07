"""Which format an input file is of: its first bytes say it, and otherwise its ending."""

from __future__ import annotations

from typing import Literal

from cistrace.io.streams import PARQUET_MAGIC, ByteSource

FileFormat = Literal["fasta", "jsonl", "parquet", "bed", "spreadsheet", "table"]
"""`table` is CSV or TSV, and whatever is none of the others."""

_FASTA_ENDINGS = (".fa", ".fasta", ".fna")
_JSONL_ENDINGS = (".jsonl", ".ndjson", ".json")
_PARQUET_ENDINGS = (".parquet", ".pq")
_SPREADSHEET_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_ZIP_MAGIC, _BYTE_ORDER_MARK = b"PK\x03\x04", b"\xef\xbb\xbf"


def format_of(source: ByteSource) -> FileFormat:
    """The format of an open input, gzip unpacked before."""
    start = source.head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    if source.head.startswith(PARQUET_MAGIC) or source.ending in _PARQUET_ENDINGS:
        return "parquet"
    if source.head.startswith(_ZIP_MAGIC) or source.ending in _SPREADSHEET_ENDINGS:
        return "spreadsheet"
    if start in (b">", b";") or source.ending in _FASTA_ENDINGS:
        return "fasta"
    if start == b"{" or source.ending in _JSONL_ENDINGS:
        return "jsonl"
    return "bed" if source.ending == ".bed" else "table"
