"""``config/schema.json`` and the key table of ``config/README.md``, from the models.

Made by ``make keys``; a test keeps the files in step.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from awd.config.common import OrOwn, Strict, models_in, tags
from awd.config.models import PAPER, Config


def json_schema() -> dict[str, Any]:
    """JSON schema of the configuration, for editors."""
    return Config.model_json_schema()


def key_table() -> str:
    """Markdown table of every key: default, type and meaning."""
    rows = ["| key | default | paper | values | meaning |", "|---|---|---|---|---|"]
    rows += [" | ".join(("", *row, "")).strip() for row in _rows(Config, "", PAPER)]
    return "\n".join(rows) + "\n"


def _rows(
    model: type[Strict], prefix: str, paper: Mapping[str, Any]
) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        inner = list(models_in(info.annotation))
        for sub in inner:
            kind = f" ({tags(sub)[0]})" if len(inner) > 1 else ""
            named = "NAME." * (typing.get_origin(info.annotation) is dict)
            own = f"{prefix}{name}.{named}"
            for key, *rest in _rows(sub, own, paper.get(name, {})):
                inside = key.removeprefix(f"`{own}").partition(".")[0].rstrip("`")
                # What one may say anew of what is said of all stands there once.
                if not (named and inside in model.model_fields and inside != name):
                    yield (key + kind, *rest)
        if not inner:
            default = "required" if info.is_required() else f"`{info.default}`"
            if info.default_factory:
                default = "see meaning"
            published = f"`{paper[name]}`" if name in paper else ""
            meaning = info.description or "which kind"
            values = _values(info.annotation) + _own(info.metadata)
            yield f"`{prefix}{name}`", default, published, values, meaning


def _values(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin is list:
        return f"list of {_values(arguments[0])}"
    if origin is dict:
        return f"by name: {_values(arguments[1])}"
    if origin is Annotated:
        return _values(arguments[0]) + _own(arguments[1:])
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_values(a) for a in arguments if a is not type(None))
    return annotation.__name__


def _own(metadata: Iterable[Any]) -> str:
    """What stands behind the names where an entry of one's own may stand too."""
    return ", or an import path" if any(isinstance(m, OrOwn) for m in metadata) else ""


def write_docs(folder: Path) -> None:
    """Write ``schema.json`` and the key table of ``README.md`` (``make keys``)."""
    schema = json.dumps(json_schema(), indent=2) + "\n"
    (folder / "schema.json").write_text(schema, "utf-8")
    readme = folder / "README.md"
    before, mark, _ = readme.read_text("utf-8").partition("<!-- keys -->\n")
    readme.write_text(before + mark + key_table(), "utf-8")


if __name__ == "__main__":
    write_docs(Path(__file__).parents[3] / "config")
