"""What the plots of stories draw: the labels and the numbers, without a display."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers import SPACE, quick
from lxml import etree
from matplotlib.collections import EllipseCollection

from relatedstories import BadValueError, Event, InputError, plots
from relatedstories.storylines import Storyline, Storylines


def story(id_, days, name="Oslo", keys=5):
    events = tuple(
        Event(f"{id_}-{n}", f"{name}, part {n}", date=None if day is None else dt.date(2020, 1, 1) + dt.timedelta(day))
        for n, day in enumerate(days)
    )
    return Storyline(f"{id_}-0", name, events, events[:keys])


def written(ax):
    return [" ".join(text.get_text().split()) for text in ax.texts]


def circles(ax):
    """Centres and radii of all circles."""
    found = [each for each in ax.collections if isinstance(each, EllipseCollection)]
    return np.concatenate([each.get_offsets() for each in found]), np.concatenate([each.get_widths() / 2 for each in found])


def test_a_story_shows_its_events_and_names_its_key_events(sample_stories):
    cave = sample_stories.storylines().of("2018-07-02-thai-boys-found")
    ax = plots.storyline_plot(cave)
    assert sum(bar.get_height() for bar in ax.patches) == len(cave)
    assert ax.get_ylabel() == "events a day"
    assert len(ax.texts) == len(cave.key_events)
    for text, event in zip(written(ax), cave.key_events, strict=True):
        assert text.startswith(f"{event.date} {event.title[:30]}")


@pytest.mark.parametrize("days", [[0], [0, 0, 0, 0, 0, 1], [0, 400, 800, 3000], [0, None], range(0, 200, 3)])
def test_no_title_of_a_story_covers_another(days):
    ax = plots.storyline_plot(story("s", days))
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert sum(bar.get_height() for bar in ax.patches) == sum(day is not None for day in days)
    assert max(box.x1 for box in boxes) <= ax.figure.bbox.x1


def test_a_story_may_end_with_the_year_9999():
    last = (dt.date.max - dt.date(2020, 1, 1)).days
    assert len(plots.storyline_plot(story("s", [0, 2_900_000, last])).texts) == 3
    assert plots.storyline_plot([story("s", [0, last])]).get_title() == "1 story: 2 events, 2020-01-01 to 9999-12-31"


def test_several_stories_are_drawn_below_each_other():
    listed = [story("a", [0, 5, 9]), story("b", [3, None], "Rome $\\frac{$"), story("c", [None, None], "Bern")]
    ax = plots.storyline_plot(listed)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Oslo (3)", "Rome $\\frac{$ (2)", "Bern (2)"]
    assert ax.get_title() == "3 stories: 4 events, 2020-01-01 to 2020-01-10, 3 without date"
    assert sum(len(points.get_offsets()) for points in ax.collections) == 4
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert plots.storyline_plot(iter(listed[:1])).get_title() == "1 story: 3 events, 2020-01-01 to 2020-01-10"


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(InputError, match="none of whose events has a date"):
        plots.storyline_plot(story("a", [None, None]))
    for wrong in ("x", 3, ["x"], [], [story("a", [0])] * 41):
        with pytest.raises(BadValueError, match="storyline_plot: stories: got"):
            plots.storyline_plot(wrong)
    stories = quick().fit(SPACE)
    with pytest.raises(InputError, match="got an archive without stories"):
        plots.story_map(stories, Storylines())
    with pytest.raises(BadValueError, match="story_map: found: got"):
        plots.story_map(stories, [])
    with pytest.raises(BadValueError, match="story_map: labels: got -1"):
        plots.story_map(stories, labels=-1)


def test_a_map_has_a_circle_for_each_story_by_its_size(sample_stories):
    found = sample_stories.storylines()
    ax = plots.story_map(sample_stories, found)
    centres, radii = circles(ax)
    assert len(centres) == len(found)
    sizes = sorted((len(each) for each in found), reverse=True)
    np.testing.assert_allclose(radii / radii[0], np.sqrt(np.array(sizes) / sizes[0]))
    apart = np.linalg.norm(centres[:, None] - centres, axis=2) + np.eye(len(centres)) * 1e9
    assert (apart >= 0.99 * (radii[:, None] + radii)).all()
    assert found.of("2018-07-02-thai-boys-found").name in written(ax)
    assert written(plots.story_map(sample_stories, found, labels=0)) == []
    again, _ = circles(plots.story_map(sample_stories))
    np.testing.assert_array_equal(centres, again)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 40])
def test_a_map_of_few_stories_and_of_equal_ones(n):
    events = [Event(f"{i}-{j}", f"Oslo{i} votes", date=dt.date(2020, 1, 1)) for i in range(n) for j in range(2)]
    stories = quick().fit(events)
    found = Storylines(Storyline(f"{i}-0", f"Oslo $^{i}", tuple(events[2 * i : 2 * i + 2])) for i in range(n))
    ax = plots.story_map(stories, found)
    centres, radii = circles(ax)
    assert len(centres) == n
    assert np.isfinite(centres).all()
    assert math.isclose(radii.min(), radii.max())
    boxes = [text.get_window_extent() for text in ax.texts if text.get_fontsize() < 12]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_the_regions_of_a_map_are_named():
    towns = ("Oslo", "Rome", "Bern")
    events = [Event(f"{i}-{j}", f"{towns[i % 3]} votes", date=dt.date(2020, 1, 1)) for i in range(48) for j in range(2)]
    stories = quick().fit(events)
    found = Storylines(
        Storyline(f"{i}-0", str(i), tuple(events[2 * i : 2 * i + 2]), topics=stories.topics(f"{i}-0")) for i in range(48)
    )
    ax = plots.story_map(stories, found, labels=0)
    assert {name for text in ax.texts for name in text.get_text().split("\n") if name} == {*towns}


def test_a_map_as_svg_tells_each_story_when_pointed_at(sample_stories):
    strange = story("s", [None, None], "<b>&\0\x0bOslo\uffff")
    found = Storylines([*sample_stories.storylines(), strange])
    stories = quick().fit([*sample_stories, *strange.events])
    svg = plots.story_map_svg(stories, found)
    root = etree.fromstring(svg.encode())
    titles = root.xpath("//*[local-name()='g']/*/*[local-name()='title']/text()")
    assert len(titles) == len(found)
    assert "Tham Luang, Thai Navy, Wild Boars: 5 events, 2018-06-23 to 2018-07-10" in titles
    assert "<b>&Oslo: 2 events" in titles
    assert "<script" not in svg
    assert plots.story_map_svg(stories, found) == svg
    assert plt.get_fignums() == []


def test_what_is_given_is_drawn_into(sample_stories):
    _, ax = plt.subplots()
    found = sample_stories.storylines()
    assert plots.storyline_plot(found[0], ax=ax) is ax
    assert plots.story_map(sample_stories, found, ax=plt.figure().add_subplot()).figure is plt.figure(2)
    assert len(plt.get_fignums()) == 2
