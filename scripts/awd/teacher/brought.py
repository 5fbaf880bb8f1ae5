"""Networks that are brought, whatever they are: one small interface over their habits.

Distillation needs little of a network: its outputs and, for some objectives, the
gradients of its outputs with respect to the samples. :func:`network` gives both for
torch modules, exported and scripted programs, ONNX files, scikit-learn models, plain
functions and import paths.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.errors import AwdError, ConfigError, DataError
from awd.samples import real
from awd.scalars import shown
from awd.teacher import answers, files

if TYPE_CHECKING:
    from torch import nn


class Network(ABC):
    """A network as distillation sees it.

    Attributes
    ----------
    parameters : int or None
        Number of its weights, where that is known.
    """

    parameters: int | None = None

    @abstractmethod
    def outputs(
        self, x: np.ndarray, batch: int = 256, device: str = "cpu"
    ) -> np.ndarray:
        """All outputs of samples (n, ...), (n, targets).

        Parameters
        ----------
        x : array of shape (n, ...)
            Samples, each as the network reads it; for one that reads (n, 1, ...) the
            axis of the only channel may be left out.
        batch : int
            Samples a call.
        device : {"cpu", "auto", "cuda", "mps"}
            Where a torch network computes; others run where they are.

        Raises
        ------
        ShapeError, ConfigError, DataError
            The network does not take such samples, returns several things, or
            something that is not finite.
        """

    def output(
        self,
        x: np.ndarray,
        target: int | np.ndarray = 0,
        batch: int = 256,
        device: str = "cpu",
    ) -> np.ndarray:
        """One output of each sample, (n,).

        ``target`` is its column, one for all samples or one for each, (n,).
        """
        x, columns = answers.asked(x, batch, target)
        found = self.outputs(x, batch, device)
        answers.require_known(columns, found.shape)
        return np.take_along_axis(found, columns[:, None], 1)[:, 0]

    @abstractmethod
    def gradient(
        self,
        x: np.ndarray,
        target: int | np.ndarray = 0,
        batch: int = 256,
        device: str = "cpu",
    ) -> np.ndarray | None:
        """Gradient of one output by the sample, of the shape of ``x``; None without."""


class Torch(Network):
    """A torch module, see :mod:`awd.teacher.ask`; ``module`` is the module itself."""

    def __init__(self, module: nn.Module, parameters: int | None = None) -> None:
        self.module = module
        counted = sum(weight.numel() for weight in module.parameters())
        self.parameters = parameters or counted or None

    def outputs(
        self, x: np.ndarray, batch: int = 256, device: str = "cpu"
    ) -> np.ndarray:
        from awd.teacher import ask

        return ask.outputs(self.module, x, batch, device)

    def output(
        self,
        x: np.ndarray,
        target: int | np.ndarray = 0,
        batch: int = 256,
        device: str = "cpu",
    ) -> np.ndarray:
        from awd.teacher import ask

        return ask.output(self.module, x, target, batch, device)

    def gradient(
        self,
        x: np.ndarray,
        target: int | np.ndarray = 0,
        batch: int = 256,
        device: str = "cpu",
    ) -> np.ndarray:
        from awd.teacher import ask

        return ask.saliency(self.module, x, target, batch, device)


class Function(Network):
    """A function of arrays: samples (n, ...) to outputs, or to outputs and gradients.

    Parameters
    ----------
    call : callable
        Gives outputs (n,) or (n, targets), or a pair of them and of gradients, which
        are (n, ...), of the output that is meant, or (n, targets, ...), or None.
    parameters : int, optional
    size : int, optional
        Samples in every call, where the function takes one number only.
    """

    def __init__(
        self,
        call: Callable[..., Any],
        parameters: int | None = None,
        size: int | None = None,
    ) -> None:
        self.call, self.parameters, self.size = call, parameters, size

    def outputs(
        self, x: np.ndarray, batch: int = 256, device: str = "cpu"
    ) -> np.ndarray:
        parts = [found for _, found, _ in self._asked(x, batch)]
        return answers.all_finite(np.concatenate(parts), "output")

    def gradient(
        self,
        x: np.ndarray,
        target: int | np.ndarray = 0,
        batch: int = 256,
        device: str = "cpu",
    ) -> np.ndarray | None:
        x, columns = answers.asked(x, batch, target)
        parts = []
        for rows, found, slopes in self._asked(x, batch):
            if slopes is None:
                return None
            answers.require_known(columns[rows], found.shape)
            several = slopes.ndim > np.ndim(x)
            every = np.arange(len(slopes))
            parts.append(slopes[every, columns[rows]] if several else slopes)
        return answers.all_finite(np.concatenate(parts), "input gradient")

    def _asked(
        self, x: np.ndarray, batch: int
    ) -> Iterator[tuple[slice, np.ndarray, np.ndarray | None]]:
        """Rows, their outputs (k, targets) and gradients, batch after batch."""
        x, _ = answers.asked(x, batch)
        size = self.size or batch
        for first in range(0, len(x), size):
            rows = slice(first, min(first + size, len(x)))
            taken = np.arange(first, first + size).clip(max=len(x) - 1)
            part = x[taken if self.size else np.arange(rows.start, rows.stop)]  # a copy
            found, slopes = _pair(self._called(part), part)
            count = rows.stop - rows.start
            yield rows, found[:count], None if slopes is None else slopes[:count]

    def _called(self, part: np.ndarray) -> Any:
        try:
            return self.call(part)
        except AwdError:
            raise
        except Exception as error:
            remedy = "give samples as in training, or awd.network(net, wrap=lambda "
            remedy += "net, x: net(...))"
            if "must be Tensor" in str(error):
                remedy = "a plain function gets arrays: awd.network(net, wrap=lambda "
                remedy += "net, x: net(torch.as_tensor(x)))"
            raise DataError(
                f"the network fails on samples of shape {part.shape[1:]} and dtype "
                f"{part.dtype}: {type(error).__name__}: {error}; {remedy}"
            ) from error


def _pair(answer: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Outputs (n, targets) and gradients of what a function returns for samples."""
    slopes = None
    if isinstance(answer, tuple | list) and len(answer) == 2:
        second = answer[1]
        if second is None or _is_gradient(np.shape(second), x.shape):
            answer, slopes = answer
    found = real(answers.selected(answer), "the network's output")
    answers.require_columns(found, len(x))
    if slopes is not None:
        slopes = real(slopes, "the network's gradient")
    return found.reshape(len(x), -1), slopes


