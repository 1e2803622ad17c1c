"""CPython's asyncio for the twin: a loop with a virtual clock, and what differs on purpose from the installed version.

Each change below has its reason; docs/differences.md lists them for users.
"""
import asyncio
import functools
import itertools
import sys
from asyncio import events, exceptions, futures, queues, tasks


class FifoTimerHandle(asyncio.TimerHandle):
    """Equal deadlines run in the order of the calls: a heap leaves their order open (DEV-3)."""

    numbers = itertools.count()

    def __init__(self, when, *args, **kwargs):
        super().__init__(when, *args, **kwargs)
        self.number = next(self.numbers)

    def __lt__(self, other):
        return (self._when, self.number) < (other._when, other.number)


events.TimerHandle = FifoTimerHandle


class VirtualLoop(asyncio.BaseEventLoop):
    """Time stands still while anything is ready, and then jumps to the next timer."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.iterations_since_jump = 0
        self._selector = self
        # Times are whole numbers: anything above 0 and below 1 will do.
        self._clock_resolution = 1e-9

    def time(self):
        return self.now

    def select(self, timeout):
        self.iterations_since_jump += 1
        if timeout is None:
            raise RuntimeError("stuck")
        if timeout > 0:
            self.now += timeout
            self.iterations_since_jump = 0
        return []

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass


class OrderedSet(dict):
    """In the place of a set whose order decides what happens first: the order of creation (DEV-3)."""

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)

    remove = discard


class GatheringFuture(tasks._GatheringFuture):
    """A gathering that was cancelled, and whose last child refused, ends with the message that it was cancelled with itself.
    CPython takes whatever message the last child was cancelled with at any time."""

    def cancel(self, msg=None):
        accepted = super().cancel(msg)
        if accepted:
            self.message = msg
        return accepted

    def set_exception(self, exception):
        last = sys._getframe(1).f_locals["fut"]
        if isinstance(exception, asyncio.CancelledError) and not last.cancelled() and exception is not last.exception():
            exception = asyncio.CancelledError(self.message)
        super().set_exception(exception)


tasks._GatheringFuture = GatheringFuture


class TaskGroup(asyncio.TaskGroup):
    def __init__(self):
        super().__init__()
        self._tasks = OrderedSet()


def _log_on_exception(inner):
    if inner.cancelled() or inner.exception() is None:
        return
    name = type(inner.exception()).__name__
    inner.get_loop().call_exception_handler(
        {"message": f"{name} exception in shielded future", "exception": inner.exception(), "future": inner}
    )


def shield(arg):
    """As in 3.14: who reports the exception of an inner future that nobody waits for any more (DEV-10)."""
    inner = asyncio.ensure_future(arg)
    if inner.done():
        return inner
    outer = inner.get_loop().create_future()

    def inner_done(inner):
        if outer.cancelled():
            return
        if inner.cancelled():
            outer.cancel()
        elif inner.exception() is not None:
            outer.set_exception(inner.exception())
        else:
            outer.set_result(inner.result())

    def outer_done(outer):
        if not inner.done():
            inner.remove_done_callback(inner_done)
            inner.remove_done_callback(_log_on_exception)
            inner.add_done_callback(_log_on_exception)

    inner.add_done_callback(inner_done)
    outer.add_done_callback(outer_done)
    return outer


class AwaitSelf:
    """A task awaits itself and gets RuntimeError. `await task` would then give RuntimeError to everybody else who awaits it
    before it is done, too ("await wasn't used with future"): CPython leaves a mark in it, which this does not set."""

    def __init__(self, task):
        self.task = task

    def __await__(self):
        yield self.task


class AsCompleted:
    """asyncio.as_completed of 3.13, with futures in the order of the input, where that is a set (DEV-3)."""

    def __init__(self, aws, timeout):
        self._done = queues.Queue()
        self._timeout_handle = None
        todo = OrderedSet.fromkeys(aws)
        for future in todo:
            future.add_done_callback(self._handle_completion)
        if todo and timeout is not None:
            self._timeout_handle = asyncio.get_running_loop().call_later(timeout, self._handle_timeout)
        self._todo = todo
        self._todo_left = len(todo)

    def __aiter__(self):
        return self

    def __iter__(self):
        return self

    async def __anext__(self):
        if not self._todo_left:
            raise StopAsyncIteration
        self._todo_left -= 1
        return await self._wait_for_one()

    def __next__(self):
        if not self._todo_left:
            raise StopIteration
        self._todo_left -= 1
        return self._wait_for_one(resolve=True)

    def _handle_timeout(self):
        for future in self._todo:
            future.remove_done_callback(self._handle_completion)
            self._done.put_nowait(None)
        self._todo.clear()

    def _handle_completion(self, future):
        if not self._todo:
            return
        self._todo.remove(future)
        self._done.put_nowait(future)
        if not self._todo and self._timeout_handle is not None:
            self._timeout_handle.cancel()

    async def _wait_for_one(self, resolve=False):
        future = await self._done.get()
        if future is None:
            raise exceptions.TimeoutError
        return future.result() if resolve else future


if sys.version_info >= (3, 13):
    # The installed one, but for the order.
    class AsCompleted(tasks._AsCompletedIterator):
        def __init__(self, aws, timeout):
            ordered = list(dict.fromkeys(aws))
            super().__init__([], None)
            for future in ordered:
                future.add_done_callback(self._handle_completion)
            if ordered and timeout is not None:
                self._timeout_handle = asyncio.get_running_loop().call_later(timeout, self._handle_timeout)
            self._todo = OrderedSet.fromkeys(ordered)
            self._todo_left = len(ordered)

Task = asyncio.Task
