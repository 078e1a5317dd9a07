"""From what is wanted to a search, and from its end to designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from cistrace.constraints.constraints import Constraints
from cistrace.constraints.contradictions import check_feasible
from cistrace.constraints.site_limit import SiteLimit
from cistrace.design.archive import NOBODY
from cistrace.design.design import Design
from cistrace.design.gradients import gradients_of
from cistrace.design.reference import FEWEST_ALIKE
from cistrace.design.search import Search
from cistrace.design.settings import CALLS_A_DESIGN, FEWEST_CALLS, SearchSettings, least_distance
from cistrace.design.sites import site_catalogue
from cistrace.io.codes import codes_of
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.hashes import json_hash
from cistrace.reward.components import RewardComponents
from cistrace.reward.reward import Reward


class Designer:
    """A search for designs, ready to make its rounds.

    Parameters
    ----------
    reward : Reward
    constraints : Constraints
    settings : SearchSettings
        Its `apart` counts as `distance_between`, which is checked against the other constraints.
    starts : sequence of DnaSequence
        Where designs begin; empty for a search from scratch.

    Raises
    ------
    ConstraintError
        Constraints, length and starts contradict each other.
    """

    def __init__(
        self, reward: Reward, constraints: Constraints, settings: SearchSettings, starts: Sequence[DnaSequence] = ()
    ) -> None:
        check_feasible(replace(constraints, distance_between=settings.apart), settings.length, reward.window, starts)
        self._reward, self._starts = reward, tuple(starts)
        catalogue = site_catalogue(reward.checkpoint.known_effects, reward.objective)
        self.search = Search(
            reward, gradients_of(reward.module()), catalogue, constraints, settings, [one.bases for one in starts]
        )
        self.of: dict[str, Any] = {
            "model": reward.checkpoint.hash,
            "reward": repr(reward),
            **{**asdict(replace(settings, mix={})), "mix": dict(settings.mix)},
            "constraints": json_hash(asdict(constraints)),
            "starts": json_hash([[one.id, one.bases] for one in starts]),
        }
        """What the rounds follow from, for a journal."""

    def designs(self) -> tuple[Design, ...]:
        """The best designs so far that keep their distance, by falling reward; no more than are wanted."""
        archive = self.search.archive
        places = self.search.chosen()
        found = self._reward.components([archive.found[place].bases for place in places])
        return tuple(
            self._design(number, place, row, found) for row, (number, place) in enumerate(enumerate(places, 1))
        )

    def _design(self, number: int, place: int, row: int, found: RewardComponents) -> Design:
        archive = self.search.archive
        one = archive.found[place]
        start = None if one.start == NOBODY else self._starts[one.start]
        components = {
            "objective": float(found.objective[row]),
            "uncertainty": float(found.uncertainty[row]),
            "out_of_domain": float(found.out_of_domain[row]),
        }
        return Design(
            f"design_{number}",
            one.bases,
            None if start is None else start.id,
            None if start is None else start.bases,
            one.reward,
            dict(zip(self._reward.cell_types, found.activities[row].tolist(), strict=True)),
            components,
            0 if start is None else int((codes_of(one.bases) != codes_of(start.bases)).sum()),
            one.round,
            archive.moves(place),
        )


def with_site_limit(constraints: Constraints, starts: Sequence[DnaSequence] = ()) -> Constraints:
    """Constraints that allow no archetype more sites than natural enhancers have, unless they say how many.

    What a search finds first is to stuff a design with sites of one factor, which the model overrates (docs/design.md).
    Where a start has more, as many as it has.
    """
    if constraints.sites_of_one is not None:
        return constraints
    most = FEWEST_ALIKE - 1
    while starts and SiteLimit(most).counts([one.bases for one in starts]).any():
        most += 1
    return replace(constraints, sites_of_one=most)


def settings_for(
    constraints: Constraints, count: int, length: int, calls: int | None, rounds: int | None, seed: int, started: bool
) -> SearchSettings:
    """Settings of a search: calls enough for the number of designs unless given, and their least distance."""
    wanted = calls if calls is not None else max(FEWEST_CALLS, CALLS_A_DESIGN * count)
    return SearchSettings(count, length, wanted, least_distance(constraints, length, started), seed, rounds)