def _is_gradient(shape: tuple[int, ...], of: tuple[int, ...]) -> bool:
    """Whether it is (n, ...) or (n, targets, ...) of samples (n, ...)."""
    return shape == of or (len(shape) > 2 and (shape[0], *shape[2:]) == of)


def network(
    source: Any,
    output: answers.Part | None = None,
    wrap: Callable[..., Any] | None = None,
    weights: str | os.PathLike[str] | None = None,
) -> Network:
    """Any trained network behind the interface that distillation reads.

    Parameters
    ----------
    source
        - a ``torch.nn.Module`` (also scripted) or ``torch.export.ExportedProgram``;
        - a path: ``.pt2`` (torch.export), ``.pt`` (TorchScript), ``.onnx``, or
          ``.safetensors`` of networks that this project trained;
        - an import path ``"package.module:factory"`` or ``"folder/file.py:factory"``:
          the factory is called without arguments and returns any of these;
        - a fitted scikit-learn model: its ``predict_proba``, else its
          ``decision_function``, else its ``predict``; it reads samples flattened;
        - a function of arrays (n, ...), see :class:`Function`.

        No gradient has an ONNX file, a scikit-learn model, or a function that gives
        none.
    output : int, str or callable, optional
        Which part counts, of a network that returns several: place, key or attribute,
        or a function of what it returns, such as ``lambda y: y[:, -1]`` of a sequence.
    wrap : callable, optional
        ``wrap(net, x)`` calls the network on a batch of samples and returns what it
        gives: for several inputs, other axes, or units.
    weights : path, optional
        With an import path: ``.safetensors``, or ``.pt`` that holds tensors alone.

    Returns
    -------
    Network
        ``output(x, target)``, ``outputs(x)``, ``gradient(x, target)``, ``parameters``.

    Raises
    ------
    ConfigError
        The source is nothing of this.
    MissingInput, DataError
        A file or a package is missing; a file is damaged, or holds pickled objects.

    Examples
    --------
    >>> net = network(lambda x: x.max(1))
    >>> net.output(np.eye(3)).tolist(), net.gradient(np.eye(3))
    ([1.0, 1.0, 1.0], None)
    """
    if weights is not None and not isinstance(source, str | os.PathLike):
        raise ConfigError(
            f"weights go with an import path, but the network is a "
            f"{type(source).__name__}; load them into it"
        )
    if isinstance(source, str | os.PathLike):
        source = files.opened(source, weights)
    if isinstance(source, Network):
        if output is not None or wrap is not None:
            raise ConfigError("output and wrap are said once, where a network is made")
        return source
    return _of_torch(source, output, wrap) or _of_arrays(source, output, wrap)


