"""Chargement des communes et du profil du département."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.referentiels import parametres
from jalon.referentiels.communes import ReferentielCommunes
from jalon.referentiels.models import Commune, Epci, Libelle, Parametre, ProfilDepartement
from jalon.referentiels.profil import Profil

CHAMPS_COMMUNE: Final = ("nom", "departement", "codes_postaux", "anciens_codes", "population", "epci_id")


@transaction.atomic
def installer_communes(referentiel: ReferentielCommunes, *, departements: Collection[str] | None = None) -> int:
    """Pose ou met à jour les communes (toutes, ou celles de quelques départements) ; rend leur nombre.

    Seules celles qui ont changé sont écrites : rejouer l'installation ne récrit pas les 35 000 communes du pays.
    """
    retenues = [
        commune
        for commune in referentiel.communes.values()
        if departements is None or commune.departement in departements
    ]
    epci = {commune.epci for commune in retenues if commune.epci}
    Epci.objects.bulk_create(
        [Epci(code=code, nom=referentiel.epci[code].nom) for code in sorted(epci)],
        update_conflicts=True, unique_fields=["code"], update_fields=["nom"],
    )  # fmt: skip
    anciens: dict[str, list[str]] = {}
    for code, actuel in referentiel.anciens_codes.items():
        anciens.setdefault(actuel, []).append(code)
    for code, rattachee in referentiel.rattachees.items():
        if code != rattachee.commune_actuelle:
            anciens.setdefault(rattachee.commune_actuelle, []).append(code)
    voulues = [
        Commune(
            code_insee=commune.code,
            nom=commune.nom,
            departement=commune.departement,
            codes_postaux=list(commune.codes_postaux),
            anciens_codes=sorted(set(anciens.get(commune.code, []))),
            population=commune.population,
            epci_id=commune.epci,
        )
        for commune in retenues
    ]
    posees = {ligne[0]: ligne for ligne in Commune.objects.values_list("code_insee", *CHAMPS_COMMUNE)}
    Commune.objects.bulk_create(
        [commune for commune in voulues if posees.get(commune.code_insee) != _ligne(commune)],
        batch_size=5_000, update_conflicts=True, unique_fields=["code_insee"], update_fields=CHAMPS_COMMUNE,
    )  # fmt: skip
    return len(retenues)


def _ligne(commune: Commune) -> tuple[object, ...]:
    return (commune.code_insee, *(getattr(commune, champ) for champ in CHAMPS_COMMUNE))


@transaction.atomic
def installer_profil(profil: Profil) -> ProfilDepartement:
    """Pose les mots, les paramètres datés et l'identité du département. Rejouable sans effet."""
    Libelle.objects.all().delete()
    Libelle.objects.bulk_create(
        Libelle(
            cle=cle, singulier=mot.singulier, pluriel=mot.pluriel, court=mot.court or "", genre=mot.genre,
            elision=mot.elide, definition=mot.definition,
        )
        for cle, mot in profil.libelles.items()
    )  # fmt: skip
    Parametre.objects.all().delete()
    Parametre.objects.bulk_create(
        Parametre(
            code=p.code, valeur=str(p.valeur), unite=p.unite, libelle=p.libelle, source=p.source,
            periode=DateRange(p.du, p.au),
        )
        for p in profil.parametres
    )  # fmt: skip
    ligne, _ = ProfilDepartement.objects.update_or_create(
        unique=True,
        defaults={
            "code": profil.code,
            "nom": profil.nom,
            "departements": list(profil.identite.departements),
            "couleur": profil.identite.couleur_accent,
            "caisses": [caisse.model_dump() for caisse in profil.identite.organismes_payeurs],
            "empreinte": profil.empreinte(),
        },
    )
    parametres.oublier()
    return ligne
