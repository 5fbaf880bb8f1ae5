"""What the files of rules say, read as text: names, environments, steps."""

import ast
import re
from pathlib import Path

RULES = Path(__file__).parents[1] / "rules"
TEXT = "\n".join(path.read_text() for path in RULES.glob("*.smk"))
BASES = {"job": "core", "map_job": "maps"}  # what rules inherit their environment from


def environments():
    """Name of the environment of every rule."""
    found = {}
    for block in re.split(r"(?=use rule (?:map_)?job as )", TEXT)[1:]:
        base, name = re.match(r"use rule (\w+) as (\w+) with:", block).groups()
        env = re.search(r'"\.\./envs/(\w+)\.yaml"', block.partition("\nrule ")[0])
        found[name] = env[1] if env else BASES[base]
    found |= {f"plot_{name}": env for name, env in figures().items()}
    return {name: env for name, env in found.items() if name not in BASES}


def figures():
    """Name of the environment of every figure: the rows of ``figures.smk``."""
    text = (RULES / "figures.smk").read_text().partition("\nfor name, figure in")[0]
    rows = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            rows += zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Assign) and isinstance(
            node.targets[0], ast.Subscript
        ):
            rows.append((node.targets[0].slice, node.value))
    found = {}
    for key, value in rows:
        row = ast.unparse(value)
        maker = re.match(r"(Figure|OfCells|OfMaps|MapFigure)\(", row)
        if maker:
            found[key.value] = "maps" if "Map" in maker[1] else "core"
    return found


def steps(rule):
    """Modules of the studies that a rule's script is told to import."""
    step = re.search(rf'\*\*runs\("{rule}", "(\w+)"\)', TEXT)
    packages = ("awd.study", "awd.maps.study") if step else ()
    return [f"{package}.{step[1]}" for package in packages]
