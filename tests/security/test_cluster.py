"""A cluster whose connections are encrypted, and workers that answer with more than plain data."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import psutil
import pytest

from jacoscope.run import DaskRunner, Job, dask_runner
from jacoscope.run._no_pickle import strings_of
from tests.clusters import Cluster
from tests.clusters import cluster as started
from tests.security.conftest import certify
from tests.served import checkout

distributed = pytest.importorskip("distributed")
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the workers have no tests

READ = """
import pickle, sys
from jacoscope.run._no_pickle import refuse_pickles
refuse_pickles()
pickled = bytes.fromhex(sys.argv[1])
for loads in (pickle.loads, pickle._loads):
    try:
        loads(pickled)
    except Exception as error:
        print(type(error).__name__)
print(pickle.loads(pickle.dumps([1, "a", {"b": b"c"}])))
"""


class Evil:
    """What says, wherever it is unpickled, which process that was."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        code = f"open({self.path!r}, 'a').write(f'{{__import__(\"os\").getpid()}}\\n')"
        return exec, (code,)


def behave(way: str, path: str) -> None:
    """Have this worker answer each job in a way of its own."""
    from distributed.protocol.serialize import Serialized, serialize, to_serialize

    import jacoscope.run._station as station

    pickled = pickle.dumps(Evil(path))
    told = {"status": "error", "exception_text": "", "traceback_text": ""}
    told |= {name: to_serialize(pickled) for name in ("exception", "traceback")}

    def carry_out(order: bytes) -> Any:
        worker = distributed.get_worker()
        match way:
            case "result":
                return Serialized(*serialize(Evil(path), serializers=["pickle"]))
            case "error":
                vars(distributed.worker)["error_message"] = lambda *_, **__: told
                raise ValueError
            case "event":
                worker.log_event(station.unpack(order)["topic"], pickled)
            case "warning":
                worker.log_event("warn", {"message": pickled})
        return b""

    station.carry_out = carry_out


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Certificates of two authorities that know nothing of each other."""
    made = []
    for _ in range(2):
        folder = tmp_path_factory.mktemp("certificates")
        certify(folder)
        cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
        made.append({"tls_ca_file": cert, "tls_client_cert": cert, "tls_client_key": key})
    return made


@pytest.fixture(scope="module")
def secure(files: list[dict[str, str]]) -> Iterator[Cluster]:
    names = {"--tls-ca": "tls_ca_file", "--tls-cert": "tls_client_cert", "--tls-key": ""}
    paths = {option: files[0][name or "tls_client_key"] for option, name in names.items()}
    options = [word for pair in paths.items() for word in pair]
    with started("--workers", "1", *options) as made:
        yield made


@pytest.fixture(scope="module")
def certified(secure: Cluster, files: list[dict[str, str]]) -> Iterator[DaskRunner]:
    security = distributed.Security(require_encryption=True, **files[0])
    made = dask_runner(secure.address, security)
    yield made
    made.close()


def of(runner: DaskRunner) -> Any:
    return runner.submit(Job("devices")).result(60)


def test_who_has_a_certificate_comes_in(secure: Cluster, certified: DaskRunner) -> None:
    assert secure.address.startswith("tls://")
    assert "can run code as you" not in secure.said
    assert of(certified).status == "ok"


@pytest.mark.parametrize(
    ("which", "address", "said"),
    [
        (None, "tls://", "A tls:// address takes certificates"),
        (1, "tls://", "can't be reached"),
        pytest.param(
            *(0, "tcp://", "encryption required by Dask configuration, refusing communication"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["none", "another's", "in clear"],
)
def test_who_has_none_does_not(
    secure: Cluster, files: list[dict[str, str]], which: int | None, address: str, said: str
) -> None:
    given = None if which is None else {"require_encryption": True, **files[which]}
    runner = dask_runner(secure.address.replace("tls://", address), given)
    outcome = of(runner)
    assert outcome.status == "crashed"
    assert said in outcome.message
    runner.close()


@pytest.mark.parametrize("way", ["result", "error", "event", "warning"])
def test_nothing_of_a_worker_is_unpickled(
    secure: Cluster,
    certified: DaskRunner,
    files: list[dict[str, str]],
    tmp_path: Path,
    way: str,
) -> None:
    marker, runner = tmp_path / "unpickled", certified
    with distributed.Client(
        secure.address, security=distributed.Security(**files[0]), set_as_default=False
    ) as admin:
        admin.run(behave, way, str(marker))
    outcome = of(runner)
    assert outcome.status == "crashed"
    assert runner._process is not None
    here = {str(os.getpid()), str(runner._process.pid)}
    read = set(marker.read_text().split()) if marker.exists() else set()
    assert not read & here
    assert psutil.Process(runner._process.pid).is_running()


def test_no_pickle_names_anything(tmp_path: Path) -> None:
    marker = tmp_path / "unpickled"
    pickled = pickle.dumps(Evil(str(marker)))
    command = [sys.executable, "-c", READ, pickled.hex()]
    done = subprocess.run(
        command,
        env=checkout(),
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()
    assert said == ["PickleRefusedError", "PickleRefusedError", "[1, 'a', {'b': b'c'}]"]
    assert not marker.exists()
    assert strings_of(pickled)[:2] == ["builtins", "exec"]
    assert strings_of(b"\x80spoilt") == []
