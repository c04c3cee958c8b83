"""Simuler les critères, garder une variante, l'appliquer ; la liste des réorientations."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.agents.perimetre import Perimetre
from jalon.orientations.criteres import lire_liste, liste_en_vigueur
from jalon.orientations.models import (
    DecisionOrientation,
    DemandeReorientation,
    ListeCriteres,
    MotifOrientation,
    PropositionOrientation,
    TypeOrientation,
)
from jalon.orientations.simulation import simuler
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def variante(db: None) -> ListeCriteres:
    return ListeCriteres.objects.get(code="emploi_large")


def test_la_simulation_compte_et_n_ecrit_rien(
    connecte: Any, distribution: Distribution, variante: ListeCriteres
) -> None:
    personnes = [une_allocataire(territoire=distribution.territoire, en_attente=True) for _ in range(3)]
    une_allocataire(territoire=distribution.autre_territoire, en_attente=True)
    faite = simuler(
        Perimetre.de(distribution.orienteur),
        liste_en_vigueur(),
        variante,
        personnes[0].date_naissance.replace(year=2026),
    )
    assert (faite.total, faite.changent) == (3, 3)
    assert [(p.de, p.vers, p.nombre) for p in faite.passages] == [("solidarite", "pole_emploi", 3)]
    charges, sans = faite.charges
    assert ([c.apres for c in charges], sans) == ([3], 0)
    page = connecte("orienteur").get(f"{reverse('criteres_simulation')}?apres={variante.public_id}").content.decode()
    assert "3 avis changent" in page
    assert not PropositionOrientation.objects.exists()
    assert not DecisionOrientation.objects.exists()


def test_chaque_nombre_ouvre_ses_personnes(connecte: Any, distribution: Distribution, variante: ListeCriteres) -> None:
    personne = une_allocataire(territoire=distribution.territoire, en_attente=True, nom="DUVAL", prenom="IRIS")
    adresse = f"{reverse('criteres_personnes')}?apres={variante.public_id}&de=solidarite&vers=pole_emploi"
    assert "Iris Duval" in connecte("orienteur").get(adresse).content.decode()
    assert "Personne dans ce cas" in connecte("etrangere").get(adresse).content.decode()
    assert personne.public_id is not None


def test_une_variante_se_garde_se_simule_et_n_est_pas_appliquee(connecte: Any, distribution: Distribution) -> None:
    depart = liste_en_vigueur()
    envoye = {f"actif|{c.code}": "oui" for c in lire_liste(depart).criteres if c.code != "sans_element"}
    envoye |= {"libelle": "Sans R35", "rang|disponible": "0", "seuil|attente|1.min": "3", "simuler": "oui"}
    reponse = connecte("siege").post(reverse("criteres_liste", args=[depart.public_id]), envoye)
    variante = ListeCriteres.objects.get(libelle="Sans R35")
    assert reponse.url == f"{reverse('criteres_simulation')}?apres={variante.public_id}"
    criteres = lire_liste(variante).criteres
    assert criteres[0].code == "disponible"
    assert {c.code for c in criteres if not c.actif} == {"sans_element"}
    assert next(c for c in criteres if c.code == "attente").si.un_de[1].min == "3"
    assert liste_en_vigueur() == depart


def test_une_variante_qui_ne_tient_pas_garde_ce_qui_est_tape(connecte: Any) -> None:
    depart = liste_en_vigueur()
    envoye = {"libelle": "Essai", "actif|attente": "oui", "seuil|attente|1.min": "beaucoup"}
    page = connecte("siege").post(reverse("criteres_liste", args=[depart.public_id]), envoye).content.decode()
    assert "ni un nombre ni un paramètre" in page
    assert 'value="beaucoup"' in page


def test_appliquer_demande_un_autre_droit_et_un_motif(connecte: Any, variante: ListeCriteres) -> None:
    adresse = reverse("criteres_appliquer", args=[variante.public_id])
    assert connecte("siege").post(adresse, {"motif": "Essai"}).status_code == 403
    connecte("administrateur").post(adresse, {})
    assert liste_en_vigueur() != variante
    connecte("administrateur").post(adresse, {"motif": "Décision de l'assemblée"})
    assert liste_en_vigueur() == variante


def test_la_liste_des_reorientations_coute_autant_pour_une_que_pour_vingt(
    connecte: Any, distribution: Distribution
) -> None:
    client = connecte("orienteur")

    def en_faire(nombre: int) -> None:
        types = {t.code: t for t in TypeOrientation.objects.all()}
        for _ in range(nombre):
            personne = une_allocataire(territoire=distribution.territoire)
            decision = DecisionOrientation.objects.create(
                personne=personne, type=types["solidarite"], organisme=distribution.organisme("ccas"),
                motif=MotifOrientation.objects.get(code="logement"), origine="directe", decidee_le="2026-10-01",
                periode="[2026-10-01,)",
            )  # fmt: skip
            DemandeReorientation.objects.create(
                personne=personne, decision=decision, type_souhaite=types["pole_emploi"], argumentaire="Essai",
                demandee_par=distribution.orienteur, demandee_le="2026-11-01",
            )  # fmt: skip

    en_faire(1)
    client.get(reverse("reorientations"))
    with CaptureQueriesContext(connection) as une:
        client.get(reverse("reorientations"))
    en_faire(19)
    with CaptureQueriesContext(connection) as vingt:
        page = client.get(f"{reverse('reorientations')}?sens=vers_pro").content.decode()
    assert "20 demandes" in page
    assert len(une) == len(vingt)
    assert "Aucune demande ici" in client.get(f"{reverse('reorientations')}?sens=vers_social").content.decode()
