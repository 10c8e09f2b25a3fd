"""Labels of links between articles: what both titles name explains more than what the texts happen to mention."""

from __future__ import annotations

import pytest
from helpers import quick

from relatedstories import Event, RelatedStories, TopicExtractor

COMMON = "The service and its users are what the agency is about, and so are experience and design."


def with_common_words(*articles: tuple[str, str]) -> RelatedStories:
    """Return an archive of articles with ids from "0", and of others that all have the same common words in their texts."""
    things = ["lamps", "bricks", "oars", "kites", "bells", "ropes", "wells", "looms", "carts", "drums", "saddles", "kettles"]
    others = [Event(f"x{n}", f"{thing.capitalize()} are mended", f"{COMMON} Here {thing} go.") for n, thing in enumerate(things)]
    return quick().fit([Event(str(n), title, f"{COMMON} {text}") for n, (title, text) in enumerate(articles)] + others)


def contexts(stories: RelatedStories) -> tuple[str, ...]:
    return stories.explain("0", "1").contexts


def test_common_words_that_make_a_name_in_both_titles_are_the_label() -> None:
    stories = with_common_words(
        ("Guidelines for User Experience", "Charles Eames drew chairs. Forms come first."),
        ("A survey of User Experience", "Charles Eames was quoted. Answers came by post."),
    )
    assert contexts(stories)[0].casefold() == "user experience"


def test_a_name_in_both_titles_comes_before_one_in_the_texts() -> None:
    stories = with_common_words(
        ("Kubic moves to another harbour", "The team met in Nuremberg. It was thanked by Novell."),
        ("Introducing Kubic", "The talks in Nuremberg went on. Novell had asked for it."),
    )
    assert contexts(stories)[0] == "Kubic"


def test_a_release_is_told_by_its_name_and_number() -> None:
    stories = with_common_words(
        ("Harbour 12.1 is out", "There are new colours for the sails and a map of the coast."),
        ("Almost there: Harbour 12.1", "What is left to do before the day, and who will do it."),
        ("Harbour 11.4 is old", "It has served for eight years."),
    )
    assert contexts(stories)[0] == "Harbour 12.1"
    assert "Harbour 12" not in stories.explain("0", "2").contexts


@pytest.mark.parametrize("separator", [": ", " - ", " | "])
def test_a_series_is_the_label_where_nothing_else_is_shared(separator: str) -> None:
    series = f"Letters on Friday{separator}"
    stories = with_common_words(
        (f"{series}how oars are carved", "Ash is best for it."), (f"{series}why bells crack", "Frost is to blame.")
    )
    assert contexts(stories) == ("Letters on Friday",)
    shared = with_common_words(
        (f"{series}oars of Kvitsund", "Ash from Kvitsund is best."), (f"{series}bells of Kvitsund", "Frost came to Kvitsund.")
    )
    assert contexts(shared) == ("Kvitsund",)


@pytest.mark.parametrize("word", ["September", "Saturday", "doesn't", "folks"])
def test_when_something_was_is_no_label_nor_is_a_word_that_no_title_has(word: str) -> None:
    stories = with_common_words(
        ("Oars are carved by hand", f"It is done in {word} by the quay."),
        ("Bells crack", f"Frost and {word} were named by a smith."),
    )
    assert contexts(stories) == ()


def test_a_noun_in_a_title_that_texts_say_again_is_a_label() -> None:
    boats = [
        (f"{boat} is built", "Its usability was praised. The usability of oars was not.")
        for boat in ("A ferry", "A canoe", "A raft", "A barge")
    ]
    stories = with_common_words(("Usability of chairs", "Seats were moved."), *boats)
    assert contexts(stories) == ("Usability",)


@pytest.mark.parametrize(("ours", "theirs", "release"), [
    ("Announcing Harbour 1.67.0", "1.67.1 pre-release testing", "Harbour 1.67"),
    ("Harbour 2.1.3 Released", "Harbour 2.1.4-rc1 Released", "Harbour 2.1"),
    ("Harbour 2.0.0-p594 Released", "Harbour 2.0.0-p643 Released", "Harbour 2.0.0"),
])  # fmt: skip
def test_a_family_of_releases_is_told_by_the_parts_of_the_number_that_are_the_same(ours: str, theirs: str, release: str) -> None:
    stories = with_common_words((ours, "New colours for the sails."), (theirs, "What is left to mend."))
    assert contexts(stories)[0] == release


