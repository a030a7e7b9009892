"""Connection pools that all clients of the process share: one for each way of connecting."""

from __future__ import annotations

import atexit
import os
import threading
from dataclasses import dataclass
from typing import Any

import httpx

from cdframe.config import ClientConfig
from cdframe.transport import NetworkTransport


@dataclass(slots=True)
class _Pool:
    client: httpx.Client
    users: int = 0


_pools: dict[tuple[Any, ...], _Pool] = {}
_lock = threading.Lock()


class Connection:
    """One client's hold on a shared pool; the pool closes when its last holder lets go.

    A transport of its own (a local CDF in this process) is not shared.
    """

    def __init__(self, config: ClientConfig, transport: httpx.BaseTransport | None = None) -> None:
        self._closed = False
        # A process made by fork must not use the sockets of its parent: the process is part of the key.
        proxies = tuple(sorted((config.proxies or {}).items()))
        self._key = (os.getpid(), config.disable_ssl, config.max_connection_pool_size, proxies)
        if transport is not None:
            self._pool = _Pool(httpx.Client(transport=transport, trust_env=False), users=1)
            return
        with _lock:
            if self._key not in _pools:
                _pools[self._key] = _Pool(_open(config))
            self._pool = _pools[self._key]
            self._pool.users += 1

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
                if _pools.get(self._key) is self._pool:
                    del _pools[self._key]
                self._pool.client.close()


@atexit.register
def close_all() -> None:
    """Close the pools that clients have left open, when the process ends."""
    for pool in _pools.values():
        pool.client.close()
    _pools.clear()


def _open(config: ClientConfig) -> httpx.Client:
    transport = NetworkTransport(
        verify=not config.disable_ssl, connections=config.max_connection_pool_size, proxies=config.proxies
    )
    return httpx.Client(transport=transport, trust_env=False)
