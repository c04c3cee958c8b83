"""Rejouer des foyers mis en quarantaine, depuis l'écran.

Intégrer un foyer demande les droits du propriétaire de la base, qu'une requête web n'a jamais : le bouton met
un travail en file, et le journal des actes garde le résultat de chaque essai, que l'écran relit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from lxml import etree
from procrastinate import exceptions
from procrastinate.contrib.django import app

from jalon.agents.models import Agent
from jalon.echanges.imports import demander_cliche
from jalon.echanges.models import Quarantaine
from jalon.echanges.services import rejouer_quarantaine
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from jalon.traces.services import tracer

TACHE_REJEU: Final = "echanges.rejouer"
DEMANDE: Final = "echanges.quarantaine.rejeu_demande"
ECHEC: Final = "echanges.quarantaine.rejeu_echoue"

_NUMERO = re.compile(r"(?<!\d)\d{13,15}(?!\d)")
_BALISES = re.compile(r"(<(?:NIR\w*|MATRICULE\w*)>)([^<]*)(</)")


def masquer_numeros(texte: str) -> str:
    """Remplace par des points tout ce qui peut être un numéro de sécurité sociale."""
    texte = _BALISES.sub(lambda m: m[1] + re.sub(r"\S", "•", m[2]) + m[3], texte)
    return _NUMERO.sub(lambda m: "•" * len(m[0]), texte)


def lire_fragment(quarantaine: Quarantaine, *, voit_nir: bool) -> str:
    """Fragment déchiffré, mis en lignes s'il est bien formé, numéros masqués pour qui n'a pas à les voir."""
    fragment: str = settings.CLE_MAITRE.dechiffrer(quarantaine.fragment_chiffre)
    with suppress(etree.XMLSyntaxError):
        lecteur = etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True)
        bloc = etree.fromstring(fragment, lecteur)
        etree.indent(bloc)
        fragment = etree.tostring(bloc, encoding="unicode")
    return fragment if voit_nir else masquer_numeros(fragment)


@transaction.atomic
def demander_rejeu(quarantaine: Quarantaine, *, acteur: Agent) -> bool:
    """Met en file le rejeu d'un foyer ; faux s'il y était déjà."""
    quarantaine = Quarantaine.objects.select_for_update(of=("self",)).get(pk=quarantaine.pk)
    if quarantaine.etat != Quarantaine.Etat.A_TRAITER:
        raise TransitionRefuseeError(
            f"Ce foyer est déjà « {quarantaine.get_etat_display().lower()} » : il n'y a plus rien à rejouer."
        )
    if not _mettre_en_file([quarantaine], acteur, f"{TACHE_REJEU}.{quarantaine.public_id}"):
        return False
    _noter_demandes([quarantaine], acteur)
    return True


@transaction.atomic
def demander_tous_les_rejeux(*, acteur: Agent) -> int:
    """Met en file le rejeu de tous les foyers à traiter ; 0 s'il n'y en a pas, ou si c'est déjà demandé."""
    attente = list(Quarantaine.objects.filter(etat=Quarantaine.Etat.A_TRAITER).order_by("flux_id", "rang", "id"))
    if not attente or not _mettre_en_file(attente, acteur, f"{TACHE_REJEU}.tout"):
        return 0
    _noter_demandes(attente, acteur)
    return len(attente)


def _mettre_en_file(quarantaines: list[Quarantaine], acteur: Agent, verrou: str) -> bool:
    try:
        with transaction.atomic():
            app.configure_task(TACHE_REJEU, queueing_lock=verrou).defer(
                identifiants=[str(q.public_id) for q in quarantaines], acteur=acteur.pk
            )
    except exceptions.AlreadyEnqueued:
        return False
    return True


def _noter_demandes(quarantaines: list[Quarantaine], acteur: Agent) -> None:
    for quarantaine in quarantaines:
        tracer(DEMANDE, quarantaine, acteur=acteur, resume=f"Rejeu du foyer de la ligne {quarantaine.ligne} demandé")


def executer_rejeux(identifiants: Iterable[UUID], acteur: int) -> int:
    """Le travail de fond : rejoue chaque foyer à part, note les échecs, fait refaire les chiffres touchés."""
    agent = Agent.objects.get(pk=acteur)
    attente = Quarantaine.objects.filter(public_id__in=list(identifiants), etat=Quarantaine.Etat.A_TRAITER)
    dates = set()
    for quarantaine in attente.select_related("flux").order_by("flux_id", "rang", "id"):
        try:
            rejouer_quarantaine(quarantaine, acteur=agent)
        except JalonError as refus:
            tracer(
                ECHEC, quarantaine, acteur=agent, motif=masquer_numeros(str(refus)),
                resume=f"Foyer de la ligne {quarantaine.ligne} toujours illisible",
            )  # fmt: skip
        else:
            dates.add(quarantaine.flux.date_reference)
    for jour in sorted(dates):
        demander_cliche(jour)
    return len(dates)


def derniers_essais(quarantaines: Iterable[Quarantaine]) -> dict[UUID, Acte]:
    """Dernier rejeu demandé ou échoué de chaque foyer, en une requête."""
    actes = Acte.objects.filter(objet__in=[q.public_id for q in quarantaines], code__in=(DEMANDE, ECHEC))
    return {acte.objet: acte for acte in actes.order_by("accompli_le", "id") if acte.objet is not None}
