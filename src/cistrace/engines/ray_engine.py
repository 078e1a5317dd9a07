"""An engine on a Ray cluster: actors that keep what a stage opens, and blocks that stream to them and back.

Actors of one core (or one GPU) each hold the model; few blocks are under way at a time, whatever the length of the
input, and results are handed on in the order of the blocks. A block is forgotten here only when its rows have come, so
that one whose actor, node or result is lost is simply handed to another; a new actor takes the lost one's place.

Ray Data, which does the same for data that can be read again, is not used: it keeps a list of all its inputs, and makes
up for lost ones by reading them anew, which a stream from a file or a pipe does not allow.
"""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

from cistrace.engines.cores import cores, one_thread
from cistrace.engines.stage import Stage
from cistrace.errors import InputError, ModelError, WorkerError
from cistrace.version import __version__

AHEAD = 2  # blocks handed to a worker: one at work, one that waits, so that it never does
KEPT = 3  # blocks a worker that are read and not yet written, those at work among them
LOSSES = 3  # workers that may be lost with the same block, or as they start in a row
PATIENCE = 300.0  # seconds until one worker has started
REACH = 10.0  # seconds in which a cluster's address has to answer
STORE = 256 << 20  # bytes of the object store of a cluster that is started here

_CLUSTERS = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"

log = logging.getLogger(__name__)

_Task = TypeVar("_Task")
_Row = TypeVar("_Row")
_Opened = TypeVar("_Opened")


@dataclass(slots=True, eq=False)
class _Job:
    """A block on its way."""

    task: Any
    result: Any = None  # the reference, while a worker has it
    rows: list[Any] | None = None
    losses: int = 0


@dataclass(slots=True, eq=False)
class _Worker:
    """An actor, and what was handed to it."""

    actor: Any
    starting: Any  # the reference, until it has started
    jobs: list[_Job] = field(default_factory=list)


class RayWorker:
    """What runs as an actor, with one thread."""

    def __init__(self) -> None:
        one_thread()

    def start(self, version: str) -> None:
        """Answer once the process runs; refuse to work with another release of cistrace."""
        if version != __version__:
            raise WorkerError(
                f"{_node()}: has cistrace {__version__}, expected {version} as here; install the same on all nodes"
            )

    def work(self, packed: bytes, identity: str, task: Any) -> list[Any]:
        """The rows of a block."""
        return list(_opened(packed, identity).work(task))


@lru_cache(maxsize=4)
def _opened(packed: bytes, identity: str) -> Stage[Any, Any, Any]:
    stage: Stage[Any, Any, Any] = pickle.loads(packed)
    if (found := stage.identity()) != identity:
        raise ModelError(
            f"{_node()}: found the model {found[:12]}, expected {identity[:12]} as here; give all nodes the same folder"
        )
    return stage


def _node() -> str:
    return f"node {os.uname().nodename}"


