"""Who waits and what is tried again, on a cluster that does what the test says."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from typing import Any, cast

import pytest

from jacoscope.run import Job, Outcome
from jacoscope.run._wire import pack, unpack

pytest.importorskip("distributed")

from jacoscope.run import _dispatch
from jacoscope.run._dispatch import Dispatcher
from jacoscope.run._link import Hand, LinkError

HERE = "tcp://w1:1"


class FakeFuture:
    """A task at a scheduler that never does anything by itself."""

    def __init__(self, order: bytes, options: dict[str, Any]) -> None:
        self.order, self.options = unpack(order), options
        self._answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Any:
        return self._answer.__await__()

    async def cancel(self) -> None:
        self.fail(CancelledError())

    def answer(self, **said: Any) -> None:
        self._answer.set_result(pack(said))

    def say(self, content: Any) -> None:
        self._answer.set_result(content)

    def fail(self, error: BaseException) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)


class FakeLink:
    """A scheduler, of as many workers as the test says; it can go."""

    address = "tcp://s:1"

    def __init__(self) -> None:
        self.workers = {HERE: Hand(HERE, 1)}
        self.others = 0
        self.error: LinkError | None = None
        self.sent: list[FakeFuture] = []
        self.restarted: list[str] = []

    async def connect(self) -> None:
        if self.error is not None:
            raise self.error

    async def hands(self) -> tuple[dict[str, Hand], int]:
        await self.connect()
        return self.workers, len(self.workers) + self.others

    def submit(self, key: str, order: bytes, **options: Any) -> FakeFuture:
        self.sent.append(FakeFuture(order, {"key": key, **options}))
        return self.sent[-1]

    async def restart(self, worker: str) -> None:
        self.restarted.append(worker)

    async def close(self) -> None:
        pass


class Scene:
    """A dispatcher, its link, and what it says."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.link = FakeLink()
        self.dispatcher = Dispatcher(self.link.address, None, self.said.append)
        self.dispatcher._link = cast(Any, self.link)

    def add(self, number: int, kind: Any = "compare", owner: str = "") -> None:
        self.dispatcher.add(number, Job(kind, owner=owner))

    def began(self, number: int, run: str, worker: str = HERE) -> None:
        self.tell(number, run, {"type": "began", "worker": worker, "host": "h"})

    def tell(self, number: int, run: str, event: Any) -> None:
        self.dispatcher._hear(pack({"ticket": number, "run": run, "event": event}))

    def outcomes(self) -> dict[int, Outcome]:
        ends = [each for each in self.said if "outcome" in each]
        numbers = [each["ticket"] for each in ends]
        assert len(set(numbers)) == len(numbers)  # one each
        return {each["ticket"]: Outcome.from_plain(each["outcome"]) for each in ends}

    async def ended(self, *numbers: int) -> list[Outcome]:
        await until(lambda: set(numbers) <= set(self.outcomes()))
        return [self.outcomes()[number] for number in numbers]

    async def at_work(self, count: int) -> None:
        await until(lambda: len(self.link.sent) >= count)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_LOOK_S", "_AGAIN_S"):
        monkeypatch.setattr(_dispatch, name, 0.005)


