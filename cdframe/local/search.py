"""Search for text: tokens, matches, ranking."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from cdframe.local.conditions import Condition, any_of

TOKEN = re.compile(r"[^\W_]+")  # a run of letters and digits
WORD = re.compile(r"(?:[^\W_]|\*)+")  # of what is looked for: a * stands for any run of characters
MOST_TESTS = 200
MOST_RANKED = 20_000  # of more rows that may match, those that hold most of the words
EQUAL, PREFIX, SUBSTRING, SIMILAR = 4, 3, 2, 1


def fold(text: str) -> str:
    """Text without differences of case and of form."""
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=65536)
def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, folded."""
    return tuple(TOKEN.findall(fold(text)))


@lru_cache(maxsize=1024)
def words(text: str) -> tuple[str, ...]:
    """The words to look for, folded."""
    return tuple(WORD.findall(fold(text)))


def candidates(wanted: Mapping[str, str], fields: Iterable[str]) -> Condition:
    """Rows that may match: all that do, and few others.

    A word that some edits lead to holds one of the parts of the other unchanged, if those are one more than the edits.
    """
    condition = Condition()
    for name, text in wanted.items():
        searched = fields if name == "query" else (name,)
        parts = list(dict.fromkeys(part for word in words(text) for part in _parts(word)))
        tests = [Condition(f"contains(lower({field}), ?)", [part]) for field in searched for part in parts]
        tests += [Condition(f"strlen({field}) <> length({field})") for field in searched]  # which lower() does not fold
        if len(tests) <= MOST_TESTS:
            condition &= any_of(tests)
    return condition


def closeness(wanted: Mapping[str, str], fields: Iterable[str]) -> Condition:
    """An expression: how many of the words rows hold as they are."""
    pairs = [
        (field, word)
        for name, text in wanted.items()
        for field in (fields if name == "query" else (name,))
        for word in tokens(text)[:MOST_TESTS]
    ]
    counts = [f"coalesce(contains(lower({field}), ?)::INT, 0)" for field, _ in pairs]
    return Condition(" + ".join(counts) or "NULL::INT", [word for _, word in pairs])


def _parts(word: str) -> Iterable[str]:
    if "*" in word:
        return [part for part in word.split("*") if part] or [""]
    count = _allowed(word) + 1
    ends = [len(word) * i // count for i in range(count + 1)]
    return (word[start:end] for start, end in pairwise(ends))


def _allowed(word: str) -> int:
    """How many edits a word may be away."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def rank(
    rows: Iterable[tuple[int, Mapping[str, str | None]]],
    wanted: Mapping[str, str],
    weights: Mapping[str, int],
) -> list[int]:
    """The ids of the rows that match, best first.

    A row is its id and its searched fields. `wanted` has for a field, or for `query`, the text to look for: each
    text must match, `query` in any field, where the field's weight counts.
    """
    queries = {name: words(text) for name, text in wanted.items()}
    known: dict[tuple[str, str], int] = {}
    found = []
    for id, fields in rows:
        field_tokens = {name: tokens(text) for name, text in fields.items() if text}
        scores = []
        for name, query in queries.items():
            if name == "query":
                scores.append(
                    sum(
                        max(
                            (weights[field] * _best(word, there, known) for field, there in field_tokens.items()),
                            default=0,
                        )
                        for word in query
                    )
                )
            else:
                there = field_tokens.get(name, ())
                scores.append(sum(_best(word, there, known) for word in query))
        if scores and all(scores):
            found.append((-sum(scores), sum(len(text or "") for text in fields.values()), id))
    return [id for _, _, id in sorted(found)]


def _best(word: str, field: Sequence[str], known: dict[tuple[str, str], int]) -> int:
    if "*" in word:
        return PREFIX if _fits(word, field) else 0
    best = 0
    for token in field:
        score = known.get((word, token))
        if score is None:
            score = known[word, token] = _score(word, token)
        best = max(best, score)
    return best


def _score(word: str, token: str) -> int:
    if word == token:
        return EQUAL
    if token.startswith(word):
        return PREFIX
    if len(word) >= 3 and word in token:
        return SUBSTRING
    allowed = _allowed(word)
    return SIMILAR if allowed and _within(word, token, allowed) else 0


def _fits(word: str, field: Sequence[str]) -> bool:
    """Whether a word with * stands for words of a field: it begins and ends where they do."""
    text, at = f" {' '.join(field)} ", 0
    for part in f" {word} ".replace(" *", "*").replace("* ", "*").split("*"):
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return bool(field)


def _within(left: str, right: str, most: int) -> bool:
    """Whether at most so many insertions, deletions and replacements make one word of the other."""
    if abs(len(left) - len(right)) > most:
        return False
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            current.append(min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b)))
        if min(current) > most:
            return False
        previous = current
    return previous[-1] <= most
