#!/usr/bin/env python3
"""Runs the programs that it reads, one a line, on CPython's asyncio, and writes what each of them did.

The twin of world.hpp, instructions.cpp and bodies.cpp, function by function: whoever changes one changes the other.
"""
import asyncio
import gc
import logging
import re
import sys
import warnings

from twin_loop import AsCompleted, AwaitSelf, Task, TaskGroup, VirtualLoop, shield

MAX_RUNS = 60
MAX_LINES = 2000
END_TIMES = (100, 110, 120)
STOP_TIME = 130
BASE = (Exception, asyncio.CancelledError)


class UserError(Exception):
    """What programs throw themselves."""


def parse(line):
    stack = [[]]
    for token in re.findall(r"[()]|[^\s()]+", line):
        if token == "(":
            stack.append([])
        elif token == ")":
            items = stack.pop()
            stack[-1].append(items)
        else:
            stack[-1].append(token)
    return stack[0][0]


def describe(error):
    if isinstance(error, BaseExceptionGroup):
        return "Group[" + ", ".join(map(describe, error.exceptions)) + "]"
    if isinstance(error, (UserError, asyncio.CancelledError)):
        message = error.args[0] if error.args and error.args[0] is not None else ""
        return f"{type(error).__name__}({message})"
    return type(error).__name__


def format_value(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(format_value, value)) + "]"
    return describe(value) if isinstance(value, BaseException) else str(value)


def limit_of(word):
    return None if word == "-" else int(word)


def message(word):
    return None if word == "-" else word


class Run:
    """One execution of a body."""

    def __init__(self, number, task):
        self.name = f"r{number}"
        self.id = number
        self.task = task
        self.timeouts = []
        self.groups = []


