"""Train the classifier of topic kinds with weak supervision: rules and hand labels, then spelling and context in turn.

    python models/kinds/train.py LINKED.jsonl.gz TEXT.jsonl.gz

LINKED holds one event per line with `text`, `date`, `topics` (titles of the articles that an editor linked) and `anchors`: pairs
of the words in the text and the title they link to. TEXT holds more events, with only `text` and `date`. Events dated 2022 or
later are ignored. labels.tsv, beside this script, holds titles labelled by hand; the result is written to kinds.npz.

Rules on the spelling of a name ("... District": a place) and on the words around it ("Senator ...": a person) label some names
and leave the others unlabelled. Two regressions learn from the labelled names, one from spelling and one from context. Together
they label the other names, and both learn again from all names (Collins and Singer, 1999, "Unsupervised models for named entity
classification").
"""

from __future__ import annotations

import argparse
import collections
import functools
import gzip
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import spacy
from scipy.optimize import minimize

from relatedstories.topics.kinds import CLASSES, CONTEXT_BITS, NAME_BITS, context_features, name_features

LAST_YEAR = "2021"
ROUNDS = 3  # number of rounds in which names without a label get one
MIN_SEEN, MIN_COMMON = 2, 3  # least number of occurrences of a name that no rule labels, and of a common word
SURE = 0.6  # least probability at which a label found in a round is used for training
CONTEXT_WEIGHT = 0.6  # weight of the context's log-odds; the name's have weight 1
NAME_PENALTY, CONTEXT_PENALTY = 1e-6, 3e-6
HAND_WEIGHT, TEXT_WEIGHT, WORD_WEIGHT = 4.0, 0.3, 0.1  # for hand labels, names that are not titles, common words; others have 1

PERSON, ORGANISATION, PLACE, EVENT, WORK, THING = range(len(CLASSES))

Context = tuple[str, str, str]  # the two words before a mention and the one after it

FOLDER = Path(__file__).parent
# One row per country or U.S. state: name, adjective, other names; other names that end in "s" name its people.
COUNTRIES = [line.split("\t") for line in (FOLDER.parent / "topics" / "countries.tsv").read_text("utf-8").splitlines()]
PEOPLES = {name for row in COUNTRIES for name in (*row[1:2], *(other for other in row[2:] if other.endswith("s")))}
PEOPLES.update(("Jews", "Jewish", "Muslims", "Muslim", "Christians", "Catholics", "Catholic", "Sunni", "Shia", "Palestinians"))
REGIONS = {name for row in COUNTRIES for name in (row[0], *row[2:])} - PEOPLES


def words(text: str) -> frozenset[str]:
    """Return the set of words in a text."""
    return frozenset(text.split())


# Head words by kind. The head of a name is its last word, or the word before the first "of", "in" ...
HEADS = {
    ORGANISATION: words("""university college school academy party ministry agency army forces force police corps navy guard
        guards company corporation inc ltd limited plc group holdings council committee commission association organization
        organisation parliament senate congress court tribunal government cabinet administration authority institute foundation
        front movement brigade brigades airlines airways news f.c. fc club league bureau board service services alliance coalition
        legislature assembly society military broadcasting network times television entertainment pictures studios industries
        motors technologies pharmaceuticals energy systems partners federation command unit division battalion regiment cartel
        mafia orchestra directorate office laboratory department archdiocese diocese union confederation trust fund bank team llc
        ag sa se post tribune herald gazette journal magazine records center centre"""),
    PLACE: words("""river province county oblast district governorate region island islands airport lake sea ocean strait bay gulf
        valley mountains desert prefecture municipality city park street square bridge station stadium hospital prison palace
        castle cathedral mosque hotel tower museum peninsula township territory border parish beach forest highway canal port
        village town road avenue plaza airfield volcano glacier reef crater abbey monastery arena speedway dam cemetery jail
        archipelago delta coast plateau tunnel borough railway state republic kingdom embassy krai regency alps airbase monument
        memorial"""),
    EVENT: words("""cup olympics paralympics election elections referendum attack attacks bombing bombings shooting shootings
        massacre protests protest war crisis earthquake riots insurgency conflict crash open championship championships games
        marathon prix bowl season summit pandemic outbreak epidemic tsunami eruption flood wildfires hurricane typhoon explosion
        siege invasion genocide assassination trial disaster collapse uprising revolution strike fire tournament derby playoffs
        scandal talks raid battle campaign incident final murder murders killing inauguration occupation"""),
    WORK: words("act treaty agreement convention constitution amendment protocol accords accord pact code law charter bill"),
    THING: words("""vaccine virus variant missile award awards prize medal disease syndrome rights policy economy tax rifle system
        program programme project satellite telescope index peso dollar yuan rupee language flag visa passport carrier ferry
        tanker ship"""),
}  # fmt: skip

