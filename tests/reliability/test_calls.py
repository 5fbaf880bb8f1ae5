"""Whatever a public function is given: an error that names the argument, or right."""

import inspect
import os
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reliability.calls import CALLS, kind_of
from tests.reliability.outcomes import outcome

pytestmark = pytest.mark.fuzz

TIMES = int(os.environ.get("AWD_CASES", 1))
ANYTHING = [
    None,
    "abc",
    b"abc",
    object(),
    {"a": 1},
    1 + 2j,
    True,
    [[1], [1, 2]],
    "",
    [],
]


def spoilt(at, value, bad):
    """A copy with one entry that is ``bad``."""
    other = np.array(value, np.float64 if np.isnan(bad) or np.isinf(bad) else None)
    other.ravel()[int(at * other.size)] = bad
    return other


# kind -> name -> (what is done to the right value, what may come of it)
SAME, REFUSED, EITHER = "same", "refused", "either"
CHANGES = {
    "number": {
        **{repr(v): (lambda _, v=v: v, REFUSED)
           for v in (np.nan, np.inf, -np.inf, "1", 1j, [1.0], True, {}, np.ones(3))},
        **{repr(v): (lambda _, v=v: v, EITHER)
           for v in (-1.0, 0.0, 1e-30, 1e30, 1e300, 1, 1000.0)},
        "float32": (lambda v: np.float32(v), EITHER),
        "float64": (lambda v: np.float64(v), SAME),
        "0-d": (lambda v: np.array(v), SAME),
    },
    "whole": {
        **{repr(v): (lambda _, v=v: v, REFUSED)
           for v in (1.5, np.nan, "1", True, [1], 1j, b"1", {})},
        **{repr(v): (lambda _, v=v: v, EITHER)
           for v in (-1, 0, 1, 2, 10**30, -(10**30))},
        "int64": (lambda v: np.int64(v), SAME),
        "uint8": (lambda v: np.uint8(v) if v < 200 else np.uint32(v), SAME),
    },
    "truth": {
        **{repr(v): (lambda _, v=v: v, REFUSED) for v in ("True", 2, np.nan, [], b"")},
        "numpy": (lambda v: np.bool_(v), SAME),
    },
    "text": {
        **{repr(v): (lambda _, v=v: v, REFUSED) for v in (5, 1.5, [], {}, b"a", True)},
        **{repr(v): (lambda _, v=v: v, EITHER) for v in ("zzz", "", "../a", "a" * 900)},
    },
    "array": {
        **{f"is {v!r}"[:30]: (lambda _, v=v: v, REFUSED) for v in ANYTHING[:-2]},
        "empty list": (lambda v: [], EITHER),
        "empty": (lambda v: v[:0], EITHER),
        "objects": (lambda v: v.astype(object), EITHER),
        "text": (lambda v: np.full(v.shape, "a"), REFUSED),
        "complex": (lambda v: v + 1j, REFUSED),
        "an axis more": (lambda v: v[None], EITHER),
        "an axis less": (lambda v: v[0], EITHER),
        "shorter": (lambda v: v[:-1], EITHER),
        "masked": (lambda v: np.ma.masked_equal(v, v.ravel()[0]), REFUSED),
        "constant": (lambda v: np.full_like(v, 3), EITHER),
        "large": (lambda v: v * 1e30, EITHER),
        "big-endian": (lambda v: v.astype(v.dtype.newbyteorder(">")), SAME),
        "fortran": (lambda v: np.asfortranarray(v), SAME),
        "strided": (lambda v: np.repeat(v, 2, -1)[..., ::2], SAME),
        "read-only": (lambda v: (w := v.copy(), w.setflags(write=False))[0], SAME),
        "list": (lambda v: v.tolist(), SAME),
        "double": (lambda v: v.astype(np.float64), SAME),
    },
    "labels": {
        **{f"is {v!r}"[:30]: (lambda _, v=v: v, REFUSED) for v in (None, "abc", 5, {})},
        "empty": (lambda v: v[:0], EITHER),
        "shorter": (lambda v: v[:-1], EITHER),
        "an axis more": (lambda v: v[None], EITHER),
        "one": (lambda v: np.full_like(v, v[0]), EITHER),
        "list": (lambda v: v.tolist(), SAME),
        "objects": (lambda v: v.astype(object), SAME),
    },
    "table": {
        **{f"is {v!r}"[:30]: (lambda _, v=v: v, REFUSED) for v in (None, "abc", 5, {})},
        "empty": (lambda v: v[:0], EITHER),
        "no columns": (lambda v: v[[]], REFUSED),
        "reversed": (lambda v: v[::-1], EITHER),
    },
    "dataset": {
        **{f"is {v!r}"[:30]: (lambda _, v=v: v, REFUSED) for v in (None, "abc", 5, {})},
        "no variables": (lambda v: v.drop_vars(list(v.variables)), REFUSED),
    },
    "mapping": {
        **{f"is {v!r}"[:30]: (lambda _, v=v: v, REFUSED) for v in (None, "abc", 5, [])},
        "empty": (lambda v: {}, EITHER),
    },
    "several": {
        **{f"is {v!r}"[:30]: (lambda _, v=v: v, REFUSED) for v in (5, "abc", {}, 1.5)},
        "empty": (lambda v: [], EITHER),
        "of None": (lambda v: [None, None], REFUSED),
        "tuple": (lambda v: tuple(v), SAME),
        "list": (lambda v: list(v), SAME),
    },
}  # fmt: skip


