"""Reinforcement learning with the reward: a tiny language model of bases, made here, trained by TRL's GRPO.

    python benchmarks/grpo.py [--steps 20] [--seeds 3] [--target HepG2] [--against K562,WTC11]

A Llama of two layers with random weights writes DNA base by base; GRPO compares 64 pieces of DNA at each step. Printed
is the mean reward of every step, and over seeds what the last quarter of the steps has more than the first.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile

from datasets import Dataset
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed
from trl import GRPOConfig, GRPOTrainer

from cistrace import Reward
from cistrace.reward.adapters.grpo import GrpoReward

START, END, PAD = "<s>", "</s>", "<pad>"


def base_tokenizer() -> PreTrainedTokenizerFast:
    """A token for every base, and those at start and end."""
    vocabulary = {token: place for place, token in enumerate(["A", "C", "G", "T", START, END, PAD])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=PAD))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=START, eos_token=END, pad_token=PAD, padding_side="left"
    )


def tiny_model(tokenizer: PreTrainedTokenizerFast, length: int) -> LlamaForCausalLM:
    """Two layers, 64 wide, of random weights."""
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=length + 8, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def train(reward: Reward, steps: int, seed: int, folder: str, length: int = 100, together: int = 64) -> list[float]:
    """Mean rewards of every step.

    Parameters
    ----------
    steps, seed : int
    folder : str
        For what the trainer writes.
    length : int
        Bases of every piece.
    together : int
        Pieces of a step.
    """
    set_seed(seed)
    tokenizer = base_tokenizer()
    settings = GRPOConfig(
        output_dir=folder, max_steps=steps, per_device_train_batch_size=together, num_generations=together,
        max_completion_length=length, learning_rate=5e-3, lr_scheduler_type="constant", logging_steps=1, bf16=False,
        save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, seed=seed, gradient_checkpointing=False,
        generation_kwargs={
            "min_new_tokens": length, "suppress_tokens": [tokenizer.bos_token_id, tokenizer.pad_token_id]
        },
    )  # fmt: skip
    trainer = GRPOTrainer(
        tiny_model(tokenizer, length), GrpoReward(reward), settings, Dataset.from_dict({"prompt": [START] * together}),
        processing_class=tokenizer,
    )  # fmt: skip
    trainer.train()
    return [row["reward"] for row in trainer.state.log_history if "reward" in row]


def rise(rewards: list[float]) -> float:
    """How much more the last quarter has than the first, mean."""
    quarter = max(1, len(rewards) // 4)
    return statistics.mean(rewards[-quarter:]) - statistics.mean(rewards[:quarter])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--target", default="HepG2")
    parser.add_argument("--against", default="")
    arguments = parser.parse_args()
    reward = Reward(arguments.target, list(filter(None, arguments.against.split(","))))
    rises = []
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as folder:
            rewards = train(reward, arguments.steps, seed, folder)
        rises.append(rise(rewards))
        print(f"seed {seed}: " + " ".join(f"{one:.2f}" for one in rewards), flush=True)
    print(f"rise from the first quarter of the steps to the last: {', '.join(f'{one:+.2f}' for one in rises)}")


if __name__ == "__main__":
    main()
