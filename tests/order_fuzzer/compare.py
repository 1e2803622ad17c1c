"""Runs programs in both interpreters and compares what they did."""
import itertools
import pathlib
import re
import subprocess
import threading

import programs

HERE = pathlib.Path(__file__).resolve().parent
MESSAGE = re.compile(r"CancelledError\((\w*)\)")


def same(ours, theirs):
    """True for equal lines. Python forgets the message of a cancellation after its first retrieval, we do not (DEV-5)."""
    if ours == theirs:
        return True
    if MESSAGE.sub("", ours) != MESSAGE.sub("", theirs):
        return False
    return all(their in ("", our) for our, their in zip(MESSAGE.findall(ours), MESSAGE.findall(theirs)))


def same_trace(ours, theirs):
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


class Interpreters:
    def __init__(self, ours, python, seconds=600):
        self.commands = [str(ours)], [python, str(HERE / "twin.py")]
        self.seconds = seconds

    def differing(self, some_programs):
        """Those of the programs whose traces differ, as (program, our trace, their trace)."""
        text = "".join(programs.to_text(program) + "\n" for program in some_programs)
        ours, theirs = self._run_both(text)
        for program, our, their in zip(some_programs, ours + [[]] * len(some_programs), theirs + [[]] * len(some_programs)):
            if not same_trace(our, their):
                yield program, our, their
            if our and our[-1].startswith("died "):
                return  # those after it never ran

    def traces(self, program):
        return [traces[0] for traces in self._run_both(programs.to_text(program) + "\n")]

    def _run_both(self, text):
        traces = [None, None]

        def run(index):
            traces[index] = self._run(self.commands[index], text)

        other = threading.Thread(target=run, args=(1,))
        other.start()
        run(0)
        other.join()
        return traces

    def _run(self, command, text):
        try:
            done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=self.seconds)
            output, end = done.stdout, f"died with {done.returncode}: {done.stderr[-3000:]}" if done.returncode else None
        except subprocess.TimeoutExpired as error:
            output, end = (error.stdout or b"").decode(), f"died by taking longer than {self.seconds} s"
        traces = []
        for line in output.splitlines():
            if line.startswith("program "):
                traces.append([])
            elif traces:
                traces[-1].append(line)
        if end:
            traces = traces or [[]]
            traces[-1].append(end)
        return traces


def smaller(program):
    """Programs with less in them: without what a body does, without half of it, without one instruction, without one level
    of nesting; the biggest steps first."""
    for index in range(2, len(program)):
        if program[index]:
            yield program[:index] + [[]] + program[index + 1 :]
    for index in range(2, len(program)):
        middle = len(program[index]) // 2
        if middle:
            yield program[:index] + [program[index][middle:]] + program[index + 1 :]
            yield program[:index] + [program[index][:middle]] + program[index + 1 :]
    yield from one_less(program)


def one_less(program):

    def is_block(items):
        return bool(items) and all(isinstance(item, list) and item and isinstance(item[0], str) for item in items)

    def walk(node, rebuild):
        for index, child in enumerate(node):
            if not isinstance(child, list):
                continue

            def replace(new, index=index):
                return rebuild(node[:index] + new + node[index + 1 :])

            if is_block(child):
                for position, instruction in enumerate(child):
                    yield replace([child[:position] + child[position + 1 :]])
                    for part in instruction:
                        if is_block(part):
                            yield replace([child[:position] + part + child[position + 1 :]])
            elif child and isinstance(child[0], str) and child[0] in ("soon", "later", "cb", "gather"):
                for position in range(1, len(child)):
                    if isinstance(child[position], list):
                        yield replace([child[:position] + child[position + 1 :]])
            yield from walk(child, lambda new, replace=replace: replace([new]))

    yield from walk(program, lambda new: new)


def minimise(interpreters, program, our, their):
    """Takes instructions away for as long as the traces still differ."""
    # A crash ends its process, so that each candidate needs its own.
    size = 1 if our and our[-1].startswith("died ") else 30
    found = (program, our, their)
    while found is not None:
        program, our, their = found
        candidates = smaller(program)
        found = None
        while found is None and (some := list(itertools.islice(candidates, size))):
            found = next(interpreters.differing(some), None)
    return program, our, their


def side_by_side(ours, theirs, around=None, width=62):
    """Both traces; only `around` lines before and after the first difference if that is given."""
    first, last = 0, max(len(ours), len(theirs))
    if around is not None:
        pairs = itertools.zip_longest(ours, theirs, fillvalue="")
        difference = next((i for i, pair in enumerate(pairs) if not same(*pair)), 0)
        first, last = max(0, difference - around), min(last, difference + around)
    lines = [f"  {'asyncio-cpp':<{width}} CPython"]
    for index in range(first, last):
        our = ours[index] if index < len(ours) else ""
        their = theirs[index] if index < len(theirs) else ""
        mark = " " if same(our, their) else "!"
        lines.append(f"{mark} {our:<{width}} {their}")
    return "\n".join(lines)
