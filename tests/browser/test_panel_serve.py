"""The page as `panel serve dashboard/app.py` serves it, in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Server, Visit
from tests.served import under_panel_serve

pytestmark = pytest.mark.browser


def test_the_page_is_whole(browser: Any, tmp_path: Path) -> None:
    with under_panel_serve(tmp_path / "log") as served:
        address = f"http://localhost:{served.port}/app"
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        visit = Visit(context.new_page(), Server(address, "", served.log))
        visit.go_to(address)
        visit.says("4 VJPs against 3 JVPs")
        visit.type("Batch size", "6")
        visit.says("6 VJPs against 3 JVPs")
        visit.page.get_by_role("tab", name="Code", exact=True).click()
        visit.page.get_by_role("button", name="Copy link", exact=True).wait_for()
        assert visit.page.locator("#preview").count() == 0
        assert visit.wrong == []
        context.close()
