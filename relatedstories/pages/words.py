"""The words that pages show around what events say, in the languages that there are words for."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from relatedstories.text.terms import ENGLISH

__all__ = ["RELATED_HEADS", "RIGHT_TO_LEFT", "WORDS", "Words", "words_in"]

RIGHT_TO_LEFT = frozenset(("ar", "dv", "fa", "he", "ps", "ug", "ur"))
"""Languages written from right to left."""


class Words(NamedTuple):
    """The words of a page in one language.

    Parameters
    ----------
    related, sources, copies, topics : str
        The headings of the links, the sources, the copies and the topics of an event.
    context : str
        What stands before the contexts of a link.
    undated : str
        What stands for the date of an event without one.
    original : str
        The link to the page that an event was published on.
    skip, formats, latest, feed : str
        The links around an event: to its text, to the same page in other formats, to the latest days and to the feed.
    stories, search : str
        The links to the list of all stories and to the search.
    part_of : str
        What stands before the name of the story that an event is part of.
    events, period : str
        The forms of how many events a story has, with ``{n}``, and of its days, with ``{first}`` and ``{last}``.
    date_form : str
        The form of a date, of ``{day}``, ``{month}`` and ``{year}``.
    months : str
        The names of the months as they stand in a date, with spaces between; "" for numbers.
    """

    related: str
    sources: str
    copies: str
    topics: str
    context: str
    undated: str
    original: str
    skip: str
    formats: str
    latest: str
    feed: str
    stories: str
    search: str
    part_of: str
    events: str
    period: str
    date_form: str
    months: str

    def date(self, date: dt.date | None) -> str:
        """Return a date written out for readers.

        Examples
        --------
        >>> WORDS["en"].date(dt.date(2016, 12, 1)), WORDS["de"].date(dt.date(2016, 12, 1)), WORDS["ja"].date(None)
        ('1 December 2016', '1. Dezember 2016', '日付なし')
        """
        if date is None:
            return self.undated
        month = self.months.split()[date.month - 1] if self.months else date.month
        return self.date_form.format(day=date.day, month=month, year=date.year)

    def span(self, n: int, first: dt.date | None, last: dt.date | None) -> str:
        """Return how many events a story has, and from when to when if it has dates.

        Examples
        --------
        >>> WORDS["en"].span(5, dt.date(2018, 6, 23), dt.date(2018, 7, 10)), WORDS["de"].span(2, None, None)
        ('5 events, from 23 June 2018 to 10 July 2018', '2 Ereignisse')
        """
        events = self.events.format(n=f"{n:,}")
        if first is None or last is None:
            return events
        days = self.date(first) if first == last else self.period.format(first=self.date(first), last=self.date(last))
        return f"{events}, {days}"


WORDS: dict[str, Words] = {
    "en": Words(
        "Related", "Sources", "Also published as", "Topics", "Context", "Without a date", "Original page",
        "Skip to the content", "This page as", "Latest days", "Atom feed",
        "Stories", "Search", "Part of", "{n} events", "from {first} to {last}",
        "{day} {month} {year}",
        "January February March April May June July August September October November December",
    ),
    "ar": Words(
        "ذات صلة", "المصادر", "نُشر أيضًا بعنوان", "المواضيع", "السياق", "بلا تاريخ", "الصفحة الأصلية",
        "انتقل إلى المحتوى", "هذه الصفحة بصيغة", "أحدث الأيام", "خلاصة Atom",
        "القصص", "بحث", "جزء من", "الأحداث: {n}", "من {first} إلى {last}",
        "{day} {month} {year}",
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    ),
    "cs": Words(
        "Související", "Zdroje", "Vyšlo také jako", "Témata", "Souvislost", "Bez data", "Původní stránka",
        "Přejít k obsahu", "Tato stránka jako", "Poslední dny", "Kanál Atom",
        "Příběhy", "Hledat", "Součást příběhu", "událostí: {n}", "od {first} do {last}",
        "{day}. {month} {year}",
        "ledna února března dubna května června července srpna září října listopadu prosince",
    ),
    "de": Words(
        "Mehr zum Thema", "Quellen", "Auch erschienen als", "Themen", "Zusammenhang", "Ohne Datum", "Ursprüngliche Seite",
        "Zum Inhalt springen", "Diese Seite als", "Neueste Tage", "Atom-Feed",
        "Geschichten", "Suche", "Teil von", "{n} Ereignisse", "vom {first} bis {last}",
        "{day}. {month} {year}",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    ),
    "eo": Words(
        "Rilataj", "Fontoj", "Aperis ankaŭ kiel", "Temoj", "Kunteksto", "Sen dato", "Origina paĝo",
        "Al la enhavo", "Ĉi tiu paĝo kiel", "Lastaj tagoj", "Atom-fluo",
        "Historioj", "Serĉi", "Parto de", "{n} eventoj", "{first} – {last}",
        "{day}-a de {month} {year}",
        "januaro februaro marto aprilo majo junio julio aŭgusto septembro oktobro novembro decembro",
    ),
    "es": Words(
        "Relacionado", "Fuentes", "También publicado como", "Temas", "Contexto", "Sin fecha", "Página original",
        "Ir al contenido", "Esta página en", "Últimos días", "Canal Atom",
        "Historias", "Buscar", "Parte de", "{n} eventos", "del {first} al {last}",
        "{day} de {month} de {year}",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    ),
    "fr": Words(
        "À lire aussi", "Sources", "Également paru sous", "Sujets", "Contexte", "Sans date", "Page d’origine",
        "Aller au contenu", "Cette page en", "Derniers jours", "Flux Atom",
        "Histoires", "Rechercher", "Fait partie de", "{n} événements", "du {first} au {last}",
        "{day} {month} {year}",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    ),
    "it": Words(
        "Correlati", "Fonti", "Pubblicato anche come", "Argomenti", "Contesto", "Senza data", "Pagina originale",
        "Vai al contenuto", "Questa pagina in", "Ultimi giorni", "Feed Atom",
        "Storie", "Cerca", "Fa parte di", "{n} eventi", "{first} – {last}",
        "{day} {month} {year}",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    ),
    "ja": Words(
        "関連記事", "出典", "同じ内容の記事", "話題", "共通の話題", "日付なし", "元のページ",
        "本文へ移動", "このページの別形式", "最近の日付", "Atomフィード",
        "ストーリー", "検索", "一連の出来事", "{n}件", "{first}から{last}まで",
        "{year}年{month}月{day}日", "",
    ),
    "ko": Words(
        "관련 기사", "출처", "같은 내용의 기사", "주제", "공통 주제", "날짜 없음", "원본 페이지",
        "본문으로 이동", "이 페이지의 다른 형식", "최근 날짜", "Atom 피드",
        "스토리", "검색", "이어지는 사건", "{n}건", "{first}부터 {last}까지",
        "{year}년 {month}월 {day}일", "",
    ),
    "nl": Words(
        "Gerelateerd", "Bronnen", "Ook verschenen als", "Onderwerpen", "Verband", "Zonder datum", "Oorspronkelijke pagina",
        "Naar de inhoud", "Deze pagina als", "Laatste dagen", "Atom-feed",
        "Verhalen", "Zoeken", "Onderdeel van", "{n} gebeurtenissen", "van {first} tot {last}",
        "{day} {month} {year}",
        "januari februari maart april mei juni juli augustus september oktober november december",
    ),
    "pl": Words(
        "Powiązane", "Źródła", "Opublikowano też jako", "Tematy", "Kontekst", "Bez daty", "Strona oryginalna",
        "Przejdź do treści", "Ta strona jako", "Ostatnie dni", "Kanał Atom",
        "Historie", "Szukaj", "Część historii", "wydarzeń: {n}", "od {first} do {last}",
        "{day} {month} {year}",
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    ),
    "pt": Words(
        "Relacionado", "Fontes", "Também publicado como", "Temas", "Contexto", "Sem data", "Página original",
        "Ir para o conteúdo", "Esta página em", "Últimos dias", "Feed Atom",
        "Histórias", "Pesquisar", "Parte de", "{n} eventos", "de {first} a {last}",
        "{day} de {month} de {year}",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    ),
    "ru": Words(
        "По теме", "Источники", "Опубликовано также как", "Темы", "Контекст", "Без даты", "Исходная страница",
        "Перейти к тексту", "Эта страница в формате", "Последние дни", "Лента Atom",
        "Истории", "Поиск", "Часть истории", "событий: {n}", "с {first} по {last}",
        "{day} {month} {year}",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    ),
    "tr": Words(
        "İlgili", "Kaynaklar", "Şu başlıkla da yayımlandı", "Konular", "Bağlam", "Tarihsiz", "Özgün sayfa",
        "İçeriğe geç", "Bu sayfanın biçimleri", "Son günler", "Atom akışı",
        "Hikâyeler", "Ara", "Parçası olduğu hikâye", "{n} olay", "{first} – {last}",
        "{day} {month} {year}",
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    ),
    "uk": Words(
        "За темою", "Джерела", "Опубліковано також як", "Теми", "Контекст", "Без дати", "Початкова сторінка",
        "Перейти до тексту", "Ця сторінка у форматі", "Останні дні", "Стрічка Atom",
        "Історії", "Пошук", "Частина історії", "подій: {n}", "з {first} до {last}",
        "{day} {month} {year}",
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    ),
    "zh": Words(
        "相关报道", "来源", "同文另载", "主题", "共同主题", "无日期", "原始页面",
        "跳到正文", "本页其他格式", "最近日期", "Atom 订阅",
        "系列报道", "搜索", "所属系列", "{n}个事件", "{first}至{last}",
        "{year}年{month}月{day}日", "",
    ),
}  # fmt: skip


RELATED_HEADS = tuple(sorted({f"### {words.related}:" for words in WORDS.values()}))
"""The headings of the section of links in all languages."""


def words_in(language: str) -> Words:
    """Return the words of pages in a language, given as a code; those of English where there are none."""
    return WORDS.get(language, WORDS[ENGLISH])
