"""Finds what `package.module:name` names, as `python -m` would: the current folder comes first."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from ._errors import CommandLineError

_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_WRITTEN = re.compile(rf"({_DOTTED}):({_DOTTED})")
_NAMED = 8


def find_function(text: str, option: str) -> Callable[..., Any]:
    """Import a module and return the function that the text names in it.

    What the module prints goes to standard error: standard output is for the result.

    Args:
        text: Such as `package.module:function`.
        option: What it was written for, for the sentence where it is wrong.

    Raises:
        CommandLineError: It is written in another form, can't be imported, or is no function.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None or written[1].endswith(".py"):
        said = "package.module:function, such as mymodel:f"
        raise CommandLineError(f"`{option}` must be written {said}, but got {text!r}.{_hint(text)}")
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    found: Any = _import(written[1], option)
    for name in written[2].split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise CommandLineError(_missing(found, name, written[1], option)) from None
    if not callable(found):
        kind = type(found).__name__
        raise CommandLineError(f"`{option}` must name a function, but {text} is of type {kind}.")
    return found


def call(function: Callable[[], Any], name: str) -> Any:
    """Call a user's function without arguments; what it prints goes to standard error.

    Raises:
        CommandLineError: It raised something.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return function()
    except (Exception, SystemExit) as error:
        raise CommandLineError(f"{name} raised {_raised(error)}. {_SEE}") from error


_SEE = "Add `--traceback` to see where."


def _import(name: str, option: str) -> ModuleType:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise CommandLineError(
                f"`{option}` must be in a module that can be imported, but there is no module"
                f" {error.name!r} in this folder or among what is installed."
            ) from error
        raise CommandLineError(
            f"{name} imports {error.name!r}, which is not there. {_SEE}"
        ) from error
    except (Exception, SystemExit) as error:
        raise CommandLineError(
            f"{name} can't be imported: it raised {_raised(error)}. {_SEE}"
        ) from error


def _raised(error: BaseException) -> str:
    text = str(error).strip().split("\n")[0].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _missing(owner: Any, name: str, module: str, option: str) -> str:
    has = [each for each in dir(owner) if not each.startswith("_") and _own(owner, each, module)]
    near = difflib.get_close_matches(name, has, n=1)
    if near:
        rest = f" Did you mean {near[0]}?"
    else:
        rest = f" It has {', '.join(has[:_NAMED])}." if has else ""
    where = getattr(owner, "__name__", type(owner).__name__)
    return f"`{option}` must be in its module, but there is no {name!r} in {where}.{rest}"


def _own(owner: Any, name: str, module: str) -> bool:
    """Whether something is a function of that module, and not one that it imports."""
    found = getattr(owner, name, None)
    return callable(found) and getattr(found, "__module__", None) == module


def _hint(text: str) -> str:
    """Say what to write for a file's path."""
    path, colon, name = text.rpartition(":")
    if not path.endswith(".py"):
        return ""
    module = re.sub(r"[/\\]+", ".", path.removesuffix(".py").removeprefix("./"))
    return f" For that file write {module}{colon}{name}."
