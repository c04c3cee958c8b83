"""La salle : un dossier, ses seules pièces, une décision par envoi, et le suivant s'ouvre."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.enums import SourceRecueil
from jalon.diagnostics.models import Recueil
from jalon.instances.models import DossierSeance, EtatDossierSeance, NotePartenaire
from jalon.instances.ordre_du_jour import remplir_ordre_du_jour
from jalon.traces.models import Lecture
from tests.instances.plateau import Plateau

pytestmark = pytest.mark.django_db


def adresse(dossier: DossierSeance, acte: str = "") -> str:
    return f"/seances/dossiers/{dossier.public_id}/{acte}"


def saisie(plateau: Plateau, **change: Any) -> dict[str, Any]:
    choix = plateau.choix()
    return {
        "acte": "statuer", "type": choix.type.code, "organisme": choix.organisme.public_id, "motif": "logement",
        "avis": "unanime", **change,
    }  # fmt: skip


class TestDecider:
    def test_retient_et_ouvre_le_suivant(self, plateau: Plateau, entrer: Any) -> None:
        premier, second = plateau.dossiers(plateau.ouverte(plateau.personnes(2)))
        reponse = entrer(plateau.presidente).post(adresse(premier, "statuer/"), saisie(plateau))
        assert reponse.url == adresse(second)
        premier.refresh_from_db()
        assert (premier.etat, premier.choix.type.code) == (EtatDossierSeance.EXAMINE, "solidarite")

    def test_le_dernier_mene_a_la_relecture(self, plateau: Plateau, entrer: Any) -> None:
        seance = plateau.ouverte(plateau.personnes(1))
        [dossier] = plateau.dossiers(seance)
        client = entrer(plateau.presidente)
        assert client.post(adresse(dossier, "statuer/"), saisie(plateau)).url == f"/seances/{seance.public_id}/clore/"
        # htmx ne remplace que la salle : hors d'elle, il recharge la page entière.
        boostee = client.post(adresse(dossier, "statuer/"), saisie(plateau), headers={"HX-Request": "true"})
        assert boostee["HX-Redirect"] == f"/seances/{seance.public_id}/clore/"

    def test_un_refus_garde_la_saisie(self, plateau: Plateau, entrer: Any) -> None:
        [dossier] = plateau.dossiers(plateau.ouverte(plateau.personnes(1)))
        client = entrer(plateau.presidente)
        fautive = saisie(plateau, motif="", precision="Hébergée chez sa sœur")
        reponse = client.post(adresse(dossier, "statuer/"), fautive)
        page = reponse.content.decode()
        assert reponse.status_code == 422
        assert "demande un motif" in page
        assert "Hébergée chez sa sœur" in page
        assert client.post(adresse(dossier, "statuer/"), fautive, headers={"HX-Request": "true"}).status_code == 200

    def test_ajourne_avec_son_motif(self, plateau: Plateau, entrer: Any) -> None:
        [dossier] = plateau.dossiers(plateau.ouverte(plateau.personnes(1)))
        client = entrer(plateau.presidente)
        assert client.post(adresse(dossier, "statuer/"), {"acte": "ajourner"}).status_code == 422
        client.post(adresse(dossier, "statuer/"), {"acte": "ajourner", "motif_ajournement": "Recueil à faire"})
        dossier.refresh_from_db()
        assert (dossier.etat, dossier.motif) == (EtatDossierSeance.AJOURNE, "Recueil à faire")

    def test_refuse_de_decider_a_un_membre(self, plateau: Plateau, entrer: Any) -> None:
        [dossier] = plateau.dossiers(plateau.ouverte(plateau.personnes(1)))
        page = entrer(plateau.membre).get(adresse(dossier)).content.decode()
        assert "data-decision" not in page
        assert entrer(plateau.membre).post(adresse(dossier, "statuer/"), saisie(plateau)).status_code == 403


class TestLire:
    def test_ouvrir_est_une_lecture_notee_et_le_dossier_entier_reste_ferme(self, plateau: Plateau, entrer: Any) -> None:
        [dossier] = plateau.dossiers(plateau.ouverte(plateau.personnes(1)))
        page = entrer(plateau.membre).get(adresse(dossier)).content.decode()
        lecture = Lecture.objects.get(ecran="séance")
        assert (lecture.agent_id, lecture.personne) == (plateau.membre.pk, dossier.personne.public_id)
        assert "Avis calculé" in page
        assert f"/personnes/{dossier.personne.public_id}" not in page, "un membre n'ouvre pas le dossier entier"

    def test_le_membre_note_d_un_geste_et_la_presidence_le_lit(self, plateau: Plateau, entrer: Any) -> None:
        [dossier] = plateau.dossiers(plateau.ouverte(plateau.personnes(1)))
        client = entrer(plateau.membre)
        client.post(adresse(dossier, "note/"), {"opinion": "solidarite", "texte": ""})
        client.post(adresse(dossier, "note/"), {"opinion": "solidarite", "texte": "Suivie par le PLIE en 2024"})
        assert NotePartenaire.objects.get().opinion == "solidarite"
        assert "Suivie par le PLIE en 2024" in entrer(plateau.presidente).get(adresse(dossier)).content.decode()
        assert "Suivie par le PLIE" not in entrer(plateau.d.siege).get(adresse(dossier)).content.decode()

    def test_les_pieces_que_le_theme_ne_demande_pas_restent_fermees(self, plateau: Plateau, entrer: Any) -> None:
        [personne] = plateau.personnes(1)
        Recueil.objects.create(
            personne=personne,
            auteur=plateau.d.orienteur,
            date_recueil=timezone.localdate(),
            emploi_recherche="Cariste",
            source=SourceRecueil.values[0],
        )
        [dossier] = plateau.dossiers(plateau.ouverte([personne]))
        assert "Cariste" in entrer(plateau.membre).get(adresse(dossier)).content.decode()
        type(dossier.theme).objects.update(pieces=["grille"])
        assert "Cariste" not in entrer(plateau.membre).get(adresse(dossier)).content.decode()


def test_autant_de_requetes_pour_3_et_100_dossiers(plateau: Plateau, entrer: Any) -> None:
    petite = plateau.dossiers(plateau.ouverte(plateau.personnes(3)))
    client = entrer(plateau.presidente)
    client.get(adresse(petite[0]))
    with CaptureQueriesContext(
        connection,
    ) as peu:
        client.get(adresse(petite[0]))
    for dossier in petite:
        dossier.delete()
    seance = petite[0].seance
    seance.etat = "preparee"
    seance.save()
    plateau.personnes(97)
    remplir_ordre_du_jour(seance, acteur=plateau.d.orienteur, perimetre=Perimetre.de(plateau.d.orienteur), jusqua=100)
    seance.etat = "ouverte"
    seance.save()
    grande = plateau.dossiers(seance)
    assert len(grande) == 100
    client.get(adresse(grande[50]))
    with CaptureQueriesContext(connection) as beaucoup:
        assert client.get(adresse(grande[50])).status_code == 200
    assert len(beaucoup) == len(peu) <= 60
    with CaptureQueriesContext(connection) as decide:
        client.post(adresse(grande[50], "statuer/"), saisie(plateau))
    assert len(decide) <= 45
