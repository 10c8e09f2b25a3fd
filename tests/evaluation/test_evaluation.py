"""Evaluation on archives so small that the right figures can be worked out by hand."""

from __future__ import annotations

import gzip
import importlib.util
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import pytrec_eval
from helpers import SPACE, CapitalisedWords, day, quick, shared
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import BadValueError, Evaluation, Event, InputError, RelatedStories, Topic, evaluate, read_qrels
from relatedstories.evaluation.baselines import bm25, by_newest, by_topics, tfidf, tokenize
from relatedstories.evaluation.evaluator import LIBRARY
from relatedstories.judging.judgements import Headings, write_qrels, write_run

SNOW = [
    Event("a", "Snow closes the airport of Oslo", date=day("2017-01-04"), heading="Winter"),
    Event("b", "Oslo airport opens again after the snow", date=day("2017-01-05"), heading="Winter"),
    Event("c", "Elections in Iceland", date=day("2016-10-29"), heading="Winter"),
    Event("d", "Peggy Whitson in space", date=day("2017-04-24"), heading="Space"),
]
"""Two of three events under a heading are about the same thing; the third shares no word with them."""


# ---------------------------------------------------------------------- figures


def test_figures_worked_out_by_hand() -> None:
    """For "a", "b" is found, first of one; the better "c" is not. Gains count as 2**gain - 1: 1 and 3."""
    evaluation = evaluate(SNOW, {"a": {"b": 1, "c": 2, "d": 0}}, k=3, stories=quick())
    assert evaluation.queries == ("a",)
    assert evaluation.lists[LIBRARY] == {"a": ["b"]}
    best = 3 / math.log2(2) + 1 / math.log2(3)
    figures = {measure: estimate.mean for measure, estimate in evaluation.estimates[LIBRARY].items()}
    assert figures == pytest.approx({"nDCG@3": 1 / best, "P@3": 1 / 3, "R@3": 1 / 2, "MRR@3": 1, "hit@3": 1})
    # The newest first, d, b and c: a wrong one, then both.
    figures = {measure: estimate.mean for measure, estimate in evaluation.estimates["newest"].items()}
    ndcg = (1 / math.log2(3) + 3 / math.log2(4)) / best
    assert figures == pytest.approx({"nDCG@3": ndcg, "P@3": 2 / 3, "R@3": 1, "MRR@3": 1 / 2, "hit@3": 1})
    assert evaluation.leads["newest"]["MRR@3"].mean == pytest.approx(0.5)


def test_an_empty_list_counts_as_nothing_found() -> None:
    evaluation = evaluate(SNOW, {"a": {"b": 1}, "d": {"a": 1}}, k=2, stories=quick())
    assert evaluation.lists[LIBRARY] == {"a": ["b"], "d": []}
    assert evaluation.values[LIBRARY]["nDCG@2"] == (1, 0)
    assert evaluation.estimates[LIBRARY]["nDCG@2"].mean == 0.5


def test_intervals_hold_the_mean_and_narrow_with_more_queries() -> None:
    def interval(n: int) -> float:
        events = [Event(f"{i}{x}", f"Town{i} {'votes' if x == 'a' or i % 2 else 'sleeps'} today") for i in range(n) for x in "ab"]
        found = evaluate(events, {f"{i}a": {f"{i}b": 1} for i in range(n)}, stories=quick())
        low, high = found.estimates["newest"]["hit@5"].low, found.estimates["newest"]["hit@5"].high
        assert low <= found.estimates["newest"]["hit@5"].mean <= high
        return high - low

    assert 0 < interval(120) < interval(12)


def test_a_lead_is_measured_query_by_query() -> None:
    """Two systems that always agree differ by nothing, however wide the interval of each."""
    found = evaluate(SNOW, {"a": {"b": 1}, "d": {"a": 1}, "c": {"a": 2}}, k=1, stories=quick())
    assert found.lists["tfidf"] == found.lists["bm25"]
    assert found.estimates["tfidf"]["P@1"].low < found.estimates["tfidf"]["P@1"].high
    assert found.leads["tfidf"] == found.leads["bm25"]


