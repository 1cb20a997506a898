"""The commands that take a function: `compare`, `advise` and `explore`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jacoscope import Advice, Study
from jacoscope.problems import family
from jacoscope.run import DaskRunner, Job, Outcome, local_runner

from ._bar import Bar
from ._cluster import cluster_of
from ._errors import CommandLineError
from ._report import advice_report, study_report
from ._serve import serve_page
from ._subject import subject

_TICK_S = 0.2  # between two looks at how far it is
_NARROWEST, _WIDEST = 60, 120


def run(given: argparse.Namespace) -> int:
    """Run a command that takes a function; return its exit code."""
    try:
        target = subject(given)
        match given.command:
            case "compare":
                return _compare(given, target)
            case "advise":
                return _advise(given, target)
            case _:
                return serve_page(given, target)
    except CommandLineError as error:
        if given.traceback and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        _complain(given, f"error: {error}")
        return 2


def _compare(given: argparse.Namespace, target: dict[str, Any]) -> int:
    _check_output(given.out)
    cluster = cluster_of(given)
    _check_device(given.device, cluster)
    options = {
        "quantity": given.quantity,
        "chunk_sizes": list(given.chunk_sizes),
        "vectors": given.vectors,
        "jit": not given.no_jit,
        "device": given.device,
        "memory_limit": given.memory_limit,
        "time_limit": given.time_limit,
    }
    outcome = outcome_of(Job("compare", target, options), cluster)
    if outcome.status != "ok":
        _complain(given, outcome.message)
        return 1
    study = Study.from_plain(outcome.value["study"])
    if given.json:
        _write(json.dumps(study.to_plain(), indent=1))
    else:
        _write(study_report(study, _width(), _larger(target)))
    if given.out is not None and not _kept(given, study):
        return 1
    return 1 if study.best() is None else 0


def _advise(given: argparse.Namespace, target: dict[str, Any]) -> int:
    _check_device(given.device)
    options = {
        "quantity": given.quantity,
        "vectors": given.vectors,
        "memory_limit": given.memory_limit,
        **({} if given.device is None else {"device": given.device}),
    }
    outcome = outcome_of(Job("advise", target, options))
    if outcome.status != "ok":
        _complain(given, outcome.message)
        return 1
    advice = Advice(**outcome.value["advice"])
    if given.json:
        _write(json.dumps(asdict(advice), indent=1))
    else:
        _write(advice_report(advice, given.quantity, _width()))
    return 0


def outcome_of(job: Job, cluster: DaskRunner | None = None) -> Outcome:
    """Have workers do a job, and say meanwhile how far it is.

    Ctrl-C ends the workers, or what a cluster does of it, before it is passed on.

    Args:
        job: What to do.
        cluster: Where; None for this machine's workers.
    """
    runner, bar = local_runner() if cluster is None else cluster, Bar(sys.stderr)
    try:
        handle = runner.submit(job, bar.hear)
        while True:
            bar.draw()
            try:
                return handle.result(_TICK_S)
            except TimeoutError:
                continue
    except KeyboardInterrupt:
        runner.close()
        raise
    finally:
        bar.clear()


def _check_device(device: str | None, cluster: DaskRunner | None = None) -> None:
    """Check that there is such a device, before anything is measured.

    Raises:
        CommandLineError: There is none; the sentence lists those there are.
    """
    if device is None or device == "all" or "-" in device or "," in device:
        return  # several: the worker says which it lacks
    outcome = outcome_of(Job("devices"), cluster)
    names = [each["name"] for each in outcome.value.get("devices", [])]
    if names and device not in names:
        raise CommandLineError(f"`--device` must be one of {', '.join(names)}, but got {device!r}.")


def _check_output(path: str | None) -> None:
    """Check that a file can be written, before anything is measured.

    Raises:
        CommandLineError: Its folder isn't there.
    """
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise CommandLineError(f"`--out` must be in a folder that is there, but got {path!r}.")


def _kept(given: argparse.Namespace, study: Study) -> bool:
    """Write the study to its file; say so where that fails."""
    try:
        if given.out.endswith(".csv"):
            study.to_csv(given.out)
        else:
            study.to_json(given.out)
    except OSError as error:
        _complain(given, f"{given.out} can't be written: {error.strerror}.")
        return False
    return True


def _larger(target: dict[str, Any]) -> str:
    """Return what to write where all is too small to tell."""
    if target["kind"] != "problem":
        return "A larger input may tell them apart."
    telling = family(target["name"]).telling
    if not telling:
        return ""
    return f"Add {' '.join(f'--knob {name}={value}' for name, value in telling.items())}."


def _width() -> int:
    return min(max(shutil.get_terminal_size((100, 24)).columns, _NARROWEST), _WIDEST)


def _write(text: str) -> None:
    """Write to standard output, with a question mark for what its encoding doesn't have."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


def _complain(given: argparse.Namespace, text: str) -> None:
    sys.stderr.write(f"jacoscope {given.command}: {text}\n")
