"""Ce que la personne sait faire, son parcours, ses démarches : écrits par elle, ou avec elle par un professionnel (F016).

Sans `acteur`, c'est la personne elle-même, dans son livret : elle n'y écrit que chez elle.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.passeport.livret import INTROUVABLE
from jalon.passeport.models import DemarchePersonnelle, Experience, ProfilCompetences
from jalon.passeport.titulaire import Titulaire
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROIT: Final = "suivi.ecrire"
LONGUEURS: Final = {
    "accroche": 200, "motivations": 2_000, "savoir_faire": 2_000, "savoir_etre": 2_000, "transferables": 2_000,
    "langues": 200, "permis": 200,
}  # fmt: skip
PREMIERE_ANNEE: Final = 1940
MAXIMUM: Final = 40
"""Expériences d'une même personne : au-delà, un mini-CV ne se lit plus."""


class ProfilDepasseError(TransitionRefuseeError):
    """Un autre a écrit depuis : `actuel` est ce qui est gardé, rien n'a été remplacé."""

    def __init__(self, actuel: ProfilCompetences) -> None:
        qui = "Vous avez" if actuel.par_la_personne else f"{actuel.modifie_par} a"
        super().__init__(
            f"{qui} écrit ailleurs pendant ce temps. Rien n'a été remplacé : comparez les deux textes, puis enregistrez."
        )
        self.actuel = actuel


@transaction.atomic
def ecrire_profil(
    titulaire: Titulaire,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    valeurs: Mapping[str, str],
    numero_lu: int,
) -> ProfilCompetences:
    """Écrit tout le profil de compétences. Lève `ProfilDepasseError` si un autre a écrit depuis, `JalonError`."""
    _exiger(perimetre)
    propres = {champ: valeurs.get(champ, "").replace("\x00", "").strip() for champ in LONGUEURS}
    for champ, texte in propres.items():
        if len(texte) > LONGUEURS[champ]:
            nom = ProfilCompetences._meta.get_field(champ).verbose_name  # type: ignore[union-attr]
            raise JalonError(f"« {nom} » est trop long : {LONGUEURS[champ]} signes au plus. Gardez l'essentiel.")
    profil, cree = ProfilCompetences.objects.get_or_create(
        personne_id=titulaire.cle, defaults={"numero": 0, "par_la_personne": acteur is None, "modifie_par": acteur}
    )
    if not cree:
        profil = ProfilCompetences.objects.select_for_update(of=("self",)).get(pk=profil.pk)
    if profil.numero != numero_lu:
        raise ProfilDepasseError(profil)
    for champ, texte in propres.items():
        setattr(profil, champ, texte)
    profil.numero += 1
    profil.par_la_personne, profil.modifie_par = acteur is None, acteur
    profil.save()
    _tracer("profil.ecrit", profil, titulaire, acteur, perimetre, "Compétences mises à jour")
    return profil


@transaction.atomic
def enregistrer_experience(
    titulaire: Titulaire,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    nature: str,
    intitule: str,
    lieu: str = "",
    annee_debut: int | None = None,
    annee_fin: int | None = None,
    details: str = "",
    experience: Experience | None = None,
) -> Experience:
    """Ajoute une expérience, ou change celle donnée. Lève `JalonError` (rien d'écrit, années impossibles, trop)."""
    _exiger(perimetre)
    propre = " ".join(intitule.split())
    if not propre:
        raise JalonError("Écrivez ce que vous avez fait : un métier, une formation, une activité.")
    if nature not in Experience.Nature.values:
        raise JalonError("Dites si c'est un emploi, une formation ou un engagement.")
    cette_annee = timezone.localdate().year
    for annee in (annee_debut, annee_fin):
        if annee is not None and not PREMIERE_ANNEE <= annee <= cette_annee + 1:
            raise JalonError(f"L'année {annee} n'est pas possible : écrivez quatre chiffres, comme {cette_annee - 2}.")
    if annee_debut is not None and annee_fin is not None and annee_fin < annee_debut:
        raise JalonError("L'année de fin doit suivre l'année de début.")
    if experience is None:
        if Experience.objects.filter(personne_id=titulaire.cle).count() >= MAXIMUM:
            raise JalonError(f"Il y a déjà {MAXIMUM} lignes : retirez-en une d'abord.")
        experience = Experience(personne_id=titulaire.cle)
    experience.nature, experience.intitule, experience.lieu = nature, propre[:200], " ".join(lieu.split())[:200]
    experience.annee_debut, experience.annee_fin, experience.details = annee_debut, annee_fin, details.strip()[:500]
    experience.save()
    _tracer("experience.ecrite", experience, titulaire, acteur, perimetre, f"Expérience : {experience.intitule}")
    return experience


@transaction.atomic
def retirer_experience(
    titulaire: Titulaire, experience: Experience, *, acteur: Agent | None, perimetre: Perimetre | None
) -> None:
    _exiger(perimetre)
    _tracer("experience.retiree", experience, titulaire, acteur, perimetre, f"Expérience ôtée : {experience.intitule}")
    experience.delete()


def experience_de(titulaire: Titulaire, public_id: UUID) -> Experience:
    """Une de ses expériences. Lève `HorsPerimetreError`."""
    trouvee = Experience.objects.filter(personne_id=titulaire.cle, public_id=public_id).first()
    if trouvee is None:
        raise HorsPerimetreError(INTROUVABLE)
    return trouvee


@transaction.atomic
def noter_demarche(
    titulaire: Titulaire,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    intitule: str,
    faite_le: date,
    resultat: str = "",
) -> DemarchePersonnelle:
    """Note une démarche faite ; elle reste au livret pour toujours (D07). Lève `JalonError`."""
    _exiger(perimetre)
    propre = " ".join(intitule.split())
    if not propre:
        raise JalonError("Écrivez ce que vous avez fait, avec vos mots.")
    if faite_le > timezone.localdate():
        raise JalonError("Cette date est à venir : notez la démarche quand elle est faite.")
    demarche = DemarchePersonnelle.objects.create(
        personne_id=titulaire.cle, intitule=propre[:300], faite_le=faite_le, resultat=" ".join(resultat.split())[:300],
        par_la_personne=acteur is None, notee_par=acteur,
        organisme=perimetre.organisme_principal if perimetre is not None else "",
    )  # fmt: skip
    _tracer("demarche.notee", demarche, titulaire, acteur, perimetre, f"Démarche : {demarche.intitule}")
    return demarche


def _exiger(perimetre: Perimetre | None) -> None:
    if perimetre is not None:
        perimetre.exiger(DROIT)


def _tracer(
    verbe: str,
    objet: ProfilCompetences | Experience | DemarchePersonnelle,
    titulaire: Titulaire,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    resume: str,
) -> None:
    par = "" if acteur is not None else ", par la personne"
    tracer(
        f"passeport.{verbe}", objet, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre is not None else "",
        personnes=[titulaire.dossier], resume=f"{resume}{par}"[:300],
    )  # fmt: skip
