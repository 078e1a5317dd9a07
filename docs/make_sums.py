"""Write src/cistrace/data/SHA256SUMS: the hashes by which the package knows its own tables and its judge.

    python docs/make_sums.py

To be run after one of those files was made anew. The checkpoint's files have theirs in its own folder.
"""

from __future__ import annotations

from cistrace.io.shipped import DATA, SUMS, sums_line


def sums() -> str:
    """The lines of every file of data but texts for people."""
    files = sorted(path for path in DATA.iterdir() if path.is_file() and path.suffix != ".md" and path.name != SUMS)
    return "".join(sums_line(path, path.name) for path in files)


if __name__ == "__main__":
    (DATA / SUMS).write_text(sums(), encoding="utf-8")
