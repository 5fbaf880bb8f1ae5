"""Sections of text, lists, tables, code and drawings as Markdown or as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto;
  padding: 0 1em; color: #222 }
table { border-collapse: collapse; font-size: 90% }
th, td { border-bottom: 1px solid #ccc; padding: .2em .8em .2em 0; text-align: left }
pre { background: #f5f5f5; padding: .8em; overflow-x: auto }
li, p, td { overflow-wrap: break-word }
"""


class Items(NamedTuple):
    """A list."""

    items: Sequence[str]


class Table(NamedTuple):
    """A table."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Code(NamedTuple):
    """Lines of Python."""

    lines: str


class Drawing(NamedTuple):
    """An SVG element, and the words that stand for it where there are no drawings."""

    svg: str
    words: str


Block = str | Items | Table | Code | Drawing


class Section(NamedTuple):
    """A title and what stands under it."""

    title: str
    blocks: Sequence[Block]


def markdown(title: str, sections: Sequence[Section]) -> str:
    """A page in Markdown."""
    parts = [f"# {_marked(title)}"]
    for section in sections:
        parts += [f"## {section.title}", *map(_block_in_markdown, section.blocks)]
    return "\n\n".join(parts) + "\n"


def html(title: str, sections: Sequence[Section]) -> str:
    """A page in HTML that needs no other file."""
    parts = [f"<h1>{escape(title)}</h1>"]
    for section in sections:
        parts += [f"<h2>{escape(section.title)}</h2>"]
        parts += map(_block_in_html, section.blocks)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _block_in_markdown(block: Block) -> str:
    if isinstance(block, Items):
        return "\n".join(f"- {_marked(item)}" for item in block.items)
    if isinstance(block, Table):
        lines = [block.head, ["---"] * len(block.head), *block.rows]
        return "\n".join(f"| {' | '.join(map(_marked, line))} |" for line in lines)
    if isinstance(block, Code):
        return "\n".join(f"    {line}" for line in block.lines.splitlines())
    return _marked(block.words if isinstance(block, Drawing) else block)


def _marked(words: str) -> str:
    """Words that keep to their line and their cell, with no markup of their own."""
    plain = " ".join(words.split())
    for sign in "\\`*_[]<>|":
        plain = plain.replace(sign, f"\\{sign}")
    return plain


def _block_in_html(block: Block) -> str:
    if isinstance(block, Items):
        items = "".join(f"<li>{escape(item)}</li>" for item in block.items)
        return f"<ul>{items}</ul>"
    if isinstance(block, Table):
        head = "".join(f"<th>{escape(cell)}</th>" for cell in block.head)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
            for row in block.rows
        )
        return f"<table><tr>{head}</tr>{rows}</table>"
    if isinstance(block, Code):
        return f"<pre>{escape(block.lines)}</pre>"
    if isinstance(block, Drawing):
        caption = f"<figcaption>{escape(block.words)}</figcaption>"
        return f"<figure>{block.svg}{caption}</figure>"
    return f"<p>{escape(block)}</p>"