def test_a_site_in_both_titles_comes_before_one_in_the_texts() -> None:
    stories = with_common_words(
        ("A new harbour.example.org opens", "The team met in Nuremberg. It was thanked by Novell."),
        ("Five years of Harbour.Example.org", "The talks in Nuremberg went on. Novell had asked for it."),
        ("Seven years of boats.example.org", "The talks were long."),
    )
    assert contexts(stories)[0] == "harbour.example.org"
    assert not any("example" in label for label in stories.explain("0", "2").contexts)


def test_a_release_that_a_title_names_and_the_other_article_says_is_told_with_its_number() -> None:
    boats = [(f"A {boat} for the harbour", f"The {boat} of Kvitsund was built by hand.") for boat in ("raft", "canoe", "barge")]
    stories = with_common_words(
        ("Kvitsund 15.4 is out", "There are new colours for the sails."),
        ("What the harbour wants", "Since Kvitsund 15.4 the bells are silent. Kvitsund is glad."),
        ("Kvitsund 15.5 is out", "It comes after Kvitsund 15.4 and has new oars."),
        *boats,
    )
    assert contexts(stories) == ("Kvitsund 15.4",)
    assert "Kvitsund 15.4" not in stories.explain("0", "2").contexts  # which is another release
    assert contexts(with_common_words(("Version 1.5 is out", "Sails."), ("Bells", "They ring since Version 1.5."))) == ()


def test_what_a_title_of_a_series_says_comes_before_the_series() -> None:
    others = [Event(f"p{n}", f"Pocket {n}", "It is in a pocket.") for n in range(12)]
    others += [Event(f"m{n}", f"Mirror {n}", "It is a mirror.") for n in range(12)]
    others += [Event(f"o{n}", f"Oar {n}", "It is an oar.") for n in range(20)]
    told = [
        Event("0", "Letters on Friday: why a pocket mirror breaks", "A pocket mirror is thin. Glass is to blame."),
        Event("1", "Letters on Friday: things to keep", "Every pocket mirror has a lid. Keep the pocket mirror shut."),
        Event("2", "Letters on Friday: frost", "Bells crack."),
    ]
    stories = quick().fit(told + others)
    assert contexts(stories)[0] == "pocket mirror"
    assert stories.explain("0", "2").contexts == ("Letters on Friday",)


def test_an_event_with_a_year_is_told_where_one_title_says_more_of_its_name() -> None:
    stories = with_common_words(
        ("Talks for SailConf 2009", "Come by boat."), ("Oslo SailConf 2009 sold out", "Sails were raised.")
    )
    assert contexts(stories)[0] == "SailConf 2009"


def test_a_noun_with_a_year_is_a_name() -> None:
    stories = with_common_words(("What is Rust 2018?", "Oars are new."), ("Sails and Rust 2018", "Lamps were lit."))
    assert contexts(stories)[0] == "Rust 2018"


def test_the_family_of_releases_is_told_where_all_its_words_are_common() -> None:
    things = ["oars", "bells", "kites", "lamps", "ropes", "wells", "looms", "carts", "drums", "kettles", "saddles"]
    releases = [Event(str(n), f"Harbour 3.4.{n} is out", f"It has {thing}.") for n, thing in enumerate(things)]
    assert contexts(quick().fit(releases)) == ("Harbour 3.4",)


def test_what_numbers_the_parts_of_a_whole_is_no_label_by_itself() -> None:
    parts = [("Section 1: oars", "Ash fills a section."), ("Section 2: bells", "Bronze is in the section.")]
    assert contexts(with_common_words(*parts)) == ()
    laws = [("Section 508 compliance of oars", "It is law."), ("Bells and Section 508 compliance", "Courts ask.")]
    assert contexts(with_common_words(*laws))[0] == "Section 508 compliance"


