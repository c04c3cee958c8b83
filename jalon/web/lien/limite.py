"""Freiner qui essaierait des jetons au hasard, ou enverrait sans fin.

Un jeton de 192 bits ne se devine pas : le frein protège le serveur. Le compteur est celui du processus.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

from jalon.agents.authentification import adresse_de
from jalon.socle.errors import JalonError

PAR_MINUTE = 60
ENVOIS_PAR_MINUTE = 12


class TropDeDemandesError(JalonError):
    """Trop de demandes en une minute depuis la même adresse."""


def compter_demande(request: HttpRequest) -> None:
    """Compte une demande ; les envois ont leur propre limite, plus basse."""
    adresse = hashlib.sha256(adresse_de(request).encode()).hexdigest()[:24]
    _compter(f"lien:{adresse}", PAR_MINUTE)
    if request.method == "POST":
        _compter(f"lien:envoi:{adresse}", ENVOIS_PAR_MINUTE)


def _compter(cle: str, limite: int) -> None:
    cache.add(cle, 0, 60)
    try:
        nombre = cache.incr(cle)
    except ValueError:  # expiré entre les deux
        return
    if nombre > limite:
        raise TropDeDemandesError("Trop de demandes à la suite. Attendez une minute, puis rechargez la page.")
