"""How a case may end, and a count of how cases did."""

import contextlib
import re
import signal
from collections import Counter

import numpy as np
import pandas as pd
import xarray as xr

from awd.errors import AwdError

LONGEST, LIMIT_S = 500, 60
COUNTED = Counter()  # (part, what, outcome) -> cases
RIGHT, REFUSED = "right result", "clear error"


class Hangs(BaseException):
    """No error: no handler on the way may catch it."""


@contextlib.contextmanager
def limited(seconds=LIMIT_S):
    def stop(*_):
        raise Hangs(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(
    part,
    what,
    call,
    *,
    names,
    refused=False,
    same=None,
    right=None,
    like=None,
    finite=True,
):
    """Run a case; it is an error that names one of ``names``, or a right result.

    Parameters
    ----------
    refused : bool
        Whether only an error is right.
    same : optional
        The only right result.
    right : optional
        The only right result where an error is right too.
    like : optional
        What has NaN where a result may have them; nowhere otherwise.
    """
    try:
        with limited():
            result = call()
    except AwdError as error:
        text = str(error)
        if same is not None:
            raise AssertionError(f"{what}: refused what is right: {text}") from error
        assert len(max(text.splitlines(), key=len)) <= LONGEST, text
        assert any(re.search(name, text) for name in names), f"{names} not in: {text}"
        COUNTED[part, what.partition("(")[0], REFUSED] += 1
        return
    except Hangs as error:
        raise AssertionError(f"{what}: {error}") from error
    assert not refused, f"{what}: accepted, gave {shown(result)}"
    same = right if same is None else same
    if same is not None:
        assert alike(result, same), f"{what}: {shown(result)} in place of {shown(same)}"
    else:
        whole = not finite or is_finite(result, like)
        assert whole, f"{what}: NaN without a word: {shown(result)}"
    COUNTED[part, what.partition("(")[0], RIGHT] += 1


def shown(result):
    return f"{type(result).__name__} {str(result)[:300]}"


def leaves(result):
    """Arrays and plain values inside a result, whatever holds them."""
    if isinstance(result, xr.Dataset):
        for name in sorted(map(str, result.variables)):
            yield result[name].values
    elif isinstance(result, pd.DataFrame):
        for name in result:
            yield result[name].to_numpy()
    elif isinstance(result, dict):
        for value in result.values():
            yield from leaves(value)
    elif isinstance(result, list | tuple) and not isinstance(result, str):
        for value in result:
            yield from leaves(value)
    elif hasattr(result, "__dict__") and not isinstance(result, type):
        yield from leaves(vars(result))
    else:
        yield result


def numbers(result):
    for leaf in leaves(result):
        array = np.asarray(leaf)
        if array.dtype.kind in "fiub":
            yield array


def is_finite(result, like=None):
    """Whether no array has NaN, but those that have some in a usual result."""
    usual = [np.isfinite(array).all() for array in numbers(like)]
    found = [np.isfinite(array).all() for array in numbers(result)]
    if len(usual) == len(found):
        pairs = zip(usual, found, strict=True)
        return not any(whole and not own for whole, own in pairs)
    return all(found)


def alike(one, other):
    """Equal, but for the last digits of single precision."""
    pairs = [*numbers(one)], [*numbers(other)]
    return len(pairs[0]) == len(pairs[1]) and all(
        a.shape == b.shape and np.allclose(a, b, 1e-4, 1e-5, equal_nan=True)
        for a, b in zip(*pairs, strict=True)
    )
