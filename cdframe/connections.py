"""Connection pools that all clients of the process share: one for each way of connecting."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

import httpx

from cdframe.config import ClientConfig


@dataclass(slots=True)
class _Pool:
    client: httpx.Client
    users: int = 0


_pools: dict[tuple[Any, ...], _Pool] = {}
_lock = threading.Lock()


class Connection:
    """One client's hold on a shared pool; the pool closes when its last holder lets go."""

    def __init__(self, config: ClientConfig, transport: httpx.BaseTransport | None = None) -> None:
        # A process made by fork must not use the sockets of its parent: the process is part of the key.
        self._key = (
            os.getpid(),
            id(transport) if transport else None,
            config.disable_ssl,
            config.max_connection_pool_size,
            tuple(sorted((config.proxies or {}).items())),
        )
        with _lock:
            if self._key not in _pools:
                _pools[self._key] = _Pool(_open(config, transport))
            self._pool = _pools[self._key]
            self._pool.users += 1
        self._closed = False

    @property
    def http(self) -> httpx.Client:
        """The shared httpx client."""
        return self._pool.client

    def close(self) -> None:
        """Let go of the pool; further calls do nothing."""
        with _lock:
            if self._closed:
                return
            self._closed = True
            self._pool.users -= 1
            if self._pool.users == 0:
                _pools.pop(self._key, None)
                self._pool.client.close()


def _open(config: ClientConfig, transport: httpx.BaseTransport | None) -> httpx.Client:
    if transport is not None:
        return httpx.Client(transport=transport, trust_env=False)
    size = config.max_connection_pool_size
    verify = not config.disable_ssl
    limits = httpx.Limits(max_connections=size, max_keepalive_connections=size)
    mounts = {
        key if "://" in key else f"{key}://": httpx.HTTPTransport(proxy=proxy, verify=verify, limits=limits)
        for key, proxy in (config.proxies or {}).items()
    }
    return httpx.Client(verify=verify, limits=limits, mounts=mounts)
