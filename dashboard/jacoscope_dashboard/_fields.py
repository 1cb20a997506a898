"""Two kinds of control, tied to a param in both directions: a choice, and a text that is read.

A text field, not a number field: pmui's number field takes what was typed only when it loses
the focus, so a second Enter is lost, and its buttons have no accessible names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import _ui as ui

_STYLE: dict[str, Any] = {
    "size": "small",
    "margin": (0, 0, 14, 0),
    "sizing_mode": "stretch_width",
}


def choice(
    label: str,
    options: Mapping[str, Any],
    *,
    get: Callable[[], Any],
    put: Callable[[Any], None],
    grouped: bool = False,
) -> ui.Select:
    """Return a select whose accessible name is `label`.

    Args:
        label: Its name.
        options: Title → value; or, when grouped, heading → (title → value).
        get: Returns the value there is.
        put: Takes the value chosen.
        grouped: Whether `options` has headings.
    """
    given = {"groups": dict(options)} if grouped else {"options": dict(options)}
    select = ui.Select(label=label, value=get(), **given, **_STYLE)

    def chosen(event: Any) -> None:
        if event.new != get():
            put(event.new)

    select.param.watch(chosen, "value")
    return select


class Field:
    """A text field. What can't be read is marked with a sentence, and changes nothing."""

    def __init__(
        self,
        label: str,
        *,
        read: Callable[[str], Any],
        get: Callable[[], Any],
        put: Callable[[Any], None],
        empty: str = "",
    ) -> None:
        """Build it.

        Args:
            label: Its accessible name.
            read: From text to a value, or a ValueError with a sentence.
            get: Returns the value there is; None is shown as an empty field.
            put: Takes the value that was read; None where the field was emptied.
            empty: What an empty field means; without it, a field can't be left empty.
        """
        self._read, self._get, self._put, self._empty = read, get, put, empty
        self.widget = ui.TextInput(
            label=label, value=self._text(), placeholder=empty, max_length=40, **_STYLE
        )
        self.widget.param.watch(self._typed, "value")

    def show(self) -> None:
        """Show the value there is, after it changed elsewhere."""
        if self.widget.error_state or self.widget.value != self._text():
            self._say("")
            self.widget.param.update(value=self._text(), value_input=self._text())

    def _text(self) -> str:
        value = self._get()
        match value:
            case None:
                return ""
            case bool() | str():
                return str(value)
            case int():
                return f"{value}"
            case _:
                return f"{value:g}"

    def _typed(self, event: Any) -> None:
        text = (event.new or "").strip()
        try:
            if not text and not self._empty:
                raise ValueError("Give a value.")
            value = self._read(text) if text else None
        except ValueError as error:
            self._say(str(error))
            return
        self._say("")
        if value != self._get():
            self._put(value)

    def _say(self, sentence: str) -> None:
        self.widget.param.update(error_state=bool(sentence), helper_text=sentence)
