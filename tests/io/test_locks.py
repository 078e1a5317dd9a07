from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cistrace.errors import OutputError
from cistrace.io.locks import folder_lock

HOLD = """
import sys, time
from pathlib import Path
from cistrace.io.locks import folder_lock
with folder_lock(Path(sys.argv[1]) / "lock", Path(sys.argv[1]), "build"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_one_processs_until_it_ends(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match="another build is at work"),
            folder_lock(tmp_path / "lock", tmp_path, "build"),
        ):
            pass
        other.kill()
    with folder_lock(tmp_path / "lock", tmp_path, "build"):
        pass


def test_a_link_in_the_locks_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError), folder_lock(tmp_path / "lock", tmp_path, "build"):
        pass
    assert not (tmp_path / "victim").exists()
