"""Links that authorise themselves: signed, so that nothing has to be kept of them, and for some time only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Literal

from cdframe.local.clock import Clock
from cdframe.local.errors import ApiError

SECOND = 1000
UPLOAD_LIFETIME = 7 * 24 * 3600 * SECOND
DOWNLOAD_LIFETIME, EXTENDED_LIFETIME = 30 * SECOND, 3600 * SECOND

Purpose = Literal["upload", "download"]


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for; an upload may be one part of several."""

    purpose: Purpose
    file: int
    upload: str | None = None
    part: int | None = None


class Links:
    """Makes links, and takes those that it made."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._key = hashlib.blake2b(secret, person=b"links to files").digest()
        self._clock = clock

    def make(self, link: Link, lifetime: int) -> str:
        """The text of a link."""
        content = {**asdict(link), "expires": self._clock.now() + lifetime, "random": secrets.token_hex(8)}
        text = base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")
        return f"{text}.{self._signature(text)}"

    def take(self, text: str | None, purpose: Purpose) -> Link:
        """The link that a text is, or 403."""
        signed, _, signature = (text or "").partition(".")
        if hmac.compare_digest(self._signature(signed).encode(), signature.encode("utf-8", "replace")):
            content = json.loads(base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)))
            link = Link(**{name: content[name] for name in Link.__slots__})
            if link.purpose == purpose:
                if content["expires"] < self._clock.now():
                    raise ApiError(403, f"The {purpose} link has expired: ask for another one")
                return link
        raise ApiError(403, f"There is no such {purpose} link")

    def _signature(self, text: str) -> str:
        return hashlib.blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=20).hexdigest()
