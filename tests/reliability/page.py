"""The page of counts, from what the tests counted: ``page.py counts.json page.md``."""

import json
import platform
import sys
from pathlib import Path

HEAD = """# Reliability

Wrong arguments, files and settings, and damaged results, as the tests counted them when
this page was made ({system}, Python {python}); `make reliability` makes it anew, with
many more cases, and kills runs. A case has to end in a clear error (file or argument,
what was found, what was expected, what to do, at most 500 characters) or in the right
result; anything else fails the test. `silent` would be what passes unseen. A short form
runs with `make test-all`.

"""


def rows(counts):
    table = {}
    for part, what, outcome, number in counts:
        cases = table.setdefault((part, what), {})
        cases[outcome] = cases.get(outcome, 0) + number
    return table


def page(counts):
    table = rows(counts)
    text = HEAD.format(system=platform.system(), python=platform.python_version())
    for part in dict.fromkeys(part for part, _ in table):
        own = {what: cases for (p, what), cases in table.items() if p == part}
        outcomes = sorted({outcome for cases in own.values() for outcome in cases})
        total = sum(sum(cases.values()) for cases in own.values())
        text += f"## {part.capitalize()}: {total:,} cases\n\n"
        text += f"| | {' | '.join(outcomes)} |\n|---|{'---:|' * len(outcomes)}\n"
        for what, cases in sorted(own.items()):
            cells = " | ".join(f"{cases.get(o, 0):,}" for o in outcomes)
            text += f"| {what} | {cells} |\n"
        text += "\n"
    return text.rstrip() + "\n"


if __name__ == "__main__":
    source, target = sys.argv[1:]
    counted = [json.loads(line) for line in Path(source).read_text().splitlines()]
    Path(target).write_text(page(counted), "utf-8")
