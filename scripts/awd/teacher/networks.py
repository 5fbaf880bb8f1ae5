"""Teachers: small networks that are to be distilled, built, saved and loaded."""

from __future__ import annotations

import difflib
import inspect
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from awd import registry
from awd.errors import ConfigError, DataError, ShapeError
from awd.teacher.training import seeded


class Teacher(nn.Module):
    """A network that predicts in the target's unit: ``mean + s.d. * body(x)``.

    The body learns a standardised target; mean and s.d. are buffers, set by
    :func:`build` from the training targets and saved with the weights. A kind of
    teacher is a subclass with a ``body`` and its entry in :data:`KINDS`.

    Every kind reads ``(n, time)`` or ``(n, channel, time)`` as given, padding included;
    one that was built with a height reads images, ``(n, channel, y, x)``.

    Parameters
    ----------
    inputs : int
        Channels.
    length : int, optional
        Samples in time, of images in x, where the kind has to know.
    outputs : int
        Targets.
    height : int, optional
        Of images, pixels in y.

    Attributes
    ----------
    weight_decay : float
        What :func:`awd.teacher.training.train` should be given for this kind.
    dimensions : tuple of int
        Of samples that it reads: 2 of (n, time), 3 of (n, channel, time), or of images
        (n, y, x) where 2 is not among them, 4 of (n, channel, y, x).
    """

    weight_decay: ClassVar[float] = 0.0
    dimensions: ClassVar[tuple[int, ...]] = (2, 3, 4)
    record: dict[str, Any]
    target_mean: Tensor
    target_sd: Tensor

    def __init__(
        self,
        inputs: int,
        length: int | None = None,
        outputs: int = 1,
        height: int | None = None,
    ) -> None:
        super().__init__()
        self.inputs, self.length, self.height = inputs, length, height
        self.register_buffer("target_mean", torch.zeros(outputs))
        self.register_buffer("target_sd", torch.ones(outputs))

    def body(self, x: Tensor) -> Tensor:
        """The network proper: (n, channel, time) -> (n, outputs)."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Predictions of shape (n, outputs), in the targets' unit."""
        return self.target_mean + self.target_sd * self.body(self._channels(x))

    def _channels(self, x: Tensor) -> Tensor:
        """The input as (n, channel, time); refuses what it was not made for."""
        shape = tuple(x.shape)
        axes = 2 if self.height else 1
        x = x[:, None] if x.ndim == axes + 1 else x
        known = x.ndim == axes + 2 and x.shape[1] == self.inputs
        known = known and self.height in (None, x.shape[2])
        if not (known and self.length in (None, x.shape[-1])):
            samples = f"{self.length} samples" if self.length else "time"
            samples = (
                f"{self.height} x {self.length} pixels" if self.height else samples
            )
            raise ShapeError(
                f"this {type(self).__name__} reads (n, {self.inputs} channels, "
                f"{samples}), or (n, {samples}) for one channel; got {shape}; build it "
                "with the sizes that awd.teacher.networks.sizes_for finds"
            )
        return x


class LSTM(Teacher):
    """The paper's cell teacher: last hidden state of one LSTM layer, then linear.

    Ha et al. 2021, section 4.2: one input, 20 hidden units.
    """

    dimensions = (2, 3)

    def __init__(self, inputs: int = 1, hidden: int = 20) -> None:
        super().__init__(inputs)
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def body(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(x.transpose(1, 2))
        return self.linear(states[:, -1])


class MLP(Teacher):
    """Two hidden layers (64 and 32, ReLU) on the flattened samples."""

    weight_decay = 1e-3

    def __init__(
        self,
        inputs: int = 1,
        length: int = 40,
        wide: int = 64,
        narrow: int = 32,
        height: int | None = None,
    ) -> None:
        super().__init__(inputs, length, height=height)
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(inputs * length * (height or 1), wide),
            nn.ReLU(),
            nn.Linear(wide, narrow),
            nn.ReLU(),
            nn.Linear(narrow, 1),
        )

    def body(self, x: Tensor) -> Tensor:
        return self.layers(x)


