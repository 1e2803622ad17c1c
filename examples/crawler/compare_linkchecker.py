#!/usr/bin/env python3
"""Crawls a site with asyncio-crawl and with Debian's linkchecker and compares the broken links and anchors.

    compare_linkchecker.py URL --crawl build/programs/examples/crawler/asyncio-crawl [--keep FOLDER] [--no-anchors]

Exit status 0 when both found the same, 1 when not; the rows that only one of them has are printed.
docs/crawler.md explains the differences to be expected.
"""

import argparse
import collections
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse


def normal(url):
    """The same spelling for both programs: no needless percent-encoding, no empty path segments."""
    scheme, separator, rest = urllib.parse.unquote(url).partition("://")
    return urllib.parse.quote(scheme + separator + re.sub("//+", "/", rest), safe="/:?#[]@!$&'()*+,;=~%")


def without_fragment(url):
    return url.partition("#")[0]


class Findings:
    """Broken links as {url: reason}, and the places where each was found as {url: {page}}."""

    def __init__(self, seconds):
        self.reasons = {}
        self.places = collections.defaultdict(set)
        self.seconds = seconds

    def add(self, url, page, reason, anchor):
        # A page that is missing is missing with every fragment.
        url = normal(url if anchor else without_fragment(url))
        self.reasons.setdefault(url, reason)
        self.places[url].add(normal(without_fragment(page)))


def crawl(program, url, folder, anchors):
    report = os.path.join(folder, "asyncio-crawl.json")
    began = time.monotonic()
    result = subprocess.run([program, "--json", report, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if result.returncode > 1:
        sys.exit(f"asyncio-crawl ended with {result.returncode}")
    found = Findings(time.monotonic() - began)
    with open(report) as file:
        rows = json.load(file)
    for row in rows["broken"]:
        anchor = row["reason"].startswith("no anchor")
        if anchors or not anchor:
            found.add(row["url"], row["page"], "no anchor" if anchor else row["reason"], anchor)
    return found, rows["pages"]


def linkchecker(url, folder, anchors, threads):
    # Left to itself it stays below the folder of the start page; we stay within the host.
    origin = re.match("https?://[^/]*/", url)[0]
    # It gives up root's rights, so its configuration must be readable by anybody.
    with tempfile.NamedTemporaryFile("w", suffix=".rc", delete=False) as config:
        config.write(f"[filtering]\ninternlinks=^{re.escape(origin)}\n")
        if anchors:
            config.write("[AnchorCheck]\n")
    os.chmod(config.name, 0o644)
    output = os.path.join(folder, "linkchecker.csv")
    began = time.monotonic()
    with open(output, "w") as out:
        command = ["linkchecker", "-f", config.name, "--no-robots", "--no-status", "-t", str(threads), "-o", "csv", url]
        result = subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, cwd="/")
    os.unlink(config.name)
    if result.returncode > 1:
        sys.exit(f"linkchecker ended with {result.returncode}")
    found = Findings(time.monotonic() - began)
    with open(output, errors="replace") as file:
        for row in csv.DictReader((line for line in file if not line.startswith("#")), delimiter=";"):
            anchor = re.search(r"Anchor .*? not found", row["warningstring"] or "")
            if row["valid"] == "False" or anchor:
                found.add(row["url"], row["parentname"], "no anchor" if anchor else row["result"], bool(anchor))
    return found


def show(title, urls, found):
    print(f"{title}: {len(urls)}")
    for url in sorted(urls)[:30]:
        print(f"    {url}: {found.reasons[url]}, on {min(found.places[url])}")
    if len(urls) > 30:
        print(f"    … {len(urls) - 30} more")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--crawl", required=True, help="the program asyncio-crawl")
    parser.add_argument("--keep", help="folder for the two reports")
    parser.add_argument("--no-anchors", action="store_true",
                        help="compare links only: linkchecker parses a page again for each anchor")
    parser.add_argument("--threads", type=int, default=10)
    arguments = parser.parse_args()
    folder = arguments.keep or tempfile.mkdtemp()

    anchors = not arguments.no_anchors
    ours, pages = crawl(arguments.crawl, arguments.url, folder, anchors)
    theirs = linkchecker(arguments.url, folder, anchors, arguments.threads)
    both = ours.reasons.keys() & theirs.reasons.keys()
    print(f"asyncio-crawl: {len(ours.reasons)} broken URLs, found on {pages} pages in {ours.seconds:.1f} s")
    print(f"linkchecker:   {len(theirs.reasons)} broken URLs in {theirs.seconds:.1f} s")
    print(f"both:          {len(both)}")
    show("only asyncio-crawl", ours.reasons.keys() - both, ours)
    show("only linkchecker", theirs.reasons.keys() - both, theirs)
    # linkchecker names one place for each broken URL; it must be one of ours.
    elsewhere = {url for url in both if not theirs.places[url] <= ours.places[url]}
    show("found by both, but linkchecker saw it on another page", elsewhere, theirs)
    return 0 if len(both) == len(ours.reasons) == len(theirs.reasons) and not elsewhere else 1


if __name__ == "__main__":
    sys.exit(main())
