"""Copy the rules of spaCy's English tokenizer: python models/tokenizer/copy_rules.py."""

import json
from pathlib import Path

from spacy.lang.en import English
from spacy.symbols import ORTH
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

RULES = English.Defaults


def main() -> None:
    """Write rules.json beside this script."""
    rules = {
        "prefix": compile_prefix_regex(RULES.prefixes or ()).pattern,
        "suffix": compile_suffix_regex(RULES.suffixes or ()).pattern,
        "infix": compile_infix_regex(RULES.infixes or ()).pattern,
        "address": RULES.url_match.__self__.pattern,
        "exceptions": [[token[ORTH] for token in tokens] for _, tokens in sorted(RULES.tokenizer_exceptions.items())],
    }
    text = json.dumps(rules, ensure_ascii=True, indent=0)
    Path(__file__).with_name("rules.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
