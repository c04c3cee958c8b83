"""Acte sur la grille : l'enregistrer une fois remplie à deux (F030, D08)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.enums import OriginePassation, ParcoursEnvisage
from jalon.diagnostics.models import Passation, Reponse, VersionGrille
from jalon.diagnostics.selectors import version_en_vigueur
from jalon.diagnostics.services import DROIT, organisme_de
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import Personne, Sexe
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


@transaction.atomic
def enregistrer_passation(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    version: VersionGrille,
    reponses: Mapping[str, int | None],
    date_passation: date,
    convenue: bool,
    origine: str,
    parcours_envisage: str = "",
    public_id: UUID | None = None,
) -> Passation:
    """Enregistre une grille : un échelon au plus par question, convenu à deux ([001] A III.1, F030).

    `reponses` associe le code d'une question au rang choisi ; `None` ou absente : ne souhaite pas répondre.
    `public_id` rend l'acte rejouable : la même page envoyée deux fois ne donne qu'une grille.
    """
    perimetre.exiger(DROIT)
    Personne.objects.select_for_update(of=("self",)).get(pk=personne.pk)
    if public_id is not None:
        deja = Passation.objects.filter(public_id=public_id, personne=personne).first()
        if deja is not None:
            return deja
    if date_passation > timezone.localdate():
        raise JalonError("Une grille ne peut pas être datée de l'avenir : écrivez le jour où vous l'avez remplie.")
    if origine not in OriginePassation.values or origine == OriginePassation.REPRISE:
        raise JalonError("Dites à quelle occasion la grille a été remplie : entretien, réunion ou bilan.")
    if parcours_envisage and parcours_envisage not in ParcoursEnvisage.values:
        raise JalonError("Le parcours envisagé est professionnel, social, ou en attente.")
    if not convenue:
        raise JalonError(
            "Une grille se remplit à deux : cochez que vous êtes d'accord avec la personne sur chaque échelon. Pour une "
            "question sans accord, choisissez « Ne souhaite pas répondre »."
        )
    if version_en_vigueur(version.grille, date_passation).pk != version.pk:
        raise TransitionRefuseeError(
            f"Cette version de la grille n'est pas celle du {date_passation:%d/%m/%Y} : rechargez la page."
        )
    echelons = _echelons(version, reponses)
    if not echelons:
        raise JalonError("Aucune question n'a de réponse : choisissez au moins un échelon avant d'enregistrer.")
    passation = Passation(
        personne=personne, version=version, date_passation=date_passation, territoire_id=personne.territoire_id,
        sexe=personne.sexe if personne.sexe in Sexe.values else "", age=age_revolu(personne.date_naissance, date_passation),
        parcours_envisage=parcours_envisage, convenue=True, origine=origine, saisie_par=acteur,
        organisme=organisme_de(perimetre),
    )  # fmt: skip
    if public_id is not None:
        passation.public_id = public_id
    passation.save(force_insert=True)
    Reponse.objects.bulk_create(
        Reponse(passation=passation, item_id=item, echelon_id=echelon) for item, echelon in echelons.items()
    )
    tracer(
        "diagnostics.grille.remplie", passation, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"{version.grille.libelle} : {len(echelons)} réponses",
        donnees={"version": version.numero},
    )  # fmt: skip
    return passation


def _echelons(version: VersionGrille, reponses: Mapping[str, int | None]) -> dict[int, int]:
    """{question: échelon} ; une question ou un rang inconnus de cette version sont refusés."""
    items = {item.code: item for item in version.items.order_by("rang").prefetch_related("echelons")}
    choisis: dict[int, int] = {}
    for code, rang in reponses.items():
        if code not in items:
            raise JalonError(f"La grille n'a pas de question « {code} » : rechargez la page.")
        if rang is None:
            continue
        echelons = {echelon.rang: echelon.pk for echelon in items[code].echelons.all()}
        if rang not in echelons:
            raise JalonError(f"« {items[code].libelle} » n'a pas d'échelon {rang} : choisissez de 1 à {max(echelons)}.")
        choisis[items[code].pk] = echelons[rang]
    return choisis