def _of_torch(
    source: Any, output: answers.Part | None, wrap: Callable[..., Any] | None
) -> Network | None:
    """A network of torch; None for anything else. Torch need not be installed."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    parameters = None
    if "torch.export" in sys.modules and isinstance(
        source, torch.export.ExportedProgram
    ):
        parameters = sum(value.numel() for value in source.state_dict.values())
        source = source.module()
    if not isinstance(source, torch.nn.Module):
        return None
    if output is not None or wrap is not None:
        from awd.teacher.adapted import Adapted

        source = Adapted(source, wrap, partial(answers.selected, output=output))
    return Torch(source, parameters)


def _of_arrays(
    source: Any, output: answers.Part | None, wrap: Callable[..., Any] | None
) -> Function:
    """A function of arrays, or a model with the methods of scikit-learn."""
    if isinstance(source, type) or not (callable(source) or hasattr(source, "predict")):
        if isinstance(source, type):
            raise ConfigError(
                f"the network is {shown(source)}, a class; give an instance of it, "
                "with its weights"
            )
        if isinstance(source, Mapping):
            raise ConfigError(
                f"the network is {shown(source)}, a {type(source).__name__}: weights "
                "alone; give the module after load_state_dict, or the code that builds "
                "it, awd.network('models.py:build', weights='best.pt')"
            )
        raise ConfigError(
            f"the network is {shown(source)}, a {type(source).__name__}; expected a "
            "torch module, an exported program, a path (.pt2, .pt, .onnx), an import "
            "path 'package.module:factory', a fitted scikit-learn model, or a function "
            "of the samples that returns outputs, or (outputs, gradients)"
        )
    plain = source if callable(source) else partial(_predicted, source)

    def call(x: np.ndarray) -> Any:
        answer = plain(x) if wrap is None else wrap(source, x)
        return answer if output is None else answers.selected(answer, output)

    if isinstance(source, files.Onnx):
        return Function(call, source.parameters, source.size)
    return Function(call)


def _predicted(model: Any, x: np.ndarray) -> np.ndarray:
    """What a scikit-learn model says of samples, flattened if it was fitted so."""
    if getattr(model, "n_features_in_", None) == np.prod(x.shape[1:]):
        x = x.reshape(len(x), -1)
    for name in ("predict_proba", "decision_function", "predict"):
        if hasattr(model, name):
            return getattr(model, name)(x)
    raise ConfigError(f"{type(model).__name__} has no predict")