def test_what_numbers_a_name_does_not_end_it() -> None:
    stories = with_common_words(
        ("Kvit Airways Flight KA12 is lost", "Kvit Airways Flight KA12 was seen at sea."),
        ("Kvit Airways Flight 93 is found", "Bells rang for Kvit Airways Flight 93."),
    )
    assert contexts(stories)[0] == "Kvit Airways"


def test_a_series_comes_before_a_person_whom_only_the_texts_name() -> None:
    things = ["oars are carved", "bells crack", "kites fly"]
    letters = [
        Event(str(n), f"Letters on Friday: how {what}", f"So {what}, says Angela Merkel.") for n, what in enumerate(things)
    ]
    others = [Event(f"x{n}", f"How {what}", f"All {what} in the end.") for n, what in enumerate(things)]
    assert RelatedStories().fit(letters + others).explain("0", "1").contexts == ("Letters on Friday", "Angela Merkel")


def test_what_a_title_says_and_both_texts_say_again_comes_before_what_only_the_texts_name() -> None:
    stories = with_common_words(
        ("Kvitsund opens a tide mill", "The tide mill saws. By the tide mill, Novell had a stand."),
        ("Saws", "Nobody saw Novell, and every tide mill was shut. So a tide mill waits."),
        ("Novell and wells", "Wells are dug."),
    )
    assert contexts(stories) == ("tide mill", "Novell")
    assert stories.explain("0", "2").contexts[0] == "Novell"  # which a title has


@pytest.mark.parametrize(("title", "label"), [
    ("Building customer experience", "customer experience"),
    ("Why we build", None),  # no title says it
])  # fmt: skip
def test_several_words_of_a_title_are_a_label_where_each_is_common(title: str, label: str | None) -> None:
    others = [Event(f"c{n}", f"Customer {n}", "A customer came.") for n in range(10)]
    others += [Event(f"e{n}", f"Experience {n}", "It is experience.") for n in range(10)]
    others += [Event(f"o{n}", f"Oar {n}", "It is an oar.") for n in range(15)]
    told = [
        Event("0", title, "Good customer experience begins at the door, and customer experience ends there."),
        Event("1", "What was learnt at the door", "It was all about customer experience."),
    ]
    stories = quick().fit(told + others)
    assert [*stories.explain("0", "1").contexts] == ([] if label is None else [label])


def test_words_that_most_articles_have_are_no_label_together() -> None:
    things = ["lamp", "brick", "oar", "kite", "bell", "rope", "well", "loom", "cart", "drum", "saddle", "kettle"]
    others = [Event(f"x{n}", f"A {thing} is mended", f"Its agency told the {thing} service.") for n, thing in enumerate(things)]
    told = [
        Event("0", "Inside the agency service", "Of the agency service, and whom the agency service serves."),
        Event("1", "Yesterday at the quay", "It is the agency service again."),
    ]
    assert contexts(quick().fit(told + others)) == ()


def test_the_label_of_the_link_back_is_the_same() -> None:
    stories = with_common_words(
        ("The ferry strike begins", "Crews began a ferry strike at noon. The ferry strike is their first."),
        ("Ferry strikes go on", "Ferry strikes were called. Nobody likes ferry strikes."),
    )
    (there,) = (link.contexts for link in stories.related("0", 9, min_score=0) if link.event.id == "1")
    (back,) = (link.contexts for link in stories.related("1", 9, min_score=0) if link.event.id == "0")
    assert there == back == stories.explain("1", "0").contexts == stories.explain("0", "1").contexts
    assert there[0].casefold() in ("ferry strike", "ferry strikes")


def test_a_draft_is_told_by_its_own_words_not_by_those_of_the_event_with_its_id() -> None:
    stories = with_common_words(
        ("Usability of chairs", "The usability of oars was not praised, but usability was."),
        ("Usability of kites", "Usability was seen. Catapults broke: a catapult is heavy."),
        ("Usability of bells", "Usability was heard."),
    )
    archived = stories.explain("0", "1").contexts
    draft = Event("0", "Catapult for sale", f"{COMMON} The catapult is old. No catapult is better.")
    asked = [draft, stories.explain("0", "1").b]
    of_draft, of_archived = stories.related_many(asked, 9, min_score=0)
    assert [link.contexts for link in of_archived if link.event.id == "0"] == [archived]
    (of_draft,) = (link.contexts for link in of_draft if link.event.id == "1")
    assert of_draft == stories.explain(draft, "1").contexts != archived


