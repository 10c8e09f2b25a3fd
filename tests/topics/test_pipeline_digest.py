"""Pipelines of spaCy that find other topics do not pass for one another, in an index or a checkpoint."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from relatedstories import Event, InputError, RelatedStories, TopicExtractor
from relatedstories.topics.pipeline_digest import PipelineDigest

ACME, ZENITH = ({"label": "ORG", "pattern": name} for name in ("Acme", "Zenith"))
EVENTS = [Event("1", "Acme and Zenith build a bridge"), Event("2", "Acme and Zenith build a dam")]


def ruled(*patterns: dict[str, Any], **config: Any) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler", config=config).add_patterns([*patterns])  # type: ignore[attr-defined]
    return nlp


def trained() -> Language:
    nlp = ruled(ACME)
    nlp.add_pipe("ner").add_label("ORG")  # type: ignore[attr-defined]
    nlp.initialize()
    return nlp


def with_tokens(nlp: Language) -> Language:
    nlp.tokenizer.add_special_case("Acme-Zenith", [{"ORTH": "Acme-"}, {"ORTH": "Zenith"}])  # type: ignore[attr-defined]
    return nlp


def with_vectors(nlp: Language, value: float) -> Language:
    nlp.vocab.set_vector("Acme", np.full(8, value, np.float32))
    return nlp


def lower(doc: Doc) -> Doc:
    return doc


def upper(doc: Doc) -> Doc:
    return doc


Language.component("relatedstories_test_lower", func=lower)
Language.component("relatedstories_test_upper", func=upper)


def with_code(name: str) -> Language:
    nlp = ruled(ACME)
    nlp.add_pipe(name, name="own")
    return nlp


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: ruled(ACME), lambda: ruled(ZENITH)),
        (lambda: ruled(ACME), lambda: ruled(ACME, ZENITH)),
        (lambda: ruled(ACME), lambda: ruled({**ACME, "label": "PERSON"})),
        (lambda: ruled(ACME), lambda: ruled(ACME, phrase_matcher_attr="LOWER")),
        (lambda: ruled(ACME), lambda: with_tokens(ruled(ACME))),
        (lambda: ruled(ACME), lambda: with_vectors(ruled(ACME), 1)),
        (lambda: with_vectors(ruled(ACME), 1), lambda: with_vectors(ruled(ACME), 2)),
        (lambda: with_code("relatedstories_test_lower"), lambda: with_code("relatedstories_test_upper")),
        (lambda: ruled(ACME), trained),
    ],
    ids=["patterns", "one more", "labels", "settings", "tokenizer", "vectors", "other vectors", "code", "a component"],
)
def test_pipelines_that_differ_have_other_names(one: Callable[[], Language], other: Callable[[], Language]) -> None:
    assert TopicExtractor(one()).name != TopicExtractor(other()).name
    assert TopicExtractor(one()).name == TopicExtractor(one()).name or one is trained
    assert len(TopicExtractor(other()).name) < 300


def test_what_a_pipeline_reads_does_not_change_it_and_a_change_shows() -> None:
    nlp = trained()
    extractor = TopicExtractor(nlp)
    before = extractor.name
    list(nlp.pipe(["Acme builds a bridge over the Qwertz river"]))
    assert extractor.name == before
    nlp.get_pipe("entity_ruler").add_patterns([ZENITH])  # type: ignore[attr-defined]
    with_another_pattern = extractor.name
    model: Any = nlp.get_pipe("ner").model  # type: ignore[attr-defined]
    node = next(node for node in model.walk() if "W" in node.param_names and node.has_param("W"))
    node.set_param("W", node.get_param("W") + np.float32(1))
    with_other_weights = extractor.name
    nlp.disable_pipe("ner")
    assert len({before, with_another_pattern, with_other_weights, extractor.name}) == 4


def test_the_weights_of_a_model_are_read_whole_once(monkeypatch: pytest.MonkeyPatch) -> None:
    nlp, read = trained(), []
    component: Any = nlp.get_pipe("ner")
    digest = PipelineDigest(nlp)
    monkeypatch.setattr("relatedstories.topics.pipeline_digest._serialised", lambda one: read.append(one) or b"")
    assert digest.hex() == digest.hex()
    assert sum(one is component for one in read) == 1


SCRIPT = """
import sys; sys.path.insert(0, {tests!r})
from topics.test_pipeline_digest import ACME, ZENITH, ruled, with_tokens, with_vectors
from relatedstories import TopicExtractor
print(TopicExtractor(with_vectors(with_tokens(ruled(ACME, ZENITH)), 1)).name)
"""


def test_every_process_gives_the_same_name() -> None:
    script = SCRIPT.format(tests=str(Path(__file__).resolve().parents[1]))
    names = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert names == {TopicExtractor(with_vectors(with_tokens(ruled(ACME, ZENITH)), 1)).name + "\n"}


def test_an_index_does_not_take_the_topics_of_one_for_those_of_the_other(tmp_path: Path) -> None:
    RelatedStories(TopicExtractor(ruled(ACME))).fit(EVENTS).save(tmp_path / "index")
    other = TopicExtractor(ruled(ZENITH))
    loaded = RelatedStories.load(tmp_path / "index", other)
    with pytest.raises(InputError, match="build the index again, or load it with the extractor it was built with"):
        loaded.add([Event("3", "Zenith closes")])
    assert [str(topic) for topic in loaded.topics("1")] == ["Acme"]
    assert [str(topic) for topic in loaded.fit(EVENTS).topics("1")] == ["Zenith"]
    same = RelatedStories.load(tmp_path / "index", TopicExtractor(ruled(ACME)))
    assert [str(topic) for topic in same.add([Event("3", "Acme closes")]).topics("3")] == ["Acme"]