def play(act: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def all_of_it() -> None:
        scene = Scene()
        serving = asyncio.create_task(scene.dispatcher.serve())
        try:
            await act(scene)
        finally:
            serving.cancel()
            await scene.dispatcher.close()

    asyncio.run(all_of_it())


def test_one_timing_job_a_worker_and_owners_take_turns() -> None:
    async def act(scene: Scene) -> None:
        for number, owner in enumerate(["a", "a", "b"]):
            scene.add(number, owner=owner)
        scene.add(9, kind="matrix")  # has a lane of its own
        await scene.at_work(2)
        first, probe = sorted(scene.link.sent, key=lambda each: each.order["ticket"])
        assert [each.options["timing"] for each in (first, probe)] == [True, False]
        assert first.order["ticket"] == 0
        first.answer(outcome=vars(Outcome("failed", "No.")))
        await scene.at_work(3)
        assert scene.link.sent[2].order["ticket"] == 2  # of owner b, though a came before
        places = [each for each in scene.said if each.get("event", {}).get("type") == "queued"]
        assert {"ticket": 2, "event": {"type": "queued", "place": 1}} in places

    play(act)


def test_a_lost_worker_is_an_attempt_and_many_are_the_end() -> None:
    async def act(scene: Scene) -> None:
        scene.add(1)
        await scene.at_work(1)
        for run in ("one", "two", "three"):
            scene.began(1, run)
        for run in ("two", "three"):  # the first of an attempt that is over
            scene.tell(1, run, {"type": "started", "run": run})
        heard = [each["event"] for each in scene.said if "event" in each]
        assert [each["run"] for each in heard if each["type"] == "started"] == ["three"]
        scene.began(1, "four")
        [outcome] = await scene.ended(1)
        assert outcome.status == "crashed"
        assert outcome.message.startswith(f"Given up after 3 attempts, each lost: {HERE} on h")
        assert [each["ended"] for each in outcome.attempts] == ["the worker was lost"] * 3

    play(act)


@pytest.mark.parametrize("status", ["failed", "crashed", "out_of_memory", "timed_out"])
def test_what_a_job_came_to_is_not_tried_again(status: Any) -> None:
    async def act(scene: Scene) -> None:
        scene.add(1)
        await scene.at_work(1)
        scene.began(1, "one")
        scene.link.sent[0].answer(outcome=vars(Outcome(status, "So it was.")))
        [outcome] = await scene.ended(1)
        assert (outcome.status, outcome.message) == (status, "So it was.")
        assert [each["ended"] for each in outcome.attempts] == [status]
        assert len(scene.link.sent) == 1

    play(act)


def test_a_worker_that_does_not_stop_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dispatch, "_CANCEL_S", 0.02)

    async def act(scene: Scene) -> None:
        for number, run in ((1, "one"), (2, "two")):
            scene.add(number)
            await scene.at_work(number)
            scene.began(number, run)
            scene.dispatcher.cancel(number)
            [outcome] = await scene.ended(number)
            assert outcome.status == "cancelled"
            await asyncio.sleep(0)
            if number == 1:  # this one says that it has stopped
                scene.tell(number, run, {"type": "left"})
        await until(lambda: not scene.dispatcher._leaving)
        assert scene.link.restarted == [HERE]
        assert scene.dispatcher._leaving == {}

    play(act)


def test_cancel_takes_out_of_the_queue() -> None:
    async def act(scene: Scene) -> None:
        scene.add(1)
        scene.add(2)
        await scene.at_work(1)
        scene.dispatcher.cancel(2)
        [outcome] = await scene.ended(2)
        assert (outcome.status, outcome.attempts) == ("cancelled", ())

    play(act)


def test_a_worker_of_other_versions_is_left_out() -> None:
    other, said = "tcp://w2:1", "Worker tcp://w2:1 on host h has jax 0.1, where it is 0.2 here."

    async def act(scene: Scene) -> None:
        scene.link.workers[other] = Hand(other, 1)
        scene.add(1)
        await scene.at_work(1)
        scene.began(1, "one", other)
        scene.link.sent[0].answer(misfit=said)
        await scene.at_work(2)
        assert scene.link.sent[1].options["among"] == [HERE]
        scene.began(1, "two")
        scene.link.sent[1].answer(misfit=said.replace("w2", "w1"))
        [outcome] = await scene.ended(1)
        assert outcome.status == "crashed"
        assert said in outcome.message
        scene.link.workers = {"tcp://w3:1": Hand("tcp://w3:1", 1)}  # they were started anew
        scene.add(2)
        await scene.at_work(3)
        assert not scene.link.sent[2].options["among"]

    play(act)


def test_a_scheduler_that_is_not_there() -> None:
    async def act(scene: Scene) -> None:
        scene.link.error = LinkError("There is none.")
        scene.add(1)
        [outcome] = await scene.ended(1)
        assert (outcome.status, outcome.message) == ("crashed", "There is none.")
        scene.link.error = None
        scene.add(2)
        await scene.at_work(1)

    play(act)


