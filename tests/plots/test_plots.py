"""What plots draw: the labels and the numbers, without a display."""

from __future__ import annotations

import datetime as dt
import itertools
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest
from helpers import SPACE, day, quick

from relatedstories import Event, InputError, plots


def heights(ax):
    return [bar.get_height() for bar in ax.patches]


def test_a_topics_timeline_counts_its_events():
    stories = quick().fit([*SPACE, Event("undated", "Oslo")])
    ax = plots.topic_timeline(stories, "oslo")
    assert ax.get_title() == "Oslo: 2 events, 2017-01-04 to 2017-01-05, 1 without date"
    assert heights(ax) == [1, 1]
    assert ax.get_ylabel() == "events a day"
    ax = plots.topic_timeline(stories, "Space")
    assert heights(ax) == [1, 1]
    assert ax.get_ylabel() == "events a month"
    assert plots.topic_timeline(stories, "Iceland").get_title() == "Iceland: 1 event, 2016-10-29"


def test_a_timelines_peaks_are_named():
    fires = [Event(f"f{i}", "Rome Nero", date=dt.date(64, 7, 18 + i)) for i in range(5)]
    later = [Event(f"l{i}", "Rome Hadrian", date=dt.date(140, 3, 1 + i)) for i in range(3)]
    ax = plots.topic_timeline(quick().fit([*fires, *later, Event("x", "Rome Nero", date=dt.date(90, 1, 1))]), "Rome")
    assert [text.get_text() for text in ax.texts] == ["Nero", "Hadrian"]
    assert ax.get_ylabel() == "events a year"
    assert heights(ax) == [5, 1, 3]


@pytest.mark.parametrize(
    ("first", "last"), [("0001-01-01", "9999-12-31"), ("9999-12-31", "9999-12-31"), ("2020-02-29", "2024-02-29")]
)
def test_any_dates_can_be_drawn(first, last):
    stories = quick().fit([Event("1", "Oslo", date=day(first)), Event("2", "Oslo", date=day(last))])
    assert sum(heights(plots.topic_timeline(stories, "Oslo"))) == 2
    assert sum(heights(plots.overview(stories)[0])) == 2


def test_a_timeline_needs_a_topic_and_dates():
    stories = quick().fit([Event("1", "Oslo")])
    with pytest.raises(InputError, match="got topic 'Bergen'"):
        plots.topic_timeline(stories, "Bergen")
    with pytest.raises(InputError, match="none of whose events has a date"):
        plots.topic_timeline(stories, "Oslo")


def test_a_timeline_of_an_inflected_name_is_that_of_the_topic():
    events = [
        Event("1", "Im Hafengebiet wird gebaut", date=day("2020-01-01"), language="de", topics=["Hafengebiet"]),
        Event("2", "Neue Pläne für das Hafengebiet", date=day("2020-01-02"), language="de", topics=["Hafengebiet"]),
        Event("3", "In beiden Hafengebieten ist es laut", date=day("2020-01-03"), language="de", topics=["Hafengebieten"]),
    ]
    ax = plots.topic_timeline(quick().fit(events), "Hafengebieten")
    assert ax.get_title() == "Hafengebiet: 3 events, 2020-01-01 to 2020-01-03"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.overview(None), "overview: stories: got None, expected a RelatedStories"),
        (lambda: plots.neighbourhood(SPACE, "1"), "neighbourhood: stories: got .*, expected a RelatedStories"),
        (lambda: plots.topic_timeline(quick(), "Oslo"), "topic_timeline: got no archive yet"),
        (lambda: plots.story_map(None), "story_map: stories: got None, expected a RelatedStories"),
        (lambda: plots.score_parts(0.5), "score_parts: explanation: got 0.5"),
    ],
)
def test_what_is_no_archive_or_explanation_is_said(draw, message):
    with pytest.raises(InputError, match=message):
        draw()


