"""The search: rounds of parents, children made of them by moves and mended, and the model's word on each.

After AdaLead (Sinha et al. 2020, arXiv 2010.02141): the best sequences so far are the parents of a round and are
recombined and mutated in batches. Beside it, children follow the gradient of the model, and have whole sites put in.
Parents keep a distance from each other, so that the search climbs many hills at once.

A round follows from the seed, its number and what was found before, and from nothing else: so that a search that was
interrupted goes on to the same end from the rounds it has kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.constraints.constraints import Constraints
from cistrace.design.archive import NOBODY, Archive, Found, Round
from cistrace.design.gradients import Gradients
from cistrace.design.mend import Draft, Mender, random_drafts
from cistrace.design.moves import Move, climb, mutate, plant, recombine
from cistrace.design.settings import SearchSettings
from cistrace.design.sites import SiteCatalogue
from cistrace.errors import ConstraintError
from cistrace.io.codes import bases_of, codes_of
from cistrace.motifs.hit import MotifHit

GC_OF_RANDOM = (0.35, 0.65)  # of random sequences, where constraints say nothing
FIRST_SHARE = 0.1  # of the calls, for the random sequences of the first round
FIRST_MOST = 10_000  # which are held in memory together
PARENTS_AMONG = 4_000  # of the highest rewards
EMPTY_ROUNDS = 3  # in a row without a new sequence, after which there seem to be no more

Oracle = Callable[[list[str]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class _Child:
    """A draft, and where it comes from."""

    draft: Draft
    move: str
    parent: int
    start: int


class Search:
    """One search; its rounds are made by `step`.

    Parameters
    ----------
    oracle : callable
        Rewards, float64 (N,), of sequences.
    gradients : callable or None
        Of what the oracle says, as `gradients_of` gives them; None to do without.
    catalogue : SiteCatalogue or None
        Sites to put in; None to do without.
    constraints : Constraints
        Which every sequence that is scored meets.
    settings : SearchSettings
    starts : sequence of str
        Where designs begin, each of the settings' length and within the constraints; empty for random sequences.
    """

    def __init__(
        self, oracle: Oracle, gradients: Gradients | None, catalogue: SiteCatalogue | None, constraints: Constraints,
        settings: SearchSettings, starts: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.settings = settings
        self.archive = Archive()
        self._oracle, self._gradients, self._catalogue = oracle, gradients, catalogue
        self._starts = [codes_of(start) for start in starts]
        self._gc = constraints.gc or GC_OF_RANDOM
        self._mender = Mender(constraints, settings.length, tuple(starts))
        without: set[Move] = {"climb"} if gradients is None else set()
        self._shares = settings.shares(without | ({"plant"} if catalogue is None else set()))
        self._empty = 0

    @property
    def done(self) -> bool:
        """Whether calls or rounds are used up, or nothing new was found for a while."""
        limit = self.settings.rounds
        over = limit is not None and self.archive.rounds > limit
        return over or self._left <= 0 or self._empty >= EMPTY_ROUNDS

    @property
    def _left(self) -> int:
        return self.settings.calls - self.archive.calls

    def take(self, round: Round) -> None:
        """Take in a round that was made before."""
        self._empty = 0 if round.found else self._empty + 1
        self.archive.add(round)

    def step(self) -> Round:
        """Make the next round.

        Raises
        ------
        ConstraintError
            In the first round, where not even random sequences could be brought to meet the constraints.
        """
        number = self.archive.rounds
        random = np.random.default_rng([self.settings.seed, number])
        gradients: tuple[int, ...] = ()
        if number:
            children, gradients = self._offspring(random)
        else:
            children = self._first(random)
        made = self._scored(self._valid(children, random)[: self._left - len(gradients)], number)
        if not number and not made:
            self._give_up(children)
        round = Round(number, made, gradients)
        self.take(round)
        return round

    def chosen(self) -> list[int]:
        """Places in the archive of the designs that are wanted: the best that keep their distance."""
        return self.archive.best(self.settings.count, self.settings.apart)

    def _first(self, random: np.random.Generator) -> list[_Child]:
        """The starts and children of theirs, or random sequences, into some of which sites are put."""
        if self._starts:
            starts = [_Child(Draft(codes, codes), "start", NOBODY, at) for at, codes in enumerate(self._starts)]
            drawn = random.integers(len(self._starts), size=max(0, self.settings.children - len(starts))).tolist()
            return starts + [
                _Child(Draft(mutate(self._starts[at], self._mender.free, random), self._starts[at]), "mutate", at, at)
                for at in drawn
            ]
        count = min(max(self.settings.parents, int(FIRST_SHARE * self.settings.calls)), FIRST_MOST)
        drafts = random_drafts(count, self.settings.length, self._gc, random)
        return [_Child(self._planted(draft, random), "random", NOBODY, NOBODY) for draft in drafts]

    def _planted(self, draft: Draft, random: np.random.Generator) -> Draft:
        codes = draft.codes
        for _ in range(int(random.poisson(self.settings.planted)) if self._catalogue is not None else 0):
            assert self._catalogue is not None
            codes = plant(codes, self._catalogue, (), random)
        return Draft(codes)

    def _offspring(self, random: np.random.Generator) -> tuple[list[_Child], tuple[int, ...]]:
        """Children of the round's parents, and whose gradients had to be asked for."""
        parents = self.archive.best(self.settings.parents, self.settings.apart, PARENTS_AMONG)
        names = list(self._shares)
        moves = random.choice(len(names), size=self.settings.children, p=list(self._shares.values())).tolist()
        plan = [(parents[turn % len(parents)], names[move]) for turn, move in enumerate(moves)]
        climbers = list(dict.fromkeys(parent for parent, move in plan if move == "climb"))
        slopes, asked = self._slopes(climbers)
        planters = list(dict.fromkeys(parent for parent, move in plan if move == "plant"))
        sites = self._sites(planters)
        children = []
        for parent, move in plan:
            codes = self.archive.codes(parent)
            if move == "climb" and parent in slopes:
                child = climb(codes, slopes[parent], self._mender.free, random)
            elif move == "plant" and self._catalogue is not None:
                child = plant(codes, self._catalogue, sites[parent], random)
            elif move == "recombine" and (mate := self._mate(parent, parents, random)) is not None:
                child = recombine(codes, self.archive.codes(mate), random)
            else:
                move, child = "mutate", mutate(codes, self._mender.free, random)
            start = self.archive.found[parent].start
            draft = Draft(child, self._starts[start] if start != NOBODY else None, codes)
            children.append(_Child(draft, move, parent, start))
        return children, asked

    def _mate(self, parent: int, parents: list[int], random: np.random.Generator) -> int | None:
        """Another parent of the same start."""
        start = self.archive.found[parent].start
        mates = [other for other in parents if other != parent and self.archive.found[other].start == start]
        return mates[int(random.integers(len(mates)))] if mates else None

    def _slopes(self, climbers: list[int]) -> tuple[dict[int, NDArray[np.float32]], tuple[int, ...]]:
        """Gradients of those that will climb, as far as calls reach, and for whom they were not asked before."""
        if self._gradients is None or not climbers:
            return {}, ()
        fresh = [place for place in climbers if place not in self.archive.climbed][: max(0, self._left - 1)]
        paid = [place for place in climbers if place in self.archive.climbed or place in set(fresh)]
        if not paid:
            return {}, ()
        slopes = self._gradients(np.stack([self.archive.codes(place) for place in paid]))
        return dict(zip(paid, slopes)), tuple(fresh)

    def _sites(self, planters: list[int]) -> dict[int, tuple[MotifHit, ...]]:
        if self._catalogue is None or not planters:
            return {}
        return dict(zip(planters, self._catalogue.found([self.archive.found[place].bases for place in planters])))

    def _valid(self, children: list[_Child], random: np.random.Generator) -> list[tuple[_Child, str]]:
        """Children that meet all constraints after mending and are new, each once."""
        mended = self._mender.mended([child.draft for child in children], random)
        fresh: dict[str, _Child] = {}
        for child, codes in zip(children, mended):
            if codes is not None and (bases := bases_of(codes)) not in self.archive:
                fresh.setdefault(bases, child)
        return [(child, bases) for bases, child in fresh.items()]

    def _scored(self, fresh: list[tuple[_Child, str]], number: int) -> tuple[Found, ...]:
        rewards = self._oracle([bases for _, bases in fresh]) if fresh else np.zeros(0)
        return tuple(
            Found(bases, reward, child.move, child.parent, child.start, number)
            for (child, bases), reward in zip(fresh, rewards.tolist())
        )

    def _give_up(self, children: list[_Child]) -> None:
        bases = [bases_of(child.draft.codes) for child in children]
        checker = self._mender.checker
        broken = (checker.shortfalls(bases) > 0).mean(axis=0)
        worst = ", ".join(f"{kind} by {share:.0%}" for kind, share in zip(checker.kinds, broken.tolist()) if share)
        raise ConstraintError(
            [f"of {len(bases):,} random sequences none could be mended to meet all ({worst}); loosen one of them"],
            "constraints",
        )
