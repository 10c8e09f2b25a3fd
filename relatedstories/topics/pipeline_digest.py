"""A digest of what a spaCy pipeline does to a text: of its tokenizer, its components' patterns and weights, and its vectors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["PipelineDigest"]

_SAMPLED = 1000
"""The number of rows of vectors, and of a model's weights of one kind, that tell these from others."""


class PipelineDigest:
    """Makes the digest of a pipeline: equal in every process, another one for other patterns, weights or settings.

    Parameters
    ----------
    nlp : spacy.language.Language
        It may be changed between two digests. The weights of a model, of which there are many, are read whole only where a
        sample of them says that they have changed.

    Examples
    --------
    >>> import spacy
    >>> nlp = spacy.blank("en")
    >>> ruler = nlp.add_pipe("entity_ruler")
    >>> before = PipelineDigest(nlp).hex()
    >>> ruler.add_patterns([{"label": "ORG", "pattern": "Acme"}])
    >>> before == PipelineDigest(nlp).hex()
    False
    """

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._weights: dict[str, tuple[bytes, bytes]] = {}  # of components with a model: the sample, and the digest

    def hex(self) -> str:
        """Return the digest, 12 hexadecimal digits."""
        nlp = self._nlp
        digest = hashlib.sha256(_serialised(nlp.tokenizer))
        for name, component in nlp.pipeline:
            digest.update(repr((name, nlp.get_pipe_config(name), _kind(component))).encode())
            digest.update(self._of(name, component))
        vectors = nlp.vocab.vectors
        digest.update(repr((vectors.name, vectors.shape)).encode())
        digest.update(_sample(vectors.data))
        return digest.hexdigest()[:12]

    def _of(self, name: str, component: Any) -> bytes:
        """Return the digest of a component."""
        model: Any = getattr(component, "model", None)
        if not hasattr(model, "walk"):
            return hashlib.sha256(_serialised(component)).digest()
        sample = hashlib.sha256(repr((id(component), getattr(component, "labels", ()))).encode())
        for node in model.walk():
            for parameter in node.param_names:
                if node.has_param(parameter):
                    sample.update(_sample(node.get_param(parameter)))
        known = self._weights.get(name)
        if known is None or known[0] != sample.digest():
            known = self._weights[name] = sample.digest(), hashlib.sha256(_serialised(component)).digest()
        return known[1]


def _kind(component: Any) -> str:
    """Return the name of a component's class, or of the function that it is."""
    named = component if hasattr(component, "__qualname__") else type(component)
    return f"{named.__module__}.{named.__qualname__}"


def _serialised(component: Any) -> bytes:
    """Return what a tokenizer or component serialises to; nothing for one that is code alone."""
    if not hasattr(component, "to_bytes"):
        return b""
    return bytes(component.to_bytes(exclude=["vocab"]))  # it grows with every text that is read


def _sample(values: Any) -> bytes:
    """Return the bytes of a part of an array, spread over it."""
    rows = values.reshape(-1) if values.ndim < 2 else values
    step = max(1, len(rows) // _SAMPLED)
    kept = rows[::step]
    return bytes(np.ascontiguousarray(kept if isinstance(kept, np.ndarray) else kept.get()).tobytes())  # from a GPU
