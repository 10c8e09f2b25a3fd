"""Kinds of topics, classified by the name and by the words around its mentions."""

from __future__ import annotations

import csv

import pytest

from relatedstories import BadValueError
from relatedstories.artefacts import path
from relatedstories.topics.kinds import KINDS, kind, kinds


@pytest.mark.parametrize(
    ("expected", "names"),
    [
        ("person", ["Angela Merkel", "Pope Francis", "Joko Widodo", "Anna Kowalczyk", "John Smith (footballer)"]),
        ("organisation", ["Ministry of Health", "Ministry of Health (Israel)", "University of Oxford", "Supreme Court of India"]),
        ("organisation", ["Supreme Court of Ruritania", "Ruritanian Air Force", "Ruritania national football team"]),
        ("place", ["Pacific Ocean", "Springfield, Texas", "Kohat District", "Lake Victoria", "Kabul International Airport"]),
        ("event", ["2022 Winter Olympics", "2031 Ruritanian general election", "Hurricane Ida", "Battle of Ruritania"]),
        ("work", ["Affordable Care Act", "Treaty of Ruritania", "Gone Tomorrow (film)"]),
        ("thing", ["Earthquake", "President of France", "Prime Minister of Ruritania", "Vaccine", "Human rights", "Inflation"]),
    ],
)
def test_kinds_of_typical_names(expected, names):
    assert dict(zip(names, kinds(names), strict=True)) == dict.fromkeys(names, expected)


@pytest.mark.parametrize("name", ["", " ", "\t\n", "-", "()", " ()", "1984", "25%", "₴", "—, …", "()()", "12 (13)", "\U0001f30d"])
def test_a_name_without_letters_is_a_thing(name):
    assert kind(name) == "thing"
    assert kinds([name], [("in", "the", ",")]) == ["thing"]


@pytest.mark.parametrize("name", ["x" * 100_000, "A " * 10_000, "A\x00B", "A\ud800", "A\n(B)"])
def test_long_and_broken_names_have_a_kind(name):
    assert kind(name) in KINDS


@pytest.mark.parametrize(
    "name",
    [
        *"Aaß中Ⅷ",
        "(A)",
        "A ()",
        "A ( )",
        "A (",
        "(B) C",
        "A, ",
        ", A",
        "of",
        "of the",
        "-A-",
        "A--B",
        "１９８４ A",
        "²²²² A",
        "Ünï",
    ],
)
def test_odd_names_have_a_kind(name):
    assert kind(name) in KINDS


def test_an_empty_list_gives_an_empty_list():
    assert kinds([]) == []
    assert kinds([], []) == []


def gold() -> list[list[str]]:
    with path("kinds/gold.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def test_many_names_at_once_get_the_same_kinds_as_one_by_one():
    names = [row[0] for row in gold()]
    contexts = [("the", "city", "of") * (i % 3) for i in range(len(names))]
    assert kinds(names) == [kind(name) for name in names]
    assert kinds(names, contexts) == [kinds([name], [context])[0] for name, context in zip(names, contexts, strict=True)]
    assert kinds(names[::-1], contexts[::-1]) == kinds(names, contexts)[::-1]


def test_contexts_decide_the_kind_of_an_unknown_word():
    contexts = {
        "place": ("city", "of", ",", "province", "of", ","),
        "person": ("Foreign", "Minister", "says", ",", "Senator", "said"),
    }
    for name in ("Brzlk", "Tamorix"):
        assert kinds([name] * len(contexts), list(contexts.values())) == list(contexts)


def test_contexts_may_be_lists_and_may_be_empty():
    names = ["Angela Merkel", "Pacific Ocean"]
    for contexts in ([[], []], [(), ["in", "the", "."]], [["says", "Chancellor", ","], ()]):
        assert kinds(names, contexts) == ["person", "place"]


def test_a_missing_context_is_an_error():
    with pytest.raises(BadValueError, match=r"kinds: contexts: got 1, expected one for each of 2 names"):
        kinds(["A", "B"], [()])


def test_most_hand_labels_are_predicted():
    rows = gold()
    right = sum(found == row[1] for found, row in zip(kinds([row[0] for row in rows]), rows, strict=True))
    assert right / len(rows) > 0.8
