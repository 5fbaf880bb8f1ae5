"""Sections of a page as plain text, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from awd.portable.page import Block, Code, Drawing, Items, Section, Table

WIDTH = 80


def text(title: str, sections: Sequence[Section]) -> str:
    """A page of at most 80 columns, but for its tables."""
    parts = [f"{title}\n{'=' * len(title)}"]
    for section in sections:
        body = "\n\n".join(map(_block, section.blocks))
        parts.append(f"{section.title}\n{'-' * len(section.title)}\n{body}")
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Items):
        return "\n".join(
            textwrap.fill(item, WIDTH, initial_indent="- ", subsequent_indent="  ")
            for item in block.items
        )
    if isinstance(block, Table):
        return _table([block.head, *block.rows])
    if isinstance(block, Code):
        return block.lines
    return textwrap.fill(block.words if isinstance(block, Drawing) else block, WIDTH)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