class World:
    """One program while it runs, on a loop of its own with a virtual clock."""

    def __init__(self, program):
        self.program = program
        self.loop = VirtualLoop()
        self.lines = []
        self.silent = False
        self.runs = 0
        self.slots = [-1] * 8
        self.objects = []
        self.kinds = []
        self.numbers = {}
        self.awaits = []
        self.callbacks = []
        self.handles = []
        self.groups = []
        self.loop.set_exception_handler(self.report)

    def run(self):
        for time in END_TIMES:
            self.loop.call_later(time, self.cancel_all, f"end{time}")
        self.loop.call_later(STOP_TIME, self.loop.stop)
        self.slots[0] = self.enter("future", self.loop.create_future())
        self.slots[1] = self.enter("future", self.loop.create_future())
        main = self.new_number()
        self.slots[2] = self.enter_as(main, "task", Task(self.body(0, self.new_run("main", main)), loop=self.loop))
        self.loop.run_forever()
        self.print_end()
        self.silent = True
        self.loop.close()

    def say(self, who, text):
        if not self.silent and len(self.lines) < MAX_LINES:
            self.lines.append(f"{self.loop.iterations_since_jump} {int(self.loop.now)} {who} {text}")

    def report(self, loop, context):
        if "shielded future" in context["message"]:
            self.say("handler", "shielded " + describe(context["exception"]))
        elif "allback" in context["message"]:
            self.say("handler", "callback " + describe(context["exception"]))

    def cancel_all(self, text):
        self.say("end", "cancel all")
        for future in self.objects:
            if future is not None and not future.done():
                future.cancel(text)

    def print_end(self):
        for number, future in enumerate(self.objects):
            if future is None:
                continue
            text = self.state_of(number)
            if self.kinds[number] == "task":
                text += f" cancelling {future.cancelling()}"
            self.say("end", text)

    # --- objects ---

    def new_number(self):
        self.objects.append(None)
        self.kinds.append(None)
        self.awaits.append([])
        return len(self.objects) - 1

    def enter(self, kind, future):
        known = self.numbers.get(future)
        return self.enter_as(self.new_number(), kind, future) if known is None else known

    def enter_as(self, number, kind, future):
        self.objects[number] = future
        self.kinds[number] = kind
        self.numbers[future] = number
        return number

    def alive(self, number):
        return number >= 0 and self.objects[number] is not None

    def slot(self, word):
        return self.slots[int(word)]

    def fill(self, word, number):
        self.slots[int(word)] = number

    def leads_to(self, start, goal):
        seen = set()
        todo = [start]
        while todo:
            number = todo.pop()
            if number == goal:
                return True
            if number not in seen:
                seen.add(number)
                todo.extend(self.awaits[number])
        return False

    def state_of(self, number):
        future = self.objects[number]
        if not future.done():
            return f"o{number} pending"
        if future.cancelled():
            return f"o{number} cancelled"
        if future.exception() is not None:
            return f"o{number} {describe(future.exception())}"
        return f"o{number} {format_value(future.result())}"

    def is_integer(self, number):
        return self.kinds[number] in ("future", "task", "shield")

    def numbers_in(self, words, integers=False):
        numbers = [self.slot(word) for word in words]
        return [n for n in numbers if self.alive(n) and (not integers or self.is_integer(n))]

    # --- instructions that need no task ---

    def execute(self, who, instruction):
        name = instruction[0]
        if name == "say":
            self.say(who, "say " + instruction[1])
        elif name == "raise":
            raise UserError(instruction[1])
        elif name == "soon":
            self.handles.append(self.loop.call_soon(self.execute_all, f"h{len(self.handles)}", instruction[1:]))
        elif name == "later":
            self.handles.append(
                self.loop.call_later(int(instruction[1]), self.execute_all, f"h{len(self.handles)}", instruction[2:])
            )
        elif name == "hcancel":
            if int(instruction[1]) < len(self.handles):
                self.handles[int(instruction[1])].cancel()
        elif name == "rmcb":
            self.remove_callback(who, instruction)
        elif name == "tasks":
            self.say(who, f"tasks {len(asyncio.all_tasks())}")
        else:
            return self.make_object(who, instruction) or self.execute_on_object(who, instruction)
        return True

    def execute_all(self, who, instructions):
        self.say(who, "run")
        for instruction in instructions:
            self.execute(who, instruction)

    def execute_on_object(self, who, instruction):
        name = instruction[0]
        if name not in ("set", "fail", "failce", "cancel", "uncancel", "probe", "cb"):
            return False
        number = self.slot(instruction[1])
        if not self.alive(number):
            self.say(who, name + " nothing")
        elif name == "cancel":
            accepted = self.objects[number].cancel(message(instruction[2]))
            self.say(who, f"cancel o{number} {int(accepted)}")
        elif name == "uncancel":
            if self.kinds[number] == "task":
                self.say(who, f"uncancel o{number} {self.objects[number].uncancel()}")
        elif name == "probe":
            self.say(who, "probe " + self.state_of(number))
        elif name == "cb":
            self.add_callback(instruction)
        else:
            self.set_future(who, instruction)
        return True

    def set_future(self, who, instruction):
        number = self.slot(instruction[1])
        what = f"{instruction[0]} o{number}"
        future = self.objects[number]
        try:
            if self.kinds[number] not in ("future", "task"):
                return self.say(who, what + " not")
            if instruction[0] == "set":
                future.set_result(int(instruction[2]))
            elif instruction[0] == "fail":
                future.set_exception(UserError(instruction[2]))
            else:
                future.set_exception(asyncio.CancelledError(instruction[2]))
            self.say(who, what)
        except Exception as error:
            self.say(who, f"{what} {describe(error)}")

    def add_callback(self, instruction):
        number = self.slot(instruction[1])
        who = f"c{len(self.callbacks)}"

        def callback(future):
            self.execute_all(who, instruction[2:])

        self.objects[number].add_done_callback(callback)
        self.callbacks.append((number, callback))

    def remove_callback(self, who, instruction):
        if int(instruction[1]) < len(self.callbacks):
            number, callback = self.callbacks[int(instruction[1])]
            self.say(who, f"rmcb {self.objects[number].remove_done_callback(callback)}")

    def make_object(self, who, instruction):
        name = instruction[0]
        if name == "future":
            self.fill(instruction[1], self.enter("future", self.loop.create_future()))
        elif name in ("spawn", "eager"):
            self.spawn(who, instruction)
        elif name == "gspawn":
            if int(instruction[1]) < len(self.groups):
                self.spawn_in(who, self.groups[int(instruction[1])], instruction[2], instruction[3])
        elif name == "gather":
            self.gather(who, instruction)
        elif name == "gatherg":
            self.gather_gathers(instruction)
        elif name in ("shield", "shieldb"):
            self.shield(who, instruction)
        else:
            return False
        return True

    def new_run(self, who, task):
        if self.runs == MAX_RUNS:
            self.say(who, "over")
            return None
        self.runs += 1
        return Run(self.runs - 1, task)

    def spawn(self, who, instruction):
        number = self.new_number()
        run = self.new_run(who, number)
        if run is None:
            return
        self.say(who, f"{instruction[0]} o{number} {run.name}")
        task = Task(self.body(int(instruction[2]), run), loop=self.loop, eager_start=instruction[0] == "eager")
        self.fill(instruction[1], self.enter_as(number, "task", task))

    def spawn_in(self, who, group, slot, index):
        number = self.new_number()
        run = self.new_run(who, number)
        if run is None:
            return
        what = f"gspawn o{number} {run.name}"
        try:
            self.fill(slot, self.enter_as(number, "task", group.create_task(self.body(int(index), run))))
            self.say(who, what)
        except RuntimeError:
            self.say(who, what + " RuntimeError")

    def gather(self, who, instruction):
        arguments = []
        children = []
        for argument in instruction[3:]:
            if isinstance(argument, str):
                number = self.slot(argument)
                if self.alive(number) and self.is_integer(number):
                    arguments.append(self.objects[number])
                    children.append(number)
                continue
            number = self.new_number()
            run = self.new_run(who, number)
            if run is not None:
                arguments.append(self.body(int(argument[0]), run))
                children.append(number)
        kind = "results" if instruction[2] != "0" else "gather"
        number = self.enter(kind, asyncio.gather(*arguments, return_exceptions=instruction[2] != "0"))
        self.awaits[number] = children
        self.fill(instruction[1], number)
        self.say(who, f"gather o{number}")

    def gather_gathers(self, instruction):
        children = [n for n in self.numbers_in(instruction[2:]) if self.kinds[n] == "gather"]
        number = self.enter("nested", asyncio.gather(*(self.objects[n] for n in children)))
        self.awaits[number] = children
        self.fill(instruction[1], number)

    def shield(self, who, instruction):
        if instruction[0] == "shieldb":
            run = self.new_run(who, self.new_number())
            if run is not None:
                self.fill(instruction[1], self.enter("shield", shield(self.body(int(instruction[2]), run))))
            return
        inner = self.slot(instruction[2])
        if self.alive(inner):
            kind = self.kinds[inner] if self.kinds[inner] not in ("future", "task") else "shield"
            self.fill(instruction[1], self.enter(kind, shield(self.objects[inner])))

    # --- bodies ---

    async def body(self, index, run):
        self.say(run.name, f"start b{index}")
        try:
            flow = await self.block(run, self.program[index + 2])
        except BASE as error:
            self.say(run.name, "end " + describe(error))
            raise
        value = run.id if flow is None else flow
        self.say(run.name, f"end {value}")
        return value

    async def block(self, run, instructions):
        for instruction in instructions:
            flow = await self.step(run, instruction)
            if flow is not None:
                return flow
        return None

    async def step(self, run, instruction):
        name = instruction[0]
        if name == "return":
            return int(instruction[1])
        compound = {
            "repeat": self.repeat,
            "try": self.with_try,
            "timeout": self.with_timeout,
            "group": self.with_group,
            "sleep": self.sleep,
            "call": self.call,
            "callin": self.call,
            "await": self.await_object,
            "awaitin": self.await_object,
            "wait": self.wait,
            "completed": self.as_completed,
            "results": self.results_as_completed,
        }.get(name)
        if compound is not None:
            return await compound(run, instruction)
        if not self.execute_in_task(run, instruction) and not self.execute(run.name, instruction):
            raise ValueError("no such instruction: " + name)
        return None

    def execute_in_task(self, run, instruction):
        name = instruction[0]
        task = asyncio.current_task()
        if name == "raisece":
            raise asyncio.CancelledError(instruction[1])
        if name == "cancelself":
            task.cancel(instruction[1])
        elif name == "uncancelself":
            self.say(run.name, f"uncancel self {task.uncancel()}")
        elif name == "cancelling":
            self.say(run.name, f"cancelling {task.cancelling()}")
        elif name == "reschedule":
            if run.timeouts:
                delay = limit_of(instruction[1])
                run.timeouts[-1].reschedule(None if delay is None else self.loop.time() + delay)
        elif name == "tspawn":
            if run.groups:
                self.spawn_in(run.name, run.groups[-1], instruction[1], instruction[2])
        else:
            return False
        return True

    async def repeat(self, run, instruction):
        for _ in range(int(instruction[1])):
            flow = await self.block(run, instruction[2])
            if flow is not None:
                return flow
        return None

    async def with_try(self, run, instruction):
        kind, end = instruction[1], instruction[4]
        error = flow = None
        try:
            flow = await self.block(run, instruction[2])
        except BASE as caught:
            error = caught
        is_cancelled = isinstance(error, asyncio.CancelledError)
        if kind == "fin" or error is not None and (kind == "any" or (kind == "ce") == is_cancelled):
            self.say(run.name, f"{kind} {'ok' if error is None else describe(error)}")
            handled = await self.block(run, instruction[3])
            if handled is not None:
                return handled
            if end == "swallow":
                return None
        if error is not None:
            raise error
        return flow

    async def with_timeout(self, run, instruction):
        limit = asyncio.timeout(limit_of(instruction[1]))
        error = flow = None
        try:
            async with limit:
                run.timeouts.append(limit)
                try:
                    flow = await self.block(run, instruction[2])
                finally:
                    run.timeouts.pop()
        except BASE as caught:
            error = caught
        expired = "expired " if limit.expired() else ""
        self.say(run.name, f"timeout {expired}{'ok' if error is None else describe(error)}")
        if error is not None:
            raise error
        return flow

    async def with_group(self, run, instruction):
        group = TaskGroup()
        self.groups.append(group)
        error = flow = None
        try:
            async with group:
                run.groups.append(group)
                try:
                    flow = await self.block(run, instruction[1])
                    self.say(run.name, "group exit")
                finally:
                    run.groups.pop()
        except BASE as caught:
            error = caught
        self.say(run.name, f"group {'ok' if error is None else describe(error)}")
        if error is not None:
            raise error
        return flow

    async def observe(self, run, what, awaitable):
        try:
            value = await awaitable
        except BASE as error:
            self.say(run.name, f"{what} -> {describe(error)}")
            raise
        self.say(run.name, f"{what} -> {format_value(value)}")

    async def sleep(self, run, instruction):
        await self.observe(run, "sleep", asyncio.sleep(int(instruction[1]), ""))

    async def call(self, run, instruction):
        child = self.new_run(run.name, run.task)
        if child is None:
            return
        what = f"{instruction[0]} {child.name}"
        coroutine = self.body(int(instruction[1]), child)
        if instruction[0] == "callin":
            coroutine = asyncio.wait_for(coroutine, limit_of(instruction[2]))
        await self.observe(run, what, coroutine)

    async def await_object(self, run, instruction):
        name = instruction[0]
        number = self.slot(instruction[1])
        what = f"{name} o{number}"
        itself = name == "await" and number == run.task
        if not self.alive(number) or not itself and self.leads_to(number, run.task):
            return self.say(run.name, what + " not")
        self.awaits[run.task] = [number]
        try:
            self.say(run.name, what)
            future = self.objects[number]
            if name == "awaitin":
                future = asyncio.wait_for(future, limit_of(instruction[2]))
            elif itself:
                future = AwaitSelf(future)
            await self.observe(run, what, future)
        finally:
            self.awaits[run.task] = []

    async def wait(self, run, instruction):
        futures = [self.objects[n] for n in self.numbers_in(instruction[3:])]
        when = {"first": asyncio.FIRST_COMPLETED, "exception": asyncio.FIRST_EXCEPTION, "all": asyncio.ALL_COMPLETED}

        async def wait_for_them():
            done, pending = await asyncio.wait(
                futures, timeout=limit_of(instruction[2]), return_when=when[instruction[1]]
            )
            done, pending = (sorted(self.numbers[future] for future in group) for group in (done, pending))
            return f"done {done} pending {pending}"

        await self.observe(run, "wait", wait_for_them())

    async def as_completed(self, run, instruction):
        futures = [self.objects[n] for n in self.numbers_in(instruction[3:])]
        completed = AsCompleted(futures, limit_of(instruction[1]))
        more = True

        async def take():
            nonlocal more
            try:
                return f"o{self.numbers[await completed.__anext__()]}"
            except StopAsyncIteration:
                more = False
                return "none"

        for _ in range(int(instruction[2])):
            if more:
                await self.observe(run, "completed", take())

    async def results_as_completed(self, run, instruction):
        futures = [self.objects[n] for n in self.numbers_in(instruction[3:], integers=True)]
        completed = AsCompleted(futures, limit_of(instruction[1]))
        for _ in range(int(instruction[2])):
            coroutine = next(completed, None)
            if coroutine is None:
                break
            await self.observe(run, "results", coroutine)


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda unraisable: None
    gc.disable()
    gc.freeze()
    for count, line in enumerate(sys.stdin):
        program = parse(line)
        world = World(program)
        end = []
        try:
            world.run()
        except Exception as error:
            end = [f"stopped by {describe(error)}"]
        sys.stdout.write("\n".join([f"program {program[1]}", *world.lines, *end]) + "\n")
        world.silent = True
        if count % 50 == 0:
            gc.collect()


if __name__ == "__main__":
    main()
