"""Every route of the server, asked what its own OpenAPI document lets be asked, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from cistrace.serve.app import build_app
from cistrace.serve.limits import Limits
from cistrace.serve.service import Service
from cistrace.serve.worker import Worker

schemathesis = pytest.importorskip("schemathesis")

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance",
)  # fmt: skip
LIMITS = Limits(sequences=5, length=400)
APP = build_app(Service(None, 1), Worker(LIMITS.requests, 1), LIMITS, ["testserver"])
schema = schemathesis.openapi.from_asgi("/openapi.json", APP)


@pytest.mark.integration
@schema.parametrize()  # type: ignore[untyped-decorator]
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_those_that_are_described(case: Any) -> None:
    case.call_and_validate(checks=schemathesis.checks.CHECKS.get_by_names(CHECKS))
