"""The topic model as a spaCy component.

``nlp.add_pipe("relatedstories_topics")`` adds it to any pipeline with an English tokenizer; it needs no other component.
"""

import itertools
from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from relatedstories.errors import number_within
from relatedstories.topics.tagger import BATCH_SIZE, FACTORY, find, tokens_of

__all__ = ["TopicTagger", "make_tagger"]

SPANS_KEY = "topics"
"""The key of the topics in ``doc.spans``."""


class TopicTagger:
    """The spaCy component ``relatedstories_topics``.

    It sets ``doc.spans["topics"]``: the ``label_`` of a span is the topic's kind, its ``kb_id_`` the canonical name; their
    probabilities are in ``doc.spans["topics"].attrs["probabilities"]``, in the same order. If no component has set
    ``doc.ents``, the spans become its entities too, so that displaCy shows them in both styles.

    Parameters
    ----------
    threshold : float, optional
        See `relatedstories.TopicExtractor`.

    Raises
    ------
    BadValueError
        If the threshold is not between 0 and 1.

    Examples
    --------
    >>> import spacy
    >>> nlp = spacy.blank("en")
    >>> tagger = nlp.add_pipe("relatedstories_topics")
    >>> doc = nlp("Angela Merkel meets Iranian envoys in Geneva.")
    >>> [(span.text, span.kb_id_, span.label_) for span in doc.spans["topics"]]
    [('Angela Merkel', 'Angela Merkel', 'person'), ('Iranian', 'Iran', 'place'), ('Geneva', 'Geneva', 'place')]
    """

    def __init__(self, threshold: float | None = None) -> None:
        self.threshold = None if threshold is None else number_within("TopicTagger", "threshold", threshold, 0, 1)

    def __call__(self, doc: Doc) -> Doc:
        """Set the topics of one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], batch_size: int = BATCH_SIZE) -> Iterator[Doc]:
        """Set the topics of many documents and yield them."""
        documents = iter(stream)
        while docs := list(itertools.islice(documents, batch_size)):
            for doc, topic_spans in zip(docs, find([tokens_of(doc) for doc in docs], self.threshold), strict=True):
                spans = [Span(doc, item.first, item.end, label=item.kind, kb_id=item.name) for item in topic_spans]
                doc.spans[SPANS_KEY] = spans
                doc.spans[SPANS_KEY].attrs["probabilities"] = [item.probability for item in topic_spans]
                if not doc.has_annotation("ENT_IOB"):
                    doc.set_ents(spans)
                yield doc


@Language.factory(
    FACTORY,
    default_config={"threshold": None},
    assigns=["doc.spans", "doc.ents"],
    requires=[],
    retokenizes=False,
)
def make_tagger(nlp: Language, name: str, threshold: float | None) -> TopicTagger:
    """Return the component for ``nlp.add_pipe``."""
    del nlp, name
    return TopicTagger(threshold)
