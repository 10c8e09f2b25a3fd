import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import Event, TopicExtractor
from relatedstories.ranking.phrases import shared_phrase
from relatedstories.text.cleaning import clean, clean_event
from relatedstories.text.titles import plain_title

CHECKSUM = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        "5 < 6 and 7 > 3", "C# and C++", "a * b", "AT&T", "snake_case", "[sic]", "{braces}", "R&D", "1. May", "#hashtag", "<3",
        "Q&A",
        "if a <b and c> d", "2**3 and 4**5", "Radio | Weather", "50% off, ~5 km", "and/or", "@harbour", "<name>",
    ],
)  # fmt: skip
def test_what_only_looks_like_markup_stays(text):
    for written in (text, f"See {text}.", f"<b>One</b>: {text}"):
        assert clean(written).text == written.replace("<b>", "").replace("</b>", "")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<!-- wp:paragraph --><p class='x'>Hail &amp; rain.&nbsp;The <a href='/b'>dam</a> held.", "Hail & rain. The dam held."),
        ("<script>var x = 1;</script><style>p {}</style>Hail", "Hail"),
        ("<ul><li>One</li><li>Two</li></ul>", "One\nTwo"),
        ("&lt;p&gt;Hail &amp;amp; rain&lt;/p&gt;", "Hail & rain"),
        ('<a href="/x Hail fell', "Hail fell"),
        ("<!-- Hail fell", "Hail fell"),
        ("<script>Hail fell", "Hail fell"),
        ("{{< figure src='a.jpg' >}} Hail {{ site.name }} {% include a.html %}fell", "Hail fell"),
        ("{% highlight ruby %}\nputs 1\n{% endhighlight %}\nHail", "Hail"),
        ("[caption id='a' width='3']Hail[/caption] fell [gallery]", "Hail fell"),
        ("# Hail #\n\n**Snow** and __ice__, *wet*\n{: .lead}", "Hail #\nSnow and ice, wet"),
        ("Hail\n====\n\nSnow", "Hail\nSnow"),
        ("[Hail](/a_(b) 'c') and ![ice](ice.png) [snow][1] [![x](y)](z)\n\n[1]: https://example.org/a", "Hail and snow"),
        ("[[Harbour tram|the tram]] and [[Quay]]", "the tram and Quay"),
        ("Hail[^1].\n\n[^1]: In May.", "Hail.\nIn May."),
        ("| A | B |\n|---|---|\n| one two | three |", "A\nB\none two\nthree"),
        ("A | B\n--|:-:\nHail fell | 3\nRain | 4\n\nRadio | Weather", "A\nB\nHail fell\n3\nRain\n4\nRadio | Weather"),
        ("Hail <a href=\"{{< ref \"a.md\" >}}\" target='{% b \"c\" %}'>fell</a>", "Hail fell"),
        ("[Hail](https://example.org/a...{{ site.tag }}#b) [fell](/c/{% post_url 2020-01-02-d %} 'e')", "Hail fell"),
        ("[Write to us](mailto:us@example.org?subject= Hail in May).", "Write to us."),
        ("- <{{ site.url }}/a.gz>\n- <https://example.org/{% b %}>\n- Hail", "Hail"),
        ("Hail [fell][1].\n\n[1]: {{ site.url }}/a\n[2]: {% post_url 2020-01-02-d %}", "Hail fell."),
        ("![ice](ice.png){:\n.icon width=\"70\"}Hail", "Hail"),
        ("> Hail fell\n> on Monday", "Hail fell\non Monday"),
        ("- [ ] One\n- [x] Two\n  * Three", "One\nTwo\nThree"),
        ("```python\nx = 1\n```\nHail `fell`", "Hail fell"),
        ("```\nHail fell", "Hail fell"),
        ("Hail\n\n    x = f(1)\n    y = 2\n\nfell", "Hail\nfell"),
        ("Hail\n\n    It fell on the town.\n\nand", "Hail\nIt fell on the town.\nand"),
        (f"SHA: {CHECKSUM} at https://example.org/a_b?c=1&d=2, www.example.org/x and me@example.org.", "SHA: at , and ."),
        ("The river has risen by two metres since the evening, and\nThe Mill is under water.", None),
        ("S\u0061\u0303o Pa\u00adulo\u200b and New\u00a0York’s ２０２４", "São Paulo and New York's 2024"),
        ("日本の新聞は[新しい\n橋][1]を", "日本の新聞は新しい橋を"),
    ],
)  # fmt: skip
def test_markup_goes_and_words_stay(raw, expected):
    assert clean(raw).text == (raw.replace("\n", " ") if expected is None else expected)


