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
    """The same spelling for both programs: no needless percent-encoding."""
    return urllib.parse.quote(urllib.parse.unquote(url), safe="/:?#[]@!$&'()*+,;=~%")


def crawl(program, url, folder):
    report = os.path.join(folder, "asyncio-crawl.json")
    began = time.monotonic()
    result = subprocess.run([program, "--json", report, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if result.returncode > 1:
        sys.exit(f"asyncio-crawl ended with {result.returncode}")
    with open(report) as file:
        found = json.load(file)
    rows = {(normal(row["page"]), normal(row["url"])): row["reason"] for row in found["broken"]}
    return rows, found["pages"], time.monotonic() - began


def linkchecker(url, folder, threads, anchors):
    # linkchecker gives up root's rights, so its configuration must be readable by anybody.
    with tempfile.NamedTemporaryFile("w", suffix=".rc", delete=False) as config:
        config.write("[AnchorCheck]\n" if anchors else "")
    os.chmod(config.name, 0o644)
    output = os.path.join(folder, "linkchecker.csv")
    began = time.monotonic()
    with open(output, "w") as out:
        command = ["linkchecker", "-f", config.name, "--no-robots", "--no-status", "-t", str(threads), "-o", "csv", url]
        result = subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, cwd="/")
    os.unlink(config.name)
    if result.returncode > 1:
        sys.exit(f"linkchecker ended with {result.returncode}")
    rows = {}
    with open(output, errors="replace") as file:
        for row in csv.DictReader((line for line in file if not line.startswith("#")), delimiter=";"):
            broken = row["valid"] == "False"
            anchor = re.search(r"Anchor .*? not found", row["warningstring"] or "")
            if broken or anchor:
                rows[normal(row["parentname"]), normal(row["url"])] = anchor[0] if anchor else row["result"]
    return rows, time.monotonic() - began


def show(title, rows):
    print(f"{title}: {len(rows)}")
    kinds = collections.Counter(re.sub(r'["`\'].*["\']', '"…"', reason) for reason in rows.values())
    for kind, count in kinds.most_common():
        print(f"  {count:6}  {kind}")
    for (page, url), reason in sorted(rows.items())[:20]:
        print(f"    {page}: {url}: {reason}")
    if len(rows) > 20:
        print(f"    … {len(rows) - 20} more")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--crawl", required=True, help="the program asyncio-crawl")
    parser.add_argument("--keep", help="folder for the two reports")
    parser.add_argument("--no-anchors", action="store_true",
                        help="compare links only: linkchecker parses a page again for each anchor, which takes hours on a large site")
    parser.add_argument("--threads", type=int, default=10)
    arguments = parser.parse_args()
    folder = arguments.keep or tempfile.mkdtemp()

    ours, pages, our_time = crawl(arguments.crawl, arguments.url, folder)
    theirs, their_time = linkchecker(arguments.url, folder, arguments.threads, not arguments.no_anchors)
    if arguments.no_anchors:
        ours = {key: reason for key, reason in ours.items() if not reason.startswith("no anchor")}
    both = ours.keys() & theirs.keys()
    print(f"asyncio-crawl: {len(ours)} broken on {pages} pages in {our_time:.1f} s; "
          f"linkchecker: {len(theirs)} broken in {their_time:.1f} s; both: {len(both)}")
    show("only asyncio-crawl", {key: ours[key] for key in ours.keys() - both})
    show("only linkchecker", {key: theirs[key] for key in theirs.keys() - both})
    return 0 if len(both) == len(ours) == len(theirs) else 1


if __name__ == "__main__":
    sys.exit(main())