def test_the_same_whatever_the_order_of_events_and_from_run_to_run() -> None:
    first, second = (evaluate(events, stories=quick(), queries=2) for events in (SNOW, SNOW[::-1]))
    assert first.to_dict() == second.to_dict()
    assert first.queries == second.queries
    assert len(first.queries) == 2


# ---------------------------------------------------------------------- headings as judgements


def test_headings_judge_but_are_not_shown_to_the_ranker() -> None:
    seen: list[Event] = []

    class Spy(CapitalisedWords):
        def extract_many(self, events: object) -> Iterator[tuple[Topic, ...]]:
            taken = list(events)  # type: ignore[call-overload]
            seen.extend(taken)
            return super().extract_many(taken)

    evaluation = evaluate(SNOW, stories=RelatedStories(Spy()))  # type: ignore[arg-type]
    assert evaluation.queries == ("a", "b", "c")
    assert evaluation.lists[LIBRARY] == {"a": ["b"], "b": ["a"], "c": []}
    assert {event.id for event in seen} == set("abcd")
    assert all(event.heading is None for event in seen)
    # With judgements from elsewhere a heading is a field like any other.
    seen.clear()
    evaluate(SNOW, {"a": {"b": 1}}, stories=RelatedStories(Spy()))  # type: ignore[arg-type]
    assert {event.heading for event in seen} == {"Winter", "Space"}


def test_headings_above_relate_less() -> None:
    above = {"a": ["News", "Winter"], "b": ["News"], "d": ["News"]}
    headings = Headings(SNOW, above)
    assert dict(headings) == {"a": {"b": 2, "c": 2, "d": 1}, "b": {"a": 2, "c": 2, "d": 1}, "c": {"a": 2, "b": 2}}
    evaluation = evaluate(SNOW, above=above, stories=quick(), k=1)
    assert evaluation.judgements["a"] == headings["a"]


def test_no_heading_over_enough_events() -> None:
    with pytest.raises(InputError) as caught:
        evaluate(SNOW[1:], stories=quick())
    assert str(caught.value) == (
        "got 3 of 3 events with a heading, none of them that 3 events share, expected one that they do: --field heading=COLUMN, "
        "fields= in Python, names the column of the headings; or judgements from another source"
    )


def test_no_headings_at_all() -> None:
    with pytest.raises(InputError, match=r"^got no heading that 3 events share, expected one .* --field heading=COLUMN"):
        evaluate(SPACE, stories=quick())


# ---------------------------------------------------------------------- baselines


def test_words_in_common_rank() -> None:
    texts = ["snow closes oslo airport", "airport", "oslo airport and snow", "parliament of Iceland", "the of and"]
    for baseline in (tfidf, bm25):
        assert list(baseline(tokenize(texts), [0, 3, 4], np.zeros(5), 2)) == [[2, 1], [], []]
        assert list(baseline([[], []], [0, 1], np.zeros(2), 2)) == [[], []]
        assert list(baseline([[], ["snow"], ["snow"]], [1, 0], np.zeros(3), 2)) == [[2], []]


def test_the_old_rule_counts_topics_then_takes_the_newest() -> None:
    topics = [{"Oslo", "Snow"}, {"Oslo"}, {"Oslo"}, {"Oslo", "Snow"}, {"Iceland"}, set()]
    assert list(by_topics(topics, [0, 4, 5], np.array([9, 1, 2, 0, 9, 9]), 5)) == [[3, 2, 1], [], []]
    assert list(by_topics([set(), set()], [0], np.zeros(2), 5)) == [[]]


def test_newest_first_without_itself() -> None:
    assert list(by_newest([0, 3], np.array([3, 1, 2, 0]), 2)) == [[2, 1], [0, 2]]


def test_cut_at_k_keeps_the_newest_of_equals() -> None:
    topics = [{"Oslo"}] * 6
    assert list(by_topics(topics, [0], np.array([0, 1, 5, 2, 4, 3]), 2)) == [[2, 4]]


