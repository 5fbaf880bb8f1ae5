"""Run every import of the given scripts and of the project's modules that they use.

    PYTHONPATH=scripts python tests/conda/imports.py scripts/NAME.py ...

In the folder that holds scripts.
Imports inside functions too. Ends with the statements that fail.
"""

import ast
import sys
from pathlib import Path

from awd.record import provenance


def statements(script: Path) -> set[str]:
    """Absolute imports of a script and its modules, and the modules themselves."""
    script, scripts = script.resolve(), Path("scripts").resolve()
    found = set()
    for path in provenance.code_files(script, scripts / "awd"):
        if path.suffix != ".py":
            continue
        for node in provenance.running(ast.parse(path.read_text())):
            absolute = isinstance(node, ast.ImportFrom) and not node.level
            if absolute or isinstance(node, ast.Import):
                found.add(ast.unparse(node))
        if path != script and path.name != "__init__.py":
            parts = path.relative_to(scripts).with_suffix("").parts
            found.add(f"import {'.'.join(parts)}")
    return found


failed = []
for statement in sorted(set().union(*map(statements, map(Path, sys.argv[1:])))):
    try:
        exec(statement, {})
    except ImportError as error:
        failed.append(f"{statement}: {error}")
sys.exit("\n".join(failed) or None)
