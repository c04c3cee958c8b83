"""La liste des procédures : chaque compteur ouvre sa liste, les filtres se cumulent, le nombre de requêtes ne bouge pas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jalon.droits.models import Soumission
from jalon.manquements.models import LigneTransmission, Transmission
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.manquements.fabriques import il_y_a, un_manquement
from tests.manquements.sanctions import regle, un_flux, une_sanction

pytestmark = pytest.mark.django_db


def liste(client: Any, **filtres: str) -> Any:
    return client.get(reverse("manquements"), filtres)


def noms(reponse: Any) -> list[str]:
    return [ligne.manquement.personne.nom for ligne in reponse.context["lignes"]]


def test_chaque_compteur_ouvre_sa_liste(connecte: Any, distribution: Distribution) -> None:
    for etat in ("prepare", "saisi", "averti", "avis_rendu", "classe"):
        un_manquement(distribution, etat=etat)
    un_manquement(distribution, etat="averti", recu=False)
    un_manquement(distribution, etat="averti", faits_le=il_y_a(60), recu_le=timezone.localdate())
    une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"), etat="decidee")
    une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"))
    client = connecte("siege")
    portes = {p["vue"].code: p for p in liste(client).context["liste"].portes}
    for code, porte in portes.items():
        assert len(noms(liste(client, vue=code))) == porte["nombre"], code
    attendus = {
        "en_preparation": 1, "a_instruire": 1, "a_prouver": 1, "delai_court": 1, "delai_fini": 1, "a_notifier": 1,
        "en_cours": 1,
    }  # fmt: skip
    assert {code: portes[code]["nombre"] for code in attendus} == attendus


def test_dit_les_jours_qui_restent(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(
        distribution, etat="averti", faits_le=il_y_a(60), recu_le=timezone.localdate() - timedelta(days=3)
    )
    ligne = liste(connecte("siege"), vue="delai_court").context["lignes"][0]
    assert ligne.reste == (manquement.observations_jusqu_au - timezone.localdate()).days


@pytest.mark.parametrize(("motif", "nombre"), [("convocation", 1), ("controle", 0)])
def test_filtre_par_motif(connecte: Any, distribution: Distribution, motif: str, nombre: int) -> None:
    un_manquement(distribution, etat="saisi")
    assert len(noms(liste(connecte("siege"), motif=motif))) == nombre


def test_filtre_par_referent_et_territoire(connecte: Any, distribution: Distribution) -> None:
    un_manquement(distribution, etat="saisi")
    client = connecte("siege")
    for agent, nombre in ((distribution.partenaire, 1), (distribution.collegue, 0)):
        assert len(noms(liste(client, referent=str(agent.public_id)))) == nombre
    for territoire, nombre in ((distribution.territoire, 1), (distribution.autre_territoire, 0)):
        assert len(noms(liste(client, territoire=territoire.code))) == nombre


@pytest.mark.parametrize(("jours", "nombre"), [(1, 1), (0, 0)])
def test_le_nombre_d_ecarts_ouvre_sa_liste(connecte: Any, distribution: Distribution, jours: int, nombre: int) -> None:
    """Un écart compte jusqu'à deux ans après la fin transmise à la caisse, et il est dans la liste qui s'ouvre."""
    decision = une_sanction(distribution, il_y_a(120), la_regle=regle("plein_emploi", "premiere"))
    assert decision.debut is not None
    un_flux(decision.personne, decision.debut + timedelta(days=5))
    dossier = Soumission.objects.get(personne=decision.personne).dossier
    transmission = Transmission.objects.create(
        caisse_regime=dossier.caisse_regime, caisse_numero=dossier.caisse_numero, produite_le=il_y_a(119),
        produite_par=distribution.siege,
    )  # fmt: skip
    LigneTransmission.objects.create(
        transmission=transmission, decision=decision, objet="appliquer", numero_demande=dossier.numero_demande,
        debut=decision.debut, fin=timezone.localdate() - relativedelta(months=24) + timedelta(days=jours),
    )  # fmt: skip
    client = connecte("siege")

    assert liste(client).context["ecarts"] == nombre
    assert len(client.get(reverse("transmissions_ecarts")).context["lignes"]) == nombre


def test_un_autre_territoire_n_y_voit_rien(connecte: Any, distribution: Distribution) -> None:
    un_manquement(distribution, etat="saisi")
    assert len(noms(liste(connecte("orienteur")))) == 1
    assert noms(liste(connecte("etrangere"))) == []


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_lignes(connecte: Any, distribution: Distribution) -> None:
    client = connecte("siege")
    un_manquement(distribution, etat="averti")
    liste(client)  # la première page lit ce que le processus garde ensuite
    comptes = []
    for ajouts in (1, 6):
        for _ in range(ajouts):
            un_manquement(distribution, etat="averti")
            une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"))
        with CaptureQueriesContext(connection) as requetes:
            liste(client)
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


def test_exporte_sans_nir_et_note_l_extraction(connecte: Any, distribution: Distribution) -> None:
    un_manquement(distribution, etat="saisi")
    reponse = connecte("siege").get(reverse("manquements_exporter"), {"format": "csv"})
    lignes = b"".join(reponse.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lignes) == 2
    assert Lecture.objects.get(ecran="manquements").nombre == 1
