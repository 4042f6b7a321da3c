"""Urban renewal by plan: ledger, districts, progress, road gaps, coverage, maps and bulletins."""

__version__ = "0.1.0"
