#!/usr/bin/env python3
"""Runs the programs that it reads, one a line, on CPython's asyncio, and writes what each of them did.

The twin of main.cpp, function by function: whoever changes one changes the other.
"""
import asyncio
import sys


async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


class LockLike:
    def __init__(self, lock):
        self.lock = lock

    async def act(self, verb, keep):
        async with self.lock:
            if keep != 3:
                await turns(keep)
        return "passed" if keep == 3 else "had"

    def command(self, verb, number):
        self.lock.release()
        return "released"

    def state(self):
        return "locked" if self.lock.locked() else "free"


class EventSubject:
    def __init__(self):
        self.event = asyncio.Event()

    async def act(self, verb, number):
        await self.event.wait()
        return "set" if self.event.is_set() else "unset"

    def command(self, verb, number):
        self.event.set() if verb == "r" else self.event.clear()
        return "done"

    def state(self):
        return "set" if self.event.is_set() else "unset"


class ConditionSubject:
    def __init__(self):
        self.condition = asyncio.Condition()
        self.flag = False

    async def act(self, verb, number):
        async with self.condition:
            if verb == "t":
                self.condition.notify(number)
                await turns(number)
                return "notified"
            if number == 3:
                await self.condition.wait_for(lambda: self.flag)
            else:
                await self.condition.wait()
                await turns(number)
            return "woken" if self.condition.locked() else "unlocked"

    def command(self, verb, number):
        if verb == "x":
            self.flag = not self.flag
        elif verb == "r":
            self.condition.release()
        else:
            self.condition.notify(number)
        return "done"

    def state(self):
        return "locked" if self.condition.locked() else "free"


class BarrierSubject:
    def __init__(self, parties):
        self.barrier = asyncio.Barrier(parties)

    async def act(self, verb, number):
        if verb == "j":
            await self.barrier.reset()
            return "reset"
        if verb == "t":
            await self.barrier.abort()
            return "aborted"
        return str(await self.barrier.wait())

    def command(self, verb, number):
        return "none"

    def state(self):
        return f"{self.barrier.n_waiting}{'!' if self.barrier.broken else ''}"


class QueueSubject:
    def __init__(self, queue):
        self.queue = queue

    async def act(self, verb, number):
        if verb == "j":
            await self.queue.join()
            return "joined"
        if verb == "t":
            await self.queue.put(number)
            return "put"
        return str(await self.queue.get())

    def command(self, verb, number):
        if verb == "p":
            self.queue.put_nowait(number)
        if verb == "x":
            return str(self.queue.get_nowait())
        if verb == "r":
            self.queue.task_done()
        if verb == "d":
            self.queue.shutdown(immediate=number == 1)
        return "done"

    def state(self):
        return f"{self.queue.qsize()}{'f' if self.queue.full() else ''}/{self.queue._unfinished_tasks}"


def make(kind, number):
    return {
        "lock": lambda: LockLike(asyncio.Lock()),
        "semaphore": lambda: LockLike(asyncio.Semaphore(number)),
        "bounded": lambda: LockLike(asyncio.BoundedSemaphore(number)),
        "event": EventSubject,
        "condition": ConditionSubject,
        "barrier": lambda: BarrierSubject(number),
        "queue": lambda: QueueSubject(asyncio.Queue(number)),
        "priority": lambda: QueueSubject(asyncio.PriorityQueue(number)),
        "lifo": lambda: QueueSubject(asyncio.LifoQueue(number)),
    }[kind]()


def name_of(error):
    if isinstance(error, asyncio.CancelledError):
        return f"CancelledError({error.args[0] if error.args else ''})"
    return type(error).__name__


async def actor(subject, trace, name, verb, number):
    try:
        end = await subject.act(verb, number)
    except BaseException as error:
        end = name_of(error)
    trace.append(f"{name} {end} [{subject.state()}]")


async def run_steps(subject, steps, trace):
    tasks = []
    ticks = 0
    for verb, a, b in steps:
        if verb == "y":
            ticks += 1
            trace.append(f"tick {ticks}")
            await turns(1)
        elif verb in "stj":
            tasks.append(asyncio.create_task(actor(subject, trace, len(tasks), verb, a)))
        elif verb == "c":
            if tasks:
                tasks[a % len(tasks)].cancel(f"m{b}")
        else:
            try:
                end = subject.command(verb, a)
            except BaseException as error:
                end = name_of(error)
            trace.append(f"{verb} {end} [{subject.state()}]")
    trace.append(f"end [{subject.state()}]")
    for _ in range(3):
        for task in tasks:
            task.cancel("end")
        await turns(4)
    trace.append(f"over [{subject.state()}]")


def run_program(line):
    kind, number, *words = line.split()
    steps = []
    for word in words:
        verb, *numbers = word.split(":")
        a, b = (list(map(int, numbers)) + [0, 0])[:2]
        steps.append((verb, a, b))
    trace = []

    async def main():
        await run_steps(make(kind, int(number)), steps, trace)

    asyncio.run(main())
    print("\n".join(trace + ["--"]))


for program in sys.stdin:
    run_program(program)