class RayEngine:
    """A Ray cluster, joined at the start of its `with` block.

    Parameters
    ----------
    address : str, optional
        As `ray.init` takes it; unless given RAY_ADDRESS, and else a cluster is started on this machine, which
        listens on 127.0.0.1 alone. A cluster's nodes are trusted: they are handed pickles, and hand some back.
    workers : int, optional
        Actors; unless given one a core of the cluster, or one a GPU where stages compute there.
    """

    threads = 1

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self._address = address or os.environ.get("RAY_ADDRESS") or "local"
        self._wanted = workers
        self._workers: list[_Worker] = []
        self._failed = 0  # starts in a row that did not come to an end
        self._on_gpu = False
        self._ray: Any = None

    def __enter__(self) -> Self:
        check_reached(self._address)
        self._ray = _joined(self._address, self._wanted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.clear()
        self._ray.shutdown()

    def place(self, device: str | None) -> str | None:
        """See `Engine.place`: every worker has a GPU of its own, which it calls `cuda`; unless asked for, none."""
        gpus = int(self._ray.cluster_resources().get("GPU", 0))
        if device is None:
            device = "cpu"
        elif device == "auto":
            device = "cuda" if gpus else "cpu"
        if device not in ("cpu", "cuda") or (device == "cuda" and not gpus):
            raise InputError(
                f"device {device!r}: cannot be used on the Ray cluster, which has {gpus} GPUs; expected cpu, auto, or "
                "cuda where it has some, of which every worker is given one; name one of these"
            )
        self._on_gpu = device == "cuda"
        return device

    def crew(self, device: str) -> str:
        """See `Engine.crew`."""
        number = self._number()
        return f", {number} worker{'' if number == 1 else 's'} of the Ray cluster at {self._address}"

    def opened(self, stage: Stage[Any, Any, _Opened]) -> _Opened:
        """See `Engine.opened`: on this process's own processor."""
        return stage.to_ask().opened

    def map(self, stage: Stage[_Task, _Row, Any], tasks: Iterable[_Task]) -> Iterator[tuple[_Task, Iterable[_Row]]]:
        """See `Engine.map`. A stream that fails does so behind the rows of all blocks that it gave before."""
        packed = self._ray.put(pickle.dumps(stage)), stage.identity()
        self._hire()
        stream, fault = iter(tasks), None
        jobs: deque[_Job] = deque()
        try:
            while True:
                try:
                    if fault is None:
                        for task in islice(stream, max(0, KEPT * len(self._workers) - len(jobs))):
                            jobs.append(_Job(task))
                except Exception as error:
                    fault = error
                if not jobs:
                    break
                self._hand_out(jobs, packed)
                if (rows := jobs[0].rows) is None:
                    self._take()
                else:
                    yield jobs.popleft().task, rows
        finally:
            self._drop()
        if fault is not None:
            raise fault

    def _hire(self) -> None:
        """Start the workers that are missing."""
        while len(self._workers) < self._number():
            actor = self._ray.remote(RayWorker).options(
                num_cpus=1, num_gpus=int(self._on_gpu), scheduling_strategy="SPREAD", max_restarts=0
            ).remote()  # fmt: skip
            self._workers.append(_Worker(actor, actor.start.remote(__version__)))

    def _number(self) -> int:
        """How many workers there should be; found out once."""
        if self._wanted is None:
            self._wanted = max(1, int(self._ray.cluster_resources().get("GPU" if self._on_gpu else "CPU", 1)))
        return self._wanted

    def _hand_out(self, jobs: Iterable[_Job], packed: tuple[Any, str]) -> None:
        """Give blocks that wait, first ones first, to workers that have room, those with least to do first."""
        for job in jobs:
            if job.result is not None or job.rows is not None:
                continue
            ready = [one for one in self._workers if one.starting is None and len(one.jobs) < AHEAD]
            if not ready:
                return
            worker = min(ready, key=lambda one: len(one.jobs))
            job.result = worker.actor.work.remote(*packed, job.task)
            worker.jobs.append(job)

    def _take(self) -> None:
        """Wait until a block is done or a worker has started, and take that up."""
        under_way = {job.result: worker for worker in self._workers for job in worker.jobs}
        starting = {worker.starting: worker for worker in self._workers if worker.starting is not None}
        done, _ = self._ray.wait([*under_way, *starting], num_returns=1, timeout=PATIENCE)
        if not done and not under_way:
            raise WorkerError(
                f"Ray cluster at {self._address}: found no free core in {PATIENCE:.0f} s, expected one; free some, or "
                "name another"
            )
        for reference in done:
            worker = under_way.get(reference) or starting[reference]
            try:
                found = self._got(reference)
            except self._ray.exceptions.RayError as error:
                self._replace(worker, error)
                return
            if reference in starting:
                worker.starting, self._failed = None, 0
            else:
                job = next(one for one in worker.jobs if one.result is reference)
                worker.jobs.remove(job)
                job.result, job.rows = None, found

    def _got(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None

    def _replace(self, worker: _Worker, error: Exception) -> None:
        """What a lost worker had is to be done again; another one is started in its place."""
        self._dismiss(worker)
        self._failed += worker.starting is not None
        for job in worker.jobs:
            job.result = None
            job.losses += 1
        if self._failed >= LOSSES or any(job.losses >= LOSSES for job in worker.jobs):
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise WorkerError(
                f"Ray cluster at {self._address}: found that {LOSSES} workers were lost with the same work ({reason}); "
                "expected one to end it; free memory, or mend the nodes, which all need cistrace"
            ) from error
        log.warning("cistrace: a worker of the Ray cluster was lost; what it had is done again")
        self._hire()

    def _drop(self) -> None:
        """Workers with blocks that nobody waits for any longer end; the others are kept for the next stage."""
        for worker in [one for one in self._workers if one.jobs]:
            self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._ray.kill(worker.actor)


def _not_printed(*_: Any, **__: Any) -> None:
    """In the place of what prints, in the driver, what Ray's own processes say."""


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Have a cluster that is started here listen on 127.0.0.1 alone: its workers run whatever they are handed.

    Ray takes 127.0.0.1 as its own address where clusters of several machines are switched off, by a variable that it
    reads as it is imported and that its other processes inherit; an address that it is given, `_node_ip_address`, it
    replaces by one that others can reach.
    """
    constants: Any = importlib.import_module("ray._private.ray_constants")
    before, in_shell = constants.ENABLE_RAY_CLUSTER, os.environ.get(_CLUSTERS)
    constants.ENABLE_RAY_CLUSTER = False
    os.environ[_CLUSTERS] = "0"
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before
        if in_shell is None:
            del os.environ[_CLUSTERS]
        else:
            os.environ[_CLUSTERS] = in_shell


def check_reached(address: str) -> None:
    """Find out at once, where Ray would try for minutes, that nothing listens at the HOST:PORT of an address.

    Raises
    ------
    WorkerError
        Saying so.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # auto, local, or what Ray itself is to judge
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise WorkerError(
            f"Ray cluster at {address}: cannot be reached ({error}); expected a head node that listens there; check "
            "the address, or leave it out to start a cluster here"
        ) from error


def _joined(address: str, workers: int | None) -> Any:
    """Ray, connected to a cluster, with nothing of its own on stdout, and no word about it to anybody outside."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    # Ray prints what befalls its workers to standard output, where results go, and has no option against it.
    printer = sys.modules["ray._private.worker"]
    if hasattr(printer, "print_to_stdstream"):
        printer.print_to_stdstream = _not_printed  # type: ignore[attr-defined]
    started = {"num_cpus": workers or cores(), "include_dashboard": False, "object_store_memory": STORE}
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        with _on_loopback() if address == "local" else nullcontext():
            ray.init(
                address=address, log_to_driver=False, configure_logging=False, logging_level=logging.ERROR,
                **(started if address == "local" else {}),
            )  # fmt: skip
    except Exception as error:  # of a node that takes over 30 s to start on a busy machine Ray raises no other kind
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WorkerError(
            f"Ray cluster at {address}: cannot be joined ({reason}); expected one that runs the same Ray "
            f"({ray.__version__}) and Python; check the address, or leave it out to start one here"
        ) from error
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)  # Ray puts one in its place that exits with another code
    return ray