# Words in the brackets of a title, by kind.
BRACKETS = {
    WORK: words("film program programme"),
    PERSON: words("""politician footballer singer musician rapper activist journalist author soccer businessman judge general
        lawyer racing director basketball tennis diplomat"""),
    ORGANISATION: words("party political company organization group network magazine website"),
    THING: words("drug vaccine missile spacecraft software service"),
    PLACE: words("city town island state district province county river country region constituency unit"),
}  # fmt: skip

# Patterns and the kind of the names that match them; the first match decides.
PATTERNS = [
    (re.compile(pattern), kind)
    for pattern, kind in [
        (r"^(?:Constitution|Treaty|Convention|Article|Section|Statute) (?:of|on|for|\d+) "
         r"| (?:Resolution \d+|Declaration|Directive)$| Act of \d| (?:nationality|immigration|security) law$", WORK),
        (r"^(?:USS|HMS|MV|INS|RMS|HMAS|Boeing|Airbus|Sukhoi|Lockheed|Tupolev|Antonov|Soyuz|SARS|Falcon|Order of) ", THING),
        (r"^(?:19|20)\d\ds?$|^(?:19|20)\d\d in |^Category \d|[a-z] (?:warning|watch)$", THING),
        (r" (?:Day|Eve|New Year|Week|Festival|Parade|Race|Tour)$|World War I|Super Bowl|Grand Prix|Flight \d|^Tropical ", EVENT),
        (r"^(?:19|20)\d\d\S* .*(?<! team)$|[ –-](?:19|20)\d\d$"
         r"| (?:All-Star|Championship) Game$| at the (?:\d{4} )?(?:Summer |Winter )?(?:Olym|Paralym)pics", EVENT),
        (r"(?i)\b(?:pandemic|outbreak|protests?|lockdowns?|elections?|referendum|earthquake|attacks?|war|conflict|insurgency|riots"
         r"|wildfires|floods|coup|clashes|withdrawal) (?:in|on|of|over|from) ", EVENT),
        (r"^(?:Hurricane|Typhoon|Cyclone|Storm|Operation) [A-Z]"
         r"|^(?:Battle|Siege|Murder|Death|Killing|Assassination|Fall|Trial) of ", EVENT),
        (r"^(?!.*\b(?:Office|Court|Council)\b).*\b(?:President|Minister|Secretary|Governor|Mayor|King|Queen|Emperor|Premier|Chief"
         r"|Speaker|Chancellor|General|Justice|Commissioner|Ambassador|Chair\w+|Leader|Director|Lady|Head) (?:of|for) ", THING),
        (r" (?:President|Minister|Secretary|Governor|Mayor|Chancellor|Speaker|Chief of Staff|Leader|General|Prince)$", THING),
        (r"^(?:Lists?|Economy|Politics|History|Demographics|Law|Freedom|Women|Flag|Languages?|Members?|Monarchy|Judiciary|Visa) "
         r".*\b(?:of|in) ", THING),
        (r"^(?!Embassy|Refugees)[A-Z][\w-]+ in (?:the )?[A-Z]", THING),
        (r" team$| (?:Armed Forces|Army|Navy|National Guard|Football Club|Stock Exchange|Liga|Premiership)$"
         r"|^(?:Ministry|Department|Government|Parliament|University|Bank|Cabinet|Council|House) of ", ORGANISATION),
        (r"^(?:Lake|Mount|Strait|Fort|Port|Gulf|Cape) [oA-Z]|^RAF "
         r"|^(?:Embassy|Statue|Palace|Church|\w+(?:ties|inces|tures|oughs|gions)) (?:of|in) "
         r"|^Republic of \w+$| (?:Air|Military|Naval|Force) Base$| Metro ", PLACE),
        (r"^Pope \w+| (?:I|II|III|IV|VI|VII|XI+|XVI)$", PERSON),
    ]
]  # fmt: skip
LOCAL = PEOPLES | REGIONS | words("border district river province oblast station")
PREPOSITIONS = words("of in for at on against over")
_BRACKET = re.compile(r" \(([^()]*)\)$")
_REGION = re.compile(r", ([^,]+)$")
_SOMEWHERE = re.compile(r"[A-Z][\w-]+(?: [\w-]+)* in (?:the )?[A-Z]")
_LOWER = re.compile(r"[A-Z][a-z]+(?:-[a-z]+)?(?: [a-z-]+){1,3}$")


