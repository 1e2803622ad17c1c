"""CPython's asyncio for the twin: a loop with a virtual clock, and what differs on purpose from the installed version.

Each change below has its reason; docs/differences.md lists them for users.
"""
import asyncio
import itertools
import sys
from asyncio import events, tasks

if sys.version_info >= (3, 13):
    from asyncio import Task, TaskGroup as BaseTaskGroup
    from asyncio.tasks import _AsCompletedIterator as BaseAsCompleted
else:
    from twin_312 import AsCompleted as BaseAsCompleted, Task, TaskGroup as BaseTaskGroup


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
        self.set_task_factory(lambda loop, coro, **options: Task(coro, loop=loop, **options))
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


class TaskGroup(BaseTaskGroup):
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


class AsCompleted(BaseAsCompleted):
    def __init__(self, aws, timeout):
        super().__init__([], None)
        ordered = list(dict.fromkeys(aws))
        for future in ordered:
            future.add_done_callback(self._handle_completion)
        if ordered and timeout is not None:
            self._timeout_handle = asyncio.get_running_loop().call_later(timeout, self._handle_timeout)
        self._todo = OrderedSet.fromkeys(ordered)
        self._todo_left = len(ordered)
