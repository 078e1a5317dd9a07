"""Files of LoRA adapters beside a language model."""

from __future__ import annotations

from pathlib import Path

ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def refuse_pickled_adapters(folder: Path) -> None:
    """Where an adapter's safetensors are missing, transformers and peft would go on to the pickle adapter_model.bin.

    Raises
    ------
    FileNotFoundError
        The folder has an adapter's configuration, and no safetensors of it.
    """
    if (folder / ADAPTER_CONFIG).exists() and not (folder / ADAPTER_WEIGHTS).is_file():
        raise FileNotFoundError(f"{ADAPTER_CONFIG} without {ADAPTER_WEIGHTS}: weights are read from safetensors alone")
