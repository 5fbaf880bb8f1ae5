"""The rules of the default run by phase, as a figure: docs/_static/rules.svg.

``python docs/rule_graph.py`` asks Snakemake which rules there are and what follows on
what, and draws a column a phase and a box a rule. Arrows are between phases, and only
where no other way leads.
"""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from awd.report.style import DOUBLE, NO_LAYOUT, styled

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/_static/rules.svg"
# Titles of the phases by name, in the columns they stand in.
COLUMNS = [
    {"cells": "cells", "maps": "maps", "own": "data of your own"},
    {"method": "the method"},
    {"results": "what it is worth"},
    {"figures": "figures"},
    {"record": "pages"},
]
INK = {"cells": "#0072B2", "maps": "#D55E00", "own": "#009E73", "method": "#CC79A7"}
INK |= {"results": "#B07800", "figures": "#3182BD", "record": "#333333"}
# In inches before the whole is fitted to a page: of a box, between two, of a letter;
# between phases above each other and beside each other.
HIGH, GAP, LETTER, APART, BETWEEN = 0.2, 0.05, 0.072, 0.4, 0.5
MOST = 15  # boxes of a column, then it is broken


def plan() -> tuple[list[str], set[tuple[str, str]]]:
    """Rules of the default run, and pairs of those that follow on each other."""
    asked = ["snakemake", "--configfile", "config/default.yaml", "--rulegraph"]
    call = [sys.executable, "-m", *asked]
    dot = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', dot.stdout))
    pairs = re.findall(r"(\d+) -> (\d+)", dot.stdout)
    return [*names.values()], {(names[a], names[b]) for a, b in pairs}


def phases(rules: list[str], edges: set[tuple[str, str]]) -> dict[str, list[str]]:
    """Rules of each phase, those first that others follow on.

    A rule of a source that follows on the method tells what it is worth; what follows
    on figures is a page.
    """
    home = {
        name: path.stem
        for path in (ROOT / "rules").glob("*.smk")
        for name in re.findall(
            r"^ *(?:use rule \w+ as|rule) (\w+)", path.read_text(), re.M
        )
    }
    before = {rule: _before(rule, edges) for rule in rules}
    found: dict[str, list[str]] = {name: [] for column in COLUMNS for name in column}
    for rule in sorted(rules, key=lambda rule: (len(before[rule]), rule)):
        on = {home.get(name, "figures") for name in before[rule]}
        if rule.startswith("plot_"):
            found["figures"].append(rule)
        elif rule != "all":
            own = home[rule]
            if own == "record" or "figures" in on:
                own = "record"
            elif own != "method" and "method" in on:
                own = "results"
            found[own].append(rule)
    found["figures"].sort()
    return {name: own for name, own in found.items() if own}


def _before(rule: str, edges: set[tuple[str, str]]) -> set[str]:
    """All that a rule follows on."""
    found: set[str] = set()
    new = {rule}
    while new:
        new = {a for a, b in edges if b in new} - found
        found |= new
    return found


def arrows(
    phases: dict[str, list[str]], edges: set[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Phases that follow on each other, without those to which another way leads."""
    of = {rule: name for name, own in phases.items() for rule in own}
    pairs = {(of[a], of[b]) for a, b in edges if a in of and b in of}
    pairs = {(a, b) for a, b in pairs if a != b}
    return sorted(
        (a, b)
        for a, b in pairs
        if not any(a in _before(c, pairs) for c, end in pairs if end == b and c != a)
    )


@styled
def draw(phases: dict[str, list[str]], arrows: list[tuple[str, str]]) -> Figure:
    """Columns of phases, boxes of rules, arrows between the phases."""
    places, x = {}, 0.0  # corner above left, width and height of each phase
    for column in COLUMNS:
        own = {name: _size(phases[name]) for name in column if name in phases}
        whole = sum(height for _, height in own.values()) + APART * (len(own) - 1)
        y = whole / 2
        for name, size in own.items():
            places[name] = x, y, *size
            y -= size[1] + APART
        x += max((width for width, _ in own.values()), default=0) + BETWEEN
    tall = max(y for _, y, *_ in places.values()) + 0.3
    scale = DOUBLE / x
    figure = Figure(figsize=(DOUBLE, 2 * tall * scale), layout=NO_LAYOUT)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-0.1, x - BETWEEN + 0.1), ylim=(-tall + 0.2, tall))
    ax.set_axis_off()
    titles = {name: title for column in COLUMNS for name, title in column.items()}
    for name, place in places.items():
        _phase(ax, place, titles[name], phases[name], INK[name])
    for start, end in arrows:
        ax.add_patch(_arrow(places[start], places[end], INK[start]))
    return figure


def _rows(rules):
    """In how many rows the boxes of a phase stand."""
    return -(-len(rules) // -(-len(rules) // MOST))


def _wide(rules):
    return 0.1 + LETTER * max(map(len, rules))


def _size(rules):
    """Width and height of a phase."""
    rows = _rows(rules)
    columns = -(-len(rules) // rows)
    return columns * (_wide(rules) + GAP) + GAP, rows * (HIGH + GAP) + GAP


def _phase(ax, place, title, rules, colour):
    """Draw one phase below its title."""
    x, y, width, height = place
    box = {"boxstyle": "round,pad=0,rounding_size=0.05", "lw": 0}
    frame = FancyBboxPatch((x, y - height), width, height, **box)
    frame.set(facecolor=colour, alpha=0.12)
    ax.add_patch(frame)
    ax.text(x, y + 0.06, title, color=colour, fontweight="bold", va="bottom")
    rows, wide = _rows(rules), _wide(rules)
    for k, rule in enumerate(rules):
        left = x + GAP + k // rows * (wide + GAP)
        low = y - (k % rows + 1) * (HIGH + GAP)
        ax.add_patch(FancyBboxPatch((left, low), wide, HIGH, fc="white", **box))
        ax.text(left + 0.05, low + HIGH / 2, rule, va="center_baseline", fontsize=6)


def _arrow(start, end, colour):
    """From the right side of a phase to the left side of another."""
    (x, y, width, height), (to_x, to_y, _, to_height) = start, end
    middle = y - height / 2
    at = min(max(middle, to_y - to_height + 0.1), to_y - 0.1)
    how = {"arrowstyle": "-|>", "mutation_scale": 8, "lw": 1.2, "color": colour}
    return FancyArrowPatch(
        (x + width + 0.03, middle), (to_x - 0.03, at), shrinkA=0, shrinkB=0, **how
    )


def write(path: Path = OUT) -> None:
    """Draw the default run's rules into an SVG, whose names stay text."""
    rules, edges = plan()
    found = phases(rules, edges)
    figure = draw(found, arrows(found, edges))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "awd"}):
        figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    write()