def optional(function, key):
    """Whether an argument may be None, as far as its signature says."""
    parameter = inspect.signature(function).parameters.get(key)
    if parameter is None or parameter.kind is parameter.VAR_KEYWORD:
        return key in ("edges", "binning", "provenance")
    return "None" in str(parameter.annotation)


def cases():
    for name, (function, arguments) in CALLS.items():
        for key, value in arguments.items():
            kind = kind_of(value)
            if kind != "other":
                yield pytest.param(
                    name, function, arguments, key, kind, id=f"{name}-{key}"
                )


@pytest.mark.parametrize(("name", "function", "arguments", "key", "kind"), cases())
def test_every_argument_of_every_function(name, function, arguments, key, kind):
    right = function(**arguments)
    for change, (make, wanted) in CHANGES[kind].items():
        changed = make(arguments[key])
        what = f"{name}({key}: {change})"
        takes_none = changed is None and optional(function, key)
        outcome(
            "arguments of public functions",
            what,
            lambda changed=changed: function(**{**arguments, key: changed}),
            names=[rf"\b{re.escape(key)}\b", *SPOKEN.get(key, [key])],
            refused=wanted == REFUSED
            and not takes_none
            and (key, change) not in ALLOWED,
            same=right if wanted == SAME else None,
            like=right,
            finite=name not in MAY_END_IN_NAN,
        )


# Arguments that messages call by a word of their own.
SPOKEN = {
    "maps": ["maps?"],
    "y": ["y", "target", "shape"],
    "units": ["unit", "group"],
    "cells": ["cells?"],
    "kappa": ["maps"],
    "size": ["maps"],
    "parameters": ["cosmolog"],
    "sides": ["split"],
    "name": ["baseline"],
    "tolerance": ["exceeds"],
    "h": ["h", "filter", "taps?"],
    "x": ["x", "samples?", "signals?"],
    "free": ["angles"],
    "filters": ["filter"],
    "n": ["signal length"],
    "start": ["width"],
}
# Of several bins of sources there are several.
ALLOWED = {
    ("sizes", "is 5"),
    ("z_source", "[1.0]"),
    ("z_source", "array([1., 1., 1.])"),
}
# What is documented to end in NaN or infinity where there is nothing to measure.
MAY_END_IN_NAN = {
    "unpack",
    "pack_gradient",
    "tracking",
    "detection",
    "buckets",
    "r2",
    "by_group",
    "realism",
}

ARRAYS = [case for case in cases() if case.values[4] == "array"]


@pytest.mark.parametrize(("name", "function", "arguments", "key", "kind"), ARRAYS)
def test_a_number_that_is_none_anywhere(name, function, arguments, key, kind):
    value = arguments[key]

    @given(at=st.floats(0, 1, exclude_max=True), bad=st.sampled_from([np.nan, np.inf]))
    @settings(
        max_examples=5 * TIMES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def case(at, bad):
        outcome(
            "arguments of public functions",
            f"{name}({key}: {bad})",
            lambda: function(**{**arguments, key: spoilt(at, value, bad)}),
            names=[key, *SPOKEN.get(key, [])],
            refused=(name, key) not in MAY_BE_NAN,
            finite=name not in MAY_END_IN_NAN,
        )

    case()


MAY_BE_NAN = {("classify", "buffer_top"), ("classify", "buffer_p")}
# Of shapes alone, or where NaN stays NaN and is seen.
MAY_BE_NAN |= {("student_bends", "x"), ("student_bends", "h")}
MAY_BE_NAN |= {("unpack", "packed")}
# Infinite: outer bins are open.
MAY_BE_NAN |= {("peak_histogram", "edges"), ("shares", "edges")}


@given(data=st.data())
@settings(
    max_examples=300 * TIMES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_several_arguments_at_once(data):
    name = data.draw(st.sampled_from(sorted(CALLS)))
    function, arguments = CALLS[name]
    keys = [key for key, value in arguments.items() if kind_of(value) != "other"]
    some = st.lists(st.sampled_from(keys), min_size=1, unique=True, max_size=3)
    chosen = data.draw(some)
    changed = dict(arguments)
    for key in chosen:
        changes = CHANGES[kind_of(arguments[key])]
        make, _ = changes[data.draw(st.sampled_from(sorted(changes)))]
        changed[key] = make(arguments[key])
    outcome(
        "several arguments at once",
        f"{name}({changed})",
        lambda: function(**changed),
        names=[word for key in chosen for word in (key, *SPOKEN.get(key, []))],
        finite=False,
    )
