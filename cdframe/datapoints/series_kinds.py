"""Which of some series exist, and which hold texts: asked for before a read whose columns must be known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cdframe.datapoints.plan import SeriesRead
from cdframe.errors import CogniteNotFoundError, merge_not_found
from cdframe.session import Session

PATH = "/timeseries/byids"
MOST_ITEMS = 1000


def find_kinds(session: Session, reads: Sequence[SeriesRead]) -> dict[SeriesRead, bool]:
    """Tell of each read whether its series holds texts; without those whose series do not exist.

    Raises:
        CogniteNotFoundError: series do not exist and are not to be ignored; names all of them.
    """
    # A series may be asked for by id and by external id, but not within one request.
    groups = ([read for read in reads if read.id is not None], [read for read in reads if read.id is None])
    chunks = [group[at : at + MOST_ITEMS] for group in groups for at in range(0, len(group), MOST_ITEMS)]
    answers = session.run([partial(_ask, session, chunk) for chunk in chunks])
    missed = [answer for answer in answers if isinstance(answer, CogniteNotFoundError)]
    if missed:
        raise merge_not_found(missed)
    return {read: texts for answer in answers if isinstance(answer, dict) for read, texts in answer.items()}


def _ask(session: Session, reads: Sequence[SeriesRead]) -> dict[SeriesRead, bool] | CogniteNotFoundError:
    payload = {"items": [read.identity for read in reads], "ignoreUnknownIds": reads[0].ignore_unknown_ids}
    try:
        found = session.request("POST", PATH, json=payload).json()["items"]
    except CogniteNotFoundError as error:
        return error
    key = "externalId" if reads[0].id is None else "id"
    texts = {one.get(key): bool(one.get("isString")) for one in found}
    return {
        read: texts[identifier]
        for read in reads
        for identifier in [read.external_id if read.id is None else read.id]
        if identifier in texts
    }
