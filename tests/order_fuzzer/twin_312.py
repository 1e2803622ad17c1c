"""For CPython 3.12: what 3.13 does otherwise, and ours with it (DEV-10)."""
import asyncio
from asyncio import exceptions, queues, tasks


class Task(tasks._PyTask):
    """uncancel() to 0 takes back a cancellation that was not thrown yet. The C version does not let it be changed."""

    def uncancel(self):
        left = super().uncancel()
        if left == 0:
            self._must_cancel = False
        return left


class TaskGroup(asyncio.TaskGroup):
    """Counts the requests right when the cancellation comes from inside and outside of the group."""

    async def __aexit__(self, et, exc, tb):
        self._exiting = True
        cancelled = exc if et is not None and issubclass(et, exceptions.CancelledError) else None
        if et is not None and not self._aborting:
            self._abort()
        while self._tasks:
            if self._on_completed_fut is None:
                self._on_completed_fut = self._loop.create_future()
            try:
                await self._on_completed_fut
            except exceptions.CancelledError as error:
                if not self._aborting:
                    cancelled = error
                    self._abort()
            self._on_completed_fut = None
        if self._parent_cancel_requested and self._parent_task.uncancel() == 0:
            cancelled = None
        if cancelled is not None and not self._errors:
            raise cancelled
        if et is not None and not issubclass(et, exceptions.CancelledError):
            self._errors.append(exc)
        if self._errors:
            if self._parent_task.cancelling():
                self._parent_task.uncancel()
                self._parent_task.cancel()
            raise BaseExceptionGroup("unhandled errors in a TaskGroup", self._errors) from None


class AsCompleted:
    """asyncio.as_completed of 3.13, which can be iterated asynchronously; twin_loop fills it."""

    def __init__(self, aws, timeout):
        self._done = queues.Queue()
        self._timeout_handle = None

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
