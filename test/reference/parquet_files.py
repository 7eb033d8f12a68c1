"""Writes test/reference/parquet: small files by pyarrow in many layouts, and the rows that they hold as JSON."""

import datetime
import decimal
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent / "parquet"

TURNS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema(
    [
        ("prompt", pa.string()),
        ("completion", pa.large_string()),
        ("label", pa.int64()),
        ("share", pa.float64()),
        ("is_good", pa.bool_()),
        ("day", pa.date32()),
        ("seen", pa.timestamp("us")),
        ("price", pa.decimal128(9, 2)),
        ("messages", TURNS),
        ("translation", pa.struct([("de", pa.string()), ("en", pa.string())])),
        ("scores", pa.list_(pa.list_(pa.float32()))),
        ("counts", pa.map_(pa.string(), pa.int32())),
    ]
)


def row(i):
    """A row with every kind of value, and with nothing in every fifth."""
    if i % 5 == 4:
        return {name: None for name in SCHEMA.names}
    return {
        "prompt": f"line {i}\n\"é😀\" {'wort ' * (i % 3)}",
        "completion": "yes" if i % 2 else "no",
        "label": (1 << 60) + i if i % 7 == 6 else i - 3,
        "share": i / 8,
        "is_good": i % 3 == 0,
        "day": datetime.date(2024, 2, 28) + datetime.timedelta(days=i),
        "seen": datetime.datetime(2024, 2, 28, 12, 30, 15, 250_000) + datetime.timedelta(hours=i),
        "price": decimal.Decimal(f"{i}.25"),
        "messages": [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": None}][: i % 4],
        "translation": {"de": f"Haus {i}", "en": None if i % 3 == 1 else f"house {i}"},
        "scores": [[0.5, 1.5], [], None][: i % 4],
        "counts": {"a": i, "b": 2} if i % 2 else {},
    }


def as_json(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, datetime.date):
        return value.isoformat() + "T00:00:00.000Z"
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value


LAYOUTS = {
    "snappy": dict(compression="snappy"),
    "gzip-v2": dict(compression="gzip", data_page_version="2.0"),
    "zstd": dict(compression="zstd", use_dictionary=False),
    "lz4": dict(compression="lz4"),
    "brotli": dict(compression="brotli", data_page_version="2.0", use_dictionary=False),
    "plain": dict(compression="none", use_dictionary=False, version="2.4"),
    "delta": dict(
        compression="snappy",
        use_dictionary=False,
        column_encoding={
            "prompt": "DELTA_BYTE_ARRAY",
            "completion": "DELTA_LENGTH_BYTE_ARRAY",
            "label": "DELTA_BINARY_PACKED",
            "share": "BYTE_STREAM_SPLIT",
        },
    ),
}


def main():
    FOLDER.mkdir(exist_ok=True)
    rows = [row(i) for i in range(24)]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    for name, layout in LAYOUTS.items():
        pq.write_table(table, FOLDER / f"{name}.parquet", row_group_size=10, **layout)
    (FOLDER / "rows.json").write_text(json.dumps([as_json(item) for item in rows], indent=1, ensure_ascii=False))

    small = pa.table({"prompt": ["a ->", "b ->"], "completion": [" x", " y"], "id": [1, 2]})
    pq.write_table(small, FOLDER / "pairs.parquet", compression="snappy", write_statistics=False)
    pq.write_table(small.slice(0, 0), FOLDER / "empty.parquet")
    binary = pa.table({"prompt": ["a"], "image": pa.array([b"\xff\xd8\xff"], pa.binary())})
    pq.write_table(binary, FOLDER / "binary.parquet")
    # Run lengths: a file of 50 kB that stands for 20 million rows.
    many = pa.table({"flag": pa.DictionaryArray.from_arrays(pa.array([0] * 20_000_000, pa.int8()), ["x"])})
    pq.write_table(many, FOLDER / "many.parquet", row_group_size=20_000_000, compression="zstd")
    # Zeros: 300 MB of text in few bytes.
    large = pa.table({"text": ["0" * 30_000_000] * 10})
    pq.write_table(large, FOLDER / "large.parquet", use_dictionary=False, compression="zstd", write_statistics=False)


if __name__ == "__main__":
    main()
