"""Of a study of one's own samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from awd import registry
from awd.config.contradictions import method

if TYPE_CHECKING:
    from awd.config.own import Own


def found(name: str, own: Own) -> Iterator[tuple[str, str]]:
    """What cannot be, by key."""
    prefix, network = f"own.{name}", own.network
    if name in ("cells", "maps", "recovery"):
        yield prefix, "is the name of a study of this project; choose another"
    yield from method.found(prefix, own)
    if len(set(own.windows)) < len(own.windows):
        yield f"{prefix}.windows", "lists a window twice"
    numbers = [value for value in own.targets.values() if isinstance(value, int)]
    if own.task == "regression" and min(numbers, default=0) < 0:
        yield (
            f"{prefix}.targets",
            f"names column {min(numbers)}; expected columns counted from 0",
        )
    columns = network and network.columns
    if columns and len(columns) != len(own.targets):
        yield (
            f"{prefix}.network.columns",
            f"has {len(columns)} entries for {len(own.targets)} targets; expected a "
            "column a target",
        )
    wanted = set(own.distil.objectives) - {"output"}
    if wanted and network and network.kind == "network" and _is_onnx(network.source):
        yield (
            f"{prefix}.distil.objectives",
            f"lists {', '.join(sorted(wanted))}, which need gradients; ONNX has none: "
            "objectives: [output]",
        )
    if own.dims == 2 and "soft" in own.distil.objectives:
        yield f"{prefix}.distil.objectives", "lists soft, which reads signals only"
    reading = {1: {"lstm", "dilated", "mlp", "cnn"}, 2: {"mlp", "cnn", "resnet"}}
    known = reading[own.dims]
    kinds = [kind for kind in own.teacher.kinds if not registry.is_path(kind)]
    other = {part for kind in kinds for part in kind.split("+")} - known
    if other:
        yield (
            f"{prefix}.teacher.kinds",
            f"lists {', '.join(sorted(other))}; of samples with dims: {own.dims} there "
            f"is {', '.join(sorted(known))}",
        )
    if not network and own.student.fit_to == "mixed" and own.teacher.folds < 2:
        yield (
            f"{prefix}.teacher.folds",
            f"is {own.teacher.folds}; 2 or more find the share of student.fit_to: "
            "mixed",
        )


def _is_onnx(source: str) -> bool:
    return source.endswith(".onnx")


def unread(prefix: str, own: Own) -> Iterator[tuple[str, str]]:
    """Keys that are not read, and why."""
    yield from method.unread(prefix, own)
    if own.network:
        yield f"{prefix}.teacher.folds", "the network is brought, none is trained anew"
        if own.network.seen and own.student.fit_to == "mixed":
            yield (
                f"{prefix}.student.shares",
                "a network that was trained on these samples cannot choose its share, "
                "which is a half; network.seen: false if it was not",
            )
    if own.dims == 2:
        for key in ("start", "statistics"):
            yield f"{prefix}.student.{key}", "images have no time"
        for key in ("windows", "length"):
            yield f"{prefix}.{key}", "images are read whole"