# ---------------------------------------------------------------------- files of TREC's formats

IDS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=5).filter(
    lambda t: t.split() == [t]
)
GAINS = st.dictionaries(IDS, st.dictionaries(IDS, st.integers(0, 10), min_size=1, max_size=4), min_size=1, max_size=4)


@given(GAINS)
def test_qrels_are_read_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, gains: dict[str, dict[str, int]]) -> None:
    path = tmp_path_factory.mktemp("qrels") / "news.qrels"
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        write_qrels(gains, gains, file)
    assert read_qrels(path) == gains


def test_qrels_with_comforts(tmp_path: Path) -> None:
    path = tmp_path / "news.qrels.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfa\t0\tb\t1\r\n\r\na 0 c -2\r\n"))
    assert read_qrels(path) == {"a": {"b": 1, "c": 0}}


def test_runs_give_other_tools_the_same_figures(tmp_path: Path) -> None:
    evaluation = evaluate(SPACE, {"dragon": {"progress": 2, "whitson": 1}, "oslo": {"oslo-2": 1}}, k=3, stories=quick())
    evaluation.write_runs(tmp_path / "runs")
    evaluation.write_runs(tmp_path / "runs")  # again, over the first
    names = {"qrels.txt", "relatedstories.run", "tfidf.run", "bm25.run", "shared-topics.run", "newest.run"}
    assert {path.name for path in (tmp_path / "runs").iterdir()} == names
    assert read_qrels(tmp_path / "runs" / "qrels.txt") == evaluation.judgements
    with open(tmp_path / "runs" / "qrels.txt", encoding="utf-8") as file:
        judge = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(file), {"recall.3", "recip_rank"})
    for system, lists in evaluation.lists.items():
        with open(tmp_path / "runs" / f"{system}.run", encoding="utf-8") as file:
            run = pytrec_eval.parse_run(file)
        assert {query: sorted(run[query], key=lambda d, q=query: -run[q][d]) for query in lists} == lists
        found = judge.evaluate(run)
        assert [found[query]["recall_3"] for query in evaluation.queries] == list(evaluation.values[system]["R@3"])
        assert [found[query]["recip_rank"] for query in evaluation.queries] == list(evaluation.values[system]["MRR@3"])


def test_a_run_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_run({"a": ["b", "c"]}, "bm25", sys.stdout)
    assert capsys.readouterr().out == "a Q0 b 1 2 bm25\na Q0 c 2 1 bm25\n"


# ---------------------------------------------------------------------- what cannot be used


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 0 b 1\na 0 b\n", ":2: got 3 columns, expected four: query, iteration, document and gain, separated by spaces"),
        (b'{"id":1}\n', ":1: got 1 column, expected four: query, iteration, document and gain, separated by spaces"),
        (b"a 0 b 1.5\n", ":1: gain: got '1.5', expected a whole number up to 10"),
        (b"a 0 b 11\n", ":1: gain: got '11', expected a whole number up to 10"),
        (b"a 0 b 1\nc 0 b 1\na 0 b 0\n", ":3: document: got 'b' a second time, expected one judgement of it for 'a'"),
        (b"a 0 \xff 1\n", ":1: got byte 0xff at column 5, expected text in UTF-8"),
        (
            b"\n",
            ": got no judgements, expected at least one line: query, iteration, document and gain, separated by spaces",
        ),
    ],
)
def test_qrels_that_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "news.qrels"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_qrels(path)
    assert str(caught.value) == f"{path}{message}"


def test_judgements_of_other_events_are_counted_and_left_out() -> None:
    judgements = {"a": {"b": 1, "x": 2, "a": 2}, "y": {"a": 1}, "c": {"z": 1}, "d": {"a": 0}}
    with pytest.warns(UserWarning, match="judgements: left out") as warned:
        evaluation = evaluate(SNOW, judgements, stories=quick())
    assert [str(warning.message) for warning in warned] == [
        "judgements: left out 3 ids not in the archive: 'x', 'y', 'z'",
        "judgements: left out 2 queries without a related event in the archive: 'c', 'd'",
    ]
    assert evaluation.queries == ("a",)
    assert evaluation.judgements == {"a": {"b": 1}}


