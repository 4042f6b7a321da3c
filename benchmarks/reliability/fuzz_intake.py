"""Mutated files through the intake: none may crash it, hang it for ten seconds, or be read in silence as something else.

    python benchmarks/reliability/fuzz_intake.py 1250        # eight formats, 10,000 mutants
    python benchmarks/reliability/fuzz_intake.py 20          # the short run of CI

Each batch runs in a child process with a limit of memory, so that a crash is counted and not shared.
What became of a mutant: ``same`` as the sound file, ``refused``, ``told`` (taken, with findings),
``value`` (as many rows as before, another value in one of them, nothing said: a changed digit cannot be
known), ``fewer`` or ``more`` rows with nothing said. The exit code is 1 if any mutant crashed or hung,
or if rows went missing in silence in a format that counts its rows.
"""

from __future__ import annotations

import collections
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

LIMIT_S = 10
CALM = ("id-borrowed", "unit-column-missing", "crs-absent", "header-unknown", "geometry-unusual")
"""Findings that the sound files have too."""
UNCOUNTED = ("csv", "geojson", "topojson")
"""Text that may end after any record: a cut between two records cannot be seen."""
FORMATS = ("gpkg", "shp", "dbf", "geojson", "kml", "xlsx", "csv", "zip", "parquet", "topojson", "fgb")


def make_seeds(folder: Path) -> None:
    """Write the toy town's sites in every format."""
    import zipfile

    from renewal_gis import toytown

    sites = toytown.make_sites().dropna(subset="geometry")
    frame = sites[["name", "declared_unit", "geometry"]].set_axis(["名称", "责任单位", "geometry"], axis=1)
    frame = frame.assign(geometry=frame.geometry.representative_point()).reset_index(names="编号")
    frame.to_file(folder / "s.gpkg", engine="pyogrio")
    frame.to_file(folder / "s.shp", engine="pyogrio", encoding="GBK")
    frame.to_file(folder / "s.geojson", engine="pyogrio")
    frame.to_file(folder / "s.fgb", engine="pyogrio")
    marks = "".join(
        f"<Placemark><name>{n}</name><description>{i}</description><Point><coordinates>{p.x},{p.y}</coordinates></Point></Placemark>"
        for i, n, p in zip(frame["编号"], frame["名称"], frame.geometry, strict=True)
    )
    kml = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>{marks}</Folder></Document></kml>'
    (folder / "s.kml").write_text(kml, encoding="utf-8")
    frame.to_parquet(folder / "s.parquet")
    table = frame.drop(columns="geometry").assign(经度=frame.geometry.x, 纬度=frame.geometry.y)
    table.to_csv(folder / "s.csv", index=False, encoding="utf-8-sig")
    table.to_excel(folder / "s.xlsx", index=False)
    with zipfile.ZipFile(folder / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("s.[sdpc][hbrp][pxfjg]")):
            archive.write(part, part.name)
    geometries = [
        {"type": "Point", "coordinates": [x, y], "properties": {"编号": i, "名称": n}}
        for i, n, x, y in zip(table["编号"], table["名称"], table["经度"], table["纬度"], strict=True)
    ]
    body = {
        "type": "Topology",
        "arcs": [],
        "objects": {"s": {"type": "GeometryCollection", "geometries": geometries}},
    }
    (folder / "s.topojson").write_text(json.dumps(body), encoding="utf-8")


