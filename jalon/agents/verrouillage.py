"""Blocage progressif des connexions : chaque échec allonge l'attente, bien avant dix essais (SAN-2026-003).

Deux compteurs : un par compte visé (courriel), un par adresse d'où l'on vient. Leurs clés sont des condensés à
clé : la table ne dit ni qui s'est trompé, ni d'où. Un compte inconnu est compté comme un compte connu, si bien
que la réponse ne dit jamais s'il existe.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from jalon.agents.models import Agent, EchecConnexion
from jalon.referentiels.parametres import nombre
from jalon.socle.errors import JalonError
from jalon.traces.services import tracer

PREMIERES_ATTENTES = (timedelta(seconds=10), timedelta(minutes=1))
"""Attente après l'antépénultième, puis l'avant-dernier échec avant le vrai blocage."""
BLOCAGE_MAXIMAL = timedelta(hours=24)
OUBLI = timedelta(days=7)
"""Un compteur sans échec depuis ce temps repart de zéro ; il dépasse de loin le blocage maximal."""
LARGESSE_ADRESSE = 4
"""Une adresse est souvent celle de tout un service : elle a droit à quatre fois plus d'échecs qu'un compte."""
ATTENTE_VERROU = "3s"


class ConnexionBloqueeError(JalonError):
    """L'essai n'est pas examiné ; le message ne dit pas si le compte existe."""


def ouvrir_essai(courriel: str, adresse: str = "") -> None:
    """Réserve l'essai jusqu'à la fin de la transaction, ou lève `ConnexionBloqueeError`.

    Le verrou par compte met en file les essais simultanés : aucun n'est examiné avant que l'échec du précédent
    soit compté. L'adresse n'est pas verrouillée, pour ne pas mettre tout un service en file derrière un seul
    agent ; quelques essais simultanés de trop y sont sans effet, chaque compte ayant sa propre limite.
    """
    cle = cle_compte(courriel)
    _verrouiller(cle)
    cles = [cle, *([cle_adresse(adresse)] if adresse else [])]
    fin = (
        EchecConnexion.objects.filter(cle__in=cles, bloque_jusque__gt=timezone.now())
        .order_by("-bloque_jusque")
        .values_list("bloque_jusque", flat=True)
        .first()
    )
    if fin is not None:
        raise ConnexionBloqueeError(phrase_de_blocage(fin))


@transaction.atomic
def noter_echec(courriel: str, adresse: str = "") -> None:
    """Compte un échec (mot de passe ou code) pour le compte visé et pour l'adresse d'où il vient."""
    seuil = int(nombre("securite.echecs_avant_blocage", timezone.localdate()))
    duree = timedelta(minutes=int(nombre("securite.duree_blocage", timezone.localdate())))
    compteur = _compter(cle_compte(courriel), seuil, duree)
    if compteur.nombre >= seuil:
        agent = Agent.objects.filter(email__iexact=courriel).first()
        tracer(
            "agents.connexion.bloquee", agent or compteur, acteur=None,
            resume=f"Connexion bloquée {_echeance(compteur)} après {compteur.nombre} échecs de suite",
        )  # fmt: skip
    if adresse:
        compteur = _compter(cle_adresse(adresse), seuil * LARGESSE_ADRESSE, duree)
        if compteur.nombre >= seuil * LARGESSE_ADRESSE:
            tracer(
                "agents.adresse.bloquee", compteur, acteur=None, donnees={"adresse": adresse},
                resume=f"Adresse bloquée {_echeance(compteur)} après {compteur.nombre} échecs de suite",
            )  # fmt: skip


def oublier_echecs(courriel: str, adresse: str = "") -> None:
    """Remet les compteurs à zéro après une connexion complète, second facteur compris."""
    cles = [cle_compte(courriel), *([cle_adresse(adresse)] if adresse else [])]
    EchecConnexion.objects.filter(cle__in=cles).delete()
    EchecConnexion.objects.filter(dernier_le__lt=timezone.now() - OUBLI).delete()


def blocage_en_cours(courriel: str) -> datetime | None:
    """Fin du blocage du compte, `None` s'il n'est pas bloqué."""
    compteur = EchecConnexion.objects.filter(cle=cle_compte(courriel), bloque_jusque__gt=timezone.now()).first()
    return compteur.bloque_jusque if compteur else None


def attente(echecs: int, seuil: int, duree: timedelta) -> timedelta:
    """Attente imposée après `echecs` échecs de suite ; elle double à chaque échec passé le seuil."""
    if echecs >= seuil:
        return min(duree * (1 << min(echecs - seuil, 30)), BLOCAGE_MAXIMAL)
    rang = echecs - (seuil - len(PREMIERES_ATTENTES))
    return PREMIERES_ATTENTES[rang] if rang >= 0 and echecs > 0 else timedelta()


def phrase_de_blocage(fin: datetime) -> str:
    reste = fin - timezone.now()
    if reste < timedelta(minutes=2):
        secondes = max(1, round(reste.total_seconds()))
        quand = f"dans {secondes} seconde{'s' if secondes > 1 else ''}"
    else:
        quand = f"après {_heure(fin)}"
    return (
        f"Trop d'essais sans succès : pour protéger ce compte, les connexions sont suspendues. Réessayez {quand}. "
        "Si vous avez oublié votre mot de passe, demandez-en un nouveau pendant ce temps."
    )


def cle_compte(courriel: str) -> str:
    # Même équivalence de caractères que la recherche du compte : « ı » et « i » ne font pas deux compteurs.
    return _condenser("compte", unicodedata.normalize("NFKC", courriel).casefold().strip())


def cle_adresse(adresse: str) -> str:
    return _condenser("adresse", adresse)


def _condenser(*parties: str) -> str:
    cle = settings.CLE_MAITRE.deriver("connexion")
    return hmac.new(cle, "\0".join(parties).encode(), hashlib.sha256).hexdigest()


def _verrouiller(cle: str) -> None:
    try:
        with transaction.atomic(), connection.cursor() as curseur:
            curseur.execute("select set_config('lock_timeout', %s, true)", [ATTENTE_VERROU])
            curseur.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [cle])
            curseur.execute("select set_config('lock_timeout', '0', true)")
    except OperationalError as erreur:
        raise ConnexionBloqueeError(
            "Une autre tentative de connexion à ce compte est en cours. Réessayez dans quelques secondes."
        ) from erreur


def _compter(cle: str, seuil: int, duree: timedelta) -> EchecConnexion:
    """Ajoute un échec en une seule instruction, pour que deux échecs simultanés comptent deux."""
    maintenant = timezone.now()
    with connection.cursor() as curseur:
        curseur.execute(
            "insert into agents_echecconnexion as e (cle, nombre, dernier_le) values (%s, 1, %s) "
            "on conflict (cle) do update set dernier_le = excluded.dernier_le, "
            "nombre = case when e.dernier_le < %s then 1 else least(e.nombre + 1, 1000) end",
            [cle, maintenant, maintenant - OUBLI],
        )
    compteur = EchecConnexion.objects.select_for_update().get(cle=cle)
    delai = attente(compteur.nombre, seuil, duree)
    compteur.bloque_jusque = maintenant + delai if delai else None
    compteur.save(update_fields=["bloque_jusque"])
    return compteur


def _echeance(compteur: EchecConnexion) -> str:
    return f"jusqu'au {timezone.localtime(compteur.bloque_jusque):%d/%m/%Y à %H:%M}"


def _heure(moment: datetime) -> str:
    local = timezone.localtime(moment)
    # Arrondi à la minute suivante : à l'heure dite, le blocage est vraiment fini.
    local = (local + timedelta(seconds=59)).replace(second=0, microsecond=0)
    heure = f"{local:%H} h {local:%M}"
    return heure if local.date() == timezone.localdate() else f"{heure}, le {local:%d/%m/%Y}"


def lever_compteurs(courriels: Iterable[str]) -> int:
    """Efface les compteurs de ces comptes (acte d'un administrateur)."""
    return EchecConnexion.objects.filter(cle__in=[cle_compte(courriel) for courriel in courriels]).delete()[0]
