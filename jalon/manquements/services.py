"""Obtenir une procédure à travers un périmètre, la verrouiller le temps d'un acte, et en garder la trace."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.manquements.models import Manquement, Regime
from jalon.manquements.workflows import MANQUEMENT, exiger_acte
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.traces.services import tracer

INSTRUIRE = "manquement.instruire"
SAISIR = "manquement.saisir"


def manquements_du_perimetre(perimetre: Perimetre) -> QuerySet[Manquement]:
    """Procédures des personnes que l'agent voit."""
    return Manquement.objects.filter(filtre_perimetre(perimetre, "personne__"), personne__fusionnee_dans=None)


def acceder_manquement(perimetre: Perimetre, public_id: UUID, *, droit: str = "manquements.consulter") -> Manquement:
    """Rend la procédure si l'agent a ce droit et voit sa personne. Lève `DroitManquantError`, `HorsPerimetreError`."""
    perimetre.exiger(droit)
    manquement = (
        manquements_du_perimetre(perimetre)
        .filter(public_id=public_id)
        .select_related(
            "personne__territoire", "motif", "regime_faits", "organisme", "territoire", "contrat__type", "contact",
            "prepare_par", "saisi_par", "avertissement", "classement",
        )
        .first()
    )  # fmt: skip
    if manquement is None:
        raise HorsPerimetreError(
            f"Ce {mot('manquement').singulier} n'existe pas ou n'est pas dans votre périmètre : ouvrez-le depuis le "
            "dossier de la personne."
        )
    return manquement


def verrouiller(manquement: Manquement) -> Manquement:
    """La procédure, seule à changer jusqu'à la fin de l'acte. Lève `HorsPerimetreError`."""
    verrouillee = (
        Manquement.objects.select_for_update(of=("self",))
        .select_related("personne", "motif", "regime_faits", "contact", "contrat__type", "organisme")
        .filter(pk=manquement.pk)
        .first()
    )
    if verrouillee is None:
        raise HorsPerimetreError(
            f"Ce {mot('manquement').singulier} n'est pas dans votre périmètre : demandez à qui il est confié."
        )
    return verrouillee


def exiger_un_des_droits(perimetre: Perimetre) -> None:
    """Qui saisit et qui instruit peuvent l'un et l'autre recueillir ce que dit la personne. Lève `DroitManquantError`."""
    if not perimetre.peut(SAISIR):
        perimetre.exiger(INSTRUIRE)


def regime_du(jour: date) -> Regime:
    """Régime de sanction en vigueur ce jour. Lève `JalonError` si la loi datée n'est pas installée."""
    regime = Regime.objects.filter(periode__contains=jour).first()
    if regime is None:
        raise JalonError(
            f"Aucun régime de sanction n'est en vigueur le {jour:%d/%m/%Y} : relancez « jalon init » pour les installer."
        )
    return regime


def franchir(
    manquement: Manquement,
    acte: str,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    champs: tuple[str, ...],
    resume: str,
    motif: str = "",
) -> Manquement:
    """Fait passer une procédure verrouillée à l'état où mène l'acte, enregistre ces champs et trace."""
    exiger_acte(manquement.etat, acte)
    de, vers = manquement.etat, MANQUEMENT[acte][1]
    if vers is not None:
        manquement.etat = vers
    manquement.numero += 1
    manquement.save(update_fields=["etat", "numero", *champs])
    tracer_acte(manquement, acte, acteur=acteur, perimetre=perimetre, resume=resume, de=de, motif=motif)
    return manquement


def tracer_acte(
    manquement: Manquement,
    acte: str,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    resume: str,
    **suite: Any,
) -> None:
    """Garde la trace d'un acte sur la procédure ; sans `acteur`, c'est la personne."""
    suite["motif"] = suite.get("motif", "")[:500]
    tracer(
        f"manquements.manquement.{acte}", manquement, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre is not None else "",
        personnes=[manquement.personne.public_id], vers=manquement.etat, resume=resume[:300], **suite,
    )  # fmt: skip


def est_soumise(personne: int, jour: date) -> bool:
    """La personne a, ce jour, des droits et des devoirs (L262-28), dans un dossier ni refusé ni clos (ADR 4)."""
    with connection.cursor() as curseur:
        curseur.execute("select manquements_soumise(%s, %s)", [personne, jour])
        return bool(curseur.fetchone()[0])
