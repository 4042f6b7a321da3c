"""Where a row is: coordinate cells as numbers, and numbers as places, proved by the city's envelope.

A reference system is declared, never guessed. What the envelope can prove (axes exchanged, degrees
as minutes and seconds, the belt of Gauss–Krüger metres) is repaired and said; the rest is withheld.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from renewal_gis.geo.crs import bd09_to_wgs84, gcj02_to_wgs84, make_transformer, read_crs
from renewal_gis.intake.cells import BLANK_WORDS, OPEN_WORDS, squeeze
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Floats = NDArray[np.float64]
Envelope = tuple[float, float, float, float]

_DMS = re.compile(
    r"(?P<front>[EWNS东西北南])?(?:经|纬)?:?(?P<sign>-)?(?P<deg>\d{1,3})(?:[°度]|(?<=\d)[-:\s])"
    r"(?P<min>\d{1,2}(?:\.\d+)?)(?:['分]|(?<=\d)[-:\s]|$)"
    r"(?:(?P<sec>\d{1,2}(?:\.\d+)?)(?:\"|''|秒)?)?(?P<back>[EWNS])?"
)
_PLAIN = re.compile(
    r"(?:[EWNS]|[东西]经|[南北]纬)?:?([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?:°|度|m|米)?(?:[EWNS])?"
)
_QUOTES = str.maketrans(
    dict.fromkeys("\u2033\u201d\u201c\u3003\u02ba\uff02", '"')
    | dict.fromkeys("\u2032\u2019\u2018\u00b4\u02b9\uff07`", "'")
    | dict.fromkeys("\u00ba\u02da\u2103", "\u00b0")
)
"""The many marks for minutes, seconds and degrees; NFKC would take some of them apart."""


def read_coordinate(value: object) -> tuple[float, str]:
    """Return one coordinate and how it was written.

    Returns
    -------
    float, str
        NaN where there is none; ``plain``, ``dms``, ``blank`` or ``unread``.
    """
    if value is None:
        return math.nan, "blank"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (float(value), "plain") if math.isfinite(value) else (math.nan, "unread")
    raw = str(value).translate(_QUOTES).strip()
    text = squeeze(raw).upper()
    if text.lower() in BLANK_WORDS | OPEN_WORDS:
        return math.nan, "blank"
    spaced = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", raw)).strip().upper()
    apart = re.search(r"\d \d", spaced) is not None  # 114 27 38.5 is not one number
    if not apart and (match := _PLAIN.fullmatch(text)):
        number = float(match[1])
        return (number, "plain") if math.isfinite(number) else (math.nan, "unread")
    for candidate in (text, spaced):
        if match := _DMS.fullmatch(candidate):
            return _degrees_of(match)
    return math.nan, "unread"


def _degrees_of(match: re.Match[str]) -> tuple[float, str]:
    minutes, seconds = float(match["min"]), float(match["sec"] or 0)
    if minutes >= 60 or seconds >= 60:
        return math.nan, "unread"
    degrees = int(match["deg"]) + minutes / 60 + seconds / 3600
    negative = match["sign"] or (match["front"] or match["back"] or "") in ("W", "S", "西", "南")
    return (-degrees if negative else degrees), "dms"


def split_pair(value: object) -> tuple[str, str]:
    """Return the two parts of a cell that holds both coordinates."""
    plain = str(value or "").translate(_QUOTES)
    text = unicodedata.normalize("NFKC", plain).strip().strip("()[]").replace("、", ",")
    parts = [part for part in re.split(r"[,;]|(?<=[\d°\"'EN秒])\s+(?=[\dEN东北])", text) if part.strip()]
    return (parts[0], parts[1]) if len(parts) == 2 else ("", "")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand planar numbers: its name, and how it makes longitude and latitude."""

    name: str
    note: str
    convert: Callable[[Floats, Floats], tuple[Floats, Floats]]


