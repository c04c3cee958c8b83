"""Charge des référents, transfert d'un portefeuille, absences, référencement : les écrans."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.accompagnements.models import AbsenceAgent, TransfertPortefeuille
from jalon.accompagnements.passations import referent_actuel
from jalon.agents.models import Agent
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from tests.accompagnements.aides import jour, nommer, organisme_de, orienter
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def collegue(distribution: Distribution) -> Agent:
    return distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))


@pytest.fixture
def limite() -> Any:
    def poser(valeur: int) -> None:
        Parametre.objects.filter(code="referent.charge_maximale").update(valeur=str(valeur))
        parametres.oublier()

    yield poser
    parametres.oublier()


def lire(client: Client, adresse: str) -> str:
    reponse = client.get(adresse)
    assert reponse.status_code == 200
    return reponse.content.decode().replace("\xa0", " ").replace("\u202f", " ")


def suivies(distribution: Distribution, nombre: int, territoire: Any = None) -> None:
    for _ in range(nombre):
        nommer(une_allocataire(territoire=territoire or distribution.territoire), distribution.partenaire)


def test_dit_en_mots_qui_depasse(connecte: Any, distribution: Distribution, limite: Any) -> None:
    limite(1)
    suivies(distribution, 2)
    page = lire(connecte("orienteur"), "/charge/?filtre=depasse")
    assert "Au-dessus de la limite" in page
    assert "<strong>2</strong> sur 1" in page
    assert "au-dessus de la limite" in page.split("carte-territoires")[1]


def test_la_charge_est_entiere_et_la_liste_est_celle_que_l_on_voit(connecte: Any, distribution: Distribution) -> None:
    suivies(distribution, 1)
    suivies(distribution, 1, distribution.autre_territoire)
    page = lire(connecte("orienteur"), "/charge/")
    assert "<strong>2</strong> sur 80" in page
    assert "1 personne</a>" in page
    detail = lire(connecte("orienteur"), reverse("charge_agent", args=[distribution.partenaire.public_id]))
    assert "dont 1 hors de votre vue" in detail


def test_autant_de_lectures_pour_un_et_pour_vingt_referents(connecte: Any, distribution: Distribution) -> None:
    client = connecte("siege")

    def lectures() -> int:
        with CaptureQueriesContext(connection) as requetes:
            lire(client, "/charge/")
        return len(requetes)

    suivies(distribution, 1)
    lire(client, "/charge/")
    une = lectures()
    for rang in range(19):
        agent = distribution.agent(
            f"Ines{rang}", "referent_solidarite", organisme=organisme_de(distribution.partenaire)
        )
        nommer(une_allocataire(territoire=distribution.territoire), agent)
    assert lectures() == une


def test_transfere_apres_apercu_puis_defait(connecte: Any, distribution: Distribution, collegue: Agent) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    nommer(personne, distribution.partenaire)
    client = connecte("siege")
    prepare = reverse("transfert_preparer", args=[distribution.partenaire.public_id])
    page = lire(client, f"{prepare}?vers={collegue.public_id}&regle=charge")
    assert "1 personne change de référent" in page
    assert referent_actuel(personne).agent == distribution.partenaire  # type: ignore[union-attr]
    reponse = client.post(
        reverse("transfert_faire", args=[distribution.partenaire.public_id]),
        {"vers": str(collegue.public_id), "regle": "charge", "motif": "Départ", "attendues": "1"}, follow=True,
    )  # fmt: skip
    assert "1 personne transférée" in reponse.content.decode()
    assert referent_actuel(personne).agent == collegue  # type: ignore[union-attr]
    client.post(reverse("transfert_defaire", args=[TransfertPortefeuille.objects.get().public_id]))
    assert referent_actuel(personne).agent == distribution.partenaire  # type: ignore[union-attr]


def test_un_transfert_sans_motif_garde_l_apercu(connecte: Any, distribution: Distribution, collegue: Agent) -> None:
    suivies(distribution, 1)
    reponse = connecte("siege").post(
        reverse("transfert_faire", args=[distribution.partenaire.public_id]),
        {"vers": str(collegue.public_id), "regle": "charge", "motif": "", "attendues": "1"},
    )
    page = reponse.content.decode()
    assert "Dites en quelques mots pourquoi" in page
    assert "Ce que cela donnerait" in page
    assert not TransfertPortefeuille.objects.exists()


def test_un_referent_note_son_absence_et_son_remplacant(
    connecte: Any, distribution: Distribution, collegue: Agent
) -> None:
    client = connecte("partenaire")
    adresse = reverse("absences", args=[distribution.partenaire.public_id])
    client.post(adresse, {"du": jour().isoformat(), "motif": "conges", "remplacant": str(collegue.public_id)})
    absence = AbsenceAgent.objects.get()
    assert (absence.agent, absence.remplacant) == (distribution.partenaire, collegue)
    assert f"{collegue} répond en remplacement" in lire(client, adresse)


def test_le_temps_d_un_referent_change_sa_limite(connecte: Any, distribution: Distribution) -> None:
    suivies(distribution, 1)
    client = connecte("siege")
    client.post(reverse("charge_temps", args=[distribution.partenaire.public_id]), {"part": "50"})
    assert "<strong>1</strong> sur 40" in lire(client, "/charge/")


class TestReferencement:
    def test_chaque_nombre_ouvre_sa_liste(self, connecte: Any, distribution: Distribution) -> None:
        suivies(distribution, 2)
        orienter(
            une_allocataire(territoire=distribution.territoire, nom="ATTEND"), organisme_de(distribution.partenaire)
        )
        client = connecte("orienteur")
        page = lire(client, "/referencement/")
        assert "66,7 %" in page
        assert "/referencement/liste/?etat=en_cours" in page
        liste = lire(client, "/referencement/liste/?etat=en_cours")
        assert "Attend" in liste
        assert "1 personne au" in liste
        ccas: UUID = organisme_de(distribution.partenaire).public_id
        assert "2 personnes au" in lire(client, f"/referencement/liste/?etat=avec_referent&organisme={ccas}")

    def test_ne_compte_que_son_territoire(self, connecte: Any, distribution: Distribution) -> None:
        suivies(distribution, 1)
        suivies(distribution, 1, distribution.autre_territoire)
        assert "1 personne soumise" in lire(connecte("orienteur"), "/referencement/")
        assert "2 personnes soumises" in lire(connecte("siege"), "/referencement/")

    def test_se_lit_a_une_date_passee(self, connecte: Any, distribution: Distribution) -> None:
        suivies(distribution, 1)
        page = lire(connecte("siege"), f"/referencement/?date={jour(45).isoformat()}")
        assert "Revenir à aujourd’hui" in page

    def test_autant_de_lectures_pour_une_et_pour_vingt(self, connecte: Any, distribution: Distribution) -> None:
        client = connecte("siege")

        def lectures() -> int:
            with CaptureQueriesContext(connection) as requetes:
                lire(client, "/referencement/liste/")
            return len(requetes)

        suivies(distribution, 1)
        lire(client, "/referencement/liste/")
        une = lectures()
        suivies(distribution, 19)
        assert lectures() == une

    @pytest.mark.parametrize("requete", ["territoire=nulle-part", "organisme=rien"])
    def test_un_filtre_inconnu_est_une_page_absente(self, connecte: Any, requete: str) -> None:
        assert connecte("siege").get(f"/referencement/liste/?{requete}").status_code == 404


def test_les_correspondants_et_leurs_personnes(connecte: Any, distribution: Distribution) -> None:
    personne = une_allocataire(territoire=distribution.territoire, nom="DUBOIS", prenom="MARIE")
    personne.designations_correspondant.create(agent=distribution.collegue, periode=DateRange(jour(3), None))
    client = connecte("orienteur")
    adresse = f"/correspondants/?agent={distribution.collegue.public_id}"
    assert "Marie Dubois" in lire(client, adresse)
    assert "Marie Dubois" not in lire(connecte("etrangere"), adresse)
