"""The page on a cluster: where a row was measured, cancel, a lost worker, a scheduler that goes."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_MS, Server, Visit
from tests.clusters import Cluster
from tests.clusters import cluster as started_cluster
from tests.served import Served, started

pytest.importorskip("distributed")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def cluster(browser: Any) -> Iterator[Cluster]:
    del browser  # its loop has to be there first
    with started_cluster("--workers", "1") as made:
        yield made


@pytest.fixture(scope="module")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("on-a-cluster") / "log"
    server = started(("--scheduler", cluster.address), log)
    assert f"Jobs run on the workers of the Dask scheduler at {cluster.address}." in server.said
    yield server
    server.process.terminate()
    server.process.communicate(timeout=60)


@pytest.fixture
def visit(browser: Any, served: Served) -> Iterator[Visit]:
    address = f"http://localhost:{served.port}"
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    visit = Visit(context.new_page(), Server(address, address, served.log))
    visit.page.set_default_timeout(PATIENCE_MS)
    yield visit
    context.close()
    assert visit.wrong == []


def test_a_comparison_on_a_cluster(visit: Visit, cluster: Cluster) -> None:
    visit.open("?problem=tanh_sum&quantity=hvp&time_limit=600")
    run = visit.page.get_by_role("button", name="Run", exact=True)
    run.click()
    visit.says(re.compile(r"Compiled \d+ of \d+ strategies|Timing all"))
    [worker] = cluster.workers()
    worker.send_signal(signal.SIGKILL)  # all of its processes with it
    run.and_(visit.page.get_by_role("button", disabled=False)).wait_for()
    assert visit.verdict()
    host = os.uname().nodename
    visit.says(f"Measured on host {host} (cpu).")
    visit.page.get_by_role("columnheader", name="Host").wait_for()
    assert visit.page.get_by_role("cell", name=host, exact=True).count() > 2
    visit.says("Measured at attempt 2: before, the worker was lost")


@pytest.mark.slow
def test_cancel_and_a_scheduler_that_goes_and_comes_back(visit: Visit, cluster: Cluster) -> None:
    visit.open("?problem=tanh_sum&quantity=hvp&time_limit=600")
    page = visit.page
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    visit.says("Cancelled")
    page.get_by_role("button", name="Run", exact=True).click()
    os.killpg(cluster.process.pid, signal.SIGKILL)
    visit.says(f"The scheduler at {cluster.address} has gone. Waiting…")
    visit.page.locator(".alert").filter(has_text="The scheduler at").first.wait_for()
    page.get_by_role("button", name="Run", exact=True).and_(
        page.get_by_role("button", disabled=False)
    ).wait_for()
    port = cluster.address.rpartition(":")[2]
    with started_cluster("--workers", "1", "--port", port):
        visit.compare()
        assert visit.verdict()
