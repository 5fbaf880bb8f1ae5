"""A stand-in for the conda command: what Snakemake and the Makefile ask of it.

Solved and installed by py-rattler. It is no conda: it knows these calls only.
``channel.py`` puts a copy of it into ``bin/`` beside the channels that it reads.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import rattler
import yaml
from rattler.exceptions import SolverError

FOLDER = Path(__file__).parents[1]
PLATFORM = str(rattler.Subdir.current())


def main(arguments: list[str]) -> None:
    match arguments:
        case ["--version"]:
            print("conda 24.7.1")
        case ["info", "--json"]:
            info = {"conda_prefix": str(FOLDER), "platform": PLATFORM}
            print(json.dumps(info, indent=2))
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["clean", "-y", "--tarballs"]:
            pass
        case ["env", "create", *options]:
            file, prefix = places(options)
            asked = yaml.safe_load(file.read_text())
            channels = [name for name in asked["channels"] if name != "nodefaults"]
            asyncio.run(create(channels, asked["dependencies"], prefix))
        case ["create", *options]:
            file, prefix = places(options)
            asyncio.run(create(*pinned(file), prefix))
        case ["list", "--explicit", "--md5", *options]:
            print(f"# platform: {PLATFORM}\n@EXPLICIT")
            for file in sorted((places(options)[1] / "conda-meta").glob("*.json")):
                package = json.loads(file.read_text())
                print(f"{package['url']}#{package['md5']}")
        case _:
            sys.exit(f"the conda stand-in does not know: conda {' '.join(arguments)}")


def places(options: list[str]) -> tuple[Path, Path]:
    """File and prefix of a call."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", type=Path)
    parser.add_argument("--prefix", type=Path)
    for flag in ("--quiet", "--no-default-packages", "--yes"):
        parser.add_argument(flag, action="store_true")
    known = parser.parse_args(options)
    return known.file, known.prefix


def pinned(file: Path) -> tuple[list[str], list[str]]:
    """Channels and exact packages of a list of addresses."""
    lines = file.read_text().partition("@EXPLICIT\n")[2].split()
    urls = [line.partition("#")[0] for line in lines]
    channels = sorted({url.rsplit("/", 2)[0] for url in urls})
    names = [url.rsplit("/", 1)[1].removesuffix(".tar.bz2") for url in urls]
    return channels, ["{} =={} {}".format(*name.rsplit("-", 2)) for name in names]


async def create(channels: list[str], specs: list[str], prefix: Path) -> None:
    """Solve and install, or say why there is no solution."""
    where = rattler.ChannelConfig(f"{FOLDER.as_uri()}/")
    records = await rattler.solve(
        [rattler.Channel(name, where) for name in channels],
        specs,
        platforms=[PLATFORM, "noarch"],
    )
    cache = FOLDER / "packages"
    await rattler.install(records, prefix, cache_dir=cache, show_progress=False)


if __name__ == "__main__":
    failure = 0
    try:
        main(sys.argv[1:])
    except SolverError as error:
        print(error)
        failure = 1
    sys.stdout.flush()
    # py-rattler's threads now and then abort a normal exit.
    os._exit(failure)
