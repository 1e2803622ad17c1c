"""The directive `example`: a compiled example with the command that runs it, its source, and what it prints.

    [examples/tutorial/15_lock.cpp](../../examples/tutorial/15_lock.cpp) …:

    ```{example} tutorial/15_lock
    ```

shows examples/tutorial/15_lock.cpp, and examples/tutorial/15_lock.expected when there is one. Where the page is read as plain
Markdown there is the link instead, which tools/check_snippets asks for. ctest compares that file with what
the program prints, so nothing in the book was pasted. A line `elapsed 2` at its end is what the virtual clock showed, and not
printed by the program.

    ```{both} 02_both
    ```

shows examples/from_asio/02_both.cpp, the same with Asio (docs/snippets/from_asio/02_both.cpp), and what both print.
"""
import pathlib
import re

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ELAPSED = re.compile(r"elapsed ([\d.]+)\Z")


class Example(SphinxDirective):
    required_arguments = 1
    option_spec = {"arguments": directives.unchanged}

    def run(self):
        name = self.arguments[0]
        source = pathlib.Path(self.env.srcdir).parent / "examples" / f"{name}.cpp"
        if not source.exists():
            raise self.error(f"there is no program {name}")
        lines = include(f"examples/{name}.cpp")
        command = " ".join(["./dev run", name, self.options.get("arguments", "")]).rstrip()
        expected = source.with_suffix(".expected")
        self.env.note_dependency(str(source))
        if not expected.exists():
            lines += [f"Run it with `{command}`."]
        else:
            lines += output(name, command, expected.read_text().splitlines())
        return parsed(self, lines)


class Both(SphinxDirective):
    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        ours = include(f"examples/from_asio/{name}.cpp", "asyncio for C++: ")
        asio = include(f"docs/snippets/from_asio/{name}.cpp", "Asio: ")
        return parsed(self, ours + asio + ["Both print:", ""] + include(f"examples/from_asio/{name}.expected"))


def parsed(directive, markdown):
    container = nodes.container()
    source = directive.get_source_info()[0]
    directive.state.nested_parse(StringList(markdown, source=source), directive.content_offset, container)
    return container.children


def include(file, caption=None):
    language = "cpp" if file.endswith(".cpp") else "text"
    captions = [f":caption: \"{caption}{file}\""] if caption else []
    return [f"```{{literalinclude}} /../{file}", f":language: {language}", *captions, "```", ""]


def output(name, command, printed):
    elapsed = ELAPSED.match(printed[-1]) if printed else None
    count = len(printed) - bool(elapsed)
    time = ""
    if elapsed:
        seconds = float(elapsed.group(1))
        time = f" within {seconds:g} s" if seconds else " at once"
    if count == 0:
        return [f"`{command}` prints nothing and ends{time}.", ""]
    return [
        f"`{command}` prints{time}:",
        "",
        f"```{{literalinclude}} /../examples/{name}.expected",
        ":language: text",
        f":lines: 1-{count}",
        "```",
        "",
    ]


def setup(app):
    app.add_directive("example", Example)
    app.add_directive("both", Both)
    return {"parallel_read_safe": True}
