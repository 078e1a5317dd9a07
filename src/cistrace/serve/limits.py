"""How much one request may ask, and how many may ask at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cistrace.errors import InputError
from cistrace.io.dna_sequence import DnaSequence

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes.

    Attributes
    ----------
    body : int
        Bytes of one request.
    sequences : int
        In one request.
    length : int
        Of one sequence, bp.
    requests : int
        That are worked on or wait; one more is sent away with 503.
    patience : float
        Seconds in which the whole of a request must have come.
    options : bool
        Whether options of the command set these, which faults then name.
    """

    body: int = 8 * MEBIBYTE
    sequences: int = 1000
    length: int = 10_000
    requests: int = 16
    patience: float = 30.0
    options: bool = True

    def check(self, records: Sequence[DnaSequence]) -> None:
        """Refuse what is too much.

        Raises
        ------
        InputError
            No sequence, too many, or one that is too long.
        """
        if not records:
            raise InputError("sequences: found none, expected at least one; give one")
        self.check_count("sequences", len(records))
        self.check_length(records)

    def check_count(self, what: str, count: int) -> None:
        """Refuse more than may be asked of.

        Raises
        ------
        InputError
            Too many.
        """
        if count > self.sequences:
            raise InputError(
                f"{what}: found {count:,}, expected at most {self.sequences:,}; ask in parts"
                f"{self._or('--max-sequences')}"
            )

    def check_length(self, records: Sequence[DnaSequence]) -> None:
        """Refuse what is too long.

        Raises
        ------
        InputError
            A sequence of too many bp.
        """
        if not records:
            return
        longest = max(records, key=lambda record: len(record.bases))
        if len(longest.bases) > self.length:
            raise InputError(
                f"sequence {longest.id!r}: {len(longest.bases):,} bp long, expected at most {self.length:,}; cut it"
                f"{self._or('--max-length')}"
            )

    def _or(self, option: str) -> str:
        return f", or start the server with {option}" if self.options else ""
