"""Random programs. Both interpreters read the same text: this file is the only place where programs are made.

    (program NUMBER (INSTRUCTION…) …)      the bodies; the first one is the main task's

There are eight slots; a slot holds a future or task, or nothing. Slots 0 and 1 hold a future at the start, slot 2 the main
task. `-` is no message or no limit. Times are whole numbers; the loop is told to end at 100.

in tasks and callbacks
    (say N) (raise N) (tasks)              write something, throw, write how many tasks there are
    (soon I…) (later T I…) (hcancel H)     call_soon, call_later, cancel the H-th handle
    (future S)                             a new future
    (spawn S B) (eager S B)                create_task, and with eager_start
    (gspawn G S B)                         create_task of the G-th group, wherever that stands
    (gather S 0|1 A…) (gatherg S S…)       gather, an A is a slot or (B); with return_exceptions; of gatherings
    (shield S S) (shieldb S B)             of a slot, of a coroutine
    (set S N) (fail S N) (failce S N)      set_result, set_exception, set_exception(CancelledError)
    (cancel S M) (uncancel S) (probe S)    …, write the state
    (cb S I…) (rmcb C)                     add_done_callback, remove the C-th
in tasks only
    (return N) (repeat N (I…))
    (try ce|ex|any|fin (I…) (I…) swallow|reraise)
    (timeout T (I…)) (reschedule T)        asyncio.timeout, of the innermost one
    (group (I…)) (tspawn S B)              TaskGroup, create_task of the innermost one
    (sleep T) (call B) (callin B T)        await a coroutine; through wait_for
    (await S) (awaitin S T)                await a slot; through wait_for
    (wait first|exception|all T S…)
    (completed T N S…) (results T N S…)    at most N items of as_completed: the futures, their results
    (raisece M) (cancelself M) (uncancelself) (cancelling)
"""
import dataclasses
import random


@dataclasses.dataclass
class Profile:
    bodies: tuple  # from, to
    length: tuple
    depth: int
    slots: int


PROFILES = {
    "small": Profile((2, 5), (2, 6), 2, 6),
    "big": Profile((5, 10), (4, 12), 3, 8),
}

# How often an instruction comes, in relation to the others.
SYNC = {
    "say": 1, "raise": 1, "tasks": 1, "soon": 2, "later": 3, "hcancel": 1, "future": 2, "spawn": 6, "eager": 1,
    "gspawn": 1, "gather": 3, "gatherg": 1, "shield": 2, "shieldb": 1, "set": 5, "fail": 2, "failce": 1, "cancel": 7,
    "uncancel": 1, "probe": 1, "cb": 3, "rmcb": 1,
}  # fmt: skip
TASK = {
    **SYNC,
    "spawn": 9, "return": 1, "repeat": 1, "try": 12, "timeout": 5, "reschedule": 1, "group": 5, "tspawn": 4, "sleep": 10,
    "call": 3, "callin": 3, "await": 12, "awaitin": 5, "wait": 4, "completed": 3, "results": 2, "raisece": 1,
    "cancelself": 2, "uncancelself": 2, "cancelling": 1,
}  # fmt: skip

COMPOUND = {"repeat", "try", "timeout", "group", "soon", "later", "cb"}
NEEDS_BODY = {"spawn", "eager", "gspawn", "tspawn", "shieldb", "call", "callin", "group"}


