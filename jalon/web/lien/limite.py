"""Freiner qui essaierait des jetons au hasard, ou enverrait sans fin.

Un jeton de 192 bits ne se devine pas : le frein protège le serveur. Le compteur est celui du processus.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from django.core.cache import cache
from django.http import HttpRequest

from jalon.agents.authentification import adresse_de
from jalon.socle.errors import JalonError

PAR_MINUTE = 60
ENVOIS_PAR_MINUTE = 12
FERMETURE_ADRESSE = 3_600


class TropDeDemandesError(JalonError):
    """Trop de demandes en une minute depuis la même adresse."""


def compter_demande(request: HttpRequest, *, frappe: bool = False) -> None:
    """Compte une demande ; les envois ont leur propre limite, plus basse, sauf ce qui se garde pendant la frappe."""
    adresse = hashlib.sha256(adresse_de(request).encode()).hexdigest()[:24]
    _compter(f"lien:{adresse}", PAR_MINUTE)
    if request.method == "POST" and not frappe:
        _compter(f"lien:envoi:{adresse}", ENVOIS_PAR_MINUTE)


def exiger_adresse_ouverte(request: HttpRequest, *, limite: int) -> None:
    """Refuse une adresse d'où trop de codes faux sont venus dans l'heure. Lève `TropDeDemandesError`."""
    if cache.get(_cle_des_faux(request), 0) >= limite:
        raise TropDeDemandesError(
            "Trop de codes faux depuis cet appareil. Revenez dans une heure, ou appelez le service."
        )


def noter_code_faux(request: HttpRequest) -> None:
    cle = _cle_des_faux(request)
    cache.add(cle, 0, FERMETURE_ADRESSE)
    with suppress(ValueError):  # expiré entre les deux
        cache.incr(cle)


def _cle_des_faux(request: HttpRequest) -> str:
    return f"livret:faux:{hashlib.sha256(adresse_de(request).encode()).hexdigest()[:24]}"


def _compter(cle: str, limite: int) -> None:
    cache.add(cle, 0, 60)
    try:
        nombre = cache.incr(cle)
    except ValueError:  # expiré entre les deux
        return
    if nombre > limite:
        raise TropDeDemandesError("Trop de demandes à la suite. Attendez une minute, puis rechargez la page.")
