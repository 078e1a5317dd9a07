"""Addresses to listen on."""

from __future__ import annotations

import pytest

from cistrace.errors import InputError
from cistrace.serve.listen import address_of, is_loopback, listening


def test_a_port_is_taken_once() -> None:
    with listening("127.0.0.1", 0) as found:
        port = found.getsockname()[1]
        assert address_of(found) == f"http://127.0.0.1:{port}"
        with pytest.raises(InputError, match=rf"127\.0\.0\.1:{port}: cannot be listened on .* name another --port"):
            listening("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.name.invalid", "a" * 70])
def test_another_machines_address(host: str) -> None:
    with pytest.raises(InputError, match="cannot be listened on"):
        listening(host, 0)


def test_which_addresses_stay_on_this_machine() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "box.example")] == [False] * 4
