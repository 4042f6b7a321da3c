"""``python -m renewal_gis``: the same as the command."""

from renewal_gis.cli import main

main()
