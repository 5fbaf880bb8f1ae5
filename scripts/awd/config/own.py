"""What can be configured of studies of one's own: samples, a network, what is asked.

Part of :mod:`awd.config.models`, which says what these models are for.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from awd.config.common import OrOwn, Strict
from awd.config.study import (
    Baselines,
    Distil,
    Splits,
    StudentSettings,
    Training,
)

NAME = r"^[a-z][a-z0-9_]{0,39}$"
Name = Annotated[str, Field(pattern=NAME)]
Called = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
Path = Annotated[str, Field(min_length=1)]


class OwnSource(Strict):
    """Where samples come from; ``inputs`` are the files that are read."""

    def inputs(self) -> list[str]:
        return []


class SampleFile(OwnSource):
    """Samples in a file: netCDF, npz, npy or CSV."""

    kind: Literal["file"]
    file: Path = Field(
        description="Relative to the working directory. netCDF and npz: arrays named "
        "as the keys below say; npy: x alone; CSV: a sample a row, one column a value "
        "of x but for the columns that the keys below name.",
    )
    x: str = Field("x", description="Array of the samples.")
    y: str = Field(
        "y",
        description="Array of what is predicted, where the file has it: (n,), or "
        "(n, columns) for a regression. Of a CSV the one column of classes.",
    )
    group: str = Field(
        "group",
        description="Array or column of the groups, which no split tears; without it "
        "every sample is its own.",
    )
    split: str = Field(
        "split",
        description="Array or column of train, select, test, where the file brings "
        "its own split; then there is one rotation.",
    )
    length: str = Field(
        "length",
        description="Array or column of the lengths, where signals differ in theirs: "
        "what x holds beyond is not read.",
    )
    mask: str = Field(
        "mask",
        description="Array of 1 and 0, (n, time) or (n, y, x), where samples have "
        "gaps: what x holds at a 0 is not read, but filled from what is around.",
    )

    def inputs(self) -> list[str]:
        return [self.file]


class SampleFunction(OwnSource):
    """Samples that a Python function returns: (x, y), or arrays by the names above."""

    kind: Literal["function"]
    function: Called = Field(
        description="package.module:function, importable from the working directory."
    )
    arguments: dict[str, str | int | float | bool | None] = Field(
        {}, description="Its arguments by name."
    )


class OwnNetwork(Strict):
    """A network that is brought; what both kinds share."""

    columns: list[Annotated[int, Field(ge=0)]] | None = Field(
        None,
        description="Column of the network's output for every target; by default in "
        "their order.",
    )
    seen: bool = Field(
        True,
        description="Whether it was trained on samples of this study. false: its "
        "answers are honest everywhere, and student.fit_to: mixed chooses its share.",
    )

    def inputs(self) -> list[str]:
        return []


class NetworkSource(OwnNetwork):
    """A network that answers here."""

    kind: Literal["network"]
    source: Path = Field(
        description="torch.export program (.pt2), TorchScript archive (.pt), ONNX "
        "(.onnx, outputs only), or package.module:factory or folder/file.py:factory, "
        "a function without arguments that returns a torch module, a fitted "
        "scikit-learn model or a function of samples; relative to the working "
        "directory.",
    )
    weights: Path | None = Field(
        None,
        description="State of a torch module that a factory returns: .safetensors, or "
        ".pt of tensors alone.",
    )
    output: str | int | None = Field(
        None,
        description="Key, attribute or index of the output, where the network answers "
        "with several.",
    )
    link: Literal["none", "sigmoid", "softmax"] = Field(
        "none",
        description="What makes probabilities of its logits, which is what is "
        "distilled where targets are classes.",
    )

    def inputs(self) -> list[str]:
        place, _, factory = self.source.rpartition(":")
        own = [place] if factory and place.endswith(".py") else []
        file = [] if factory and place else [self.source]
        return [*own, *file, *([self.weights] if self.weights else [])]


class NetworkOutputs(OwnNetwork):
    """Outputs, and gradients, that were computed elsewhere."""

    kind: Literal["outputs"]
    file: Path = Field(
        description="netCDF or npz with output (n,) or (n, columns), in the order of "
        "the samples, and optionally gradient, of the shape of x, or (columns, ...)."
    )

    def inputs(self) -> list[str]:
        return [self.file]


OwnKind = Annotated[
    Literal["lstm+dilated", "lstm", "dilated", "mlp", "cnn", "resnet"], OrOwn()
]


class OwnTeacher(Training):
    """The networks that are trained here; beside one that is brought, its controls."""

    kinds: list[OwnKind] = Field(
        ["cnn"],
        min_length=1,
        description="Architectures. Without a network of your own the first one is "
        "distilled; with one they are its peers, and untrained and trained on "
        "shuffled targets its controls. lstm+dilated is the mean of two.",
    )


class Own(Strict):
    """A study of your own samples and network."""

    samples: SampleFile | SampleFunction = Field(
        discriminator="kind", description="Where the samples come from."
    )
    dims: Literal[1, 2] = Field(
        1,
        description="Axes of a sample: 1, a signal (n, [channel,] time); 2, an image "
        "(n, [channel,] y, x).",
    )
    task: Literal["regression", "classes"] = Field(
        "regression",
        description="classes: every target is 1 in its class and 0 elsewhere, and R2 "
        "is the Brier skill score of its probability.",
    )
    targets: dict[Name, str | int] = Field(
        min_length=1,
        description="By name, predicted one by one. Of a regression the column: a "
        "number, or the name in a CSV; of classes the label. Samples without any "
        "target take what the network answers in its place.",
    )
    units: str = Field("1", description="Of the targets.")
    signal: str = Field("x", description="What a sample measures, for axis labels.")
    time: str = Field(
        "samples",
        min_length=1,
        description="Unit of a signal's time, of which one lies between its values, "
        "for axis labels: hours, s.",
    )
    about: str = Field(
        "",
        description="What is predicted of what, in a phrase for the report's first "
        "lines.",
    )
    windows: list[Literal["whole", "end"]] = Field(
        ["whole"],
        min_length=1,
        description="What is read of a signal: whole, with zeros after a shorter one, "
        "or every so many values of a longer one; end, its last `length` values. Each "
        "is a channel, also to a network that is brought.",
    )
    length: int | None = Field(
        None,
        ge=8,
        le=1_000_000,
        description="Values of a window; by default those of the longest signal.",
    )
    network: NetworkSource | NetworkOutputs | None = Field(
        None,
        discriminator="kind",
        description="The network that is distilled; without one, one is trained here, "
        "on samples scaled to mean 0 and s.d. 1 of the training groups.",
    )
    splits: Splits = Splits()
    teacher: OwnTeacher = OwnTeacher()
    distil: Distil = Distil()
    student: StudentSettings = StudentSettings()
    baselines: Baselines = Baselines()

    def inputs(self) -> list[str]:
        """All files that the study reads."""
        return [
            *self.samples.inputs(),
            *(self.network.inputs() if self.network else []),
        ]

    def meanings(self) -> dict[str, str]:
        """What is predicted, in words, of every target."""
        classes = self.task == "classes"
        words = "whether a sample is {}, from {}" if classes else "{}, from {}"
        return {
            name: self.about or words.format(column, self.signal)
            for name, column in self.targets.items()
        }
