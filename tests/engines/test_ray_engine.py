"""The Ray engine on a real cluster of two nodes: the same rows as here, whatever is lost on the way."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench_helpers import a_table, write_table
from cli_helpers import invoke
from engine_helpers import Absent, Doubling, Dying, Refusing, WhereAmI

from cistrace.engines.ray_engine import KEPT, RayEngine
from cistrace.engines.workers import blocks
from cistrace.errors import InputError, ModelError, RecordError, WorkerError

pytestmark = pytest.mark.integration
ray = pytest.importorskip("ray")
psutil = pytest.importorskip("psutil")


HELPERS = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))))
NODE = {"num_cpus": 1, "object_store_memory": 100 << 20}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one core each; the head, where drivers run, has none."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        patch.setenv("PYTHONPATH", HELPERS)
        found = started(Cluster)
        yield found
        found.shutdown()


def started(make: Callable[..., Any]) -> Any:
    """The cluster; made anew, twice at most, where a node does not start within Ray's 30 s on a busy machine."""
    for attempts_left in (2, 1, 0):
        found = None
        try:
            found = make(initialize_head=True, head_node_args={**NODE, "num_cpus": 0, "include_dashboard": False})
            found.lost = found.add_node(**NODE)
            found.add_node(**NODE)
            found.wait_for_nodes()
            return found
        except Exception as error:
            if found is not None:
                found.shutdown()
            if not attempts_left or "timed out during startup" not in str(error):
                raise
    raise AssertionError


def test_a_cluster_of_its_own_listens_on_loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("PYTHONPATH", HELPERS)
    mode = os.environ.get("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER")
    with RayEngine(workers=1) as engine:
        assert [list(rows) for _, rows in engine.map(Doubling(), [[1], [2]])] == [[2], [4]]
        this = psutil.Process()
        processes = (this, *this.children(recursive=True))
        sockets = [socket for process in processes for socket in process.net_connections("tcp")]
        found = [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]
    assert len(found) >= 4 and {address.removeprefix("::ffff:") for address in found} == {"127.0.0.1"}
    assert os.environ.get("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER") == mode


def test_one_engine_on_two_nodes(cluster: Any, tmp_path: Path) -> None:
    """Order, few ahead, several stages in a row, errors as they are, blocks left behind, lost workers."""
    with RayEngine(cluster.address) as engine:
        made = [(block, list(rows)) for block, rows in engine.map(Doubling(slow=(0,)), blocks(range(50), 3))]
        assert made == [(block, [2 * number for number in block]) for block in blocks(range(50), 3)]
        found: set[tuple[int, str | None]] = set()
        for _, rows in engine.map(WhereAmI(), blocks(range(2_000), 1)):  # until the second has started
            found.update(rows)
            if len(found) == 2:
                break
        assert len({where for where, _ in found}) == 2 and {threads for _, threads in found} == {"1"}
        read: list[int] = []

        def stream() -> Iterator[list[int]]:
            for number in range(1000):
                read.append(number)
                yield [number]

        begun = engine.map(Doubling(), stream())
        assert list(next(begun)[1]) == [0] and len(read) <= 2 * KEPT
        begun.close()  # type: ignore[attr-defined]

        with pytest.raises(RecordError, match="numbers: record 'three': found 3") as caught:
            list(engine.map(Refusing(), blocks(range(12), 2)))
        assert caught.value.record == "three" and type(caught.value) is RecordError
        with pytest.raises(ModelError, match="nowhere: no such folder"):
            list(engine.map(Absent(), blocks(range(12), 2)))
        again = [list(rows) for _, rows in engine.map(Dying(tmp_path / "mark"), blocks(range(12), 2))]
        assert again == list(blocks(range(12), 2)) and (tmp_path / "mark").exists()
        with pytest.raises(WorkerError, match="3 workers were lost with the same work"):
            list(engine.map(Dying(), blocks(range(12), 2)))
        assert [list(rows) for _, rows in engine.map(Doubling(3), [[1], [2]])] == [[3], [6]]
        assert engine.crew("cpu") == f", 2 workers of the Ray cluster at {cluster.address}"
        assert engine.place("auto") == engine.place("cpu") == engine.place(None) == "cpu"
        for device in ("cuda", "mps", "cuda:1"):
            with pytest.raises(InputError, match="which has 0 GPUs"):
                engine.place(device)