@pytest.mark.filterwarnings("ignore:judgements")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"judgements": {"x": {"y": 1}}},
            "got 1 judged queries, but none in the archive has a related event in the archive, "
            "expected at least one; the archive's ids: 'a', 'b', 'c' and 1 more",
        ),
        ({"judgements": [("a", "b")]}, "evaluate: judgements: got [('a', 'b')] (list), expected a mapping of each query's id to"),
        ({"judgements": {"a": ["b"]}}, "judgements of 'a': got ['b'] (list), expected a mapping of ids to gains"),
        ({"judgements": {"a": {"b": 0.5}}}, "judgements of 'a': gain: got 0.5 (float), expected a whole number up to 10"),
        (
            {"judgements": {"a": {"b": 1}}, "above": {}},
            "evaluate: above: got {} (dict), expected None, because judgements are given",
        ),
        ({"above": {"a": "News"}}, "event 'a': above: got 'News', expected a list of headings"),
        ({"k": 0}, "evaluate: k: got 0 (int), expected a whole number of at least 1"),
        ({"queries": 0}, "evaluate: queries: got 0 (int), expected a whole number of at least 1"),
        ({"events": ["a"]}, "evaluate: events: got 'a', expected an Event; read_events makes them of dicts and data frames"),
        ({"stories": SNOW}, "evaluate: stories: got "),
        ({"progress": 1}, "evaluate: progress: got 1 (int), expected a function, or None"),
        ({"events": SNOW + SNOW}, "fit: id: got 'a' twice, expected an id of its own for each event"),
    ],
)
def test_arguments_that_cannot_be_used(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(**({"events": SNOW, "stories": quick()} | arguments))  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("module", "package"), [("pytrec_eval", "pytrec-eval-terrier"), ("bm25s", "bm25s")])
def test_extra_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, module: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as caught:
        evaluate(SNOW, stories=quick())
    assert str(caught.value) == (f'evaluate needs {package}, which is not installed: pip install "relatedstories[evaluate]"')


def test_runs_cannot_hold_ids_with_white_space(tmp_path: Path) -> None:
    evaluation = evaluate([Event("snow 1", "Snow"), Event("snow 2", "Snow")], {"snow 1": {"snow 2": 1}}, stories=quick())
    with pytest.raises(BadValueError, match=r"^event 'snow 1': id: got white space in it, expected none, because white space"):
        evaluation.write_runs(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


# ---------------------------------------------------------------------- against the judge of its developers


@pytest.fixture(scope="module")
def judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("judge", shared("judge/judge.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_it_agrees_with_the_judge(judge: ModuleType) -> None:
    with gzip.open(shared("data/wcep-linked-2022.jsonl.gz"), "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    events = [Event(row["id"], row["text"], date=day(row["date"]), heading=row["story"]) for row in rows]
    evaluation: Evaluation = evaluate(events, above={row["id"]: row["story_path"] for row in rows})
    theirs, number = judge.Judge(rows), {row["id"]: i for i, row in enumerate(rows)}
    assert [number[id_] for id_ in evaluation.queries] == theirs.queries
    for system, lists in evaluation.lists.items():
        ranked = {number[id_]: [number[other] for other in listed] for id_, listed in lists.items()}
        assert evaluation.estimates[system]["nDCG@5"].mean == pytest.approx(theirs.ndcg(ranked), abs=1e-6), system
    # Their baselines order equal scores otherwise.
    for system, figure in judge.baselines(rows, theirs):
        assert evaluation.estimates[system]["nDCG@5"].mean == pytest.approx(figure, abs=2e-3), system
    assert evaluation.leads["bm25"]["nDCG@5"].low > 0
