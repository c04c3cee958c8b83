"""L'entretien sur une page : venu ou non, la note, le plan, la suite ; sans JavaScript, puis sur place."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, Etape, Objectif
from jalon.contrats.objectifs import ajouter_etape, ajouter_objectif
from jalon.contrats.services import ouvrir_contrat, types_proposes
from jalon.personnes.models import Personne
from jalon.rendezvous.models import EtatRendezVous, NoteEntretien, ObjetRendezVous, PlageAgenda, RendezVous
from jalon.traces.models import Lecture
from tests.accompagnements.aides import nommer, organisme_de
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
SUR_PLACE = {"headers": {"X-Jalon-Sur-Place": "oui"}}


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire, nom="LEFÈVRE", prenom="ÉLODIE")
    nommer(personne, distribution.partenaire)
    return personne


@pytest.fixture
def rendez_vous(distribution: Distribution, personne: Personne) -> RendezVous:
    """Il a eu lieu hier : celui d'aujourd'hui, avant neuf heures, serait encore à venir."""
    return prendre(personne, distribution.partenaire, timezone.localdate() - timedelta(days=1))


@pytest.fixture
def contrat(distribution: Distribution, personne: Personne) -> Contrat:
    partenaire = distribution.partenaire
    return ouvrir_contrat(
        personne, acteur=partenaire, perimetre=Perimetre.de(partenaire), type=types_proposes(personne)[0]
    )


def prendre(personne: Personne, agent: Agent, jour: date) -> RendezVous:
    return RendezVous.objects.create(
        personne=personne, objet=ObjetRendezVous.ENTRETIEN, organisme=organisme_de(agent), agent=agent,
        lieu="CCAS", debut=timezone.make_aware(datetime.combine(jour, time(9))),
    )  # fmt: skip


def adresse(rendez_vous: RendezVous, nom: str = "entretien") -> str:
    return reverse(nom, args=[rendez_vous.public_id])


def libre(personne: Personne, nom: str = "entretien_libre") -> str:
    return reverse(nom, args=[personne.public_id])


def texte(reponse: Any) -> str:
    return str(reponse.content.decode())


class TestPage:
    def test_montre_qui_pourquoi_le_plan_et_les_dernieres_notes(
        self, distribution: Distribution, connecte: Any, contrat: Contrat, rendez_vous: RendezVous
    ) -> None:
        qui = {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}
        objectif = ajouter_objectif(contrat, intitule="Passer mon code", **qui)
        ajouter_etape(objectif, intitule="Appeler l’auto-école", **qui)
        NoteEntretien.objects.create(
            personne=contrat.personne, date=timezone.localdate() - timedelta(days=10), faits="Elle a son livret.",
            auteur=distribution.partenaire,
        )  # fmt: skip
        page = texte(connecte("partenaire").get(adresse(rendez_vous)))
        for attendu in (
            "Élodie Lefèvre", "entretien de suivi", "Passer mon code", "Appeler l’auto-école", "Elle a son livret.",
            "Paul Referent solidarite", "La personne peut lire ce que vous écrivez.", "Elle est venue",
        ):  # fmt: skip
            assert attendu in page, attendu
        assert "style=" not in page

    def test_l_ouverture_se_note_et_ne_se_garde_pas(self, connecte: Any, rendez_vous: RendezVous) -> None:
        page = connecte("partenaire").get(adresse(rendez_vous))
        assert page["Cache-Control"] == "no-store"
        assert Lecture.objects.get().ecran == "entretien"

    def test_un_rendez_vous_a_venir_ne_se_constate_pas(
        self, distribution: Distribution, connecte: Any, personne: Personne
    ) -> None:
        demain = prendre(personne, distribution.partenaire, timezone.localdate() + timedelta(days=1))
        page = texte(connecte("partenaire").get(adresse(demain)))
        assert "Ce rendez-vous est à venir" in page
        assert "Elle est venue" not in page
        assert 'name="faits"' not in page

    def test_autant_de_requetes_pour_une_ou_dix_etapes(
        self, distribution: Distribution, connecte: Any, contrat: Contrat, rendez_vous: RendezVous
    ) -> None:
        qui = {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}
        objectif = ajouter_objectif(contrat, intitule="Passer mon code", **qui)
        client = connecte("partenaire")
        ajouter_etape(objectif, intitule="Étape", **qui)
        client.get(adresse(rendez_vous))
        comptes = []
        for ajoutees in (0, 9):
            for _ in range(ajoutees):
                ajouter_etape(objectif, intitule="Étape", **qui)
            with CaptureQueriesContext(connection) as requetes:
                client.get(adresse(rendez_vous))
            comptes.append(len(requetes))
        assert comptes[0] == comptes[1]


class TestPresence:
    def test_venue(self, connecte: Any, rendez_vous: RendezVous) -> None:
        reponse = connecte("partenaire").post(adresse(rendez_vous), {"acte": "honore"}, follow=True)
        rendez_vous.refresh_from_db()
        assert rendez_vous.etat == EtatRendezVous.HONORE
        assert "le rendez-vous a eu lieu" in texte(reponse)

    def test_une_excuse_dit_pourquoi(self, connecte: Any, rendez_vous: RendezVous) -> None:
        client = connecte("partenaire")
        refus = client.post(adresse(rendez_vous), {"acte": "excuse"})
        assert refus.status_code == 409
        client.post(adresse(rendez_vous), {"acte": "excuse", "motif": "Garde d’enfant"})
        rendez_vous.refresh_from_db()
        assert (rendez_vous.etat, rendez_vous.motif) == (EtatRendezVous.EXCUSE, "Garde d’enfant")

    def test_non_venue(self, connecte: Any, rendez_vous: RendezVous) -> None:
        connecte("partenaire").post(adresse(rendez_vous), {"acte": "manque"})
        rendez_vous.refresh_from_db()
        assert rendez_vous.etat == EtatRendezVous.MANQUE

    def test_un_bouton_garde_aussi_la_note_commencee(self, connecte: Any, rendez_vous: RendezVous) -> None:
        connecte("partenaire").post(adresse(rendez_vous), {"acte": "honore", "faits": "À l’heure."})
        assert NoteEntretien.objects.get().faits == "À l’heure."


class TestNote:
    def test_s_ecrit_et_se_relit(self, connecte: Any, rendez_vous: RendezVous) -> None:
        client = connecte("partenaire")
        page = client.post(
            adresse(rendez_vous),
            {"acte": "note", "dit_par_la_personne": "« Je cherche »", "suite": "Rappeler"},
            follow=True,
        )
        assert "La note est gardée" in texte(page)
        assert "« Je cherche »" in texte(page)
        note = NoteEntretien.objects.get()
        assert (note.rendez_vous, note.date) == (rendez_vous, timezone.localdate(rendez_vous.debut))

    def test_le_lexique_avertit_sans_empecher(self, connecte: Any, rendez_vous: RendezVous) -> None:
        page = connecte("partenaire").post(adresse(rendez_vous), {"faits": "Elle est fainéante."}, follow=True)
        assert "« fainéante »" in texte(page)
        assert NoteEntretien.objects.get().faits == "Elle est fainéante."

    def test_deux_auteurs_se_voient_et_ne_s_effacent_pas(self, connecte: Any, rendez_vous: RendezVous) -> None:
        client = connecte("partenaire")
        client.post(adresse(rendez_vous), {"faits": "Premier texte."})
        note = NoteEntretien.objects.get()
        page = client.post(adresse(rendez_vous), {"faits": "Second texte.", "note": "", "numero": ""})
        assert page.status_code == 409
        assert "Premier texte." in texte(page)
        assert "Second texte." in texte(page)
        assert page.context["numero"] == 1
        client.post(adresse(rendez_vous), {"faits": "Les deux.", "note": note.public_id, "numero": "1"})
        note.refresh_from_db()
        assert (note.faits, note.numero) == ("Les deux.", 2)

    def test_se_garde_pendant_la_frappe(self, connecte: Any, rendez_vous: RendezVous) -> None:
        client = connecte("partenaire")
        reponse = client.post(adresse(rendez_vous, "entretien_garder"), {"faits": "À moit"})
        assert (reponse.status_code, reponse.json()["numero"]) == (200, 1)
        suite = client.post(
            adresse(rendez_vous, "entretien_garder"),
            {"faits": "À moitié", "note": reponse.json()["note"], "numero": "1"},
        )
        assert suite.json()["numero"] == 2
        depassee = client.post(adresse(rendez_vous, "entretien_garder"), {"faits": "Autre", "numero": "1"})
        assert depassee.status_code == 409
        assert "rien n'a été remplacé" in depassee.json()["message"]
        assert NoteEntretien.objects.get().faits == "À moitié"

    def test_une_page_vide_ne_cree_rien(self, connecte: Any, rendez_vous: RendezVous) -> None:
        connecte("partenaire").post(adresse(rendez_vous, "entretien_garder"), {"faits": " "})
        refus = connecte("partenaire").post(adresse(rendez_vous), {"acte": "note"})
        assert "vide" in texte(refus)
        assert not NoteEntretien.objects.exists()

    def test_celle_d_un_autre_se_lit_seulement(
        self, distribution: Distribution, connecte: Any, rendez_vous: RendezVous
    ) -> None:
        connecte("partenaire").post(adresse(rendez_vous), {"faits": "De Paul."})
        page = texte(connecte("orienteur").get(adresse(rendez_vous)))
        assert "De Paul." in page
        assert "Cette note est celle de Paul" in page
        assert 'name="faits"' not in page
        connecte("orienteur").post(adresse(rendez_vous), {"faits": "D’Omar.", "numero": "1"})
        assert NoteEntretien.objects.get().faits == "De Paul."


class TestSansRendezVous:
    def test_la_note_du_jour_se_reprend(self, connecte: Any, personne: Personne) -> None:
        client = connecte("partenaire")
        client.post(libre(personne), {"faits": "Au téléphone.", "date": timezone.localdate().isoformat()})
        page = client.get(libre(personne))
        assert "Au téléphone." in texte(page)
        assert page.context["note"] == NoteEntretien.objects.get()
        assert client.get(libre(personne) + "?nouvelle=oui").context["note"] is None

    def test_une_seconde_note_le_meme_jour(self, connecte: Any, personne: Personne) -> None:
        client = connecte("partenaire")
        client.post(libre(personne), {"faits": "Matin."})
        client.post(libre(personne), {"faits": "Soir.", "note": ""})
        assert set(NoteEntretien.objects.order_by("pk").values_list("faits", flat=True)) == {"Matin.", "Soir."}

    def test_se_garde_pendant_la_frappe(self, connecte: Any, personne: Personne) -> None:
        client = connecte("partenaire")
        premiere = client.post(libre(personne, "entretien_libre_garder"), {"faits": "Au"}).json()
        client.post(
            libre(personne, "entretien_libre_garder"),
            {"faits": "Au téléphone", "note": premiere["note"], "numero": premiere["numero"]},
        )
        assert NoteEntretien.objects.get().faits == "Au téléphone"


class TestPlan:
    def test_ajoute_un_objectif_puis_une_etape(self, connecte: Any, contrat: Contrat, rendez_vous: RendezVous) -> None:
        client = connecte("partenaire")
        client.post(adresse(rendez_vous), {"acte": "ajouter", "ajout-intitule": "Passer mon code", "ajout-ou": ""})
        objectif = Objectif.objects.get(contrat=contrat)
        envoi = {
            "acte": "ajouter", "ajout-intitule": "S’inscrire", "ajout-ou": str(objectif.public_id),
            "ajout-qui": "personne", "ajout-echeance": "2026-12-01",
        }  # fmt: skip
        reponse = client.post(adresse(rendez_vous), envoi)
        assert reponse["Location"].endswith("#plan")
        etape = Etape.objects.get(objectif=objectif)
        assert (etape.intitule, etape.echeance) == ("S’inscrire", date(2026, 12, 1))

    def test_faire_avancer_une_etape(
        self, distribution: Distribution, connecte: Any, contrat: Contrat, rendez_vous: RendezVous
    ) -> None:
        qui = {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}
        etape = ajouter_etape(ajouter_objectif(contrat, intitule="Code", **qui), intitule="Appeler", **qui)
        connecte("partenaire").post(adresse(rendez_vous), {"acte": f"avance:{etape.public_id}:atteint"})
        etape.refresh_from_db()
        assert (etape.etat, etape.faite_le) == ("atteint", timezone.localdate())

    def test_refuse_l_etape_d_une_autre_personne(
        self, distribution: Distribution, connecte: Any, contrat: Contrat, rendez_vous: RendezVous
    ) -> None:
        qui = {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}
        etape = ajouter_etape(ajouter_objectif(contrat, intitule="Code", **qui), intitule="Appeler", **qui)
        autre = une_allocataire(territoire=distribution.territoire)
        nommer(autre, distribution.partenaire)
        reponse = connecte("partenaire").post(libre(autre), {"acte": f"avance:{etape.public_id}:atteint"})
        assert reponse.status_code == 404
        etape.refresh_from_db()
        assert etape.etat == "a_faire"


class TestSuite:
    def test_un_creneau_libre(
        self, distribution: Distribution, connecte: Any, personne: Personne, rendez_vous: RendezVous
    ) -> None:
        jour = timezone.localdate()
        for jour_semaine in range(1, 6):
            PlageAgenda.objects.create(
                agent=distribution.partenaire, organisme=organisme_de(distribution.partenaire), jour=jour_semaine,
                debut=time(9), fin=time(12), lieu="CCAS", periode=DateRange(jour, None),
            )  # fmt: skip
        client = connecte("partenaire")
        creneaux = client.get(adresse(rendez_vous)).context["form_prochain"].creneaux
        choisi = next(iter(creneaux))
        envoi = {"acte": "prochain", "prochain-creneau": choisi, "prochain-objet": "contrat"}
        reponse = client.post(adresse(rendez_vous), envoi, follow=True)
        assert "Rendez-vous fixé le" in texte(reponse)
        pris = RendezVous.objects.exclude(pk=rendez_vous.pk).get()
        assert (pris.debut, pris.objet) == (datetime.fromisoformat(choisi), "contrat")
        assert pris.agent == distribution.partenaire
        repris = client.post(adresse(rendez_vous), envoi)
        assert "vient d’être pris" in texte(repris)

    def test_une_autre_heure(self, distribution: Distribution, connecte: Any, rendez_vous: RendezVous) -> None:
        jour = timezone.localdate() + timedelta(days=14)
        envoi = {
            "acte": "prochain", "prochain-objet": "entretien", "prochain-jour": jour.isoformat(), "prochain-heure": "14:30",
            "prochain-duree": "30", "prochain-modalite": "telephone",
        }  # fmt: skip
        connecte("partenaire").post(adresse(rendez_vous), envoi)
        pris = RendezVous.objects.exclude(pk=rendez_vous.pk).get()
        assert timezone.localtime(pris.debut).time() == time(14, 30)
        assert (pris.duree, pris.modalite) == (30, "telephone")

    def test_sans_heure_rien_ne_se_fixe(self, connecte: Any, rendez_vous: RendezVous) -> None:
        refus = connecte("partenaire").post(adresse(rendez_vous), {"acte": "prochain", "faits": "Écrit."})
        assert "Choisissez un créneau libre" in texte(refus)
        assert NoteEntretien.objects.get().faits == "Écrit.", "la note est gardée quand même"


class TestSurPlace:
    def test_tout_le_cycle_sans_recharger(
        self, distribution: Distribution, connecte: Any, contrat: Contrat, rendez_vous: RendezVous
    ) -> None:
        client = connecte("partenaire")
        page = client.post(adresse(rendez_vous), {"acte": "honore"}, **SUR_PLACE)
        assert page.status_code == 200
        assert "Honoré" in texte(page)
        page = client.post(adresse(rendez_vous), {"acte": "note", "faits": "Venue à l’heure."}, **SUR_PLACE)
        numero = page.context["numero"]
        page = client.post(
            adresse(rendez_vous),
            {"acte": "ajouter", "ajout-intitule": "Passer mon code", "faits": "Venue à l’heure.", "numero": numero},
            **SUR_PLACE,
        )
        assert "L’objectif est ajouté." in texte(page)
        page = client.post(
            adresse(rendez_vous),
            {
                "acte": "prochain", "prochain-jour": (timezone.localdate() + timedelta(days=7)).isoformat(),
                "prochain-heure": "10:00", "prochain-lieu": "CCAS", "prochain-modalite": "sur_place",
                "faits": "Venue à l’heure.", "numero": numero,
            },
            **SUR_PLACE,
        )  # fmt: skip
        assert "Rendez-vous fixé le" in texte(page)
        assert NoteEntretien.objects.get().numero == 1

    def test_un_refus_garde_la_saisie(self, connecte: Any, contrat: Contrat, rendez_vous: RendezVous) -> None:
        page = connecte("partenaire").post(
            adresse(rendez_vous), {"acte": "excuse", "ajout-intitule": "Passer mon code"}, **SUR_PLACE
        )
        assert "Passer mon code" in texte(page)
        assert not Objectif.objects.exists()