def spelling_rule(name: str) -> int | None:
    """Return the kind that the spelling of a name determines, or None."""
    if name in REGIONS:
        return PLACE
    if name in PEOPLES:
        return ORGANISATION
    if bracket := _BRACKET.search(name):
        inside = set(bracket[1].lower().replace("-", " ").split())
        known = next((kind for kind, some in BRACKETS.items() if inside & some), None)
        return spelling_rule(name[: bracket.start()]) if known is None else known
    for pattern, kind in PATTERNS:
        if pattern.search(name):
            return kind
    if (region := _REGION.search(name)) and region[1] in REGIONS:
        return PLACE
    parts = name.split()
    if len(parts) < 2:
        return None
    head = parts[next((i for i, part in enumerate(parts) if i and part in PREPOSITIONS), len(parts)) - 1]
    known = next((kind for kind, some in HEADS.items() if head.lower() in some), None)
    if known is None and _SOMEWHERE.match(name):
        return THING
    if _LOWER.match(name) and not {parts[0], head} & LOCAL:  # a common noun, or a local name like "German police"
        return None if known == EVENT else THING
    return known


# Words that stand directly before a name.
TITLES = words("""president senator governor mayor king queen prince princess pope representative congressman justice judge
    chancellor premier colonel lieutenant captain admiral archbishop bishop cardinal sheikh sultan emir rapper actor actress
    singer footballer journalist activist lawyer golfer boxer composer author novelist poet mr mr. ms ms. mrs dr dr. sir rep. sen.
    gov. gen. lt. col. sgt. spokesman spokeswoman spokesperson chairman ceo founder comedian musician professor businessman
    ambassador politician cyclist""")  # fmt: skip
POSTS = TITLES | words("minister secretary leader general major officer commander coach director attorney")
BEFORE = {
    WORK: words("film song album novel book movie"),
    THING: words("ship ferry tanker vessel aircraft spacecraft satellite missile vaccine virus"),
    ORGANISATION: words("group company newspaper broadcaster agency airline militia organization club party"),
}
TOWNS = words("city town village province district suburb region island municipality state county capital port governorate")


def context_rule(name: str, context: Context, then: str) -> int | None:
    """Return the kind that the words around a mention determine, or None; `then` is the second word after the mention."""
    two, one, next_ = context[0].lower(), context[1].lower(), context[2]
    if " " in name and ((one in TITLES and name.count(" ") < 4) or (next_ == "," and re.fullmatch(r"[1-9]\d", then))):
        return PERSON
    if (one == "of" and two in TOWNS) or (one == "in" and next_ == "," and then in REGIONS):
        return PLACE
    return next((kind for kind, some in BEFORE.items() if one in some), None)


CONNECTORS = words("of for de da do del la bin ibn van von der al el du des dos di")
NO_NAMES = words("""January February March April May June July August September October November December Monday Tuesday
    Wednesday Thursday Friday Saturday Sunday The A An In On At After It He She They This However For While With
    According""")  # fmt: skip


