"""Maps that open by double-click: one file, no request."""

from renewal_gis.render.webmap.offline import save_offline
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.render.webmap.pages import write_coverage, write_gaps, write_index

__all__ = ["PackedLayer", "save_offline", "write_coverage", "write_gaps", "write_index"]
