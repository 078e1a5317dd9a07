"""The device that a model is asked to compute on."""

from __future__ import annotations

import torch

from cistrace.errors import InputError

AUTO = "auto"
KINDS = ("cpu", "cuda", "mps")


def chosen_device(name: str | None) -> str | None:
    """A device that can be used here: for `auto` the first GPU there is, else `cpu`; None stays None.

    Raises
    ------
    InputError
        As `usable_device`.
    """
    if name == AUTO:
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name is not None:
        usable_device(name)
    return name


def usable_device(name: str) -> torch.device:
    """A device by PyTorch's name for it.

    Parameters
    ----------
    name : str
        `cpu`, `cuda`, `cuda:1`, `mps`, ...

    Raises
    ------
    InputError
        No such device, or none that this machine and this build of PyTorch can compute on.
    """
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        # Not its own message: that lists the kinds of all machines.
        raise _unusable(name, "PyTorch has none of this name") from error
    if device.type not in KINDS or (device.type == "cpu" and device.index):
        raise _unusable(name, "models compute on none of this kind")
    try:
        (torch.ones(1, device=device) + 1).item()  # a name alone promises nothing
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise _unusable(name, str(error).splitlines()[0].partition(". ")[0]) from error
    return device


def _unusable(name: str, reason: str) -> InputError:
    return InputError(
        f"device {name!r}: cannot be used ({reason}); expected {', '.join(available_devices())} or auto; name one of "
        "these, or leave it out"
    )


def available_devices() -> tuple[str, ...]:
    """Names of the devices on which PyTorch can compute here; `cpu` is the first."""
    found = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    return (*found, "mps") if torch.backends.mps.is_available() else tuple(found)
