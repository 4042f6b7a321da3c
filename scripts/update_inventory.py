"""Write bytes and sha256 of every data file into data/inventory.csv.

A file without a row is refused: its source and licence must be written down first.

    python scripts/update_inventory.py
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INVENTORY = ROOT / "data" / "inventory.csv"
NOT_DATA = {"README.md", "inventory.csv"}


def main() -> int:
    with INVENTORY.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        fields = list(reader.fieldnames or [])
        rows = {row["path"]: row for row in reader}
    found = {
        path.relative_to(ROOT).as_posix(): path
        for path in sorted((ROOT / "data").rglob("*"))
        if path.is_file() and path.name not in NOT_DATA
    }
    unknown, gone = sorted(found.keys() - rows.keys()), sorted(rows.keys() - found.keys())
    if unknown or gone:
        print(f"没有登记:{unknown};登记了但不存在:{gone}", file=sys.stderr)
        return 1
    for name, path in found.items():
        content = path.read_bytes()
        rows[name] |= {"bytes": str(len(content)), "sha256": hashlib.sha256(content).hexdigest()}
    with INVENTORY.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