def test_what_editors_gave_comes_before_what_a_title_says() -> None:
    mills = (
        ("Kvitsund opens a tide mill", "The tide mill saws. It is a tide mill."),
        ("Saws", "Every tide mill is shut. A tide mill waits."),
    )
    given = [Event(str(n), title, text, topics=["Shore power"]) for n, (title, text) in enumerate(mills)]
    others = [Event(f"x{n}", f"{thing} are mended", f"Here {thing} go.") for n, thing in enumerate(["Lamps", "Bricks", "Oars"])]
    assert contexts(RelatedStories().fit(given + others))[0] == "Shore power"


@pytest.mark.parametrize(("a", "b", "label"), [
    ("2017-10-01-catalan-referendum", "2017-10-27-catalan-declaration", "Carles Puigdemont"),  # not "Catalan", in one title
    ("2013-07-03-morsi-ousted", "2014-06-08-sisi-sworn-in", "Abdel Fattah el-Sisi"),  # not "Morsi": a title says "Sisi"
])  # fmt: skip
def test_a_single_name_of_a_title_that_is_no_topic_does_not_come_before_a_person(
    sample_stories: RelatedStories, a: str, b: str, label: str
) -> None:
    assert sample_stories.explain(a, b).contexts[0] == label


def test_an_amount_is_no_release() -> None:
    stories = with_common_words(("Oslo spends 1.5 million", "Roads are mended."), ("A ship for 1.5 million", "It has sails."))
    assert not any("1.5" in label for label in contexts(stories))


def test_what_two_articles_say_once_in_passing_is_no_label() -> None:
    stories = with_common_words(
        (
            "How oars are carved",
            "Ash is best. Some cotton curtain was blue. Every tide mill saws it. Each tide mill has two wheels.",
        ),
        ("Why bells crack", "Frost is to blame. No cotton curtain keeps it out. By the tide mill it is warm."),
    )
    assert contexts(stories) == ("tide mill",)


def test_the_number_of_a_fault_is_a_label_however_seldom_it_is_said() -> None:
    stories = with_common_words(
        ("Harbour 3.1.2 Released", "CVE-2022-28739 is mended."), ("Lantern 2.6.9 Released", "It lacks CVE-2022-28739 now.")
    )
    assert contexts(stories) == ("CVE-2022-28739",)


def test_what_texts_quote_in_another_language_is_no_label() -> None:
    common = "Ĝi temas pri la urbo kaj la homoj, kiuj loĝas tie."
    others = [Event(f"x{n}", f"Novaĵo {n}", f"{common} La tago {n} estis longa.", language="eo") for n in range(12)]
    quote = "Ŝi diris: “There are many. There are few. There are some.”"
    articles = [Event(str(n), title, f"{common} {quote}", language="eo") for n, title in enumerate(("Kanto", "Danco"))]
    assert "There are" not in quick().fit([*articles, *others]).explain("0", "1").contexts


def test_a_title_of_several_articles_is_the_label_unless_most_have_it() -> None:
    texts = [f"{thing} were shown in the hall of Kvitsund." for thing in ("Oars", "Bells", "Kites", "Lamps")]
    assert contexts(with_common_words(*[("Service Users Design", text) for text in texts])) == ("Service Users Design",)
    assert contexts(with_common_words(*[("Service Users Design", texts[n % 4]) for n in range(40)])) != ("Service Users Design",)


def test_a_title_that_names_nothing_is_no_label() -> None:
    stories = with_common_words(("How to join", "Oars of Kvitsund are seen."), ("How to join", "Bells of Kvitsund are heard."))
    assert contexts(stories) == ("Kvitsund",)


def test_what_titles_say_comes_before_the_places_that_texts_name() -> None:
    stories = with_common_words(
        ("Results of the Oar Survey", "Answers came from China, France, Japan and Germany. China sent most; Germany sent few."),
        ("The Oar Survey is over", "Letters from China, France, Japan and Germany are read. China sent some; Germany sent many."),
    )
    assert contexts(stories)[0] == "Oar Survey"


