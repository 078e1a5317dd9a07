"""Generation through an OpenAI-compatible endpoint that serves the stage I model: vLLM in practice.

The server renders the tokenizer's own chat template, so that it reads the tokens that stage I was trained on. Every
request carries the example's own seed, and every answer is kept on disk as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cistrace.chat.answers import AnswerCache, request_key
from cistrace.chat.client import ChatClient
from cistrace.chat.question import Messages, Question
from cistrace.chat.settings import ChatSettings
from cistrace.errors import RecipeError, TeacherError
from cistrace.training.examples import Example
from cistrace.training.generate import Batch, Writing, sampling_words
from cistrace.training.recipe import Recipe
from cistrace.training.trace_file import TraceSource
from cistrace.writers.layout import CHAT
from cistrace.writers.seeds import seed_of

SEEDS = 2**31 - 1  # servers take 31 bits


def chat_settings(base_url: str, model: str, recipe: Recipe, concurrency: int) -> ChatSettings:
    """The recipe's generation, in the protocol's names.

    Raises
    ------
    TeacherError
        The base URL, the name or the concurrency cannot be used.
    """
    writes = recipe.generation
    greedy = writes.sampling == "greedy"
    return ChatSettings(
        base_url,
        model,
        temperature=0.0 if greedy else writes.temperature,
        top_p=1.0 if greedy else writes.top_p,
        top_k=None if greedy else writes.top_k,
        max_tokens=writes.most_tokens,
        concurrency=concurrency,
        timeout=600.0,  # a full server's queue counts as well
    )


def by_endpoint(settings: ChatSettings, recipe: Recipe, identity: str, cache: Path) -> Writing:
    """Writing through an endpoint.

    Parameters
    ----------
    identity : str
        Of the stage I weights that are served; answers of others are not taken for theirs.
    cache : Path
        Of answers, made where there is none.

    Raises
    ------
    RecipeError
        The recipe's model is the compact one, whose tokenizer has no chat template.
    """
    if recipe.model.layout != CHAT:
        raise RecipeError(
            f"recipe {recipe.name}: model.layout is {recipe.model.layout}; expected chat for an endpoint; leave "
            "--base-url out"
        )

    def batches(examples: Sequence[Example], wanted: Sequence[int]) -> Iterator[Batch]:
        refused: list[str] = []
        asked = ((at, question(examples[at], settings, recipe.generation.seed, identity)) for at in wanted)
        with AnswerCache(cache) as answers:
            client = ChatClient(settings, answers, lambda usage: None)
            for at, answer in client.answers(asked, len(wanted)):
                if answer.fault:
                    refused.append(f"{examples[at].id}: {answer.fault}")
                else:
                    yield [(at, answer.text)]
        if refused:
            raise TeacherError(
                f"{settings.host}: {len(refused)} of {len(wanted)} examples have no answer, the first {refused[0]}; "
                "expected one for each; serve with a longer context and run again: the others are kept"
            )

    return Writing(TraceSource(identity, f"{sampling_words(recipe.generation)}, at an endpoint"), batches)


def question(example: Example, settings: ChatSettings, seed: int, identity: str) -> Question:
    """What is sent for an example: the messages that stage I was trained on."""
    messages: Messages = [
        {"role": "system", "content": example.prompt.shared},
        {"role": "user", "content": example.prompt.own},
    ]
    own = seed_of(example.prompt.text, seed) % SEEDS
    key = request_key({"model": identity, "messages": messages, "sampling": _sampling(settings), "seed": own})
    return Question(key, messages, own)


def _sampling(settings: ChatSettings) -> list[object]:
    return [float(settings.temperature), float(settings.top_p), settings.top_k, settings.max_tokens]
