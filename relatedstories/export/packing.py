"""Lists of whole numbers as short texts, which a script reads fast."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["bitmap", "packed"]

_DIGITS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", np.uint8)
_BITS = 5


def packed(values: npt.NDArray[Any], bounds: npt.NDArray[Any]) -> list[str]:
    """Return a text for each list of numbers, with 5 bits of a number a character, the lowest first.

    The characters are those of base64; all but the last of a number are of the second half.

    Parameters
    ----------
    values : array of int
        The numbers of all lists, from 0.
    bounds : array of int
        Where each list begins in `values`, and where the last one ends.

    Examples
    --------
    >>> packed(np.array([0, 31, 32, 1000]), np.array([0, 2, 2, 4]))
    ['Af', '', 'gBof']
    """
    values = values.astype(np.uint64)
    n_chars = np.ones(len(values), np.int64)
    rest = values >> np.uint64(_BITS)
    while rest.any():
        n_chars += rest > 0
        rest >>= np.uint64(_BITS)
    ends = np.cumsum(n_chars)
    starts = ends - n_chars
    text = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    for place in range(int(n_chars.max(initial=0))):
        long_enough = n_chars > place
        digits = (values[long_enough] >> np.uint64(_BITS * place)) & np.uint64(31)
        digits |= (n_chars[long_enough] > place + 1).astype(np.uint64) << np.uint64(_BITS)
        text[starts[long_enough] + place] = _DIGITS[digits]
    whole = text.tobytes().decode("ascii")
    cuts = np.concatenate(([0], ends))[bounds].tolist()
    return [whole[start:end] for start, end in itertools.pairwise(cuts)]


def bitmap(numbers: npt.NDArray[Any], n: int) -> str:
    """Return a set of the numbers below `n` as a text: 6 a character, the lowest first.

    Examples
    --------
    >>> bitmap(np.array([0, 2, 7]), 12)
    'FC'
    """
    bits = np.zeros(-(-n // 6) * 6, np.uint8)
    bits[numbers] = 1
    weights = (1 << np.arange(6)).astype(np.uint8)
    return str(_DIGITS[(bits.reshape(-1, 6) * weights).sum(axis=1)].tobytes(), "ascii")
