"""The connection to a Dask scheduler: what workers there are, tasks to them, and what they tell."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import cloudpickle
from distributed import Client, Future, Security

from . import _errand

RESOURCE = "timing"
_CONNECT_S, _CLOSE_S, _RESTART_S = 5.0, 1.0, 20.0
_ECHO_S, _DEAF_S = 2.0, 6.0  # between two calls, and until one that had no echo means the end
_ECHO = b"echo"
# What a worker's result and a scheduler's answer are read as; see `refuse_pickles` for the rest.
_PLAIN = ["msgpack"]
_TLS = (
    "A tls:// address takes certificates: give `--tls-ca`, `--tls-cert` and `--tls-key`, or write"
    " them into Dask's configuration, as docs/cluster.md says."
)


class LinkError(Exception):
    """The scheduler can't be reached.

    Attributes:
        final: Whether it is of no use to try again.
    """

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.final = final


@dataclass(frozen=True)
class Hand:
    """A worker of the cluster that takes jobs.

    Attributes:
        address: Where it is.
        timing: How many timing jobs it takes at a time.
    """

    address: str
    timing: int


class Link:
    """A client of a scheduler.

    Args:
        address: Of the scheduler.
        security: What `distributed.Security` takes; None for Dask's configuration.
        topic: Under which workers tell what happens.
        hear: Takes what they tell, in order.
    """

    def __init__(
        self,
        address: str,
        security: Mapping[str, Any] | None,
        topic: str,
        hear: Callable[[Any], None],
    ) -> None:
        self.address = address
        self._security, self._topic, self._hear = security, topic, hear
        self._called = self._echoed = 0.0  # when, on the monotonic clock
        self._client: Any = None  # Dask's; its methods return another thing with a loop
        cloudpickle.register_pickle_by_value(_errand)

    async def connect(self) -> None:
        """Connect.

        Raises:
            LinkError: The scheduler does not answer, or not as one.
        """
        try:
            security = None if self._security is None else read_security(self._security)
            client = Client(
                self.address,
                asynchronous=True,
                timeout=_CONNECT_S,
                set_as_default=False,
                security=security,
                serializers=_PLAIN,
                deserializers=_PLAIN,
            )
            await client
            client.subscribe_topic(self._topic, lambda event: self._heard(event[1]))
        except (OSError, TimeoutError) as error:
            raise LinkError(_unreachable(self.address, error), final=_refused(error)) from error
        except Exception as error:  # of an address, a certificate or another version of Dask
            tls = self.address.startswith("tls://") and isinstance(error, TypeError)
            said = _TLS if tls else _sentence(error)
            raise LinkError(f"There is no way to {self.address}. {said}", final=True) from error
        self._client = client
        self._called = self._echoed = time.monotonic()

    async def hands(self) -> tuple[dict[str, Hand], int]:
        """Return the workers that take jobs, by address, and how many there are in all.

        Raises:
            LinkError: The connection is lost.
        """
        if self._client is None or self._client.status != "running":
            raise LinkError(f"The scheduler at {self.address} has gone.")
        try:
            known = await self._client.scheduler.identity(n_workers=-1)
            await self._call()
        except OSError as error:
            raise LinkError(f"The scheduler at {self.address} has gone.") from error
        workers = known["workers"]
        ready = {
            address: Hand(address, int(each["resources"][RESOURCE]))
            for address, each in workers.items()
            if each["resources"].get(RESOURCE, 0) >= 1 and each["status"] == "running"
        }
        return ready, len(workers)

    def submit(
        self, key: str, order: bytes, *, timing: bool, among: Collection[str] = ()
    ) -> Future:
        """Send a task.

        Args:
            key: Its name.
            order: What `carry_out` takes.
            timing: Whether it has to be alone on its device.
            among: Addresses of the workers that may do it; empty for all that take jobs.
        """
        assert self._client is not None
        return self._client.submit(
            _errand.errand,
            order,
            key=key,
            pure=False,
            # 0 of a resource still takes a worker that has it
            resources={RESOURCE: 1 if timing else 0},
            workers=list(among) or None,
        )

    async def _call(self) -> None:
        """Have the scheduler repeat a word: a client that has met what it can't read is deaf.

        Raises:
            LinkError: It has not, for a while.
        """
        now = time.monotonic()
        if self._echoed >= self._called:
            if now - self._called > _ECHO_S:
                self._called = now
                await self._client.log_event(self._topic, _ECHO)
        elif now - self._called > _DEAF_S:
            raise LinkError(f"The scheduler at {self.address} sent what can't be read.")

    def _heard(self, said: Any) -> None:
        if said == _ECHO:
            self._echoed = time.monotonic()
        else:
            self._hear(said)

    async def restart(self, worker: str) -> None:
        """Have a worker's nanny end it and start it again; where it has none, let it be removed."""
        if self._client is not None:
            # it may have gone meanwhile, which Dask says with a KeyError
            with contextlib.suppress(KeyError, OSError, TimeoutError, ValueError):
                await self._client.restart_workers([worker], _RESTART_S, raise_for_error=False)

    async def close(self) -> None:
        """Give the connection up."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await client.close(_CLOSE_S)


def read_security(plain: Mapping[str, Any]) -> Security:
    """Build a `distributed.Security` from its plain form."""
    known = {
        name: ssl.TLSVersion[value] if name.endswith("_version") else value
        for name, value in plain.items()
    }
    return Security(**known)


def _unreachable(address: str, error: BaseException) -> str:
    return f"The scheduler at {address} can't be reached. {_sentence(error)}"


def _refused(error: BaseException) -> bool:
    """Whether a certificate was refused: trying again is of no use."""
    causes = error
    while causes is not None:
        if isinstance(causes, ssl.SSLCertVerificationError):
            return True
        causes = causes.__cause__ or causes.__context__
    return False


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{text.rstrip('.')}."