def test_a_neighbourhood_names_events_and_contexts():
    stories = quick().fit(SPACE)
    ax = plots.neighbourhood(stories, "dragon")
    written = [" ".join(text.get_text().split()) for text in ax.texts]
    assert "2017-06-03 SpaceX launches a Dragon cargo ship to the International Space Station (ISS)" in written
    for link in stories.related("dragon"):
        assert any(text.startswith(f"{link.event.date} {link.event.title[:20]}") for text in written)
        assert link.label in written
    unseen = plots.neighbourhood(stories, Event("new", "Snow in Oslo", date=day("2017-02-01")))
    assert any("Snow in Oslo" in text.get_text() for text in unseen.texts)
    assert plots.neighbourhood(stories, "iceland").get_title() == "No related events"


def test_each_pair_of_a_neighbourhood_has_one_edge():
    words = ["ice", "fog", "hail", "rain", "snow"]
    stories = quick(min_score=0.0).fit([Event(str(i), f"Oslo: {word}, {word} and {word}") for i, word in enumerate(words)])
    ax = plots.neighbourhood(stories, "0", k=4, further=4)
    edges = [text for text in ax.texts if not text.get_text()]
    assert len(edges) == len(list(itertools.combinations(range(5), 2)))


def test_the_parts_of_a_score(sample_stories):
    explanation = sample_stories.explain("2016-12-01-progress-ms-04", "2018-10-11-soyuz-ms-10-abort")
    ax = plots.score_parts(explanation, most=4)
    widths = [bar.get_width() for bar in ax.patches]
    assert sum(widths) == pytest.approx(explanation.score)
    assert len(widths) == 5
    assert ax.get_yticklabels()[-1].get_text() == f"{len(explanation.parts) - 4} others"
    assert f"score {explanation.score:.3f}" in ax.get_title(loc="left")
    plots.score_parts(quick().fit(SPACE).explain("dragon", "iceland"))  # which share nothing


def test_an_archive_at_a_glance():
    stories = quick().fit([*SPACE, Event("undated", "Snow in Oslo")])
    lists = dict(stories.all_related())
    events, topics, ages, orphans = plots.overview(stories)
    assert events.get_title() == "7 events, 2016-10-29 to 2017-06-03, 1 without date"
    assert sum(heights(events)) == 6
    assert topics.get_yticklabels()[0].get_text() == "Oslo"
    assert topics.patches[0].get_width() == 3
    assert sum(heights(ages)) == pytest.approx(100)
    listed = {link.event.id for links in lists.values() for link in links}
    assert orphans.get_title().startswith(f"{7 - len(listed)} of 7 events")
    assert heights(orphans)[0] == 7 - len(listed)
    assert sum(place * height for place, height in enumerate(heights(orphans))) == sum(map(len, lists.values()))
    assert f"({sum(not links for links in lists.values())} have none" in orphans.get_xlabel()


def test_an_archive_without_dates_or_events():
    assert plots.overview(quick().fit([Event("1", "Oslo")]))[0].get_title() == "1 event, none with a date"
    assert plots.overview(quick().fit([]))[3].get_title() == "0 of 0 events are orphans (0%)"


def test_what_is_given_is_drawn_into(sample_stories):
    figure, ax = plt.subplots()
    assert plots.topic_timeline(sample_stories, "NASA", ax=ax) is ax
    assert plots.neighbourhood(sample_stories, "2016-12-01-progress-ms-04", ax=ax) is ax
    figure = plt.figure()
    assert plots.overview(sample_stories, figure=figure)[0].figure is figure
    assert len(plt.get_fignums()) == 2


def test_titles_are_no_formulas_and_are_cut():
    titles = ["$5 million for $3 in Oslo", "Oslo $\\frac{$ ^_ costs", "Oslo " + "very " * 300 + "long", "$_$ Oslo $^$"]
    stories = quick(min_score=0.0).fit([Event(str(i), title, date=dt.date(2020, 1, 1 + i)) for i, title in enumerate(titles)])
    ax = plots.neighbourhood(stories, "0")
    written = [text.get_text() for text in ax.texts]
    assert any("$5 million for $3 in Oslo" in " ".join(text.split()) for text in written)
    assert all(len(text) < 120 for text in written)
    plots.score_parts(stories.explain("0", "1"))
    plots.topic_timeline(stories, "Oslo")


def test_without_matplotlib_an_error_names_the_extra():
    script = "import sys; sys.modules['matplotlib'] = None\nfrom relatedstories.plots import overview"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert 'InputError: plots need matplotlib, which is not installed: pip install "relatedstories[plots]"' in done.stderr
