"""The planner's pages, each a survey as one HTML file."""

from renewal_gis.render.webmap.coverage import write_coverage
from renewal_gis.render.webmap.gaps import write_gaps
from renewal_gis.render.webmap.index import write_index

__all__ = ["write_coverage", "write_gaps", "write_index"]
