"""How long a user's compiler takes: the ten-line program with everything included, against Asio's coroutine echo server.

The compiler is that of the build tree, called without ccache and with the same flags for both, one right after the other.
"""

import os
import subprocess
import tempfile

from ratios import Row

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
OURS = os.path.join(HERE, "compile", "hello.cpp")
PEER = os.path.join(HERE, "peers", "asio_echo.cpp")
PEER_NAME = "Asio echo server"

WAYS = {
    "compile ten lines, -O2": ["-O2", "-c"],
    "compile ten lines, -O0 -g": ["-O0", "-g", "-c"],
    "compile ten lines, -fsyntax-only": ["-fsyntax-only"],
}
SIZE = "size of hello world, -O2, stripped"


def names():
    return [*WAYS, SIZE]


def cached(build_dir, name):
    with open(os.path.join(build_dir, "CMakeCache.txt"), encoding="utf-8") as cache:
        for line in cache:
            if line.startswith(name + ":"):
                return line.rstrip("\n").split("=", 1)[1]
    return None


def processor_time(command):
    """Of the compiler and what it calls: on a busy machine the clock on the wall says little."""
    before = os.times()
    subprocess.run(command, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def run(build_dir, rounds, chosen, log):
    compiler = cached(build_dir, "CMAKE_CXX_COMPILER")
    asio = cached(build_dir, "ASIO_INCLUDE_DIR")
    # idirafter: the folder is mostly the system's own, which must not come before the standard library's.
    command = [compiler, "-std=c++20", "-DASIO_STANDALONE", "-I", os.path.join(ROOT, "include"), "-idirafter", asio]
    # Asio 1.22 knows Clang's coroutines only from before they were standard.
    if "clang" in os.path.basename(compiler):
        command += ["-DASIO_HAS_CO_AWAIT", "-DASIO_HAS_STD_COROUTINE"]
    rows = {name: Row(name, PEER_NAME, "s", target=0.5) for name in WAYS if name in chosen}
    with tempfile.TemporaryDirectory() as folder:
        output = ["-o", os.path.join(folder, "out")]
        for round_ in range(rounds):
            log(f"compile: round {round_ + 1} of {rounds}")
            for name, row in rows.items():
                row.add(*(processor_time([*command, *WAYS[name], source, *output]) for source in (OURS, PEER)))
        results = [row.result() for row in rows.values()]
        if SIZE in chosen:
            sizes = []
            for program in ("compile/hello", "peers/asio_echo"):
                subprocess.run(["strip", *output, os.path.join(build_dir, "bench", program)], check=True)
                sizes.append(os.path.getsize(output[1]))
            size = Row(SIZE, PEER_NAME, "bytes", absolute=True)
            size.add(*sizes)
            results.append(size.result())
    return results