def test_a_scheduler_that_goes_and_comes_back() -> None:
    async def act(scene: Scene) -> None:
        scene.add(1)
        scene.add(2)
        await scene.at_work(1)
        scene.began(1, "one")
        scene.link.error = LinkError("It has gone.")
        waiting = {"ticket": 1, "event": {"type": "waiting", "why": "It has gone."}}
        await until(lambda: waiting in scene.said)
        scene.link.sent[0].answer(outcome=vars(Outcome("ok")))  # of a connection that is over
        scene.link.error = None
        await scene.at_work(2)
        second = scene.link.sent[1].order["ticket"]
        scene.began(second, "two")
        scene.link.sent[1].answer(outcome=vars(Outcome("failed", "No.")))
        await scene.at_work(3)
        scene.began(3 - second, "three")
        scene.link.sent[2].answer(outcome=vars(Outcome("failed", "No.")))
        one, _ = await scene.ended(1, 2)
        assert [each["ended"] for each in one.attempts] == ["the scheduler had gone", "failed"]

    play(act)


def test_who_waits_too_long_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_PATIENCE_S", "_BARE_S", "_SETTLE_S"):
        monkeypatch.setattr(_dispatch, name, 0.05)

    async def act(scene: Scene) -> None:
        there, scene.link.workers = scene.link.workers, {}
        scene.add(1)
        [none] = await scene.ended(1)
        assert none.message == "The cluster at tcp://s:1 has no worker."
        scene.link.others = 2
        scene.add(2)
        [bare] = await scene.ended(2)
        assert "No worker at tcp://s:1 has the resource 'timing'." in bare.message
        assert "--resources timing=1" in bare.message
        scene.link.workers = there
        scene.add(3)
        await scene.at_work(1)
        scene.link.error = LinkError("It has gone.")
        [gone] = await scene.ended(3)
        assert (gone.status, gone.message) == ("crashed", "It has gone.")

    play(act)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no message", "sent what can't be read"),
        (object(), "sent what can't be read"),
        (pack({"outcome": {"status": "excellent"}}), "sent what can't be read"),
        (pack({"outcome": {"status": "ok", "value": {"study": {}}}}), "sent what can't be read"),
        (pack({"outcome": {"status": "ok", "value": {}}}), "sent what can't be read"),
    ],
)
def test_an_answer_of_anything(content: Any, said: str) -> None:
    async def act(scene: Scene) -> None:
        scene.add(1)
        await scene.at_work(1)
        scene.began(1, "one")
        scene.link.sent[0].say(content)
        [outcome] = await scene.ended(1)
        assert outcome.status == "crashed"
        assert said in outcome.message

    play(act)


def test_an_event_of_anything() -> None:
    async def act(scene: Scene) -> None:
        scene.add(1)
        await scene.at_work(1)
        scene.began(1, "one")
        before = len(scene.said)
        for event in ({}, {"type": 3}, {"type": "row", "row": {}}, {"type": "stage"}, [], None):
            scene.tell(1, "one", event)
        for packed in (b"", None, object(), {"a": 1}, pack([]), pack({"ticket": 1})):
            scene.dispatcher._hear(packed)
        assert len(scene.said) == before

    play(act)


class KilledWorker(Exception):  # noqa: N818 (Dask's name)
    """Pickled under the name that Dask's has."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'jacoscope'"), "No module named 'jacoscope'."),
        (KilledWorker("k"), "Given up after 1 attempts, each lost"),
    ],
)
def test_an_error_of_a_worker_is_read_without_unpickling(error: Exception, said: str) -> None:
    async def act(scene: Scene) -> None:
        scene.add(1)
        await scene.at_work(1)
        scene.began(1, "one")
        scene.link.sent[0].fail(Exception(pickle.dumps(error)))
        [outcome] = await scene.ended(1)
        assert outcome.status == "crashed"
        assert said in outcome.message

    play(act)
