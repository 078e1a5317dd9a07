"""Seeds of draws: one a text, so that what is drawn for it depends on no neighbour."""

from __future__ import annotations

import hashlib


def seed_of(text: str, seed: int) -> int:
    """A seed of its own for a text: 63 bits of BLAKE2b."""
    digest = hashlib.blake2b(f"{seed}\n{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