class Generator:
    def __init__(self, seed, number, profile):
        self.random = random.Random(f"{seed} {number} {profile}")
        self.profile = PROFILES[profile]
        self.number = number
        self.bodies = self.random.randint(*self.profile.bodies)
        self.body_index = 0

    def program(self):
        bodies = []
        for self.body_index in range(self.bodies):
            bodies.append(self.block(self.profile.depth))
        # The main task has something to look at.
        self.body_index = 0
        start = [["spawn", str(slot), self.body()] for slot in range(3, 3 + self.random.randint(1, 2))]
        bodies[0][:0] = start
        return ["program", str(self.number), *bodies]

    # --- arguments ---

    def slot(self):
        return str(self.random.randrange(self.profile.slots))

    def some_slots(self):
        return [self.slot() for _ in range(self.random.randint(1, 4))]

    def body(self):
        # A later one: bodies that start each other for ever would leave no iteration in which the clock could go on.
        return str(self.random.randrange(self.body_index + 1, self.bodies))

    def is_last_body(self):
        return self.body_index == self.bodies - 1

    def time(self):
        return str(self.random.choice((0, 0, 1, 1, 2, 2, 3, 4, 5, 8, -1)))

    def limit(self):
        return "-" if self.random.random() < 0.2 else self.time()

    def count(self):
        return str(self.random.randrange(100))

    def message(self):
        return "-" if self.random.random() < 0.3 else "m" + self.count()

    def index(self):
        return str(self.random.randrange(4))

    # --- instructions ---

    def block(self, depth, kinds=TASK, length=None):
        low, high = length or self.profile.length
        return [self.instruction(depth, kinds) for _ in range(self.random.randint(low, high))]

    def short(self, depth, kinds=TASK):
        return self.block(depth - 1, kinds, (1, 3))

    def instruction(self, depth, kinds):
        while True:
            (name,) = self.random.choices(list(kinds), kinds.values())
            if depth == 0 and name in COMPOUND or name in NEEDS_BODY and self.is_last_body():
                continue
            return [name, *getattr(self, "make_" + name, lambda depth: [])(depth)]

    def make_say(self, depth):
        return [self.count()]

    make_raise = make_return = make_raisece = make_say

    def make_soon(self, depth):
        return self.short(depth, SYNC)

    def make_later(self, depth):
        return [self.time(), *self.short(depth, SYNC)]

    def make_hcancel(self, depth):
        return [self.index()]

    make_rmcb = make_hcancel

    def make_future(self, depth):
        return [self.slot()]

    make_uncancel = make_probe = make_await = make_future

    def make_spawn(self, depth):
        return [self.slot(), self.body()]

    make_eager = make_tspawn = make_shieldb = make_spawn

    def make_gspawn(self, depth):
        return [str(self.random.randrange(3)), self.slot(), self.body()]

    def make_gather(self, depth):
        bodies = 0 if self.is_last_body() else self.random.choice((0, 0.3, 1))
        arguments = [[self.body()] if self.random.random() < bodies else self.slot() for _ in range(self.random.randint(0, 4))]
        return [self.slot(), str(int(self.random.random() < 0.4)), *arguments]

    def make_gatherg(self, depth):
        return [self.slot(), *self.some_slots()]

    def make_shield(self, depth):
        return [self.slot(), self.slot()]

    def make_set(self, depth):
        return [self.slot(), self.count()]

    make_fail = make_failce = make_set

    def make_cancel(self, depth):
        return [self.slot(), self.message()]

    def make_cb(self, depth):
        return [self.slot(), *self.short(depth, SYNC)]

    def make_repeat(self, depth):
        return [str(self.random.randint(2, 3)), self.short(depth)]

    def make_try(self, depth):
        kind = self.random.choice(("ce", "ce", "ex", "any", "any", "fin"))
        end = self.random.choice(("swallow", "swallow", "reraise"))
        return [kind, self.short(depth), self.block(depth - 1, TASK, (0, 2)), end if kind != "fin" else "reraise"]

    def make_timeout(self, depth):
        return [self.limit(), self.short(depth)]

    def make_reschedule(self, depth):
        return [self.limit()]

    def make_group(self, depth):
        children = [["tspawn", self.slot(), self.body()] for _ in range(self.random.randint(1, 3))]
        return [children + self.short(depth)]

    def make_sleep(self, depth):
        return [self.time()]

    def make_call(self, depth):
        return [self.body()]

    def make_callin(self, depth):
        return [self.body(), self.limit()]

    def make_awaitin(self, depth):
        return [self.slot(), self.limit()]

    def make_wait(self, depth):
        return [self.random.choice(("first", "exception", "all")), self.limit(), *self.some_slots()]

    def make_completed(self, depth):
        return [self.limit(), str(self.random.randint(1, 4)), *self.some_slots()]

    make_results = make_completed

    def make_cancelself(self, depth):
        return ["m" + self.count()]


def generate(seed, number, profile="small"):
    return Generator(seed, number, profile).program()


def to_text(node):
    return node if isinstance(node, str) else "(" + " ".join(map(to_text, node)) + ")"