def runs(tokens: list[str], spaced: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each run of capitalised words that may be a name, without titles that precede the name."""
    count = len(tokens)

    def capital(i: int) -> bool:
        return i < count and tokens[i][0].isupper()

    def hyphen(i: int) -> bool:
        return 0 < i < count - 1 and tokens[i] == "-" and not spaced[i - 1] and not spaced[i]

    def linked(i: int) -> int:
        the = tokens[i + 1 : i + 2] == ["the"]
        return (1 + the) * (tokens[i] in CONNECTORS and (capital(i + 1 + the) or hyphen(i + 1)))

    end = 0
    for i in range(count):
        year = len(tokens[i]) == 4 and tokens[i].isdigit() and tokens[i][:2] in ("19", "20")
        if i < end or not (capital(i) or (year and capital(i + 1))):
            continue
        start, end = i, i + 1
        while end < count and (step := 2 * hyphen(end) or capital(end) or linked(end)):
            end += step
        while start < end and tokens[start] in NO_NAMES:
            start += 1
        posts = [k for k in range(start, end - 1) if tokens[k].lower() in POSTS and capital(k + 1)]
        if posts and not {"of", "for"} & set(tokens[posts[-1] : end]):
            start = posts[-1] + 1
        if 0 < end - start <= 9:
            yield start, end


class Corpus(NamedTuple):
    """Counts of names: contexts by title and by name in texts, and the kinds that context rules gave to names."""

    titles: dict[str, collections.Counter[Context]]
    names: dict[str, collections.Counter[Context]]
    ruled: dict[str, collections.Counter[int]]
    common: collections.Counter[str]  # words that texts write in lower case, stored capitalised
    opening: collections.Counter[str]  # names at the start of a text or sentence
    lowered: set[str]  # titles that texts write in lower case


def read(path: str) -> list[dict[str, Any]]:
    """Return the events dated no later than `LAST_YEAR`."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [event for event in map(json.loads, file) if event["date"][:4] <= LAST_YEAR]


def collect(linked: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]]) -> Corpus:
    """Return the counts of all names in linked events and in plain texts."""
    counters: Any = functools.partial(collections.defaultdict, collections.Counter)
    corpus = Corpus(counters(), counters(), counters(), collections.Counter(), collections.Counter(), set())
    nlp = spacy.blank("en")
    for doc in nlp.pipe(event["text"] for event in events):
        tokens, spaced = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
        padded = ["", "", *tokens, "", ""]
        for start, end in runs(tokens, spaced):
            name = "".join(token + " " * space for token, space in zip(tokens[start:end], spaced[start:end], strict=True)).strip()
            context = (padded[start], padded[start + 1], padded[end + 2])
            corpus.names[name][context] += 1
            corpus.opening[name] += start == 0 or tokens[start - 1] == "."
            if (kind := context_rule(name, context, padded[end + 3])) is not None:
                corpus.ruled[name][kind] += 1
        corpus.common.update(token.capitalize() for token in tokens if token.islower() and token.isalpha() and len(token) > 2)
    for event in linked:
        doc = nlp(event["text"])
        padded = ["", "", *(token.text for token in doc), ""]
        position = 0
        for anchor, title in event["anchors"]:
            start = event["text"].find(anchor, position)
            if start >= 0:
                position = start + len(anchor)
                span = doc.char_span(start, position, alignment_mode="expand")
                corpus.titles[title][padded[span.start], padded[span.start + 1], padded[span.end + 2]] += 1
            base = _BRACKET.sub("", title)
            if anchor[:1].islower() and anchor[:4].lower() == base[:4].lower() and base[1:] == base[1:].lower():
                corpus.lowered.add(title)
        for title in event["topics"]:
            corpus.titles[title]  # adds a title without anchors, with no contexts
    return corpus


NONE: collections.Counter[Any] = collections.Counter()


class Example(NamedTuple):
    """A training example; its kind is None if it has no label yet."""

    name: str
    contexts: collections.Counter[Context]
    kind: int | None
    weight: float


def examples(corpus: Corpus, labels: dict[str, str], hidden: Collection[str] = ()) -> Iterator[Example]:
    """Yield the training examples: titles, names in texts and common words, without the hidden names."""

    def ruled(name: str) -> int | None:
        counts = corpus.ruled.get(name, NONE)
        return next((kind for kind, count in counts.items() if count > 0.7 * counts.total()), None)

    for title in sorted(corpus.titles.keys() - set(hidden)):
        if title in labels:
            kind, weight = CLASSES.index(labels[title]), HAND_WEIGHT
        else:
            kind, weight = spelling_rule(title), 1.0
            if kind is None:
                kind = THING if title in corpus.lowered else ruled(_BRACKET.sub("", title))
        yield Example(title, corpus.titles[title] + corpus.names.get(title, NONE), kind, weight)
    for name in sorted(corpus.names.keys() - corpus.titles.keys() - set(hidden)):
        contexts = corpus.names[name]
        seen = contexts.total()
        if " " not in name and (corpus.common[name] > seen or corpus.opening[name] > 0.8 * seen):
            continue
        kind = ruled(name) if (kind := spelling_rule(name)) is None else kind
        if kind is not None or seen >= MIN_SEEN:
            yield Example(name, contexts, kind, TEXT_WEIGHT * min(2.0, 1 + 0.25 * np.log2(seen)))
    for word in sorted(corpus.common.keys() - corpus.titles.keys()):
        if corpus.common[word] >= MIN_COMMON and corpus.common[word] > corpus.names.get(word, NONE).total():
            yield Example(word, NONE, THING, WORD_WEIGHT)


