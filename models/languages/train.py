"""Pack the model of the package py3langid: python models/languages/train.py

Writes model.npz. Nothing is learnt anew: the weights are those of the package, for the languages that are told apart here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from relatedstories.text.language_model import key_of_bytes
from relatedstories.text.languages import RANKED

FOLDER = Path(__file__).parent


def sequences(identifier: LanguageIdentifier) -> list[bytes]:
    """Return the sequence of bytes that leads to each state of the package's automaton.

    The automaton is Aho and Corasick's: its state after any bytes is that of the longest known sequence at their end.
    """
    rows, row_of = np.asarray(identifier.tk_nextmove).reshape(-1, 256), np.asarray(identifier.tk_row)
    found: list[bytes | None] = [b"", *[None] * (len(row_of) - 1)]
    states = [0]
    for state in states:  # grows, nearest first
        for byte, following in enumerate(rows[row_of[state]].tolist()):
            if found[following] is None:
                found[following] = found[state] + bytes([byte])
                states.append(following)
    return found


def main() -> None:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    keys = np.array([key_of_bytes(sequence) for sequence in sequences(identifier)], np.uint64)
    order = np.argsort(keys)[1:]  # without the sequence of no bytes
    columns = [column for column, language in enumerate(identifier.nb_classes) if language in RANKED]
    weights = np.asarray(identifier.nb_ptc)[:, columns]
    usual = []
    for column in weights.T:
        values, counts = np.unique(column, return_counts=True)
        usual.append(values[counts.argmax()])
    usual = np.array(usual, np.float16)
    feature, column = np.nonzero(weights != usual)
    np.savez(
        FOLDER / "model.npz",
        allow_pickle=False,
        languages=np.array([identifier.nb_classes[column] for column in columns]),
        priors=np.asarray(identifier.nb_pc, np.float32)[columns],
        keys=keys[order],
        features=np.asarray(identifier.tk_output, np.int32)[order],
        usual=usual,
        sizes=np.bincount(feature, minlength=len(weights)).astype(np.uint8),
        columns=column.astype(np.uint8),
        weights=weights[feature, column],
    )


if __name__ == "__main__":
    main()
