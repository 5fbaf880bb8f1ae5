from pathlib import Path

import yaml

from awd import integrity, io
from awd.record import crate
from awd.record.jobs import begin

begin(snakemake)
root, output = Path(__file__).parents[1], snakemake.output
record = io.read_json(snakemake.input[0])
crate.copy_workflow(root, Path(output.workflow))
config = yaml.safe_dump(record["config"], sort_keys=False, allow_unicode=True)
io.write_text(config, Path(output.workflow) / "config.yaml")
citation = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
described = crate.describe(record, citation, Path(output.crate).parent)
io.write_json(described, output.crate, sealed=False)
integrity.seal_beside(Path(output.crate))  # its form has no room for a checksum
