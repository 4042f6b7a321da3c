"""The ledger: one row per site, a diary that only grows, and any past day rebuilt from it."""
