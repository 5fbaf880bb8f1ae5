"""All networks of a study behind one interface: trained here, and brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from awd import io
from awd.teacher import brought, weights
from awd.teacher.brought import Network
from awd.teacher.linked import Linked


def networks(
    path: io.PathLike, names: Iterable[str] | None = None
) -> dict[str, Network | None]:
    """All networks of a file behind one interface, those that were brought too.

    Of a record of kind "network" the ``source``, ``weights``, ``output``, ``link``,
    ``column`` and ``squeezed`` say how it is opened; of kind "outputs" there is none.
    Parameters and errors otherwise as :func:`awd.teacher.weights.load`.
    """
    records = weights.records(path)
    found: dict[str, Network | None] = {}
    for name in records if names is None else names:
        record = records.get(name, {})
        if record.get("kind") == weights.ELSEWHERE:
            found[name] = None
        elif record.get("kind") == weights.SOURCE:
            found[name] = opened(record)
        else:
            found[name] = brought.network(weights.load(path, [name])[name])
    return found


def opened(record: Mapping[str, Any]) -> Network:
    """The network of a record of kind "network", of whose outputs one is read."""
    linked = Linked(record["output"], record["link"], record["column"])
    wrap = _squeezed if record["squeezed"] else None
    return brought.network(record["source"], linked, wrap, record["weights"])


def _squeezed(net: Any, x: Any) -> Any:
    """A network that reads images (n, y, x) asked with their channel axis."""
    return net(x[:, 0])
