"""Status codes of points, as OPC UA defines them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from cdframe.local.datapoints.points import Ints
from cdframe.local.errors import bad_request
from cdframe.local.validation import as_integer, as_object, as_string, reject_unknown, shown

SYMBOLS: Mapping[str, int] = {"Good": 0, "Uncertain": 1 << 30, "Bad": 1 << 31}
CATEGORIES = tuple(SYMBOLS)  # by the two highest bits of a code
INFO_TYPE, INFO_BITS = 0x0C00, 0x03FF


def symbol(code: int) -> str:
    """The symbol of a code: that of its category, as no others are kept."""
    return CATEGORIES[code >> 30]


def symbols(codes: Ints) -> pa.LargeStringArray:
    """The symbol of each code."""
    categories = pa.DictionaryArray.from_arrays(
        pa.array(codes >> 30, pa.int32()), pa.array(CATEGORIES, pa.large_string())
    )
    return categories.dictionary_decode()


def check_codes(codes: Ints, where: str) -> None:
    """Every code is a status code, or 400 with the first that is not."""
    for code in np.unique(codes).tolist():
        if not 0 <= code < 3 << 30 or (code & INFO_BITS and not code & INFO_TYPE):
            raise bad_request(
                f"Invalid status code {code} in {where}: it must have 32 bits, of which the two highest are 0 (good), "
                "1 (uncertain) or 2 (bad), and info bits only together with their type"
            )


def code_of_symbol(text: str, where: str) -> int:
    """The code of a symbol that stands alone."""
    code = SYMBOLS.get(text)
    if code is None:
        accepted = ", ".join(SYMBOLS)
        raise bad_request(f"Invalid status code symbol {shown(text)} in {where}: without a code it must be {accepted}")
    return code


def check_agreement(code: int, text: str, where: str) -> None:
    """A symbol names the category of the code beside it."""
    if not text.startswith(symbol(code)):
        raise bad_request(
            f"Invalid status code symbol {shown(text)} in {where}: it must agree with code {code}, "
            f"which is {symbol(code)}"
        )


def parse_status(value: Any, where: str) -> int:
    """The code of a status object; null is good."""
    if value is None:
        return 0
    status = as_object(value, where)
    reject_unknown(status, ("code", "symbol"), where)
    code, text = status.get("code"), status.get("symbol")
    if code is None:
        return code_of_symbol(as_string(text, f"{where}.symbol"), where) if text is not None else 0
    code = as_integer(code, f"{where}.code")
    if not 0 <= code < 1 << 32:
        raise bad_request(f"Invalid status code {shown(code)} in {where}: it must have 32 bits")
    check_codes(np.array([code], np.int64), where)
    if text is not None:
        check_agreement(code, as_string(text, f"{where}.symbol"), where)
    return code
