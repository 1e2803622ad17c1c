"""Medians of ratios within a round, and the table they are printed in.

The machines are noisy and shared: an absolute time means nothing there. Two programs that ran one right after the
other met the same noise, though, so the ratio is taken within a round, and the median is taken over the rounds.
"""

import statistics


class Row:
    """One line of the table: ours against a peer, with a target for the ratio (or for the value itself)."""

    def __init__(self, name, peer_name, unit, target=None, at_least=False, absolute=False):
        self.name = name
        self.peer_name = peer_name
        self.unit = unit
        self.target = target
        self.at_least = at_least  # bigger is better: the target is a lower bound
        self.absolute = absolute  # the target bounds our own value, not the ratio
        self.ours = []
        self.peer = []

    def add(self, ours, peer):
        self.ours.append(ours)
        self.peer.append(peer)

    def measured(self):
        """What the target is about, one number per round."""
        if self.absolute:
            return list(self.ours)
        return [ours / peer for ours, peer in zip(self.ours, self.peer)]

    def result(self):
        values = self.measured()
        peers = [peer for peer in self.peer if peer is not None]
        median = statistics.median(values)
        quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [median] * 3
        met = None
        if self.target is not None:
            met = median >= self.target if self.at_least else median <= self.target
        return {
            "row": self.name,
            "ours": statistics.median(self.ours),
            "peer": statistics.median(peers) if peers else None,
            "peer_name": self.peer_name,
            "unit": self.unit,
            "ratio": None if self.absolute else median,
            "spread": {"min": min(values), "q1": quartiles[0], "q3": quartiles[2], "max": max(values)},
            "rounds": len(values),
            "target": None if self.target is None else {"op": ">=" if self.at_least else "<=", "value": self.target},
            "met": met,
        }


def number(value):
    """A number in a width that fits the table: three significant digits, thousands as they are."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 10 else f"{value:.2f}"


def cells(result):
    spread = result["spread"]
    target = result["target"]
    absolute = result["ratio"] is None
    return [
        result["row"],
        f"{number(result['ours'])} {result['unit']}",
        f"{number(result['peer'])} ({result['peer_name']})" if result["peer"] is not None else "-",
        "-" if absolute else f"{result['ratio']:.3f}",
        " ".join(number(spread[key]) if absolute else f"{spread[key]:.2f}" for key in ("min", "q1", "q3", "max")),
        "-" if target is None else f"{target['op']} {target['value']:g}" + (f" {result['unit']}" if absolute else ""),
        {True: "met", False: "NOT MET", None: "-"}[result["met"]],
    ]


HEADINGS = ["row", "ours", "peer", "ratio", "spread (min q1 q3 max)", "target", "met"]


def print_table(results):
    """Prints the table in Markdown, aligned, so that it can be pasted into the documentation as it is."""
    lines = [HEADINGS] + [cells(result) for result in results]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    for index, line in enumerate(lines):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
