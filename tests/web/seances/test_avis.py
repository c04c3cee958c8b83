"""Une équipe pluridisciplinaire à l'écran : préparer en nombre, lire et donner son avis d'un geste, présider, clore."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.instances.models import DossierSeance, EtatDossierSeance, NotePartenaire, Seance
from jalon.manquements.models import AvisManquement, Manquement, Observation
from jalon.rendezvous.models import MotifAbsence
from jalon.traces.models import Lecture
from tests.instances.plateau_avis import PlateauAvis

pytestmark = pytest.mark.django_db


@pytest.fixture
def ep(distribution: Any) -> PlateauAvis:
    return PlateauAvis(distribution)


def adresse(dossier: DossierSeance, acte: str = "") -> str:
    return f"/seances/dossiers/{dossier.public_id}/{acte}"


def saisie(**change: Any) -> dict[str, Any]:
    return {"acte": "statuer", "sens": "defavorable", "vote": "unanime", "texte": "Motif compris.", **change}


def test_de_l_inscription_en_nombre_au_proces_verbal_sans_script(ep: PlateauAvis, entrer: Any) -> None:
    procedures = [ep.procedure() for _ in range(3)]
    Manquement.objects.filter(pk=procedures[0].pk).update(demande_audition=True)
    seance = ep.preparee([], jour=timezone.localdate() + timedelta(days=40))
    secretaire, ici = entrer(ep.secretaire), f"/seances/{seance.public_id}/"
    page = secretaire.get(f"{ici}inscrire/").content.decode()
    assert page.count('name="manquements"') == 3
    assert "Demande à être entendue" in page
    reponse = secretaire.post(f"{ici}inscrire/", {"manquements": [m.public_id for m in procedures]}, follow=True)
    assert "3 dossiers inscrits" in reponse.content.decode()
    assert "demande à être entendue et n’a pas d’heure" in reponse.content.decode()
    secretaire.post(f"{ici}passages/", {"premier": "09:30", "minutes": "20"})
    reponse = secretaire.post(f"{ici}personnes/", follow=True)
    assert "1 lettre de convocation écrite" in reponse.content.decode().replace("\u202f", " ").replace("\xa0", " ")
    page = secretaire.post(f"{ici}convoquer/", follow=True).content.decode()
    assert "Imprimer leurs convocations" in page
    assert secretaire.get(f"{ici}convocations.pdf").content.startswith(b"%PDF")
    Seance.objects.update(date=timezone.localdate())
    presidence = entrer(ep.presidente)
    presents = [ep.sieges[code].public_id for code in ("presidence", "membre", "caf", "representant")]
    presidence.post(f"{ici}ouvrir/", {"president": ep.sieges["presidence"].public_id, "presents": presents})
    dossiers = ep.dossiers(seance)
    entendue = next(d for d in dossiers if d.personne_id == procedures[0].personne_id)
    presidence.post(adresse(entendue, "audition/"), {"assistee_par": "Son frère"})
    for dossier in dossiers:
        presidence.post(adresse(dossier, "statuer/"), saisie())
    relecture = presidence.get(f"{ici}clore/").content.decode()
    assert "Clore et porter 3" in relecture
    assert "Avis défavorables" in relecture
    presidence.post(f"{ici}clore/")
    assert AvisManquement.objects.filter(sens="defavorable", seance=seance.public_id).count() == 3
    page = presidence.get(ici).content.decode()
    assert "3 avis rendus" in page.replace("\u202f", " ").replace("\xa0", " ")
    assert presidence.get(f"{ici}?issue=defavorable").content.decode().count("data-ligne") == 3


class TestMembre:
    def test_lit_les_seules_pieces_et_donne_son_avis_d_un_geste(self, ep: PlateauAvis, entrer: Any) -> None:
        procedure = ep.procedure()
        Observation.objects.create(
            manquement=procedure, canal="en_ligne", recue_le=timezone.localdate(), texte="Mon bus n'est pas passé"
        )
        [dossier] = ep.dossiers(ep.convoquee([procedure]))
        client = entrer(ep.membre)
        page = client.get(adresse(dossier)).content.decode()
        for attendu in ("Ce qui est reproché", "Mon bus n", "Favorable", "lire la lettre"):
            assert attendu in page, attendu
        assert "data-decision" not in page
        assert f"/personnes/{dossier.personne.public_id}" not in page
        client.post(adresse(dossier, "note/"), {"opinion": "defavorable", "texte": ""})
        assert NotePartenaire.objects.get().opinion == "defavorable"
        assert client.get(adresse(dossier, f"pieces/{procedure.avertissement.public_id}/")).status_code == 200
        assert Lecture.objects.filter(ecran="pièce de séance", agent=ep.membre).count() == 1
        assert client.post(adresse(dossier, "statuer/"), saisie()).status_code == 403

    def test_une_reponse_qui_touche_a_la_sante_reste_fermee(self, ep: PlateauAvis, entrer: Any) -> None:
        procedure = ep.procedure()
        motif = MotifAbsence.objects.filter(sante=True)[:1].get()
        Observation.objects.create(
            manquement=procedure, canal="en_ligne", recue_le=timezone.localdate(), texte="Hospitalisée", motif=motif
        )
        [dossier] = ep.dossiers(ep.convoquee([procedure]))
        page = entrer(ep.membre).get(adresse(dossier)).content.decode()
        assert "Hospitalisée" not in page
        assert "touche à la santé" in page

    def test_un_avis_inconnu_est_refuse(self, ep: PlateauAvis, entrer: Any) -> None:
        [dossier] = ep.dossiers(ep.convoquee([ep.procedure()]))
        client = entrer(ep.membre)
        page = client.post(adresse(dossier, "note/"), {"opinion": "solidarite"}, follow=True).content.decode()
        assert "n&#x27;est pas de la liste" in page
        assert not NotePartenaire.objects.exists()


class TestPresidence:
    def test_propose_dans_la_grille_et_ouvre_le_suivant(self, ep: PlateauAvis, entrer: Any) -> None:
        premier, second = ep.dossiers(ep.ouverte([ep.procedure(), ep.procedure()]))
        client = entrer(ep.presidente)
        page = client.get(adresse(premier)).content.decode()
        assert "30 à 100 %" in page
        assert "1 à 2 mois" in page
        fautive = saisie(sens="favorable", regle="premiere", taux="10", duree="1", texte="Sans réponse depuis mars")
        reponse = client.post(adresse(premier, "statuer/"), fautive)
        assert reponse.status_code == 422
        assert "hors de la grille" in reponse.content.decode()
        assert "Sans réponse depuis mars" in reponse.content.decode()
        assert client.post(adresse(premier, "statuer/"), {**fautive, "taux": "50"}).url == adresse(second)
        premier.refresh_from_db()
        assert (premier.etat, premier.avis_rendu.taux) == (EtatDossierSeance.EXAMINE, 50)

    def test_refuse_une_regle_qui_n_est_pas_proposee(self, ep: PlateauAvis, entrer: Any) -> None:
        [dossier] = ep.dossiers(ep.ouverte([ep.procedure()]))
        reponse = entrer(ep.presidente).post(adresse(dossier, "statuer/"), saisie(sens="favorable", regle="fraude"))
        assert reponse.status_code == 422
        assert "grille" in reponse.content.decode()

    def test_ajourne_avec_son_motif(self, ep: PlateauAvis, entrer: Any) -> None:
        [dossier] = ep.dossiers(ep.ouverte([ep.procedure()]))
        entrer(ep.presidente).post(
            adresse(dossier, "statuer/"), {"acte": "ajourner", "motif_ajournement": "L'entendre"}
        )
        dossier.refresh_from_db()
        assert (dossier.etat, dossier.motif) == (EtatDossierSeance.AJOURNE, "L'entendre")


@pytest.mark.parametrize("ecran", ["", "inscrire/", "clore/", "dossier"])
def test_autant_de_requetes_pour_2_et_10_dossiers(ep: PlateauAvis, entrer: Any, ecran: str) -> None:
    seance = ep.ouverte([ep.procedure(), ep.procedure()])
    client = entrer(ep.presidente)

    def lire() -> int:
        ici = adresse(ep.dossiers(seance)[0]) if ecran == "dossier" else f"/seances/{seance.public_id}/{ecran}"
        client.get(ici)
        with CaptureQueriesContext(connection) as lues:
            assert client.get(ici).status_code == 200
        return len(lues)

    peu = lire()
    Seance.objects.update(etat="convoquee")
    seance.refresh_from_db()
    cles = [ep.procedure().public_id for _ in range(8)]
    entrer(ep.secretaire).post(f"/seances/{seance.public_id}/inscrire/", {"manquements": cles})
    Seance.objects.update(etat="ouverte")
    assert seance.dossiers.count() == 10
    assert lire() == peu