def test_the_number_of_a_release_that_texts_name_is_not_told_by_titles_with_others() -> None:
    things = ["barcos", "remos", "faroles", "pozos", "telares"] * 20
    events = [
        Event("0", "Termina Ruby 2.2", "Ahora la serie Ruby 2.3 sigue en mantenimiento, pero Ruby 2.2 no."),
        Event("1", "Publicado Ruby 2.4.8", "La serie Ruby 2.3 termina pronto; el mantenimiento de Ruby 2.4 sigue."),
        *(
            Event(f"x{n}", f"Ruby habla de {thing}", f"Los {thing} son muy viejos en el puerto.")
            for n, thing in enumerate(things)
        ),
    ]
    explained = RelatedStories(language="es").fit(events).explain("0", "1")
    assert ([topic.name for topic in explained.topics], explained.contexts) == (["Ruby 2.3"], ())


def test_a_word_is_completed_to_the_name_that_both_articles_use() -> None:
    stories = with_common_words(
        ("Students begin", "The Google Summer of Code has begun. They carve oars for the Google Summer of Code."),
        ("Mentors are sought", "They help in the Google Summer of Code. It is paid by the Google Summer of Code."),
    )
    assert contexts(stories)[0] == "Google Summer of Code"


def test_a_phrase_that_says_far_more_comes_before_a_broad_topic() -> None:
    texts = ["The prize competition for oars was won.", "Each prize competition needs rules, and a prize competition ends."]
    tasks = ["Lamps", "Bricks", "Kites", "Bells", "Ropes", "Wells", "Looms", "Carts"]
    nasa = [Event(f"n{n}", f"{task} in space", f"NASA tests {task.lower()} there. So NASA says.") for n, task in enumerate(tasks)]
    ours = [
        Event(str(n), title, f"{text} NASA was told.")
        for n, (title, text) in enumerate(zip(["Oars", "Rules"], texts, strict=True))
    ]
    assert contexts(quick().fit([*ours, *nasa]))[0].casefold() == "prize competition"


@pytest.mark.parametrize(
    ("ours", "theirs", "column"),
    [
        ("Harbour Council Update, March 2024", "May Harbour Council update", "Harbour Council Update"),
        ("Harbour Letters, issue 12", "Harbour Letters, issue 13b", "Harbour Letters"),
    ],
)
def test_issues_of_a_column_that_differ_in_dates_and_numbers_are_told_by_its_name(ours: str, theirs: str, column: str) -> None:
    stories = with_common_words(
        (ours, "Kvitsund and Kvitsund again. Kvitsund it is."), (theirs, "Kvitsund was there, in Kvitsund. So was Kvitsund.")
    )
    assert contexts(stories)[0] == column


def test_a_column_may_be_named_by_a_site() -> None:
    title = "kvit.io: development update"
    stories = with_common_words((title, "Oars of Kvitsund are seen."), (title, "Bells of Kvitsund are heard."))
    assert contexts(stories) == (title,)


def test_a_column_that_the_user_ignores_is_no_label() -> None:
    events = [
        Event(str(n), f"Harbour Council Update {2020 + n}", f"The {thing} of Kvitsund was mended in Kvitsund.")
        for n, thing in enumerate(["mole", "pier", "lamp"])
    ]
    assert RelatedStories().fit(events).explain("0", "1").contexts[0] == "Harbour Council Update"
    ignoring = RelatedStories(TopicExtractor(ignored=["Harbour Council Update"])).fit(events)
    assert "Harbour Council Update" not in ignoring.explain("0", "1").contexts


def test_what_nearly_all_titles_are_beside_what_all_end_with_is_no_label() -> None:
    title = "Daily Notes - Harbour Gazette"
    told = [(title, "Ceres was seen in the hall."), (title, "In the hall Ceres was shown.")]
    rest = [(title, f"{thing} were shown in the hall.") for thing in ("Oars", "Bells", "Kites", "Lamps") * 10]
    assert contexts(with_common_words(*told, *rest)) == ("Ceres",)
