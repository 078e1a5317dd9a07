"""The three groups of tests: what carries no group's marker is quick. How several processes share them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("unhurried")

GROUPS = ("pipeline", "integration", "slow", "gpu")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not any(item.get_closest_marker(group) for group in GROUPS):
            item.add_marker(pytest.mark.quick)
    items.sort(key=lambda item: item.get_closest_marker("quick") is not None)  # the long ones first


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """With CISTRACE_CORE_TESTS set, a file that needs a package that is not there is skipped by name."""
    report: Any = yield
    if os.environ.get("CISTRACE_CORE_TESTS") and report.failed and isinstance(collector, pytest.Module):
        told = str(report.longrepr).splitlines()
        if told and told[-1].startswith("E   ModuleNotFoundError: "):
            report.outcome = "skipped"
            report.longrepr = (str(collector.path), 1, f"Skipped: {told[-1].partition(': ')[2]}")
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under `-n`, a file's tests stay in one process, which makes their fixtures once; files start in their order."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)
