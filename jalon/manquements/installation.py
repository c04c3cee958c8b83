"""Poser les régimes de sanction : la loi nationale, aux dates du département ; une règle appliquée ne change plus."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.manquements.models import DecisionSanction, MotifManquement, Regime, RegleSanction
from jalon.referentiels.profil import Profil
from jalon.referentiels.regimes import Regime as RegimeLu
from jalon.referentiels.regimes import Regle, charger_regimes
from jalon.socle.errors import JalonError


@transaction.atomic
def installer_regimes(profil: Profil) -> None:
    """Crée ou met à jour régimes, règles et motifs, aux dates des départements du profil.

    Lève `JalonError` si une règle déjà appliquée devait changer, ou si ces départements n'ont pas les mêmes dates.
    """
    lus = charger_regimes()
    try:
        regimes = lus.pour(profil.identite.departements)
    except ValueError as erreur:
        raise JalonError(f"Les régimes de sanction ne s'installent pas : {erreur}.") from erreur
    _liberer_les_jours(regimes)
    for rang, lu in enumerate(regimes):
        regime, _ = Regime.objects.update_or_create(
            code=lu.code,
            defaults={
                "libelle": lu.libelle, "texte": lu.texte, "periode": DateRange(lu.du, lu.au),
                "observations_mois": lu.observations_mois, "avis_mois": lu.avis_mois, "avis_repute": lu.avis_repute,
                "repetition_mois": lu.repetition_mois, "retour_mois": lu.retour_mois,
                "levee_de_droit": lu.levee_de_droit, "article_entendre": lu.article_entendre,
                "article_recours": lu.article_recours, "ordre": rang, "actif": True,
            },
        )  # fmt: skip
        for regle in lu.regles:
            _poser_regle(regime, regle)
    for rang, motif in enumerate(lus.motifs):
        MotifManquement.objects.update_or_create(
            code=motif.code,
            defaults={
                "libelle": motif.libelle, "phrase": motif.phrase, "preuve": motif.preuve, "heures": motif.heures,
                "fraude": motif.fraude, "articles": dict(motif.articles), "ordre": rang, "actif": True,
            },
        )  # fmt: skip


def _liberer_les_jours(regimes: Iterable[RegimeLu]) -> None:
    """Un régime dont les dates changent lâche d'abord les siennes : deux régimes ne valent jamais le même jour."""
    for lu in regimes:
        Regime.objects.filter(code=lu.code).exclude(periode=DateRange(lu.du, lu.au)).update(
            periode=DateRange(empty=True)
        )


def _poser_regle(regime: Regime, lue: Regle) -> None:
    taux, duree = lue.taux or (None, None), lue.duree or (None, None)
    voulues = {
        "nature": lue.nature, "rang": lue.rang, "taux_min": taux[0], "taux_max": taux[1], "duree_min": duree[0],
        "duree_max": duree[1], "plafond_foyer": lue.plafond_foyer, "plafond_majore": lue.plafond_majore,
        "avis_exige": lue.avis, "fraude": lue.fraude, "anciennete_faits_mois": lue.anciennete_faits_mois,
        "article": lue.article,
    }  # fmt: skip
    posee = RegleSanction.objects.filter(regime=regime, code=lue.code).first()
    if posee is None:
        RegleSanction.objects.create(regime=regime, code=lue.code, **voulues)
        return
    if all(getattr(posee, nom) == valeur for nom, valeur in voulues.items()):
        return
    if DecisionSanction.objects.filter(regle=posee).exists():
        raise JalonError(
            f"La règle « {posee.code} » du régime {regime} a déjà servi à une décision : elle ne change plus. "
            "Ajoutez-en une autre, avec son code."
        )
    RegleSanction.objects.filter(pk=posee.pk).update(**voulues)
