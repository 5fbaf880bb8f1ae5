"""Maps that were made elsewhere: trees of files, and archives, of any format."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from awd.errors import about
from awd.maps.names import PARAMETERS as PARAMETERS
from awd.maps.readers.archive import npz_archive as npz_archive
from awd.maps.readers.collection import Collection as Collection
from awd.maps.readers.collection import split_by_realisation as split_by_realisation
from awd.maps.readers.healpix import Patches as Patches
from awd.maps.readers.images import Reading as Reading
from awd.maps.readers.images import read_fits as read_fits
from awd.maps.readers.parameters import read_parameters as read_parameters
from awd.maps.readers.scale import agreed as agreed
from awd.maps.readers.tree import fields as fields
from awd.maps.readers.tree import files as files
from awd.maps.readers.tree import fits_tree as fits_tree
from awd.maps.readers.tree import used as used


def of_source(
    source: Mapping[str, Any], wanted: list[str], least: float = 1.0
) -> Collection:
    """The maps that a configuration names (``maps.source``), with their sides.

    Parameters
    ----------
    source : mapping
        :class:`awd.config.maps.FileTree` or :class:`awd.config.maps.Archive`.
    wanted : list of str
        Parameters that are targets.
    least : float
        Share of a patch of the sky that has to be observed.
    """
    keys = ("extension", "quantity", "bins")
    sizes = source["patch_degrees"], source["patch_pixels"]
    patches = Patches(*sizes, least) if all(sizes) else None
    shared = {
        "names": source["names"],
        "wanted": wanted,
        "cosmologies": source["cosmologies"],
        "reading": Reading(**{key: source[key] for key in keys}, patches=patches),
    }
    with about(source.get("files") or source["file"]):
        if "files" in source:
            where = source["files"], source["table"], source["first"]
            found = fits_tree(*where, bad_map=source["bad_map"], **shared)
        else:
            found = npz_archive(
                source["file"],
                table=source["table"],
                parameters_in=source["parameters"],
                **shared,
            )
        return split_by_realisation(found, source["realisations"], source["bad_map"])


def used_files(source: Any) -> list[Path]:
    """The files of maps that a configuration's tree reads."""
    return used(
        source.files,
        source.realisations.model_dump(),
        source.cosmologies,
        source.bins,
        source.bad_map,
    )