def test_a_stream_that_fails_does_so_behind_what_it_gave(cluster: Any) -> None:
    def stream() -> Iterator[list[int]]:
        yield from blocks(range(8), 2)
        raise LookupError("torn")

    done: list[list[int]] = []
    with RayEngine(cluster.address) as engine, pytest.raises(LookupError, match="torn"):
        for _, rows in engine.map(Doubling(), stream()):
            done.append(list(rows))
    assert done == [[0, 2], [4, 6], [8, 10], [12, 14]]


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FASTA of 8,000 random sequences of 200 bp: eight blocks of a scan."""
    path = tmp_path_factory.mktemp("sequences") / "in.fa"
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    draws = np.random.default_rng(0).integers(0, 4, size=(8_000, 200))
    path.write_text("".join(f">s{at}\n{letters[row].tobytes().decode()}\n" for at, row in enumerate(draws)))
    return path


def first(sequences: Path, count: int, part: Path) -> Path:
    part.write_text("".join(sequences.read_text().splitlines(keepends=True)[: 2 * count]))
    return part


def test_commands_say_the_same_on_both_engines(cluster: Any, sequences: Path, tmp_path: Path) -> None:
    """Cards to the byte, whichever their evidence; activities within 1e-4; --resume and rejects with Ray too."""
    part, few = first(sequences, 400, tmp_path / "part.fa"), first(sequences, 60, tmp_path / "few.fa")
    with part.open("a") as handle:
        handle.write(">short\nACGT\n")
    address = ("--engine", "ray", "--address", cluster.address)
    asked = {
        "none.jsonl": ("card", part, "--cell-type", "K562", "--evidence", "none", "--format", "json"),
        "towers.txt": ("card", few, "--cell-type", "all"),
        "predicted.jsonl": ("predict", part, "--no-trace", "--resume"),
        "traced.jsonl": ("predict", few, "--cell-type", "K562"),
    }
    for name, command in asked.items():
        for engine in ((), address):
            output = tmp_path / f"{'ray' if engine else 'local'}-{name}"
            done = invoke(*command, "--on-error", "skip", "-o", output, *engine)
            assert done.exit_code == 0, done.stderr
            assert ("1 record skipped" in done.stderr) == (command[1] == part)
    for name in ("none.jsonl", "towers.txt"):
        assert (tmp_path / f"ray-{name}").read_bytes() == (tmp_path / f"local-{name}").read_bytes()
    for name in ("predicted.jsonl", "traced.jsonl"):
        local, there = (
            [json.loads(line) for line in (tmp_path / f"{engine}-{name}").read_text().splitlines()]
            for engine in ("local", "ray")
        )
        assert [row["id"] for row in local] == [row["id"] for row in there]
        assert [row["trace"] for row in local] == [row["trace"] for row in there]
        assert max(abs(one["activity"] - other["activity"]) for one, other in zip(local, there)) < 1e-4


def test_a_data_set_and_effects_of_variants_are_the_same(cluster: Any, tmp_path: Path) -> None:
    """A data set to the byte, manifest and all; effects of variants and their traces."""
    table = write_table(a_table(240), tmp_path / "table.tsv")
    genome = "".join(np.random.default_rng(1).choice(list("ACGT"), 3_000))
    (tmp_path / "genome.fa").write_text(f">chr1\n{genome}\n")
    others = dict(zip("ACGT", "CGTA", strict=True))
    placed = (f"chr1:{at}:{genome[at - 1]}:{others[genome[at - 1]]}\n" for at in range(200, 2_600, 60))
    (tmp_path / "variants.txt").write_text("".join(placed))
    split = ("--val", "chr5", "--test", "chr6", "--all")
    for name, engine in (("local", ()), ("ray", ("--engine", "ray", "--address", cluster.address))):
        (tmp_path / name).mkdir()  # a data set is called by its folder
        built = invoke(
            "reasonbench", "build", table, "--cell-type", "K562", *split, "-o", tmp_path / name / "bench", *engine
        )  # fmt: skip
        assert built.exit_code == 0, built.stderr
        scored = invoke(
            "variants", tmp_path / "variants.txt", "--genome", tmp_path / "genome.fa", "--cell-type", "K562",
            "-o", tmp_path / f"{name}.jsonl", *engine,
        )  # fmt: skip
        assert scored.exit_code == 0, scored.stderr
    local, there = tmp_path / "local" / "bench", tmp_path / "ray" / "bench"
    files = sorted(path.relative_to(local) for path in local.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(there) for path in there.rglob("*") if path.is_file()) != []
    assert [path for path in files if (local / path).read_bytes() != (there / path).read_bytes()] == []
    one, other = (
        [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        for name in ("local", "ray")
    )
    assert len(one) == 40 and [row["trace"] for row in one] == [row["trace"] for row in other]
    assert max(abs(x["alt_activity"] - y["alt_activity"]) for x, y in zip(one, other, strict=True)) < 1e-4


def test_a_node_that_is_killed_costs_nothing(
    cluster: Any, sequences: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan is in its middle when one of two nodes goes: the table is the local one's to the byte."""
    assert invoke("scan", sequences, "-o", tmp_path / "local.tsv").exit_code == 0
    module = sys.modules["cistrace.cli.scan"]
    plain, killed = module._shown, []  # type: ignore[attr-defined]

    def shown(*given: Any) -> Iterator[Any]:
        for number, block in enumerate(plain(*given)):
            if number == 1:
                cluster.remove_node(cluster.lost, allow_graceful=False)
                killed.append(number)
            yield block

    monkeypatch.setattr(module, "_shown", shown)
    done = invoke("scan", sequences, "--engine", "ray", "--address", cluster.address)
    assert done.exit_code == 0, done.stderr
    assert killed and done.stdout_bytes == (tmp_path / "local.tsv").read_bytes()
