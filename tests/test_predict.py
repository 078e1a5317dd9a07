from __future__ import annotations

import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas
import polars
import pytest
from checkpoint_helpers import altered_checkpoint, headed_checkpoint
from cli_helpers import invoke

from cistrace import Predictor
from cistrace.cards.json import card_hash
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import DOMAIN_FILE, CheckpointConfig, shipped_checkpoint
from cistrace.errors import CellTypeError, InputError, ModelError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.sequences import read_sequences
from cistrace.predict import GROUNDED, ScoredWindow
from cistrace.towers.domain import OUT_OF_DOMAIN
from cistrace.traces.verify import verify

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(threads=2)


TILED = ("GGTTAATGATTAACCATG" * 12)[:200]  # HNF1's site over and over: no natural element is like it


def dna(length: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def test_a_prediction_is_whole(predictor: Predictor) -> None:
    found = predictor.predict([dna(200), dna(200, 1)], ["K562", "HepG2"])
    assert [(entry.id, entry.cell_type) for entry in found] == [
        ("seq1", "K562"), ("seq1", "HepG2"), ("seq2", "K562"), ("seq2", "HepG2"),
    ]  # fmt: skip
    for entry in found:
        assert entry.card is not None and card_hash(entry.card) == entry.card_hash
        assert entry.lower < entry.activity < entry.upper
        assert 0 <= entry.percentile <= 100
        assert sum(entry.level_probabilities) == pytest.approx(1)
        assert entry.trace is not None and entry.verification is not None and entry.ledger is not None
        assert set(entry.flags) <= {GROUNDED, OUT_OF_DOMAIN}  # which random DNA often is
        assert len(entry.card_hash) == 64 and entry.provenance.checkpoint


STEPS = ("Wide open.", "m1 leads.", "m2 follows.", "m3 comes last.", "It names GATA17, which is not there.")


def test_prose_is_read_and_verified(tmp_path: Path) -> None:
    """The writer's words replaced by free ones: what a chat model writes goes through the same judge."""
    headed = Predictor(headed_checkpoint(tmp_path / "model", "card+generated", "trace"))
    record = DnaSequence("x", dna(200))
    (window,) = headed.maker.window_cards([SequenceWindow(record, Window(0, 200))], ("K562",))
    text = "".join(f"{n}. {step}\n" for n, step in enumerate(STEPS, 1)) + "</think>\nLevel: 3"
    found = headed.prediction(ScoredWindow(window, [0.0], [text], []), 0, ("K562",), trace=True)
    assert found.trace is not None and found.trace.level == 3
    assert [(step.kind, step.get("text")) for step in found.trace.steps] == [("prose", step) for step in STEPS]
    assert found.verification is not None and not found.verification.verified
    assert (found.verification.claims, found.verification.supported) == (5, 3)
    assert [fault.step for fault in found.verification.failed] == [1, 5]
    assert (found.written_by, found.ledger, found.flags) == ("model", None, ())
    torn = headed.prediction(ScoredWindow(window, [0.0], [text[:-3]], []), 0, ("K562",), trace=True)
    assert torn.trace is None and torn.verification is not None
    assert [fault.field for fault in torn.verification.failed] == ["form", "step", "tf"]


def test_without_a_trace_the_activity_is_the_towers_own(predictor: Predictor) -> None:
    towers = predictor.checkpoint.towers
    assert towers is not None
    bases = [dna(200, seed) for seed in range(40)] + [dna(24)]
    found = predictor.predict(bases, ["WTC11", "HepG2"], trace=False)
    assert [one.activity for one in found] == towers.estimate(bases)[:, [2, 0]].ravel().tolist()
    without = {(one.card, one.card_hash, one.trace_text, one.ledger, one.written_by) for one in found}
    assert without == {(None, None, None, None, None)}
    told = {one.provenance for one in found}
    assert {(one.motifs, one.scanner, one.prompt, one.evidence) for one in told} == {(None, None, None, "towers")}
    assert found[-1].flags == ("padded",)  # no motif in it, but nobody looked
    (with_card,) = predictor.predict(dna(24), "WTC11")
    assert with_card.flags[:2] == ("padded", "no_motif")


def test_without_traces_nothing_but_the_towers_is_loaded() -> None:
    code = (
        "import sys, cistrace\n"
        "predictor = cistrace.Predictor()\n"
        "one, = predictor.predict('ACGT' * 50, 'K562', trace=False)\n"
        "assert one.card is None and one.lower < one.activity < one.upper\n"
        "print(*{'transformers', 'cistrace.writers.domain_reasoner'} & set(sys.modules))\n"
        "print(*{'maker', 'reasoner'} & {*vars(predictor), *vars(predictor.checkpoint)})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.stdout, found.stderr) == ("\n\n", "")


def test_long_sequences_without_traces_do_not_depend_on_each_other(predictor: Predictor) -> None:
    many = [dna(length, seed) for seed, length in enumerate((450, 200, 1900, 60, 700) * 6)]
    together = predictor.predict(many, ["K562", "WTC11"], trace=False)
    alone = [one for bases in many for one in predictor.predict(bases, ["K562", "WTC11"], trace=False)]
    assert [replace(one, id="") for one in together] == [replace(one, id="") for one in alone]


def test_short_long_and_ambiguous_inputs_say_so(predictor: Predictor) -> None:
    short, long, unclear = predictor.predict([dna(60), dna(450), dna(100) + "N" * 10 + dna(90, 1)], "K562", trace=False)
    assert short.flags[0] == "padded"
    assert long.flags[0] == "tiled:4" and long.flags[1].startswith("window:")
    assert "ambiguous:10" in unclear.flags


def test_a_planted_site_is_among_all_windows(predictor: Predictor) -> None:
    site = next(read_sequences("examples/enhancers.fa")).bases
    bases = dna(1000, 7) + site + "N" * 300 + dna(150, 8)
    found = predictor.predict(bases, ["HepG2", "K562"], trace=False, windows="all")
    assert {one.id for one in found} == {"seq1"}
    places = [(one.start, one.end) for one in found]
    # Two cell types a window, by rising start; those of blanks are left out, the last ends with the input.
    starts = [*range(0, 1200, 100), 1400, 1450]
    assert places == [(start, start + 200) for start in starts for _ in range(2)]
    assert [one.cell_type for one in found] == ["HepG2", "K562"] * len(starts)
    alone = predictor.predict(site, ["HepG2", "K562"], trace=False)
    for one, other in zip((one for one in found if one.start == 1000), alone, strict=True):
        assert one.activity == pytest.approx(other.activity, abs=1e-4) and one.card_hash == other.card_hash
    best = predictor.predict(bases, ["HepG2", "K562"], trace=False)
    for one in best:
        towers = [w for w in found if w.cell_type == one.cell_type and w.start == one.start]
        assert len(towers) == 1 and towers[0].activity == pytest.approx(one.activity, abs=1e-4)


def test_blanks_beside_a_sequence_do_not_change_it(predictor: Predictor) -> None:
    bases = dna(200, 5)
    alone, behind = predictor.predict([bases, "N" * 400 + bases], "K562", trace=False)
    assert "window:401-600" in behind.flags
    assert behind.activity == pytest.approx(alone.activity, abs=1e-4)


def test_strings_and_records_are_read_alike(predictor: Predictor) -> None:
    bases = dna(200, 6)
    given = [bases, f" {bases.lower()}\n", DnaSequence("x", bases.lower(), "y")]
    found = predictor.predict(given, "K562", trace=False)
    assert len({(one.activity, one.card_hash) for one in found}) == 1


def test_ids_and_order_are_those_of_what_is_given(predictor: Predictor) -> None:
    items = {"b": dna(200, 7), "a": dna(200, 8)}
    for given in (items, pandas.Series(items), polars.DataFrame({"id": list(items), "sequence": list(items.values())})):
        assert [one.id for one in predictor.predict(given, "K562", trace=False)] == ["b", "a"]
    with pytest.raises(InputError, match="found PosixPath"):
        next(predictor.stream(cast(Any, Path("enhancers.fa"))))


def test_a_predictor_shows_its_model(predictor: Predictor) -> None:
    hexadecimals = predictor.provenance.checkpoint
    assert repr(predictor) == (f"<Predictor, shipped model {hexadecimals}: HepG2, K562, WTC11; 200 bp, writes traces>")


@pytest.mark.parametrize("item", [b"ACGT" * 10, None, 7])
def test_what_is_no_sequence_is_refused(predictor: Predictor, item: object) -> None:
    with pytest.raises(InputError, match=f"item 1: found {type(item).__name__}"):
        predictor.predict([item])


def test_another_word_for_windows_is_refused(predictor: Predictor) -> None:
    with pytest.raises(InputError, match="windows: found 'every', expected best or all"):
        predictor.predict(dna(400), "K562", windows="every")  # type: ignore[arg-type]


def test_impossible_arguments_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="threads"):
        Predictor(threads=0)
    with pytest.raises(ModelError, match="none"):
        Predictor(model=str(tmp_path / "none"))


@pytest.mark.parametrize("bases", ["ACGT", "", "ACGU" * 10, "ACGT-" * 10, "N" * 200, "N" * 181 + "ACGT" * 4])
def test_what_is_no_dna_is_refused(predictor: Predictor, bases: str) -> None:
    with pytest.raises(InputError, match="seq1"):
        predictor.predict(bases)


def test_an_unknown_cell_type_is_refused_before_any_work(predictor: Predictor) -> None:
    with pytest.raises(CellTypeError, match="HeLa"):
        predictor.predict(dna(200), "HeLa")


def test_levels_follow_their_probabilities_and_intervals_their_readout(predictor: Predictor) -> None:
    random = [dna(200, seed) for seed in range(12)]
    for trace in (True, False):
        readout = predictor.readout(trace)
        assert readout == "towers"
        for entry in predictor.predict(random, trace=trace):
            assert entry.level == int(np.argmax(entry.level_probabilities))
            calibration = predictor.checkpoint.scales[entry.cell_type].calibrations[readout]
            lower, upper = calibration.interval(np.array(entry.activity))
            wider = OUT_OF_DOMAIN in entry.flags
            assert ((entry.lower, entry.upper) == (float(lower), float(upper))) != wider
            assert entry.lower <= lower < entry.activity < upper <= entry.upper


def test_without_towers_the_card_alone_is_scored(tmp_path: Path) -> None:
    predictor = Predictor(headed_checkpoint(tmp_path / "model", "card", "card"))
    assert predictor.checkpoint.towers is None
    for trace in (True, False):
        assert predictor.readout(trace) == "card"
        (found,) = predictor.predict(dna(200), "K562", trace=trace)
        assert found.card is not None and found.card.ledger is None and found.trace_text is None
        assert found.provenance.motifs and found.card_hash == card_hash(found.card)


def test_a_model_without_the_card_alone_is_not_asked_for_it(tmp_path: Path) -> None:
    predictor = Predictor(headed_checkpoint(tmp_path / "model", "card+generated", "trace"))
    with pytest.raises(ModelError, match=r"not trained to score the card alone.*leave --no-trace"):
        predictor.stream([DnaSequence("a", dna(200), "")], trace=False)
    (found,) = predictor.predict(dna(200), "K562")
    assert found.trace_text is not None and found.written_by == "model"
    made = invoke("predict", "-", "--model", tmp_path / "model", "--no-trace", stdin=f">a\n{dna(200)}\n")
    assert made.exit_code == 2 and "leave --no-trace" in made.stderr and made.stdout == ""


def test_a_head_that_reads_traces_of_evidence_cards_scores_beside_the_towers(tmp_path: Path) -> None:
    folder = headed_checkpoint(tmp_path / "model", "card+generated", "trace", "card", "towers", evidence="towers")
    headed = Predictor(folder)
    assert (headed.readout(True), headed.readout(False)) == ("trace", "towers")
    assert headed.checkpoint.towers is not None
    bases = [dna(200, seed) for seed in range(3)]
    estimates = headed.checkpoint.towers.estimate(bases)[:, 1].tolist()
    assert [one.activity for one in headed.predict(bases, "K562", trace=False)] == estimates
    for one, estimate in zip(headed.predict(bases, "K562"), estimates, strict=True):
        assert one.card is not None and one.card.ledger is not None and one.trace_text is not None
        assert (one.written_by, one.ledger) == ("model", None) and GROUNDED not in one.flags
        assert one.activity != pytest.approx(estimate, abs=1e-6)  # the head has a word in it
        assert one.verification == verify(one.trace_text, one.card)


def test_an_interval_that_cannot_be_stated_is_said(tmp_path: Path) -> None:
    def change(config: CheckpointConfig) -> CheckpointConfig:
        scale = config.scales["K562"]
        towers = replace(scale.calibrations["towers"], bounds=None)
        scales = {**config.scales, "K562": replace(scale, calibrations={**scale.calibrations, "towers": towers})}
        return replace(config, scales=scales, faults=("K562: no interval",))

    predictor = Predictor(altered_checkpoint(tmp_path / "model", change))
    natural = next(read_sequences("examples/enhancers.fa")).bases
    far, _, unknown, known = predictor.predict([TILED, natural], ["K562", "HepG2"], trace=False)
    assert (far.lower, far.upper) == (-math.inf, math.inf) and far.flags == (OUT_OF_DOMAIN, "no_interval")
    assert (unknown.lower, unknown.upper) == (-math.inf, math.inf) and unknown.flags == ("no_interval",)
    assert math.isfinite(unknown.activity) and sum(unknown.level_probabilities) == pytest.approx(1)
    assert math.isfinite(known.upper) and known.flags == ()
    assert predictor.checkpoint.faults == ("K562: no interval",)


@pytest.mark.parametrize("trace", [False, True])
def test_what_is_like_nothing_learnt_from_is_flagged_with_a_wider_interval(predictor: Predictor, trace: bool) -> None:
    natural = next(read_sequences("examples/enhancers.fa")).bases
    domain, towers = predictor.checkpoint.domain, predictor.checkpoint.towers
    assert domain is not None and towers is not None
    inside, beyond = predictor.predict([natural, TILED], "HepG2", trace=trace)
    assert OUT_OF_DOMAIN in beyond.flags and OUT_OF_DOMAIN not in inside.flags
    assert beyond.domain_percentile is not None and inside.domain_percentile is not None
    assert inside.domain_percentile < 95 < beyond.domain_percentile
    (factor,) = domain.factors(towers.reading([TILED]).distances)
    assert factor > 1
    calibration = predictor.checkpoint.scales["HepG2"].calibrations["towers"]
    for one, wider in ((inside, 1.0), (beyond, float(factor))):
        lower, upper = (float(bound) for bound in calibration.interval(np.array(one.activity)))
        assert one.upper - one.activity == pytest.approx(wider * (upper - one.activity))
        assert one.activity - one.lower == pytest.approx(wider * (one.activity - lower))


def test_a_checkpoint_without_a_domain_flags_nothing(tmp_path: Path) -> None:
    """As all were that older releases exported."""

    def without(config: CheckpointConfig) -> CheckpointConfig:
        return replace(config, files={name: found for name, found in config.files.items() if name != DOMAIN_FILE})

    folder = altered_checkpoint(tmp_path / "model", without)
    (folder / DOMAIN_FILE).unlink()
    predictor = Predictor(folder)
    assert predictor.checkpoint.domain is None
    for trace in (False, True):
        (found,) = predictor.predict(TILED, "K562", trace=trace)
        assert OUT_OF_DOMAIN not in found.flags and found.domain_percentile is None
        lower, _ = predictor.checkpoint.scales["K562"].calibrations["towers"].interval(np.array(found.activity))
        assert found.lower == float(lower)


def test_intervals_differ_from_sequence_to_sequence(predictor: Predictor) -> None:
    """A strong enhancer of the examples is told with a wider interval than a weak one."""
    examples = [one.bases for one in read_sequences("examples/enhancers.fa")]
    for cell in predictor.cell_types:
        told = [one for one in predictor.predict(examples, cell, trace=False) if OUT_OF_DOMAIN not in one.flags]
        one, *_, other = sorted(told, key=lambda one: one.activity)
        assert other.activity - one.activity > 1
        assert (one.activity < other.activity) == (one.upper - one.lower < other.upper - other.lower)


def test_a_checkpoints_hash_names_its_calibration_too(predictor: Predictor, tmp_path: Path) -> None:
    other = load_checkpoint(altered_checkpoint(tmp_path / "model", lambda config: replace(config, faults=("one",))))
    assert other.hash != predictor.checkpoint.hash


def test_an_altered_checkpoint_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(shipped_checkpoint(), folder)
    path = folder / "cistrace" / "known_effects.tsv"
    path.write_text(path.read_text().replace("K562", "K563", 1))
    with pytest.raises(ModelError, match=r"known_effects.tsv: found SHA-256"):
        load_checkpoint(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"known_effects.tsv: no such file"):
        load_checkpoint(folder)
    with pytest.raises(ModelError, match=r"not a readable checkpoint"):
        load_checkpoint(tmp_path)


def test_all_weights_together_stay_small() -> None:
    size = sum(path.stat().st_size for path in shipped_checkpoint().rglob("*") if path.is_file())
    assert size < 40 * 2**20
