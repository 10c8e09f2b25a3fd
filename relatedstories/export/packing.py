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
    unsigned: Any = np.uint32 if values.max(initial=0) < 2**32 else np.uint64
    values = values.astype(unsigned)
    n_chars = np.ones(len(values), np.uint8)
    rest = values >> unsigned(_BITS)
    while rest.any():
        n_chars += rest > 0
        rest >>= unsigned(_BITS)
    ends = np.cumsum(n_chars, dtype=np.int64)
    text = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    for place in range(int(n_chars.max(initial=0))):
        long_enough = np.flatnonzero(n_chars > place)
        digits = (values[long_enough] >> unsigned(_BITS * place)) & unsigned(31)
        digits |= (n_chars[long_enough] > place + 1).astype(unsigned) << unsigned(_BITS)
        text[ends[long_enough] - n_chars[long_enough] + place] = _DIGITS[digits]
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
