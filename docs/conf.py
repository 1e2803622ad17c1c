"""How Sphinx makes the book of this folder; `./dev docs` runs it."""
import pathlib
import re
import sys

docs = pathlib.Path(__file__).parent
sys.path.insert(0, str(docs / "_extensions"))

project = "asyncio for C++"
copyright = "the authors of asyncio for C++, MIT licence"
version = re.search(r"VERSION (\d+\.\d+\.\d+)", (docs.parent / "CMakeLists.txt").read_text()).group(1)
release = version

extensions = ["myst_parser", "breathe", "sphinx.ext.graphviz", "example", "reference", "repository_links"]
exclude_patterns = ["_extensions", "snippets"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
primary_domain = "cpp"
highlight_language = "text"

# Doxygen's XML; tools/build_docs runs Doxygen and says where it wrote.
breathe_projects = {"asyncio": str(docs.parent / "build/docs.work/xml")}
breathe_default_project = "asyncio"
breathe_show_include = False

suppress_warnings = ["misc.highlighting_failure"]  # diagrams in comments, and … in code

graphviz_output_format = "svg"
graphviz_dot_args = ["-Nfontname=DejaVu Sans", "-Efontname=DejaVu Sans", "-Nfontsize=11", "-Efontsize=10"]

html_theme = "furo"
pygments_style = pygments_dark_style = "tango"  # Debian's furo is light only, also where the reader's system is dark
html_title = f"asyncio for C++ {version}"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