def mutate(body: bytes, dice: random.Random) -> bytes:
    """Flip bits, cut, blank, double or overwrite a part."""
    made = bytearray(body)
    kind, place = dice.randrange(5), dice.randrange(len(made))
    if kind == 0:
        for _ in range(dice.choice([1, 3, 20])):
            made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
    elif kind == 1:
        del made[place:]
    elif kind == 2:
        size = min(dice.choice([1, 16, 512]), len(made) - place)
        made[place : place + size] = bytes(size)
    elif kind == 3:
        made[place:place] = made[place : place + dice.choice([4, 64, 1024])]
    else:
        made[place : place + 8] = dice.choice([b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\0\0\0\x80" * 2])
    return bytes(made)


def read(path: Path) -> tuple[str, int, bool]:
    """Return what the intake makes of a file: the rows as text, how many there were, whether anything was said."""
    from renewal_gis import toytown
    from renewal_gis.intake.tables import read_sites
    from renewal_gis.plan import Source

    crs = {"crs": "EPSG:4490"} if path.suffix == ".topojson" else {}
    source = Source(role="sites", path=str(path), simulated=False, attribution="", **crs)
    intake = read_sites(toytown.make_plan(), source)
    if intake.accepted + intake.repaired + intake.quarantined != intake.read:
        raise ArithmeticError("rows lost")
    told = any(finding.code not in CALM for finding in intake.findings)
    return intake.frame.drop(columns=["source_file"]).to_csv(), intake.read, told


def compare(found: tuple[str, int, bool], plain: tuple[str, int, bool]) -> str:
    """Return what became of a mutant that was taken."""
    if found[:2] == plain[:2]:
        return "same"
    if found[2]:
        return "told"
    return "value" if found[1] == plain[1] else "fewer" if found[1] < plain[1] else "more"


def run_batch(kind: str, seeds: Path, first: int, last: int) -> None:
    """Read mutants one after the other and say after each what became of it."""
    from renewal_gis.errors import RenewalError

    warnings.filterwarnings("ignore")
    suffix = "shp" if kind == "dbf" else kind
    plain = read(seeds / f"s.{suffix}")
    for number in range(first, last):
        with tempfile.TemporaryDirectory() as folder:
            for part in seeds.glob("s.*"):
                if kind in ("shp", "dbf") or part.suffix == f".{kind}":
                    (Path(folder) / part.name).write_bytes(part.read_bytes())
            victim = Path(folder) / f"s.{kind}"
            victim.write_bytes(mutate(victim.read_bytes(), random.Random(f"{kind}-{number}")))
            print(f"@ {number}", flush=True)
            start = time.perf_counter()
            signal.alarm(LIMIT_S + 2)
            try:
                found = read(Path(folder) / f"s.{suffix}")
                what = compare(found, plain)
            except RenewalError:
                what = "refused"
            except MemoryError:
                what = "refused"
            except Exception as error:  # noqa: BLE001  # whatever else is raised is what is looked for
                what = f"ERROR:{type(error).__name__}:{str(error)[:60]}".replace(" ", "_")
            signal.alarm(0)
            print(f"= {number} {what} {time.perf_counter() - start:.1f}", flush=True)


def limit_memory() -> None:
    """Keep a child from taking the machine along."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))


def main(count: int) -> int:
    """Run every format and print what became of its mutants."""
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        make_seeds(Path(folder))
        for kind in FORMATS:
            counts: collections.Counter[str] = collections.Counter()
            first = 0
            while first < count:
                command = [sys.executable, __file__, "batch", kind, folder, str(first), str(count)]
                run = subprocess.run(
                    command, capture_output=True, text=True, preexec_fn=limit_memory, check=False
                )
                lines = run.stdout.splitlines()
                counts.update(line.split()[2] for line in lines if line.startswith("= "))
                slow = [line for line in lines if line.startswith("= ") and float(line.split()[3]) > LIMIT_S]
                counts["SLOW"] += len(slow)
                last = max((int(line.split()[1]) for line in lines if line.startswith("@ ")), default=-1)
                if run.returncode == 0 and last == count - 1:
                    break
                counts[f"CRASH{run.returncode}@{last}"] += 1
                if last < first:
                    print(run.stderr[-2000:])
                    return 1
                first = last + 1
            faults = {
                what: number
                for what, number in counts.items()
                if number and what[:4] in ("ERRO", "CRAS", "SLOW")
            }
            bad += sum(faults.values())
            bad += counts["fewer"] if kind not in UNCOUNTED else 0
            shown = {what: number for what, number in counts.items() if number}
            print(f"{kind:9s} {count} mutants: {shown}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1] == "batch":
        run_batch(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    else:
        sys.exit(main(int(sys.argv[1])))
