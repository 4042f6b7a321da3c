"""Measures over the ledger: where sites lie, how far the targets are, what disagrees."""
