"""Adapter: the connections of ``requests``, each of which ends when its call does."""

from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter

from herald.providers._connections import ending


class Ending(HTTPAdapter):
    """As requests' own, also through a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = ending(self.poolmanager.pool_classes_by_scheme)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = ending(manager.pool_classes_by_scheme)
        return manager


def end_all(session: Session) -> None:
    """Let every call of a session end in time, but for those of adapters that are not requests' own."""
    for scheme, adapter in list(session.adapters.items()):
        if type(adapter) is HTTPAdapter:
            session.mount(scheme, Ending())
