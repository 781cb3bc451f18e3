"""A pytest plugin: psutil's own tests about connections, answered by fastsock.compat.psutil.

    pytest -p psutil_suite tests/test_*.py    # in the unpacked sdist of the installed psutil
    pytest -p psutil_suite --pyargs psutil.tests.test_linux …    # where psutil has them installed

Only tests of net_connections() are run, and of its older names; .ci/run does it.
"""

from __future__ import annotations

import pytest

from fastsock.compat import psutil as faster

# Among them are tests in which tables and links are not the kernel's but a mock's.
ABOUT_CONNECTIONS = ("connection", "emulate_ipv6_unsupported", "procfs_path")
NOT_OURS = {
    # Both mock what psutil reads with, and assert that it was called: open and os.readlink.
    "test_emulate_unix",
    "test_net_connections_enametoolong",
    "test_connections_enametoolong",  # its name until psutil 6
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "xdist_group: psutil's, for a plugin that is not here")
    faster.install()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = [
        item
        for item in items
        if any(part in f"{item.path.name} {item.nodeid}".lower() for part in ABOUT_CONNECTIONS)
        and item.nodeid.rpartition("::")[2] not in NOT_OURS
    ]
    chosen = {id(item) for item in wanted}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in chosen])
    items[:] = wanted


def pytest_unconfigure() -> None:
    faster.uninstall()
