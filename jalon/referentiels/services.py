"""Chargement des communes et du profil du département."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, Jsonb

from jalon.referentiels import parametres
from jalon.referentiels.communes import ReferentielCommunes
from jalon.referentiels.models import Epci, Libelle, Parametre, ProfilDepartement
from jalon.referentiels.profil import Profil

POSER_COMMUNES: Final = """
insert into referentiels_commune as posee
  (code_insee, nom, departement, codes_postaux, anciens_codes, population, epci_id)
select code_insee, nom, departement, codes_postaux, anciens_codes, population, epci_id
from jsonb_to_recordset(%s) as voulue(code_insee text, nom text, departement text, codes_postaux text[],
  anciens_codes text[], population integer, epci_id text)
on conflict (code_insee) do update set
  nom = excluded.nom, departement = excluded.departement, codes_postaux = excluded.codes_postaux,
  anciens_codes = excluded.anciens_codes, population = excluded.population, epci_id = excluded.epci_id
where posee is distinct from excluded
"""
"""Les communes du pays en une commande ; la base compare elle-même, et n'écrit que celles qui ont changé."""


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
    lignes = [
        {
            "code_insee": commune.code,
            "nom": commune.nom,
            "departement": commune.departement,
            "codes_postaux": list(commune.codes_postaux),
            "anciens_codes": sorted(set(anciens.get(commune.code, []))),
            "population": commune.population,
            "epci_id": commune.epci,
        }
        for commune in retenues
    ]
    with connection.cursor() as curseur:
        curseur.execute(POSER_COMMUNES, [Jsonb(lignes)])
    return len(retenues)


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
