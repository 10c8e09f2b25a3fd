"""Words take no name through a minority sense, and no body of a country that the text is not about."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from forks import forks
from helpers import run, shared

from relatedstories.topics.names import forms, normalise_name
from relatedstories.topics.tokenizer import tokenize


def names(found):
    return {topic.name for topic in found}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("By default the port is closed.", "Default (finance)"),
        ("Official packages are ready.", "Republic of Artsakh"),
        ("The teacher sets a test of spelling.", "COVID-19 testing"),
        ("Our project needs more testers.", "Decision desk"),
        ("We left CVS for Git last year.", "CVS Health"),
        ("The cook lit a fire in the yard.", "Dismissal (employment)"),
        ("A crane lifts the bell.", "Crane (machine)"),
        ("Nurses sing in the park", "Nurses"),
        ("The Rust team has a new release for its compiler.", "Rust (2024 film)"),
        (f"The Rust team has a new release. {'A crab walks on the sand today. ' * 20}We made a short film.", "Rust (2024 film)"),
        ("The page shows the Default tab first.", "Default (finance)"),
        ("Drinks are at the virtual Bar.", "Bar (establishment)"),
    ],
)
def test_a_common_noun_takes_no_name_through_a_minority_sense(extractor, text, wrong):
    assert wrong not in names(extractor.extract(text))


def test_a_body_that_was_once_linked_to_one_country_is_not_its_own_where_no_country_is_named(extractor):
    found = names(extractor.extract("The Department of Transportation invites transit agencies to share their data."))
    assert not [name for name in found if "Philippines" in name]


PADDING = "The boats were painted and the nets were mended while the rain went on, and nobody in the harbour was in a hurry. " * 5


@pytest.mark.parametrize(
    ("text", "is_his"),
    [
        ("Mesa resigns after protests in Bolivia.", True),
        (f"Carlos Mesa resigns after protests in Bolivia. {PADDING} Mesa thanks the voters.", True),
        (f"President Mesa resigns after protests in Bolivia. {PADDING}", True),
        ("Mesa 7.9 is the newest driver in Bolivia.", False),
        (f"Mesa is updated in Bolivia. {PADDING}", False),
    ],
)
def test_a_long_text_gives_a_person_more_than_a_surname_and_no_number_follows_it(extractor, text, is_his):
    assert ("Carlos Mesa" in names(extractor.extract(text))) is is_his


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("The Democratic Party loses seats in Japan.", "Japan"),
        ("The Democrats gain seats in Sweden.", "Sweden"),
        ("Labour gains seats in Norway.", "Norway"),
        ("The Ministry of Health counts 30 cases in Kenya.", "Kenya"),
        ("The Supreme Court frees a writer in Fiji.", "Fiji"),
        ("The National Assembly meets in Bulgaria.", "Bulgaria"),
    ],
)
def test_an_institution_is_never_that_of_another_country(extractor, text, country):
    found = names(extractor.extract(text))
    assert country in found
    for name in found - {country}:
        assert country in name or "Bulgaria" in name or "Norway" in name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The Ministry of Health of Brazil counts 30 cases.", "Brazil"),
        ("The government of Norway resigns.", "Government of Norway"),
        ("The Prime Minister of Fiji resigns.", "Prime Minister of Fiji"),
        ("Voters in Texas elect a member of the United States Senate.", "United States Senate"),
        ("An earthquake strikes the coast of Chile.", "Earthquake"),
        ("Airstrikes hit a camp in Syria.", "Airstrike"),
        ("The film Conclave wins four BAFTA awards.", "Conclave (film)"),
    ],
)
def test_other_names_are_found_as_before(extractor, text, name):
    assert any(name in found for found in names(extractor.extract(text)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Washington answers Beijing with new sanctions.", "Washington, D.C."),
        ("A forest burns near Spokane, Washington.", "Washington (state)"),
        ("Voters in Tbilisi, Georgia, choose a new parliament.", "Georgia (country)"),
        ("A tornado damages homes in Atlanta, Georgia.", "Georgia (U.S. state)"),
        ("Doctors treat Ebola in Congo, says the ministry in Kinshasa.", "Democratic Republic of the Congo"),
        ("Rain floods Punjab and its capital, Lahore.", "Punjab, Pakistan"),
    ],
)
def test_an_ambiguous_name_goes_by_the_text_around_it(extractor, text, name):
    found = names(extractor.extract(text))
    assert name in found
    assert len([other for other in found if other.split(" (")[0].split(",")[0] == name.split(" (")[0].split(",")[0]]) == 1


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("Fire in San Diego, CA. Police say it is out.", True),
        ("A CA signs certificates. The new root of our CA is ready.", False),
        ("Let us ask the certificate authority (CA) for it.", False),
    ],
)
def test_the_code_of_a_state_stands_after_a_town(extractor, text, is_there):
    assert ("California" in names(extractor.extract(text))) is is_there


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Macron welcomes Scholz in Paris", {"Emmanuel Macron", "Olaf Scholz"}),
        ("TRUMP CALLS PUTIN", {"Donald Trump", "Vladimir Putin"}),
        ("Merkel opens a museum in Berlin.", {"Angela Merkel"}),
        ("Joe Biden thanks his son Hunter Biden.", {"Joe Biden", "Hunter Biden"}),
    ],
)
def test_a_surname_alone_is_the_person_it_nearly_always_stands_for(extractor, text, people):
    assert people <= names(extractor.extract(text))


@pytest.mark.parametrize("text", ["Buses replace trains in Coventry.", "A storm reaches Jordan.", "Smith wins the race."])
def test_a_surname_is_no_one_where_it_is_a_place_or_that_of_many(extractor, text):
    assert not any(re.search(r" (Coventry|Jordan|Smith)$", name) for name in names(extractor.extract(text)))


SIGNS = ["C", "C#", "C++", "F#", ".NET", "NET", "Node.js"]


def test_names_with_signs_are_names_of_their_own():
    assert len({normalise_name(name) for name in SIGNS} - {""}) == len(SIGNS)
    assert forms("C++, (C#) and the .NET of ASP.NET") == ["C++", "C#", "and", "the", ".NET", "of", "ASPNET"]
    assert forms("2C++3 e.g. A#B") == ["2C", "3", "eg", "A", "B"]
    assert list(tokenize("C++, C#. (F#) .NET!").tokens) == ["C++", ",", "C#", ".", "(", "F#", ")", ".NET", "!"]


def test_c_sharp_is_not_celsius(extractor):
    found = names(extractor.extract("C# gets better lists, and C++ gets ranges"))
    assert "Celsius" not in found
    assert {"C#", "C++"} <= found


def test_an_alias_for_c_sharp_finds_no_c_plus_plus(tmp_path):
    aliases = tmp_path / "names.tsv"
    aliases.write_text("C sharp\tC#\nC plus plus\tC++\n", encoding="utf-8")
    for text, expected in (("C# is quick", ["C sharp"]), ("C++ is quick", ["C plus plus"]), ("C is quick", [])):
        answer = run("topics", text, "--aliases", aliases)
        assert answer.returncode == 0, answer.stderr
        assert [line.split("\t")[0] for line in answer.stdout.splitlines() if line.startswith("C ")] == expected


@pytest.mark.parametrize(
    ("case", "wanted", "unwanted"),
    [
        ("08-sections-renamed", ["Sport", "Fire"], ["Michigan", "Colombia", "Dismissal"]),
        ("09-sections-heading", ['"context": "Sports"', '"context": "Life"'], ["Michigan", "Colombia", "prison"]),
        ("11-words-in-text", [], ["Decision desk", "Michigan", "COVID-19"]),
        (
            "12-institutions",
            ["Japan", "Kenya"],
            ["United States", "(UK)", "(Brazil)", "Celsius", "finance", "CVS Health", "COVID"],
        ),
        ("13-title-case", ["Angela Merkel", "Kelly Ortberg\t", "Cape Canaveral"], ["As New", "TRUMP MEETS PUTIN IN HELSINKI\t"]),
        (
            "14-allcaps",
            ["Donald Trump", "Vladimir Putin", "Helsinki", "Rome"],
            ['"context": "TRUMP', "  TRUMP MEETS", "  HELSINKI SUMMIT"],
        ),
        ("21-aliases-cpp-csharp", ["C sharp", "C plus plus"], []),
    ],
)
def test_a_reported_case(case, wanted, unwanted, tmp_path):
    folder = shared(f"cases/reported/{case}")
    command = (folder / "cmd").read_text(encoding="utf-8")
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    function = f'relatedstories() {{ {shlex.join(forks().command)} "$@"; }}\n'
    answer = subprocess.run(["sh", "-c", function + command], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert answer.returncode == 0, answer.stderr
    said = [line for line in answer.stdout.splitlines() if not re.match(r"-- |\d+  ", line)]  # without the texts themselves
    for part in wanted:
        assert any(part in line for line in said)
    for part in unwanted:
        assert not any(part in line for line in said)


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("Announcing Rustup 1.24. The team of Rustup is glad.", "Rustup", "Announcing Rustup"),
        ("How NASA tests it. It is what NASA does.", "NASA", "How NASA"),
        ("It is late. See YJIT for more. With YJIT it is fast.", "YJIT", "See YJIT"),
        ("Will Smith sings in Oslo.", "Will Smith", "Smith"),
    ],
)
def test_the_first_word_of_a_sentence_is_no_part_of_the_name_after_it(extractor, text, wanted, unwanted):
    found = names(extractor.extract(text))
    assert wanted in found
    assert unwanted not in found
