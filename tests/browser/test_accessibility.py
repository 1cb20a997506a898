"""Every tab under axe-core: nothing serious, light and dark."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from jacoscope_dashboard._explorer import TABS
from tests.browser.conftest import ENOUGH, Visit

pytestmark = pytest.mark.browser


def violations(page: Any) -> list[str]:
    """What axe finds serious or critical, with the elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes'][:4]]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_no_tab_keeps_anyone_out(visit: Visit) -> None:
    visit.open(f"?batch=64&{ENOUGH}")
    visit.page.get_by_role("button", name="More", exact=True).click()
    visit.page.get_by_role("button", name="Run", exact=True).click()
    visit.page.get_by_role("heading", name="Time against memory", exact=True).wait_for()
    found = {}
    for theme in ("light", "dark"):
        if theme == "dark":
            visit.page.get_by_role("button", name="Toggle theme").click()
            visit.page.wait_for_timeout(5000)
        for tab in visit.page.get_by_role("tab").all():
            tab.click()
            visit.page.wait_for_timeout(800)
            found[tab.inner_text(), theme] = violations(visit.page)
    assert len(found) == 2 * len(TABS)
    assert {where: wrong for where, wrong in found.items() if wrong} == {}
