"""What made the files of a run, stage by stage, so that nothing made under other settings is kept or gone on from.

Before a stage writes anything, run.json notes its origin under `made_by`: a value for each thing that shapes its files.
Whenever a run is opened, every file that is there must be of the origin that the stage would have now; if not, it is
refused by name. Two kinds of files say it themselves: hits (`mpra.hits`) and traces, each line under its own key.
"""

from __future__ import annotations

from pathlib import Path

from cistrace.errors import RunError
from cistrace.io.hashes import file_hash, json_hash
from cistrace.io.streams import shown
from cistrace.motifs.library import load_library
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import recipe_object
from cistrace.training.run import STAGES, Run, Stage
from cistrace.training.start import start_of
from cistrace.version import __version__
from cistrace.writers.prompts import PROMPT_VERSION

Origin = dict[str, str]  # what shapes a stage's files: a hash, or a version
NAMED = 6  # files that a message lists

# The sections of a recipe that shape what a stage makes beside what its predecessors made.
SECTIONS: dict[Stage, tuple[str, ...]] = {
    "tower": ("tower",),
    "student": ("student",),
    "examples": ("cards",),
    "rationale": ("model", "rationale"),
    "generate": ("generation",),
    "regression": ("regression",),
    "judge": ("judge",),
}
ALONE: Stage = "judge"  # stands on no other stage, and none on it


def origin_of(stage: Stage, recipe: Recipe, data_hash: str) -> Origin:
    """What shapes a stage's files, its predecessors' included."""
    plain = recipe_object(recipe)
    found = {"data set": data_hash, "cistrace": __version__}
    if recipe.adapt.wanted and stage != ALONE:
        found |= {"recipe in adapt": json_hash(plain["adapt"]), "start": start_of(recipe.adapt).hash}
    if recipe.tower.further is not None:
        found["table of further measurements"] = _hash_of(Path(recipe.tower.further))
    elif stage == ALONE:
        found["table of further measurements"] = "none"
    if recipe.tower.pretraining.sites is not None and stage != ALONE:
        found["table of sites"] = _hash_of(Path(recipe.tower.pretraining.sites))
    if stage != "tower" and stage != ALONE:
        for number, file in enumerate(map(Path, recipe.student.teachers), 1):
            found[f"teacher {number}, {file.name}"] = _hash_of(file)
        if recipe.student.unmeasured is not None:
            found["file of unmeasured sequences"] = _hash_of(Path(recipe.student.unmeasured))
    for one in (stage,) if stage == ALONE else STAGES[: STAGES.index(stage) + 1]:
        found |= {f"recipe in {section}": json_hash(plain[section]) for section in SECTIONS[one]}
    if stage not in ("tower", "student", ALONE):
        found |= {"motif library": load_library().version, "words of prompts": PROMPT_VERSION}
        found["recipe in model.layout"] = recipe.model.layout
    return found


def _hash_of(file: Path) -> str:
    return file_hash(file) if file.exists() else "missing"


def check_origins(run: Run, recipe: Recipe, data_hash: str) -> None:
    """Refuse a run whose files are not of this recipe, data set and package.

    Raises
    ------
    RunError
        Naming the stages, what differs, and the files.
    """
    noted = run.read_about().get("made_by", {})
    stages: list[str] = []
    differing: dict[str, None] = {}
    files: list[Path] = []
    for stage in STAGES:
        there = run.files_of(stage)
        wanted, before = origin_of(stage, recipe, data_hash), noted.get(stage, {})
        changed = [name for name in wanted if before.get(name) != wanted[name]]
        if there and changed:
            stages.append(stage)
            differing |= dict.fromkeys(changed if before else ["origin, which it does not tell"])
            files += there
    if files:
        names = " ".join(shown(path.relative_to(run.folder)) for path in files[:NAMED])
        more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
        other = ", another ".join(differing)
        raise RunError(
            f"{shown(run.folder)}: its files of {', '.join(stages)} were made with another {other}; expected the same; "
            f"choose another folder, or remove {names}{more} there to make them anew"
        )


def is_current(run: Run, stage: Stage, recipe: Recipe, data_hash: str) -> bool:
    """Whether what run.json notes of a stage is what would make it now."""
    noted: Origin = run.read_about().get("made_by", {}).get(stage, {})
    return noted == origin_of(stage, recipe, data_hash)


def note_origin(run: Run, stage: Stage, recipe: Recipe, data_hash: str) -> None:
    """Say in run.json what makes the files of a stage that is about to begin."""
    about = run.read_about()
    run.write_about({**about, "made_by": {**about.get("made_by", {}), stage: origin_of(stage, recipe, data_hash)}})
