"""Plusieurs actes au même instant, chacun dans sa connexion."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def ensemble(*actes: Callable[[], Any]) -> list[Any]:
    """Lance les actes en même temps, chacun dans sa connexion et sous le rôle web ; rend résultats et refus."""
    depart = threading.Barrier(len(actes))
    issues: list[Any] = [None] * len(actes)

    def lancer(rang: int) -> None:
        try:
            depart.wait(timeout=20)
            issues[rang] = actes[rang]()
        except Exception as refus:  # un refus est ici un résultat attendu
            issues[rang] = refus
        finally:
            connection.close()

    fils = [threading.Thread(target=lancer, args=(rang,)) for rang in range(len(actes))]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=60)
        assert not fil.is_alive()
    return issues