class CNN(Teacher):
    """Two convolutions (16 and 32 channels, 5 samples wide), one hidden layer (32).

    In time, or over images. ReLU throughout; each convolution keeps the length and a
    mean of two halves it.
    """

    weight_decay = 1e-3

    def __init__(
        self,
        inputs: int = 1,
        length: int = 40,
        first: int = 16,
        second: int = 32,
        hidden: int = 32,
        height: int | None = None,
    ) -> None:
        super().__init__(inputs, length, height=height)
        quarters = math.ceil(length / 4) * math.ceil((height or 1) / 4)
        self.layers = nn.Sequential(
            *self._halving(inputs, first),
            *self._halving(first, second),
            nn.Flatten(),
            nn.Linear(second * quarters, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def body(self, x: Tensor) -> Tensor:
        return self.layers(x)

    def _halving(self, channels: int, filters: int) -> tuple[nn.Module, ...]:
        # Means, not maxima: each sample keeps its share of the gradient, which is what
        # distillation reads. A last sample without a partner stays alone.
        signals = nn.Conv1d, nn.AvgPool1d
        convolution, mean = (nn.Conv2d, nn.AvgPool2d) if self.height else signals
        convolved = convolution(channels, filters, 5, padding=2)
        return convolved, nn.ReLU(), mean(2, ceil_mode=True)


class Dilated(Teacher):
    """Three convolutions (24 channels, 5 samples wide) dilated by 1, 2 and 4.

    Each sees what lies further apart, as in WaveNet (van den Oord et al., arXiv
    1609.03499), but both ways in time. Means over fifths of the time and one hidden
    layer (32) follow, as in :class:`CNN`.
    """

    weight_decay = 1e-3
    dimensions = (2, 3)

    def __init__(
        self,
        inputs: int = 1,
        length: int = 40,
        filters: int = 24,
        parts: int = 5,
        hidden: int = 32,
    ) -> None:
        super().__init__(inputs, length)
        layers: list[nn.Module] = []
        for channels, dilation in ((inputs, 1), (filters, 2), (filters, 4)):
            layers += [
                nn.Conv1d(channels, filters, 5, padding="same", dilation=dilation),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(
            *layers,
            nn.AdaptiveAvgPool1d(min(parts, length)),
            nn.Flatten(),
            nn.Linear(filters * min(parts, length), hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def body(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Residual(nn.Module):
    """Two convolutions and a way around them (He et al. 2016, basic block)."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, filters, 3, stride, 1, bias=False),
            _normalised(filters),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 3, 1, 1, bias=False),
            _normalised(filters),
        )
        self.around: nn.Module = nn.Identity()
        if stride > 1 or inputs != filters:
            straight = nn.Conv2d(inputs, filters, 1, stride, bias=False)
            self.around = nn.Sequential(straight, _normalised(filters))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.layers(x) + self.around(x))


class ResNet(Teacher):
    """The maps' teacher, ResNet-18 (He et al. 2016; Ha et al. 2021, section 4.3).

    Reads images, ``(n, y, x)`` or ``(n, channel, y, x)``.

    Parameters
    ----------
    inputs, outputs : int
        Channels and targets.
    width : int
        Filters of the first stage; each of the three others doubles them. 64 is the
        published network; a narrow network learns as well from few maps.
    scale : float
        What inputs are divided by, about their s.d.: batch norm begins with a variance
        of 1, and forgets it slowly.
    stem : {5, 7}
        7: 7 x 7 with stride 2 and a maximum of 3 x 3, as published. 5: 5 x 5 with
        stride 2 and a mean of 2 x 2, through which every pixel has its share.
    """

    weight_decay = 0.02
    dimensions = (3, 4)

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 1,
        width: int = 12,
        stem: int = 5,
        scale: float = 1.0,
    ) -> None:
        super().__init__(inputs, outputs=outputs)
        self.scale = scale
        pool = nn.MaxPool2d(3, 2, 1) if stem == 7 else nn.AvgPool2d(2)
        first = nn.Conv2d(inputs, width, stem, 2, stem // 2, bias=False)
        stages, channels = [], width
        for filters, stride in (
            (width, 1),
            (2 * width, 2),
            (4 * width, 2),
            (8 * width, 2),
        ):
            first_block = Residual(channels, filters, stride)
            stages += [first_block, Residual(filters, filters, 1)]
            channels = filters
        self.layers = nn.Sequential(
            first,
            _normalised(width),
            nn.ReLU(),
            pool,
            *stages,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, outputs),
        )

    def body(self, x: Tensor) -> Tensor:
        return self.layers(x / self.scale)

    def _channels(self, x: Tensor) -> Tensor:
        shape = tuple(x.shape)
        x = x[:, None] if x.ndim == 3 else x
        if x.ndim != 4 or x.shape[1] != self.inputs:
            raise ShapeError(
                f"this ResNet reads (n, {self.inputs} channels, y, x), or (n, y, x) "
                f"for one channel; got {shape}"
            )
        return x


class Ensemble(Teacher):
    """The mean of several networks that differ in kind, or in what they were shown.

    Bagging (L. Breiman, Mach. Learn. 24, 1996). ``of`` names the kinds, joined by "+";
    the members take turns with them.
    """

    def __init__(
        self,
        of: str,
        members: int,
        inputs: int = 1,
        length: int | None = None,
        height: int | None = None,
    ) -> None:
        super().__init__(inputs, length, height=height)
        sizes = {"inputs": inputs, "length": length, "height": height}
        members_of = []
        for kind in itertools.islice(itertools.cycle(parts(of)), members):
            member: Any = _class(kind)(**_taken(kind, sizes))
            member.record = {"kind": kind}
            members_of.append(member)
        self.members = nn.ModuleList(members_of)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([member(x) for member in self.members]).mean(0)


def _normalised(filters: int) -> nn.Module:
    # Batches are small: a long memory keeps what evaluation uses steady.
    return nn.BatchNorm2d(filters, momentum=0.05)


KINDS: dict[str, type[Teacher]] = {
    "lstm": LSTM,
    "mlp": MLP,
    "cnn": CNN,
    "dilated": Dilated,
    "resnet": ResNet,
    "ensemble": Ensemble,
}


def parts(kind: str) -> list[str]:
    """The kinds that are trained each by itself: ``"lstm+dilated"`` is the mean of two.

    Raises
    ------
    ConfigError
        When one of them is unknown.
    """
    kinds = kind.split("+")
    for part in kinds:
        _class(part)
    return kinds


def sizes_for(kind: str, x: np.ndarray) -> dict[str, int]:
    """The sizes of a kind that its samples decide: channels, and samples in time.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`, or the import path of a subclass of :class:`Teacher`.
    x : array of shape (n, time), (n, channel, time) or (n, channel, y, x)
        Samples it is to read; of a ResNet (n, y, x) too.

    Raises
    ------
    ConfigError
        When the kind is unknown.
    ShapeError
        When ``x`` has another number of dimensions.

    Examples
    --------
    >>> x = np.zeros((100, 40))
    >>> sizes_for("lstm", x), sizes_for("mlp", x)
    ({'inputs': 1}, {'inputs': 1, 'length': 40})
    """
    possible = _class(kind).dimensions
    images = 2 not in possible
    if np.ndim(x) not in possible:
        wanted = "y, x" if images else "time"
        raise ShapeError(f"x is {np.shape(x)}; expected (n, [channel,] {wanted})")
    axes = 2 if images or np.ndim(x) == 4 else 1
    single = np.ndim(x) == axes + 1
    sizes = {"inputs": 1 if single else x.shape[1], "length": x.shape[-1]}
    sizes |= {"height": x.shape[-2]} if np.ndim(x) == 4 else {}
    return _taken(kind, sizes)


def _taken(kind: str, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Of some sizes those that a kind takes."""
    parameters = inspect.signature(_class(kind)).parameters
    return {name: size for name, size in sizes.items() if name in parameters}


def build(
    kind: str, seed: int, target: np.ndarray | None = None, **sizes: Any
) -> Teacher:
    """A teacher with fresh weights; torch's global generator is left alone.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`, or the import path of a subclass of :class:`Teacher`.
    seed : int
        Seed of the initial weights.
    target : array of shape (n,) or (n, outputs), optional
        Training targets, whose means and s.d. become the units of the outputs.
    **sizes
        Arguments of the kind's class, such as ``hidden=20``; those that the samples
        decide come from :func:`sizes_for`.

    Raises
    ------
    ConfigError
        When the kind, or one of its sizes, is unknown.
    DataError
        When the targets are constant or not finite.
    """
    made = _class(kind)
    signature = inspect.signature(made)
    for name in sizes:
        _known(name, signature.parameters, f"size of {kind}")
    complete = signature.bind(**sizes)
    complete.apply_defaults()
    with seeded(seed):
        model = made(**sizes)
    model.record = {"kind": kind, "seed": seed, "sizes": dict(complete.arguments)}
    if target is not None:
        target = np.asarray(target, float)
        mean, sd = target.mean(0), target.std(0)
        if not (np.isfinite(mean).all() and (sd > 0).all()):
            raise DataError(
                f"targets have mean {mean} and s.d. {sd}; a teacher needs finite "
                "targets that vary"
            )
        model.target_mean.copy_(torch.as_tensor(mean))
        model.target_sd.copy_(torch.as_tensor(sd))
    return model


def ensemble(models: Sequence[Teacher]) -> Teacher:
    """The mean of networks, in eval mode; of means their members.

    Where they differ in kind, all take turns: of two kinds every second is of one.
    """
    members: list[Any] = [
        member
        for model in models
        for member in (model.members if isinstance(model, Ensemble) else [model])
    ]
    first = members[0]
    sizes = {
        "of": "+".join(dict.fromkeys(_kind(member) for member in members)),
        "members": len(members),
        "inputs": first.inputs,
        "length": max(member.length or 0 for member in members) or None,
        "height": first.height,
    }
    whole = build("ensemble", models[0].record["seed"], **sizes)
    assert isinstance(whole, Ensemble)
    for own, member in zip(whole.members, members, strict=True):
        own.load_state_dict(member.state_dict())
    whole.target_mean.copy_(first.target_mean)
    whole.target_sd.copy_(first.target_sd)
    return whole.eval()


def _kind(model: Teacher) -> str:
    known = [kind for kind, made in KINDS.items() if type(model) is made]
    return known[0] if known else model.record["kind"]  # a class of one's own


def _class(name: str) -> type[Teacher]:
    """The class of a kind: a key of :data:`KINDS`, or an import path."""
    if not registry.is_path(name):
        _known(name, KINDS, "kind of teacher")
        return KINDS[name]
    made = registry.imported(name)
    if not (isinstance(made, type) and issubclass(made, Teacher)):
        raise ConfigError(
            f"{name} is no subclass of awd.teacher.networks.Teacher; expected one with "
            "a body"
        )
    return made


def _known(name: str, choices: Mapping[str, Any], what: str) -> None:
    if name not in choices:
        close = difflib.get_close_matches(name, choices, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ConfigError(f"no {what} {name!r}; there is {', '.join(choices)}{hint}")
