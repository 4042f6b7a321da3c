"""What can go wrong with a call. Faults in the data are findings, not errors."""

from __future__ import annotations


class RenewalError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message
        What was found, what was expected.
    remedy
        The next step for the person who reads it.
    place
        File, sheet, row or key where it was found.
    """

    def __init__(self, message: str, *, remedy: str = "", place: str = "") -> None:
        self.message = message
        self.remedy = remedy
        self.place = place
        parts = [f"{place}:{message}" if place else message]
        if remedy:
            parts.append(f"处理办法:{remedy}")
        super().__init__(" ".join(parts))


class PlanError(RenewalError, ValueError):
    """The plan file is missing, misspelt or contradicts itself."""


class CrsError(RenewalError, ValueError):
    """Coordinates without a reference system, or in one that the call cannot use."""


class InputError(RenewalError, ValueError):
    """An input file that cannot be taken as it is."""


class MissingFileError(RenewalError, FileNotFoundError):
    """An input file that is not there."""


class SchemaError(RenewalError, ValueError):
    """A frame without the columns or types that a function asks for."""


class LedgerError(RenewalError, ValueError):
    """The ledger refuses what was asked of it."""


class PublishError(RenewalError, OSError):
    """An output could not be written whole."""


class OfflineError(RenewalError, ValueError):
    """A map element whose assets cannot be carried inside the file."""
