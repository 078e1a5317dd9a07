"""The shipped model scores variants as it predicts, and its traces hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import cistrace
from cistrace.variants.effect import VariantEffect

EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Real elements with a base replaced, five taken out, and four put in."""
    elements = [one.bases for one in list(cistrace.read_sequences(EXAMPLES))[:3]]
    first, second, third = elements
    base = "A" if first[90] != "A" else "C"
    return [
        (first, first[:90] + base + first[91:]),
        (second, second[:120] + second[125:]),
        (third[:196], third[:60] + "GATA" + third[60:196]),
    ]


@pytest.fixture(scope="module")
def effects(pairs: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> list[VariantEffect]:
    table = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    table.write_text("id,ref,alt\n" + "".join(f"p{at},{ref},{alt}\n" for at, (ref, alt) in enumerate(pairs)))
    return cistrace.VariantScorer(threads=1).score(table)


def test_activities_are_those_of_predictions(pairs: list[tuple[str, str]], effects: list[VariantEffect]) -> None:
    predictor = cistrace.Predictor(threads=1)
    for at, alleles in enumerate(pairs):
        ref, alt = (predictor.predict(bases, trace=False) for bases in alleles)
        for before, after, effect in zip(ref, alt, effects[3 * at : 3 * at + 3], strict=True):
            assert (effect.cell_type, effect.ref_activity) == (before.cell_type, before.activity)
            assert effect.alt_activity == after.activity


def test_intervals_percentiles_and_traces(effects: list[VariantEffect]) -> None:
    assert len(effects) == 9
    for one in effects:
        assert one.lower < one.difference < one.upper
        assert one.percentile is not None and 0 <= one.percentile <= 100
        assert one.contrast is not None and one.contrast.verified
        assert abs(one.contrast.ledger.difference - one.difference) <= 0.0051
        assert one.provenance.motifs is not None and set(one.flags) <= {"padded", "off_centre", "out_of_domain"}
