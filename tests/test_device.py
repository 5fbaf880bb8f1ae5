"""A GPU that is asked for is there, or nothing is begun."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from awd.errors import DeviceError
from awd.record import jobs

SCRIPTS = Path(__file__).parents[1] / "scripts"
USERS = [
    path.stem for path in SCRIPTS.glob("*.py") if "params.device" in path.read_text()
]


class Files(list):
    """Paths by number and by name, of which none exists."""

    def __getattr__(self, name):
        return f"absent/{name}"


class Named(dict):
    """As Snakemake's: a mapping whose keys are attributes, too."""

    __getattr__ = dict.get


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
@pytest.mark.parametrize("script", USERS)
def test_a_job_without_its_gpu_ends_before_it_reads_its_data(script, monkeypatch):
    names = {"study": "cells", "split": "0", "target": "half", "seed": "0"}
    params = {"device": "cuda", "step": "awd.study.train", "settings": {}}
    params |= {"script": script, "code": "0"}
    job = SimpleNamespace(
        params=Named(params),
        input=Files(["absent/0"]),
        output=Files(["absent/1"]),
        log=["job.log"],
        wildcards=Named(names),
        rule=script,
    )
    monkeypatch.setattr(jobs, "begin", lambda snakemake: None)
    with pytest.raises(DeviceError, match=r"'cuda' was asked for.*auto or cpu"):
        runpy.run_path(str(SCRIPTS / f"{script}.py"), {"snakemake": job})
