"""Comment joindre une personne : ce qu'elle donne, ce qu'elle accepte, et ce qui reste après une fusion."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import CommuneTerritoire
from jalon.personnes.coordonnees import Coordonnees, lire_telephone, telephone_affiche
from jalon.personnes.models import Personne, Rapprochement
from jalon.personnes.selectors import coordonnees_de
from jalon.personnes.services import annuler_fusion, fusionner_personnes, mettre_a_jour_coordonnees
from jalon.socle.errors import DroitManquantError, JalonError
from jalon.socle.rls import web_role
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_allocataire

pytestmark = pytest.mark.django_db


def mettre(agent: Any, personne: Personne, **valeurs: Any) -> Coordonnees:
    perimetre = Perimetre.de(agent)
    with web_role(perimetre.reglages()):
        return mettre_a_jour_coordonnees(personne, acteur=agent, perimetre=perimetre, **valeurs)


@pytest.mark.parametrize(
    ("ecrit", "garde", "lu"),
    [
        ("03 21 21 62 62", "+33321216262", "03 21 21 62 62"),
        ("+32 2 555 12 12", "+3225551212", "+32 2 555 12 12"),
        ("", "", ""),
    ],
)
def test_le_telephone_se_garde_sous_sa_forme_internationale(ecrit: str, garde: str, lu: str) -> None:
    assert lire_telephone(ecrit) == garde
    assert telephone_affiche(garde) == lu


@pytest.mark.parametrize("ecrit", ["12", "bonjour", "03 21 21 62"])
def test_refuse_un_numero_qui_n_existe_pas(ecrit: str) -> None:
    with pytest.raises(JalonError, match="téléphone"):
        lire_telephone(ecrit)


def test_note_puis_remplace(distribution: Distribution) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    assert coordonnees_de(personne).pk is None
    mettre(distribution.orienteur, personne, telephone="06 12 34 56 78", accepte_sms=True, prefere="sms")
    coordonnees = mettre(distribution.orienteur, personne, courriel="a@exemple.fr", accepte_courriel=True)
    assert (coordonnees.telephone, coordonnees.par_sms, coordonnees.par_courriel) == ("", False, True)
    assert coordonnees_de(personne).mise_a_jour_par == distribution.orienteur


@pytest.mark.parametrize(
    ("valeurs", "phrase"),
    [
        ({"accepte_sms": True}, "numéro de téléphone"),
        ({"accepte_courriel": True}, "adresse électronique"),
        ({"telephone": "06 12 34 56 78", "prefere": "sms"}, "moyen préféré"),
        ({"telephone": "06 12 34 56 78", "prefere": "telephone", "injoignable_telephone": True}, "moyen préféré"),
    ],
)
def test_refuse_un_moyen_que_la_personne_n_a_pas_accepte(
    distribution: Distribution, valeurs: dict[str, Any], phrase: str
) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    with pytest.raises(JalonError, match=phrase):
        mettre(distribution.orienteur, personne, **valeurs)


def test_refuse_a_qui_ne_recoit_ni_n_accompagne(distribution: Distribution) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    with pytest.raises(DroitManquantError):
        mettre(distribution.operateur, personne, telephone="06 12 34 56 78")


@pytest.mark.parametrize(
    ("valeurs", "contrainte"),
    [
        ({"telephone": "0612345678"}, "coordonnees_telephone_international"),
        ({"accepte_sms": True}, "coordonnees_sms_accepte_avec_un_numero"),
        ({"accepte_courriel": True}, "coordonnees_courriel_accepte_avec_une_adresse"),
        ({"prefere": "sms"}, "coordonnees_moyen_prefere_accepte"),
    ],
)
def test_la_base_tient_les_invariants(valeurs: dict[str, Any], contrainte: str) -> None:
    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic():
        Coordonnees.objects.create(personne=PersonneFactory(), **valeurs)


def test_le_territoire_suit_la_commune_de_qui_n_a_pas_de_caisse(distribution: Distribution) -> None:
    ailleurs = CommuneTerritoire.objects.filter(territoire=distribution.autre_territoire).order_by("pk")[0].commune
    sans_caisse = PersonneFactory(territoire=distribution.territoire)
    allocataire = une_allocataire(territoire=distribution.territoire)
    for personne in (sans_caisse, allocataire):
        mettre(distribution.orienteur, personne, commune=ailleurs)
        personne.refresh_from_db()
    assert sans_caisse.territoire == distribution.autre_territoire
    assert allocataire.territoire == distribution.territoire


def test_une_fusion_complete_sans_perdre_et_se_defait(distribution: Distribution) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    siege = distribution.siege
    mettre(siege, gardee, courriel="garde@exemple.fr", accepte_courriel=True, prefere="courriel")
    mettre(siege, absorbee, telephone="06 12 34 56 78", accepte_sms=True, courriel="autre@exemple.fr")
    doute = Rapprochement.objects.create(
        ancienne=gardee, nouvelle=absorbee, score=90, motif="essai", date_flux=date(2026, 10, 31)
    )
    fusion = fusionner_personnes(doute, acteur=siege)
    reunies = coordonnees_de(gardee)
    assert (reunies.telephone, reunies.accepte_sms, reunies.courriel) == ("+33612345678", True, "garde@exemple.fr")
    assert coordonnees_de(absorbee).courriel == "autre@exemple.fr"
    annuler_fusion(fusion, acteur=siege)
    assert coordonnees_de(gardee).telephone == ""