def _identity(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return x, y


def _swapped(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return y, x


def _through(crs: str, *, swap: bool) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    def convert(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        east, north = (y, x) if swap else (x, y)
        lon, lat = make_transformer(crs, STORED_CRS).transform(east, north)
        return np.asarray(lon, float), np.asarray(lat, float)

    return convert


def _packed(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Read 1142738.53 as 114°27′38.53″."""

    def unpack(v: Floats) -> Floats:
        degrees, rest = np.divmod(v, 10_000)
        minutes, seconds = np.divmod(rest, 100)
        return np.where((minutes < 60) & (seconds < 60), degrees + minutes / 60 + seconds / 3600, np.nan)

    return unpack(x), unpack(y)


def list_readings(envelope: Envelope, declared: str) -> list[Reading]:
    """Return the ways to understand two columns of numbers in this city, the declared one first."""
    readings = [_declared_reading(declared)]
    if _is_degrees(declared):
        readings.append(Reading("swapped", "经纬度颠倒(swap),已互换", _swapped))
        readings.append(Reading("packed", "度分秒连写(DMS),已换算", _packed))
    else:
        readings.append(
            Reading("swapped", "X、Y 轴(axis)为测量坐标顺序(X 向北),已互换", _through(declared, swap=True))
        )
        readings.append(Reading("degrees", "坐标为经纬度(度)", _identity))
    readings.append(Reading("EPSG:3857", "按 EPSG:3857(网络墨卡托)理解", _through("EPSG:3857", swap=False)))
    middle = (envelope[0] + envelope[2]) / 2
    for crs, word in list_belts(middle):
        readings.append(Reading(crs, f"按 {crs}({word})理解", _through(crs, swap=False)))
        readings.append(
            Reading(
                f"{crs} swapped",
                f"按 {crs}({word})理解,X 向北、Y 向东(轴 axis 已互换)",
                _through(crs, swap=True),
            )
        )
    for zone in range(43, 54):
        if abs(6 * zone - 183 - middle) <= 4.5:
            crs = f"EPSG:{32600 + zone}"
            readings.append(Reading(crs, f"按 {crs}(UTM {zone} 带,zone)理解", _through(crs, swap=False)))
    return readings


def _is_degrees(declared: str) -> bool:
    return _shifted(declared) is not None or bool(read_crs(declared).is_geographic)


def _shifted(declared: str) -> Callable[..., Any] | None:
    word = re.sub(r"[^a-z0-9]", "", declared.lower())
    return {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}.get(word)


def _declared_reading(declared: str) -> Reading:
    shift = _shifted(declared)
    if shift is not None:

        def restore(x: Floats, y: Floats) -> tuple[Floats, Floats]:
            lon, lat = shift(x, y)
            return np.asarray(lon, float), np.asarray(lat, float)

        return Reading("declared", f"按声明由 {declared} 还原", restore)
    return Reading("declared", "", _identity if _is_degrees(declared) else _through(declared, swap=False))


def list_belts(lon: float) -> list[tuple[str, str]]:
    """Return the CGCS2000 Gauss–Krüger systems that reach a longitude, with their names.

    Returns
    -------
    list of (str, str)
        EPSG code, and the belt in words; 3° and 6° belts, with and without the zone in the easting.
    """
    found = []
    for width, prefixed, plain, first in ((3, 4513, 4534, 25), (6, 4491, 4502, 13)):
        for step in range(11 if width == 6 else 21):
            central, zone = 75 + width * step, first + step
            if abs(central - lon) <= width / 2 + 1.5:
                found.append((f"EPSG:{prefixed + step}", f"{width} 度带,带号 {zone},zone"))
                found.append((f"EPSG:{plain + step}", f"{width} 度带,中央经线 {central}°"))
    return found


def are_inside(lon: Floats, lat: Floats, envelope: Envelope) -> NDArray[np.bool_]:
    """Tell which places lie in the envelope (west, south, east, north)."""
    west, south, east, north = envelope
    with np.errstate(invalid="ignore"):
        return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


@dataclass(frozen=True)
class Placed:
    """Rows with their places; ``repairs`` and ``faults`` say for each row what was done or is wrong."""

    lon: Floats
    lat: Floats
    repairs: tuple[str, ...]
    faults: tuple[tuple[str, str], ...]
    reading: Reading


def place_points(x: Floats, y: Floats, *, envelope: Envelope, declared: str = STORED_CRS) -> Placed:
    """Return longitude and latitude of rows from two columns of numbers.

    Parameters
    ----------
    x, y
        The columns as named (longitude or easting first); NaN where there is nothing.
    envelope
        West, south, east, north of the city, degrees.
    declared
        What the source says: a reference system, ``GCJ-02`` or ``BD-09``.

    Notes
    -----
    The reading of the whole column is the declared one if it puts half of the rows into the
    envelope, else the one that puts most there, if that is more than half and no other does.
    A row that needs another reading than its column is withheld, except for exchanged degrees:
    they can be proved row by row. Where two readings that lie apart fit alike (UTM and
    Gauss–Krüger on one meridian: 1.6 km), nothing is chosen.
    """
    readings = list_readings(envelope, declared)
    real = np.isfinite(x) & np.isfinite(y) & ~((np.abs(x) < 1e-3) & (np.abs(y) < 1e-3))
    hits = [are_inside(*_converted(reading, x, y, real), envelope) for reading in readings]
    chosen = _choose(hits, int(real.sum()))
    reading = readings[chosen]
    lon, lat = _converted(reading, x, y, real)
    rivals = _find_rivals(readings, hits, chosen, (x, y, real)) if chosen else []
    if rivals:
        return _leave_open(x, y, hits[chosen], [reading, *rivals])
    inside = hits[chosen]
    other = next(
        (k for k, r in enumerate(readings) if r.name in ("declared", "swapped") and k != chosen and k < 2),
        None,
    )
    repairs = ["" if chosen == 0 or not ok else reading.note for ok in inside]
    if other is not None and _is_degrees(declared) and chosen < 2:
        late = hits[other] & ~inside
        lon2, lat2 = _converted(readings[other], x, y, real)
        lon, lat = np.where(late, lon2, lon), np.where(late, lat2, lat)
        repairs = [
            readings[other].note or "经纬度顺序与其余各行相反" if late[k] else repairs[k]
            for k in range(len(x))
        ]
        inside = inside | late
    faults = tuple(
        ("", "") if inside[k] else _tell_fault(k, x, y, real, hits, readings) for k in range(len(x))
    )
    return Placed(
        np.where(inside, lon, np.nan), np.where(inside, lat, np.nan), tuple(repairs), faults, reading
    )


def _converted(reading: Reading, x: Floats, y: Floats, real: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    if real.any():
        lon[real], lat[real] = reading.convert(x[real], y[real])
    return lon, lat


def _choose(hits: Sequence[NDArray[np.bool_]], total: int) -> int:
    counts = [int(hit.sum()) for hit in hits]
    best = int(np.argmax(counts))
    if total == 0 or counts[0] * 2 >= total:
        return 0
    # the same belt has several codes whose axes agree to the millimetre; the first is as good as any
    return best if counts[best] * 2 > total else 0


def _find_rivals(
    readings: Sequence[Reading],
    hits: Sequence[NDArray[np.bool_]],
    chosen: int,
    columns: tuple[Floats, Floats, NDArray[np.bool_]],
) -> list[Reading]:
    """Return readings that fit as many rows as the chosen one, and put them more than 20 m elsewhere."""
    lon, lat = _converted(readings[chosen], *columns)
    found = []
    for place, other in enumerate(readings):
        both = hits[chosen] & hits[place]
        if place == chosen or hits[place].sum() < hits[chosen].sum() or not both.any():
            continue
        lon2, lat2 = _converted(other, *columns)
        if _median_gap(lon[both], lat[both], lon2[both], lat2[both]) > 20:
            found.append(other)
    return found


def _leave_open(x: Floats, y: Floats, fitting: NDArray[np.bool_], readings: Sequence[Reading]) -> Placed:
    nowhere = np.full(len(x), np.nan)
    names = "”或“".join(reading.name for reading in readings)
    faults = tuple(
        ("location-ambiguous", f"{x[k]:.10g}, {y[k]:.10g}|{names}")
        if fitting[k]
        else ("location-missing", "")
        for k in range(len(x))
    )
    return Placed(nowhere, nowhere.copy(), ("",) * len(x), faults, Reading("declared", "", _identity))


def _tell_fault(
    row: int,
    x: Floats,
    y: Floats,
    real: NDArray[np.bool_],
    hits: Sequence[NDArray[np.bool_]],
    readings: Sequence[Reading],
) -> tuple[str, str]:
    if not (np.isfinite(x[row]) and np.isfinite(y[row])):
        return "location-missing", ""
    words = f"{x[row]:.10g}, {y[row]:.10g}"
    if not real[row]:
        return "location-zero", words
    fitting = [r for r, hit in zip(readings, hits, strict=True) if hit[row]]
    if fitting:
        return "location-mixed", f"{words};{fitting[0].note or '经纬度'}"
    return "location-outside", words


def explain_bounds(bounds: Sequence[float], *, envelope: Envelope, declared: str = STORED_CRS) -> str:
    """Return what the coordinates of a layer look like, in words; empty if nothing fits the city."""
    x = np.array([(bounds[0] + bounds[2]) / 2])
    y = np.array([(bounds[1] + bounds[3]) / 2])
    for reading in list_readings(envelope, declared)[1:]:
        if are_inside(*_converted(reading, x, y, np.isfinite(x)), envelope).any():
            return reading.note
    return ""


def suspect_datum(lon: Floats, lat: Floats, true_lon: Floats, true_lat: Floats) -> tuple[str, float]:
    """Return ``GCJ-02`` or ``BD-09`` if places lie off as that datum would put them, and by how many metres.

    Parameters
    ----------
    lon, lat
        Places as sent, degrees.
    true_lon, true_lat
        The same places from a trusted source.

    Notes
    -----
    Needs three places; the median of what the inverse leaves must be under 60 m and under a
    quarter of the offset. It raises suspicion, it does not prove.
    """
    both = np.isfinite(lon) & np.isfinite(true_lon)
    if both.sum() < 3:
        return "", 0.0
    before = _median_gap(lon[both], lat[both], true_lon[both], true_lat[both])
    if before < 150:
        return "", before
    for word, inverse in (("GCJ-02", gcj02_to_wgs84), ("BD-09", bd09_to_wgs84)):
        fixed = [np.asarray(v, float) for v in inverse(lon[both], lat[both])]
        if _median_gap(fixed[0], fixed[1], true_lon[both], true_lat[both]) < min(60.0, before / 4):
            return word, before
    return "", before


def find_shifted(lon: Floats, lat: Floats, true_lon: Floats, true_lat: Floats) -> dict[str, list[int]]:
    """Return the rows that lie off as GCJ-02 or BD-09 would put them, where the others lie well.

    Parameters are those of :func:`suspect_datum`; a row counts if it is over 150 m off and the inverse
    brings it within 60 m. Fewer than three rows of a datum are no evidence.
    """
    found: dict[str, list[int]] = {}
    for word, inverse in (("GCJ-02", gcj02_to_wgs84), ("BD-09", bd09_to_wgs84)):
        fixed = [np.asarray(v, float) for v in inverse(lon, lat)]
        before = _gaps(lon, lat, true_lon, true_lat)
        after = _gaps(fixed[0], fixed[1], true_lon, true_lat)
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero((before > 150) & (after < 60))
        if len(rows) >= 3:
            found[word] = [int(row) for row in rows]
    return found


def _gaps(lon: Floats, lat: Floats, true_lon: Floats, true_lat: Floats) -> Floats:
    east = (lon - true_lon) * 111_320 * np.cos(np.radians(true_lat))
    return np.asarray(np.hypot(east, (lat - true_lat) * 110_950))


def _median_gap(lon: Floats, lat: Floats, true_lon: Floats, true_lat: Floats) -> float:
    return float(np.median(_gaps(lon, lat, true_lon, true_lat)))


def are_packed_minutes(x: Floats, y: Floats) -> bool:
    """Tell whether degrees are written as degrees.minutesseconds (``114.2738`` for 114°27′38″).

    Notes
    -----
    True degrees have two digits below 60 there in 60 of 100 rows, packed ones in all. Under 15 rows the
    evidence is too thin; minutes alone prove nothing in a city, where the first decimals hardly change.
    """
    rows = np.isfinite(x) & np.isfinite(y)
    if rows.sum() < 15:
        return False
    packed = np.concatenate([x[rows], y[rows]])
    fraction = np.round((np.abs(packed) % 1) * 10_000, 6)
    seconds, minutes = np.floor(fraction + 1e-6) % 100, np.floor(fraction / 100 + 1e-9)
    fine = np.abs(fraction - np.round(fraction, -2)) > 1e-6  # 114.45 has no seconds to tell anything
    return bool(fine.mean() > 0.9 and (seconds < 60).all() and (minutes < 60).all())


def read_wkt(value: object) -> Any:
    """Return the geometry of a WKT cell; None for a blank, ``shapely.Point()`` (empty) if unread."""
    text = str(value or "").strip()
    if text.lower() in BLANK_WORDS:
        return None
    try:
        return shapely.from_wkt(re.sub(r"^SRID=\d+;", "", text))
    except shapely.errors.GEOSException:
        return shapely.Point()