def matrix(rows: Sequence[Sequence[int]], bits: int, values: Iterable[float] | None = None) -> sp.csr_matrix:
    """Return the sparse matrix of feature rows, with 1 for each feature unless values are given."""
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((column for row in rows for column in row), np.int64, ends[-1])
    data = np.ones(ends[-1]) if values is None else np.fromiter(values, np.float64, ends[-1])
    return sp.csr_matrix((data, columns, ends), (len(rows), 1 << bits))


def context_matrix(contexts: Sequence[collections.Counter[Context]]) -> sp.csr_matrix:
    """Return the mean feature vector of each name's contexts."""
    rows = [[column for context in counter for column in context_features(*context)] for counter in contexts]
    values = (n / counter.total() for counter in contexts for context, n in counter.items() for _ in context_features(*context))
    return matrix(rows, CONTEXT_BITS, values)


def fit(x: sp.csr_matrix, y: np.ndarray, weights: np.ndarray, penalty: float, start: np.ndarray, steps: int) -> np.ndarray:
    """Return the weights of a multinomial logistic regression on probabilities of kinds; unused columns keep weight 0."""
    used = np.unique(x.indices)
    x = x[:, used]
    transposed = x.T.tocsr()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        v = flat.reshape(len(used), len(CLASSES))
        z = x @ v
        z -= z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        value = (weights * (np.log(total[:, 0]) - (y * z).sum(axis=1))).sum() / weights.sum()
        slope = transposed @ ((e / total - y) * weights[:, None]) / weights.sum() + penalty * v
        return value + penalty / 2 * (flat @ flat), slope.ravel()

    found = minimize(loss, start[used].ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 6})
    result = np.zeros_like(start)
    result[used] = found.x.reshape(len(used), len(CLASSES))
    return result


def train(corpus: Corpus, labels: dict[str, str], hidden: Collection[str] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of name features and of context features, trained without the hidden names."""
    names, contexts, given, weights = zip(*examples(corpus, labels, hidden), strict=True)
    x_name, x_context = matrix([name_features(name) for name in names], NAME_BITS), context_matrix(contexts)
    base = np.array(weights)
    known = np.array([kind is not None for kind in given])
    y = np.eye(len(CLASSES))[[kind or 0 for kind in given]]
    seen = np.array([min(counter.total(), 50) for counter in contexts])
    by_name, by_context = np.zeros((1 << NAME_BITS, len(CLASSES))), np.zeros((1 << CONTEXT_BITS, len(CLASSES)))
    weight = np.where(known, base, 0)
    for turn in range(ROUNDS + 1):
        steps = 60 if turn == ROUNDS else 30
        by_name = fit(x_name, y, weight, NAME_PENALTY, by_name, steps)
        # Frequent names have more reliable contexts; common words have no contexts.
        context_weight = weight * np.sqrt(1 + np.log2(1 + seen)) * (seen > 0)
        by_context = fit(x_context, y, context_weight, CONTEXT_PENALTY, by_context, steps)
        prior = context_weight @ y
        prior = np.log(prior / prior.sum())
        if turn < ROUNDS:
            trust = np.minimum(1 + 0.3 * np.log2(np.maximum(seen, 1)), 2) * (seen > 0) * CONTEXT_WEIGHT
            z = x_name @ by_name + trust[:, None] * (x_context @ by_context - prior)
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            best = p.max(axis=1)
            y = np.where(known[:, None], y, p)
            weight = np.where(known, base, np.where(best > SURE, base * best**2, 0))
    by_name -= by_name.mean(axis=1, keepdims=True)
    by_context -= by_context.mean(axis=1, keepdims=True)
    by_context -= (prior - prior.mean()) / len(context_features("", "", ""))  # the name's weights already hold the prior
    return by_name, CONTEXT_WEIGHT * by_context


def table(name: str) -> list[list[str]]:
    """Return the rows of a table beside this script, without its header."""
    return [line.split("\t") for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()[1:]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linked", metavar="LINKED.jsonl.gz")
    parser.add_argument("texts", metavar="TEXT.jsonl.gz")
    options = parser.parse_args(arguments)
    corpus = collect(read(options.linked), read(options.texts))
    labels = dict(table("labels.tsv"))
    parts = {}
    for part, weights in zip(("name", "context"), train(corpus, labels), strict=True):
        unit = np.abs(weights).max() / 127
        parts[part], parts[part + "_unit"] = np.round(weights / unit).astype(np.int8), np.float32(unit)
    target = FOLDER / "kinds.npz"
    np.savez_compressed(target, **parts)
    print(f"{len(corpus.titles)} titles, {len(corpus.names)} names, {target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