def test_offsets_lead_to_what_is_written():
    raw = "<p>The <b>New&nbsp;York</b> ferry\u00ad line</p>"
    cleaned = clean(raw)
    start = cleaned.text.index("New York")
    assert raw[slice(*cleaned.raw_span(start, start + 8))] == "New&nbsp;York"
    event = Event("1", "Wind &amp; <i>rain</i>", "On **Malta**, today")
    cleaned = clean_event(event)
    assert cleaned.text == "Wind & rain\nOn Malta, today"
    start = cleaned.text.index("Malta")
    assert event.full_text[slice(*cleaned.raw_span(start, start + 5))] == "Malta"
    (topic,) = [topic for topic in TopicExtractor().extract(event) if topic == "Malta"]
    assert [event.full_text[m.start : m.end] for m in topic.mentions] == ["Malta"] == list(topic.mentions)


def test_a_mention_is_printed_without_the_markup_in_it():
    text = "Angela&nbsp;<b>Merkel</b> speaks in Berlin"
    (topic,) = [topic for topic in TopicExtractor().extract(text) if topic == "Angela Merkel"]
    (mention,) = topic.mentions
    assert (mention, text[mention.start : mention.end]) == ("Angela Merkel", "Angela&nbsp;<b>Merkel")


def test_a_phrase_never_crosses_a_block():
    shares = {"river": 0.3, "ferri": 0.3}
    assert shared_phrase("The river\nferry", "A river ferry", shares) is None
    phrase = shared_phrase("The river ferry", "A river ferry", shares)
    assert phrase is not None
    assert phrase.text == "river ferry"


def test_titles():
    assert plain_title("Town&#8217;s <em>bridge</em> &amp; ferry<br>open") == "Town’s bridge & ferry open"
    assert plain_title(" __init__ < 5 ") == "__init__ < 5"
    assert plain_title("<b></b>") == "<b></b>"


PIECES = st.sampled_from(
    [
        "<p>", "</p>", "<br>", "<b>", '<a href="x">', "<!--", "-->", "<script>", "</script>", "&amp;", "&lt;", "&gt;", "&nbsp;",
        "&shy;", "{{", "}}", "{%", "%}", "[", "]", "(", ")", "[x](y)", "![", "**", "*", "_", "`", "```", "\n", "\n\n", "# ", "- ",
        "> ", "|", "---", "1. ", "http://a.b/c", "a@b.co", "www.a.b", " ", "\t", "\xa0", "\xad", "\u200b", "e\u0301", "word",
        "Word", "3", "’", "日本", "\\", "~~", "%%", "\r\n", "\u2028", "[/x]", "[x]", "[^1]", "]: http://x", CHECKSUM, "    ",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.characters(exclude_categories=["Cs"]), max_size=25).map("".join))
def test_any_text_is_cleaned_once_and_for_all(raw):
    cleaned = clean(raw)
    assert "".join(clean(cleaned.text).text.split()) == "".join(cleaned.text.split())
    before = (0, 0)
    for place in range(len(cleaned.text)):
        start, end = cleaned.raw_span(place, place + 1)
        assert 0 <= start < end <= len(raw)
        assert start >= before[0]
        assert end >= before[1]
        before = (start, end)


@given(st.lists(st.from_regex(r"[A-Za-z]{1,9}[,.;]?", fullmatch=True), min_size=1, max_size=20).map(" ".join))
def test_plain_prose_is_returned_as_it_is(text):
    cleaned = clean(text)
    assert cleaned.text is text
    assert cleaned.offsets is None
