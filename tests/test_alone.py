"""The jobs themselves, where no socket can be opened, no code of a checkpoint runs, and no key may be told."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cistrace.checkpoints.schema import CONFIG, shipped_checkpoint
from cistrace.errors import ModelError
from cistrace.io.hashes import file_hash
from cistrace.towers.files import load_tower
from cistrace.towers.judge import load_judge_file

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "cistrace"
FORBIDDING = """
import sys

def hook(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise PermissionError(f"FORBIDDEN {event} {arguments[1:]}")
    if event in ("pickle.find_class", "os.system", "subprocess.Popen") and arguments[0] not in ALLOWED:
        raise PermissionError(f"FORBIDDEN {event} {arguments}")

ALLOWED = ()
sys.addaudithook(hook)
"""
AMONG_PROCESSES, OWN_WORK = (
    ("engines/engine.py", "engines/ray_engine.py"),
    "pickle.loads(packed)",
)  # bytes that no file held
UNSAFE = re.compile(
    r"\b(?:torch|pickle|joblib|dill|cloudpickle|marshal|shelve)\.(?:load|loads|open)\(|allow_pickle\s*=\s*True"
    r"|\byaml\.(?:unsafe_|full_)?load\((?!text, Loader=_Loader)|(?<![\w.])(?:eval|exec)\("
)
REWARD = "import cistrace; print(cistrace.Reward('HepG2', against=['K562'])(['ACGT' * 50])[0])"
JOBS = {
    "predict": ("predict", "in.fa", "--cell-type", "K562", "-o", "out.jsonl", "--report", "out.html"),
    "scan": ("scan", "in.fa", "-o", "hits.tsv"),
    "card": ("card", "in.fa", "--cell-type", "K562", "-o", "cards.txt"),
    "variants": ("variants", "pairs.csv", "--cell-type", "K562", "-o", "effects.tsv"),
    "explain": ("explain", "in.fa", "--cell-type", "K562", "-o", "bases.tsv"),
    "report": ("report", "out.jsonl", "--sequences", "in.fa", "-o", "stored.html"),
    "design": ("design", "--target", "HepG2", "--n", "1", "--rounds", "1", "--calls", "100", "-o", "designs"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs, and a `sitecustomize` that forbids sockets, unpickled names and other programs."""
    made = tmp_path_factory.mktemp("alone")
    (made / "forbidding").mkdir()
    (made / "forbidding" / "sitecustomize.py").write_text(FORBIDDING)
    lines = (ROOT / "examples" / "enhancers.fa").read_text().split(">")[1]
    (made / "in.fa").write_text(f">{lines}")
    bases = "".join(lines.split("\n")[1:])
    (made / "pairs.csv").write_text(
        f"id,ref,alt\none,{bases},{bases[:100]}{'A' if bases[100] != 'A' else 'C'}{bases[101:]}\n"
    )
    return made


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder / "forbidding"), str(SOURCE.parent)])
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_hook_forbids(folder: Path) -> None:
    found = run(folder, "-c", "import socket; socket.create_connection(('127.0.0.1', 9))")
    assert found.returncode and "FORBIDDEN socket.getaddrinfo" in found.stderr
    found = run(folder, "-c", "import pickle, os; pickle.loads(pickle.dumps(os.getcwd))")
    assert found.returncode and "FORBIDDEN pickle.find_class" in found.stderr


@pytest.mark.pipeline
@pytest.mark.parametrize("job", JOBS)
def test_jobs_open_no_socket_and_unpickle_nothing(folder: Path, job: str) -> None:
    if job == "report" and not (folder / "out.jsonl").exists():
        run(folder, "-m", "cistrace", *JOBS["predict"])
    found = run(folder, "-m", "cistrace", *JOBS[job])
    assert found.returncode == 0 and "FORBIDDEN" not in found.stderr, found.stderr


@pytest.mark.pipeline
def test_a_reward_opens_no_socket_and_unpickles_nothing(folder: Path) -> None:
    found = run(folder, "-c", REWARD)
    assert found.returncode == 0 and float(found.stdout), found.stderr


def test_no_source_trusts_code_or_unpickles() -> None:
    """No file is unpickled, only what a run hands to its own processes; `trust_remote_code` is false throughout."""
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.relative_to(SOURCE).as_posix() in AMONG_PROCESSES:
            assert text.count(OWN_WORK) == 1, path
            text = text.replace(OWN_WORK, "")
        assert not UNSAFE.search(text), path
        assert set(re.findall(r"trust_remote_code\s*=\s*(\w+)", text)) <= {"False"}, path
        for call in re.findall(  # of help, too, which names DIR
            r"Auto\w+\.from_pretrained\(([^()]*)\)", text
        ):
            assert call == "DIR" or "trust_remote_code=False" in call, path  # left out, the library asks


class _Planted:
    """Unpickled, it makes a file."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.made),)


@pytest.mark.parametrize("name", ["tower-legnet.safetensors", "judge.safetensors"])
def test_a_pickle_in_the_place_of_weights_is_not_read(tmp_path: Path, name: str) -> None:
    made, path = tmp_path / "made", tmp_path / name
    path.write_bytes(pickle.dumps(_Planted(made)))
    with pytest.raises(ModelError, match="not a readable tower"):
        (load_judge_file if "judge" in name else load_tower)(path)
    assert not made.exists()


@pytest.mark.pipeline
@pytest.mark.parametrize("kind", ["llama", "evil"])
def test_a_chat_model_brings_no_code_and_no_pickle(tmp_path: Path, kind: str) -> None:
    import torch

    from cistrace.checkpoints.chat import _load_language_model

    made = tmp_path / "made"
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(_Planted(made)))
    (tmp_path / "evil.py").write_text(f"import os; os.makedirs({str(made)!r})\nclass AutoConfig: pass\n")
    names = {name: f"evil.{name}" for name in ("AutoConfig", "AutoModelForCausalLM", "AutoTokenizer")}
    sizes = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "vocab_size": 8,
    }
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind, "auto_map": names, **sizes}))
    with pytest.raises(ModelError, match="not a readable language model"):
        _load_language_model(tmp_path, torch.float32)
    assert not made.exists()


@pytest.mark.pipeline
def test_a_folder_with_code_and_pickles_runs_none_of_it(folder: Path, tmp_path: Path) -> None:
    """A checkpoint whose hashes are right, but that brings a pickle for weights and code for its model along."""
    model, made = tmp_path / "model", tmp_path / "made"
    shutil.copytree(shipped_checkpoint(), model)
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(pickle.dumps(_Planted(made)))
    code = f"import os; os.makedirs({str(made)!r})\nclass Evil: pass\n"
    (model / "evil.py").write_text(code)
    config = json.loads((model / "config.json").read_text())
    config["auto_map"] = {name: f"evil.{name}" for name in ("AutoConfig", "AutoModelForCausalLM", "AutoTokenizer")}
    (model / "config.json").write_text(json.dumps(config))
    about = json.loads((model / CONFIG).read_text())
    about["files"] = {
        path.relative_to(model).as_posix(): file_hash(path)
        for path in model.rglob("*")
        if path.is_file() and path != model / CONFIG and path.suffix != ".md"
    }
    (model / CONFIG).write_text(json.dumps(about))
    found = run(folder, "-m", "cistrace", "predict", "in.fa", "--model", str(model), "--cell-type", "K562")
    assert found.returncode == 2 and found.stderr.count("\n") <= 2 and "Traceback" not in found.stderr, found.stderr
    assert not made.exists()
