"""The directive `reference`: what the headers of a folder declare, from Doxygen's XML by Breathe.

    ```{reference} task
    ```

gives each header of include/asyncio/task/ that documents something public a section with its name and Breathe's text. `:except:`
names subfolders that have a page of their own.

Two kinds of Sphinx' warnings are filtered out, since both are about what is meant to be so: each header opens the namespace again,
and overloads that differ in their constraints only are one declaration to Sphinx.
"""
import logging
import pathlib
import re
import xml.etree.ElementTree as ElementTree

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.domains.cpp import CPPDomain
from sphinx.util.docutils import SphinxDirective

SECTIONS = """briefdescription detaileddescription innernamespace innerclass public-type public-func public-static-func
              public-attrib public-static-attrib user-defined func typedef enum var"""
MEANT = re.compile(r'Duplicate (ID|explicit target name): "namespace|Duplicate C\+\+ declaration')


def public_headers(xml_folder):
    """The headers (as `asyncio/task/gather.hpp`) in which Doxygen found something that is documented."""
    headers = set()
    for file in pathlib.Path(xml_folder).glob("*.xml"):
        if not file.name.startswith(("class", "struct", "namespace", "concept")):
            continue
        compound = ElementTree.parse(file).getroot().find("compounddef")
        if "<" in compound.findtext("compoundname"):
            continue  # a specialisation, see tools/build_docs
        definitions = compound.iter("memberdef") if compound.get("kind") == "namespace" else [compound]
        headers.update(d.find("location").get("file").removeprefix("include/") for d in definitions if has_text(d))
    return headers


def has_text(definition):
    descriptions = definition.findall("briefdescription") + definition.findall("detaileddescription")
    return definition.find("location") is not None and any("".join(d.itertext()).strip() for d in descriptions)


class Reference(SphinxDirective):
    required_arguments = 1
    option_spec = {"except": str.split}

    def run(self):
        folder = f"asyncio/{self.arguments[0]}/"
        others = tuple(folder + other for other in self.options.get("except", []))
        headers = public_headers(self.env.config.breathe_projects["asyncio"])
        headers = sorted(h for h in headers if h.startswith(folder) and not h.startswith(others or " "))
        if not headers:
            raise self.error(f"no header of {folder} documents anything public")
        return [self.section(header) for header in headers]

    def section(self, header):
        section = nodes.section(ids=[nodes.make_id(header.removesuffix(".hpp"))], names=[header])
        section += nodes.title("", "", nodes.literal("", f"<{header}>"))
        directive = [f"```{{doxygenfile}} {header}", f":sections: {' '.join(SECTIONS.split())}", "```"]
        self.state.nested_parse(StringList(directive, source=self.get_source_info()[0]), self.content_offset, section)
        for namespace in list(section.findall(addnodes.desc)):
            if namespace[0].astext().startswith("namespace "):
                section["ids"] += namespace[0]["ids"]  # links lead there
                namespace.replace_self(namespace[-1].children)
        for block in section.findall(nodes.literal_block):
            block["language"] = "text" if re.search("[─│┌└►▲]", block.astext()) else "cpp"
        return section


class NotMeant(logging.Filter):
    def filter(self, record):
        return MEANT.search(record.getMessage()) is None


class ReferenceDomain(CPPDomain):
    """Without each parameter of a function as a result of the search."""

    def get_objects(self):
        return (found for found in super().get_objects() if found[2] not in ("functionParam", "templateParam"))


def setup(app):
    app.add_domain(ReferenceDomain, override=True)
    app.add_directive("reference", Reference)
    for handler in logging.getLogger("sphinx").handlers:
        handler.filters.insert(0, NotMeant())
    return {"parallel_read_safe": True}
