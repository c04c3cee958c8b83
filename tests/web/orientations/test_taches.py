"""Les tâches à l'écran : lister, faire, écarter, répondre à une fin d'accompagnement."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.accompagnements.models import EtatMaintien, Maintien
from jalon.accompagnements.services import proposer_fins
from jalon.personnes.models import EtatTache, Tache, TypeTache
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


def une_tache(territoire: Any, *, organisme: Any = None, **champs: Any) -> Tache:
    personne = une_allocataire(territoire=territoire, accompagnee_par=organisme)
    champs.setdefault("type", TypeTache.RECUEIL)
    return Tache.objects.create(
        personne=personne, territoire=territoire, organisme=organisme, ouverte_le=date(2026, 10, 1), **champs
    )


def une_fin_proposee(distribution: Distribution) -> Tache:
    organisme = distribution.partenaire.affectations.get().organisme
    personne = une_allocataire(territoire=distribution.territoire, soumise=False, accompagnee_par=organisme)
    Maintien.objects.create(personne=personne, debut=date(2026, 5, 1), echeance=date(2026, 11, 1))
    proposer_fins(a_la_date=date(2026, 11, 1))
    return Tache.objects.get(personne=personne)


def test_liste_et_filtre(connecte: Any, distribution: Distribution) -> None:
    jour = timezone.localdate()
    retard = une_tache(distribution.territoire, echeance=jour - timedelta(days=1))
    mienne = une_tache(distribution.territoire, agent=distribution.orienteur)
    fin = une_fin_proposee(distribution)
    client = connecte("orienteur")
    attendus = {
        "": {retard, mienne, fin}, "retard": {retard}, "miennes": {mienne},
        "recueil": {retard, mienne}, "fin_accompagnement": {fin}, "inconnu": {retard, mienne, fin},
    }  # fmt: skip
    for filtre, taches in attendus.items():
        page = client.get(f"/taches/?filtre={filtre}").content.decode()
        assert {t for t in (retard, mienne, fin) if str(t.public_id) in page} == taches, filtre
    assert "En retard" in client.get("/taches/").content.decode()


def test_liste_vide(connecte: Any, distribution: Distribution) -> None:
    assert "Aucune tâche à faire" in connecte("orienteur").get("/taches/").content.decode()


def test_fait_une_tache(connecte: Any, distribution: Distribution) -> None:
    tache = une_tache(distribution.territoire)
    reponse = connecte("orienteur").post(f"/taches/{tache.public_id}/faire/", {"filtre": "recueil"})
    assert reponse["Location"] == "/taches/?filtre=recueil"
    tache.refresh_from_db()
    assert tache.etat == EtatTache.FAITE


@pytest.mark.parametrize(("motif", "etat"), [("déjà connue", EtatTache.SANS_OBJET), ("", EtatTache.A_FAIRE)])
def test_ecarte_une_tache_si_l_on_dit_pourquoi(
    connecte: Any, distribution: Distribution, motif: str, etat: str
) -> None:
    tache = une_tache(distribution.territoire)
    page = connecte("orienteur").post(f"/taches/{tache.public_id}/ecarter/", {"motif": motif}, follow=True)
    tache.refresh_from_db()
    assert tache.etat == etat
    assert ("pourquoi" in page.content.decode()) == (not motif)


def test_un_partenaire_accepte_la_fin_de_l_accompagnement(connecte: Any, distribution: Distribution) -> None:
    tache = une_fin_proposee(distribution)
    connecte("partenaire").post(f"/taches/{tache.public_id}/accepter/", {"motif": "emploi stable"})
    assert Maintien.objects.get().etat == EtatMaintien.CLOS
    tache.refresh_from_db()
    assert tache.etat == EtatTache.FAITE


def test_un_partenaire_prolonge_l_accompagnement(connecte: Any, distribution: Distribution) -> None:
    tache = une_fin_proposee(distribution)
    jusquau = timezone.localdate() + timedelta(days=90)
    connecte("partenaire").post(
        f"/taches/{tache.public_id}/prolonger/", {"motif": "période d’essai", "jusquau": jusquau.isoformat()}
    )
    maintien = Maintien.objects.get()
    assert (maintien.etat, maintien.echeance) == (EtatMaintien.EN_COURS, jusquau)


@pytest.mark.parametrize(
    "donnees", [{"motif": "essai"}, {"motif": "", "jusquau": "2030-01-01"}, {"motif": "essai", "jusquau": "hier"}]
)
def test_dit_ce_qui_manque_pour_prolonger(connecte: Any, distribution: Distribution, donnees: dict[str, str]) -> None:
    tache = une_fin_proposee(distribution)
    page = connecte("partenaire").post(f"/taches/{tache.public_id}/prolonger/", donnees, follow=True)
    assert "avis-error" in page.content.decode()
    assert Maintien.objects.get().etat == EtatMaintien.FIN_PROPOSEE


@pytest.mark.parametrize("acte", ["accepter", "prolonger"])
def test_refuse_de_repondre_fin_a_un_recueil(connecte: Any, distribution: Distribution, acte: str) -> None:
    tache = une_tache(distribution.territoire)
    donnees = {"motif": "essai", "jusquau": "2030-01-01"}
    page = connecte("orienteur").post(f"/taches/{tache.public_id}/{acte}/", donnees, follow=True).content.decode()
    assert "Aucune fin d’accompagnement" in page


@pytest.mark.parametrize("acte", ["faire", "ecarter", "accepter", "prolonger"])
def test_une_tache_d_un_autre_territoire_est_introuvable(connecte: Any, distribution: Distribution, acte: str) -> None:
    tache = une_tache(distribution.territoire)
    assert connecte("etrangere").post(f"/taches/{tache.public_id}/{acte}/", {"motif": "essai"}).status_code == 404
    assert connecte("collegue").post(f"/taches/{tache.public_id}/{acte}/", {"motif": "essai"}).status_code == 302


def test_refuse_sans_le_droit(connecte: Any, distribution: Distribution) -> None:
    tache = une_tache(distribution.territoire)
    assert connecte("lecteur").get("/taches/").status_code == 403
    assert connecte("lecteur").post(f"/taches/{tache.public_id}/faire/").status_code == 403


def test_meme_nombre_de_lectures_pour_une_et_vingt_taches(connecte: Any, distribution: Distribution) -> None:
    client = connecte("orienteur")
    une_tache(distribution.territoire)
    client.get("/taches/")
    with CaptureQueriesContext(connection) as une:
        client.get("/taches/")
    for _ in range(19):
        une_tache(distribution.territoire)
    with CaptureQueriesContext(connection) as vingt:
        client.get("/taches/")
    assert len(une) == len(vingt)
