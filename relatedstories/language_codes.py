"""Codes of languages: the tags that files and pages give, and the code in ISO 639-1 that each stands for."""

from __future__ import annotations

import re

__all__ = ["language_code"]

_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*", re.IGNORECASE)
_SAME_LANGUAGE = {
    "arz": "ar", "ary": "ar", "cmn": "zh", "in": "id", "iw": "he", "ji": "yi", "nb": "no", "nn": "no", "wuu": "zh", "yue": "zh",
    "ara": "ar", "ces": "cs", "cze": "cs", "deu": "de", "dut": "nl", "ell": "el", "eng": "en", "epo": "eo", "fra": "fr",
    "fre": "fr", "ger": "de", "gre": "el", "heb": "he", "hin": "hi", "hun": "hu", "ita": "it", "jpn": "ja", "kor": "ko",
    "nld": "nl", "nor": "no", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru", "spa": "es", "swe": "sv",
    "tur": "tr", "ukr": "uk", "vie": "vi", "zho": "zh", "chi": "zh",
}  # fmt: skip


def language_code(value: str) -> str | None:
    """Return the code of a language tag, without region and script; None if a text is no such tag.

    Examples
    --------
    >>> language_code("pt-BR"), language_code("zh_Hant"), language_code("deu"), language_code("Deutsch")
    ('pt', 'zh', 'de', None)
    """
    match = _CODE.fullmatch(value.strip())
    code = match[1].lower() if match else None
    return None if code is None else _SAME_LANGUAGE.get(code, code)
