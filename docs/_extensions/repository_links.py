"""Links from the documentation into the repository, which readers of the Markdown can follow, in the book.

A link to a source file becomes a page-less copy of that file (Sphinx' download); a link to a folder, or to a file that is no page,
stays as its text.
"""
import pathlib
import re

LINK = re.compile(r"\[([^\]\n]+)\]\((\.\./[^)#\s]*)(#[^)\s]*)?\)")


def rewrite(app, page, source):
    folder = pathlib.Path(app.env.doc2path(page)).parent

    def replace(link):
        text, target, _ = link.groups()
        path = (folder / target).resolve()
        inside = path.is_relative_to(app.srcdir)
        if inside or (path.is_file() and path.suffix != ".md"):
            return link.group(0)
        return text if text.startswith("`") else f"`{text}`" if "/" in text or "." in text else text

    source[0] = LINK.sub(replace, source[0])


def setup(app):
    app.connect("source-read", rewrite)
    return {"parallel_read_safe": True}
