"""Whether an index on disk is whole: its files, how its parts fit together, and answers made anew from the events in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.counts import counted
from relatedstories.errors import InputError, shown, whole_number
from relatedstories.events import Event
from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.index.cross_references import reference_faults
from relatedstories.index.faults import Fault
from relatedstories.index.languages import PossibleLanguages
from relatedstories.index.linker import Linker
from relatedstories.index.serialisation import index_from_parts, parts_of_index
from relatedstories.index.storage import JsonLines, file_faults, read_folder
from relatedstories.index.update import grown_index
from relatedstories.index.weights import Settings, date_factor_of
from relatedstories.ranking.filters import LinkFilters
from relatedstories.topics.extraction import extracted
from relatedstories.topics.extractor import TopicExtractor, model_name
from relatedstories.topics.topic import EventTopics
from relatedstories.topk.dates import every_day
from relatedstories.topk.neighbour_cache import WIDTH

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["REBUILD_SAMPLE", "check_index"]

REBUILD_SAMPLE = 200
"""The number of events that are made anew by default: a second of work or two, beside the reading of all files."""

_K = 5
"""The length of the lists that are compared, as of a refresh: these come from the neighbours that an index keeps."""


def check_index(
    folder: str | os.PathLike[str],
    *,
    rebuild_sample: int = REBUILD_SAMPLE,
    extractor: TopicExtractor | None = None,
    on_checked: Callable[[str], object] | None = None,
) -> Iterator[Fault]:
    """Yield a fault for each thing in an index that is not as it should be.

    Parameters
    ----------
    folder : path
    rebuild_sample : int, default 200
        The number of events, spread over the archive, whose topics, terms, embedding and links are made anew and compared with
        those in the index; all that follows from the whole archive, such as weights, is then made anew too. With 0 nothing is.
    extractor : TopicExtractor, optional
        The extractor that the index was built with, if that was not the default one. Topics that another one found are taken
        as they are.
    on_checked : callable, optional
        Called with a line on each part of the work when it is done, whether it found faults or not.

    Yields
    ------
    Fault
        With the attributes `where`, `got` and `expected`. Files are checked first; if they have faults, their contents are not
        looked at, and answers are made anew only of parts that fit together.

    Raises
    ------
    InputError
        If there is no index, or one of another format.

    Examples
    --------
    >>> import tempfile
    >>> from relatedstories import Event, RelatedStories
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")]).save(folder)
    ...     whole = list(check_index(folder))
    ...     path = next(Path(folder).glob("parts-*/terms.jsonl"))
    ...     _ = path.write_text(path.read_text().replace("snow", "rain"))
    ...     [fault] = check_index(folder)
    >>> whole, fault.where.endswith("terms.jsonl"), fault.expected.endswith("as it was written")
    ([], True, True)
    """
    sample = whole_number("check_index", "rebuild_sample", rebuild_sample, 0)
    place, say = os.fspath(folder), on_checked or _ignore
    faults = file_faults(Path(folder))
    yield from faults
    if faults:
        say(f"{place}: files compared with their checksums; what is in them was not looked at")
        return
    arrays, documents, manifest = read_folder(Path(folder))
    say(f"{place}: {counted(len(manifest['files']), 'files')} compared with their checksums")
    try:
        faults = [*reference_faults(place, arrays, documents)]
        yield from faults
        n = len(documents["events"])
        say(f"{place}: {counted(n, 'events')}: their ids, dates, languages, rows, topics and neighbours compared with each other")
        if not faults and sample:
            yield from _Remade(place, arrays, documents, manifest, extractor).faults(sample, say)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        yield Fault(place, f"parts that do not fit ({type(error).__name__}: {error})", "those of an index")


class _Remade:
    """An index, and the same index with the topics, rows and links of some events made anew.

    Parameters
    ----------
    place : str
    arrays, documents, manifest
        As `relatedstories.index.storage.read_folder` returns them.
    extractor : TopicExtractor or None
    """

    def __init__(
        self,
        place: str,
        arrays: Mapping[str, npt.NDArray[Any]],
        documents: Mapping[str, JsonLines],
        manifest: Mapping[str, Any],
        extractor: TopicExtractor | None,
    ) -> None:
        settings = manifest["settings"]
        self._place, self._language = place, settings["language"]
        self._given = Settings(*(settings[name] for name in Settings._fields))
        self._kept = index_from_parts(arrays, documents, settings["across_languages"])
        self._extractor = TopicExtractor(language=self._language) if extractor is None else extractor
        self._topics_by = str(manifest["topics_by"])

    def faults(self, sample: int, say: Callable[[str], object]) -> Iterator[Fault]:
        """Yield what differs, given the number of events to make anew."""
        archive = self._kept.archive
        n_remade = min(sample, len(archive))
        if not n_remade:
            return
        numbers = np.arange(n_remade) * len(archive) // n_remade
        remade = self._with_rows_made_anew(numbers)
        faults = [*self._unlike_parts(remade)]
        yield from faults
        topics = "topics, terms"
        if not self._has_our_topics:
            ours = model_name(self._extractor)
            say(f"{self._place}: topics were found by {self._topics_by}, not by {ours}: they are taken as they are")
            topics = "terms"
        if archive.user_dimensions:
            say(f"{self._place}: embeddings of the caller are taken as they are")
        events = counted(len(numbers), "events")
        say(f"{self._place}: {events}: their {topics} and passages made anew, and weights and what is learnt for all")
        if faults:
            return  # links differ where rows do
        yield from self._unlike_neighbours(remade, numbers)
        yield from self._unlike_links(remade, numbers)
        say(f"{self._place}: {events}: their neighbours and links made anew")

    @property
    def _has_our_topics(self) -> bool:
        return self._topics_by == model_name(self._extractor)

    def _with_rows_made_anew(self, numbers: npt.NDArray[np.intp]) -> ArchiveIndex:
        """Return the index without some events, to which they are added again."""
        kept, topic_weight = self._kept.archive, self._given.topic_weight
        events = [kept.events[number] for number in numbers.tolist()]
        rest = self._kept.without(set(numbers.tolist()), topic_weight)
        languages = PossibleLanguages(self._language)
        remade = grown_index(rest, events, self._topics_of, topic_weight, languages).archive
        if kept.user_dimensions:
            remade = replace(remade, embeddings=kept.embeddings)
        return ArchiveIndex(remade)

    def _topics_of(self, events: Sequence[Event], languages: Sequence[str]) -> list[EventTopics]:
        """Return the topics of events: made anew if the extractor is that of the index, else those that it keeps."""
        known: list[EventTopics | None] = [None] * len(events)
        if not self._has_our_topics:
            archive = self._kept.archive
            known = [archive.found[number] for number in archive.numbers_of([event.id for event in events])]
        in_languages = [event.in_language(language) for event, language in zip(events, languages, strict=True)]
        return extracted(self._extractor, in_languages, known)

    def _unlike_parts(self, remade: ArchiveIndex) -> Iterator[Fault]:
        """Yield a fault for each part of the index that is not as it is made anew."""
        for space_weight, date_decay, _ in self._kept.learnt.parts()["learnt-min-scores"].tolist():
            remade.learnt.weights(Settings(None, space_weight, date_decay, None))
        (arrays, documents), (new_arrays, new_documents) = parts_of_index(self._kept), parts_of_index(remade)
        for name, lines in new_documents.items():
            if (fault := self._unlike_lines(name, [*documents[name]], [*lines])) is not None:
                yield fault
        for name, expected in new_arrays.items():
            got = arrays[name]
            where = f"{self._place}: {name}"
            if got.shape != expected.shape:
                yield Fault(where, f"an array of shape {got.shape}", f"one of shape {expected.shape}")
            elif not np.array_equal(got, expected):
                place = tuple(np.argwhere(got != expected)[0].tolist())
                at = ", ".join(map(str, place))
                yield Fault(f"{where}, entry {at}", str(got[place]), str(expected[place]))

    def _unlike_lines(self, name: str, got: list[bytes], expected: list[bytes]) -> Fault | None:
        """Return the fault of a document that is not as it is made anew, at the first line that differs."""
        if got == expected:
            return None
        where = f"{self._place}: {name}"
        if len(got) != len(expected):
            return Fault(where, counted(len(got), "entries"), f"{len(expected)}")
        differing = [number for number, (one, other) in enumerate(zip(got, expected, strict=True)) if one != other]
        line, others = differing[0], len(differing) - 1
        where += f" of {self._event(line)}" if name == "topics-found" else f", line {line + 1}"
        where += f" (and {others} more)" if others else ""
        return Fault(where, shown(got[line].decode().strip(), 200), shown(expected[line].decode().strip(), 200))

    def _unlike_neighbours(self, remade: ArchiveIndex, numbers: npt.NDArray[np.intp]) -> Iterator[Fault]:
        """Yield a fault for each event that has other neighbours than those kept for it."""
        if (cache := self._kept.neighbours) is None:
            return
        decay, space_weight = cache.scoring.tolist()
        scoring = {"date_factor": date_factor_of(decay), "embedding_weight": space_weight}
        queries = remade.archive.rows_of([remade.archive.row(number) for number in numbers.tolist()])
        found = remade.blocks.top(queries, WIDTH, numbers.astype(np.int32), every_day(len(numbers)), **scoring).wait()
        for number, *new in zip(numbers.tolist(), *found, strict=True):
            got, expected = (
                [pair for pair in zip(ids.tolist(), scores.tolist(), strict=True) if pair[1] > cache.bounds[number]]
                for ids, scores in ((cache.ids[number], cache.scores[number]), new)
            )
            if got != expected:
                yield Fault(f"{self._place}: neighbours of {self._event(number)}", *_first_unlike(got, expected))

    def _event(self, number: int) -> str:
        return f"event {shown(self._kept.archive.ids[number])}"

    def _unlike_links(self, remade: ArchiveIndex, numbers: npt.NDArray[np.intp]) -> Iterator[Fault]:
        """Yield a fault for each event whose links, by the neighbours that are kept, are not those made anew."""
        for number, got, expected in zip(
            numbers.tolist(), self._links(self._kept, numbers), self._links(remade, numbers), strict=True
        ):
            if got != expected:
                yield Fault(f"{self._place}: links of {self._event(number)}", *_first_unlike(got, expected))

    def _links(self, index: ArchiveIndex, numbers: npt.NDArray[np.intp]) -> list[list[tuple[str, float, tuple[str, ...]]]]:
        """Return the ids, scores and contexts in the lists of some events."""
        filters = LinkFilters.of("check_index")
        ignored = getattr(self._extractor, "ignored", ()) if self._has_our_topics else ()
        linker = Linker.of(index, self._given, filters, _K, ignored)
        lists = linker.links_of_many([index.archive.row(number) for number in numbers.tolist()])
        return [[(link.event.id, link.score, link.contexts) for link in links] for links in lists]


def _first_unlike(got: Sequence[object], expected: Sequence[object]) -> tuple[str, str]:
    """Return the first entries at which two lists differ, as faults show them."""
    pairs = zip_longest(got, expected, fillvalue="nothing more")
    return next((shown(one, 100), shown(other, 100)) for one, other in pairs if one != other)


def _ignore(_: object) -> None:
    """Do nothing about a line that nobody asked for."""
