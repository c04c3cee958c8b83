"""Une famille suivie sur trois flux : droit, suspension, passage au-dessus du seuil et retour, déménagement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import EtatMaintien, Maintien
from jalon.droits.models import (
    CibleSuspension,
    DossierRsa,
    EtatDossier,
    Evenement,
    Montant,
    NatureDroit,
    Reception,
    Ressource,
    Situation,
    Soumission,
    Suspension,
)
from jalon.orientations.models import AttenteOrientation, MotifEntree, MotifSortie
from jalon.personnes.identite import lire_nir
from jalon.personnes.models import Adresse, IdentiteAnterieure, Personne, Rattachement, Tache, TypeNir, TypeTache
from tests.distribution import Distribution
from tests.fabriques import DossierRsaFactory, PersonneFactory

JANVIER, JUIN, SEPTEMBRE = date(2026, 1, 31), date(2026, 6, 30), date(2026, 9, 30)
NUMERO = "2850462041123"


@dataclass
class Famille:
    elodie: Personne
    karim: Personne
    odette: Personne
    dossier: DossierRsa


@pytest.fixture
def famille(distribution: Distribution) -> Famille:
    ici = distribution.territoire
    nir = lire_nir(NUMERO)
    assert nir is not None
    dossier = DossierRsaFactory(
        foyer__territoire=ici, numero_demande="62000000001", matricule="1000001", date_demande=date(2026, 1, 12)
    )
    elodie = PersonneFactory(
        nom="LEFÈVRE", nom_naissance="D'AGOSTINO", prenom="ÉLODIE", territoire=ici, etat_civil_certifie=True,
        type_nir=TypeNir.CERTAIN, nir_chiffre=nir.chiffre, nir_empreinte=nir.empreinte,
    )  # fmt: skip
    karim = PersonneFactory(nom="LEFÈVRE", prenom="KARIM", sexe="1", date_naissance=date(1983, 2, 3), territoire=ici)
    odette = PersonneFactory(nom="D'AGOSTINO", prenom="ODETTE", date_naissance=date(1952, 6, 1), territoire=ici)
    for personne, role, periode in (
        (elodie, "DEM", DateRange(JANVIER, None)),
        (karim, "CJT", DateRange(JUIN, None)),
        (odette, "AUT", DateRange(JANVIER, JUIN)),
    ):
        Rattachement.objects.create(
            foyer=dossier.foyer, personne=personne, role=role, periode=periode, responsable=role == "DEM"
        )
    for etat, du, au in (
        (EtatDossier.OUVERT, JANVIER, JUIN),
        (EtatDossier.VERSEMENT_SUSPENDU, JUIN, SEPTEMBRE),
        (EtatDossier.OUVERT, SEPTEMBRE, None),
    ):
        Situation.objects.create(
            dossier=dossier, etat=etat, situation_familiale="MAR", nombre_charges=1, periode=DateRange(du, au)
        )
    Suspension.objects.create(
        dossier=dossier,
        cible=CibleSuspension.VERSEMENT,
        motif="01",
        debut=date(2026, 6, 1),
        periode=DateRange(JUIN, SEPTEMBRE),
    )
    for nature, du, au in (("RSD", JANVIER, SEPTEMBRE), ("RSI", SEPTEMBRE, None)):
        NatureDroit.objects.create(dossier=dossier, nature=nature, debut=du.replace(day=1), periode=DateRange(du, au))
    Montant.objects.create(dossier=dossier, total=Decimal("826.21"), periode=DateRange(SEPTEMBRE, None))
    for soumise, ressources, du, au in (
        (True, 412, JANVIER, JUIN),
        (False, 812, JUIN, SEPTEMBRE),
        (True, 206, SEPTEMBRE, None),
    ):
        Soumission.objects.create(
            dossier=dossier, personne=elodie, soumise=soumise, ressources=ressources, periode=DateRange(du, au)
        )
    for mois, montant in ((date(2026, 8, 1), 100), (date(2026, 9, 1), 312)):
        Ressource.objects.create(
            dossier=dossier,
            personne=elodie,
            mois=mois,
            nature="001",
            montant=montant,
            heures=34,
            periode=DateRange(SEPTEMBRE, None),
        )
    for commune, du, au in (("BETHUNE", JANVIER, JUIN), ("LENS", JUIN, None)):
        Adresse.objects.create(
            foyer=dossier.foyer, rang=1, numero="3", type_voie="RUE", voie="ZOLA", code_postal="62300",
            nom_commune=commune, periode=DateRange(du, au), territoire=ici,
        )  # fmt: skip
    Evenement.objects.create(dossier=dossier, liquide_le=date(2026, 9, 12), fait_generateur="SITPRO", recu_le=SEPTEMBRE)
    for flux in (JANVIER, JUIN, SEPTEMBRE):
        Reception.objects.create(
            dossier=dossier, date_reference=flux, emis_le=datetime(flux.year, flux.month, flux.day, tzinfo=UTC)
        )
    AttenteOrientation.objects.create(
        personne=elodie, dossier=dossier, motif=MotifEntree.NOUVEL_ENTRANT, territoire=ici, entree_le=JANVIER,
        echeance=date(2026, 3, 31), sortie_le=JUIN, motif_sortie=MotifSortie.PLUS_SOUMISE,
    )  # fmt: skip
    AttenteOrientation.objects.create(
        personne=elodie, dossier=dossier, motif=MotifEntree.SOUS_LE_SEUIL, territoire=ici, entree_le=SEPTEMBRE,
        echeance=date(2026, 11, 30),
    )  # fmt: skip
    Tache.objects.create(
        type=TypeTache.RECUEIL, personne=elodie, territoire=ici, echeance=date(2026, 11, 30), ouverte_le=SEPTEMBRE
    )
    Maintien.objects.create(
        personne=elodie, debut=JUIN, echeance=date(2026, 12, 30), etat=EtatMaintien.REPASSEE, clos_le=SEPTEMBRE
    )
    IdentiteAnterieure.objects.create(
        personne=elodie, nom="D'AGOSTINO", nom_naissance="D'AGOSTINO", prenom="ELODIE",
        date_naissance=date(1985, 4, 12), sexe="2", periode=DateRange(JANVIER, JUIN),
    )  # fmt: skip
    return Famille(elodie, karim, odette, dossier)
