"""Maps that open by double-click: one file, no request."""
