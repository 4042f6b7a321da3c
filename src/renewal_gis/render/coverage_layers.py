"""Coverage as layers: plots with what they reach, what lies within reach, hexagons, white spots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renewal_gis.render.geopackage import write_geopackage

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.survey import Survey


def write_layers(survey: Survey, /) -> bytes:
    """Return a GeoPackage in EPSG:4490: ``plots``, ``reach`` and, where measured, ``hexagons``, ``white_spots``.

    ``plots`` carries for each facility type the share of its land that reaches one on foot (0–1) and
    ``met``, the number of types reached.
    """
    plots = survey.land if survey.plots is None else survey.land.join(survey.plots)
    frames: dict[str, gpd.GeoDataFrame] = {"plots": plots, "reach": survey.reach_areas}
    if survey.hexagons is not None and len(survey.hexagons):
        frames["hexagons"] = survey.hexagons
    if survey.white_spots is not None:
        frames["white_spots"] = survey.white_spots
    note = {"simulated": survey.simulated}
    return write_geopackage(
        {name: frame.assign(**note) for name, frame in frames.items()}, as_of=survey.as_of
    )
