"""Networks on disk: weights as safetensors, what they are as JSON beside.

Of a network that was brought only the JSON says what it is: it stays where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from awd import integrity, io
from awd.errors import DataError
from awd.teacher.networks import Teacher, build

ELSEWHERE = "outputs"  # kind of a network of which only its outputs are here
SOURCE = "network"  # kind of one that is opened where it stands


def save(
    models: Mapping[str, Teacher | Mapping[str, Any]],
    path: io.PathLike,
    record: Mapping[str, Any] | None = None,
) -> None:
    """Write networks by name: weights as safetensors, what they are as JSON beside.

    The JSON holds of each its kind, seed and sizes, the target's mean and s.d.,
    ``record``, and the SHA-256 of the weights. A mapping in place of a network is the
    record of one that was brought, see :func:`awd.teacher.shelf.networks`.
    """
    from safetensors.torch import save_file

    weights: dict[str, Tensor] = {}
    records: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        if isinstance(model, Mapping):
            records[name] = {**model, **(record or {})}
            continue
        if not hasattr(model, "record"):
            raise DataError(
                f"{path}: {name}, a {type(model).__name__}, has no record of its "
                "sizes; make it with awd.teacher.networks.build"
            )
        state = {
            k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()
        }
        weights |= {f"{name}/{key}": value for key, value in state.items()}
        scale = {key: state[key].tolist() for key in ("target_mean", "target_sd")}
        records[name] = {**model.record, **scale, **(record or {})}
    with io.replacing(path) as temporary:
        save_file(weights, temporary)
        digest = integrity.sha256(temporary)
    of_all = {name: own | {"sha256": digest} for name, own in records.items()}
    io.write_json(of_all, _beside(path))


def load(path: io.PathLike, names: Iterable[str] | None = None) -> dict[str, Teacher]:
    """Read networks written by :func:`save`, in eval mode, on the CPU.

    Parameters
    ----------
    path : path
        Of the weights.
    names : iterable of str, optional
        Which of them; by default all.

    Raises
    ------
    MissingInput
        When the weights, or the JSON beside them, are absent.
    DataError
        When either is damaged, they do not belong together, or lack a name.
    """
    from safetensors import safe_open

    described = records(path)
    digest = integrity.sha256(io.existing(path))
    if any(
        not isinstance(record, dict) or record.get("sha256") != digest
        for record in described.values()
    ):
        raise DataError(
            f"{path}: not the weights that {_beside(path).name} describes; one of them "
            "is damaged or of another training: train again"
        )
    models: dict[str, Teacher] = {}
    try:
        with safe_open(path, "pt") as file:
            for name in described if names is None else names:
                record = described[name]
                model = build(record["kind"], record["seed"], **record["sizes"])
                state = {
                    key: file.get_tensor(f"{name}/{key}") for key in model.state_dict()
                }
                model.load_state_dict(state)
                models[name] = model.eval()
    except Exception as error:  # of a record that says what no network is
        raise DataError(
            f"{path} and {_beside(path).name} do not hold the networks asked for "
            f"({type(error).__name__}: {error}); train them again"
        ) from error
    return models


def records(path: io.PathLike) -> dict[str, Any]:
    """What stands beside the weights, by name."""
    return io.read_json(_beside(path))


def _beside(path: io.PathLike) -> Path:
    if not isinstance(path, str | Path):
        io.existing(path)  # says what it is
    return Path(path).with_suffix(".json")
