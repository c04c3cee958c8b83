"""Les écrans d'une personne : qui la suit, passer le relais, suivis, fiches navettes."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from jalon.accompagnements.models import Accompagnement, DesignationCorrespondant, FicheNavette
from jalon.accompagnements.passations import referent_actuel
from jalon.agents.models import Agent
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.traces.models import Lecture
from tests.accompagnements.aides import nommer, organisme_de
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire)
    nommer(personne, distribution.partenaire)
    return personne


@pytest.fixture
def collegue(distribution: Distribution) -> Agent:
    return distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))


def adresse(nom: str, objet: Any) -> str:
    return reverse(nom, args=[objet.public_id])


def page(reponse: Any) -> str:
    assert reponse.status_code == 200
    return reponse.content.decode().replace("\xa0", " ")


def envoi(agent: Agent, personne: Personne, **champs: str) -> dict[str, str]:
    actuel = referent_actuel(personne)
    return {
        "cible": f"{organisme_de(agent).public_id}:{agent.public_id}", "motif_fin": "passation",
        "attendue": str(actuel.public_id) if actuel else "", **champs,
    }  # fmt: skip


def test_dit_qui_la_suit_et_note_la_lecture(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    lue = page(connecte("orienteur").get(adresse("personne_referents", personne)))
    assert str(distribution.partenaire) in lue
    assert "Personne à prévenir" in lue
    assert Lecture.objects.filter(personne=personne.public_id, agent=distribution.orienteur).count() == 1


def test_passe_le_relais(connecte: Any, distribution: Distribution, personne: Personne, collegue: Agent) -> None:
    reponse = connecte("orienteur").post(
        adresse("personne_relais", personne), envoi(collegue, personne, note="À rappeler"), follow=True
    )
    assert f"{collegue} est le référent de cette personne." in page(reponse)
    assert "À rappeler" in page(reponse)
    assert referent_actuel(personne).agent == collegue  # type: ignore[union-attr]


def test_un_refus_garde_ce_qui_est_ecrit(
    connecte: Any, distribution: Distribution, personne: Personne, collegue: Agent
) -> None:
    champs = envoi(collegue, personne, note="Longue note", choisi="", attendue="")
    lue = page(connecte("orienteur").post(adresse("personne_relais", personne), champs))
    assert "a changé entre-temps" in lue
    assert "Longue note" in lue
    assert f'value="{champs["cible"]}" selected' in lue


def test_au_dela_de_la_limite_on_confirme_et_on_motive(
    connecte: Any, distribution: Distribution, personne: Personne, collegue: Agent
) -> None:
    nommer(une_allocataire(territoire=distribution.territoire), collegue)
    Parametre.objects.filter(code="referent.charge_maximale").update(valeur="1")
    parametres.oublier()
    client, lieu = connecte("orienteur"), adresse("personne_relais", personne)
    lue = page(client.post(lieu, envoi(collegue, personne)))
    assert "Je confirme malgré la limite" in lue
    reponse = client.post(lieu, envoi(collegue, personne, confirme="oui", motif_depassement="Fratrie suivie"))
    assert reponse.status_code == 302
    assert referent_actuel(personne).motif_depassement == "Fratrie suivie"  # type: ignore[union-attr]
    parametres.oublier()


def test_nomme_un_professionnel_hors_de_jalon(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    ccas = organisme_de(distribution.partenaire)
    champs = envoi(distribution.partenaire, personne, cible=f"{ccas.public_id}:")
    client, lieu = connecte("orienteur"), adresse("personne_relais", personne)
    assert "Nommez le professionnel" in page(client.post(lieu, champs))
    assert client.post(lieu, {**champs, "nom_externe": "Camille Exemple"}).status_code == 302
    assert referent_actuel(personne).nom == "Camille Exemple"  # type: ignore[union-attr]


def test_refuse_un_agent_qui_n_est_pas_propose(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    champs = envoi(distribution.siege, personne)
    assert "ne peut pas accompagner" in page(connecte("orienteur").post(adresse("personne_relais", personne), champs))


def test_nomme_le_correspondant(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    choisi = distribution.agent("Cora", "correspondant", territoire=distribution.territoire)
    connecte("orienteur").post(adresse("personne_correspondant", personne), {"agent": str(choisi.public_id)})
    assert DesignationCorrespondant.objects.get(personne=personne).agent == choisi


def test_refuse_un_correspondant_d_un_autre_territoire(
    connecte: Any, distribution: Distribution, personne: Personne
) -> None:
    autre = distribution.agent("Cora", "correspondant", territoire=distribution.autre_territoire)
    lue = page(
        connecte("orienteur").post(
            adresse("personne_correspondant", personne), {"agent": str(autre.public_id)}, follow=True
        )
    )
    assert "dans la liste" in lue
    assert not DesignationCorrespondant.objects.exists()


class TestAPlusieurs:
    @pytest.fixture
    def plie(self) -> Organisme:
        return (
            Organisme.objects.filter(type__categorie="plie", territoires=None).order_by("id").first()
            or (Organisme.objects.filter(type__categorie="plie").order_by("id")[0])
        )

    def test_le_referent_partenaire_ouvre_un_suivi_et_le_finit(
        self, connecte: Any, distribution: Distribution, personne: Personne, plie: Organisme
    ) -> None:
        """Tout passe sous la sécurité par ligne du CCAS, qui ne lit pas les suivis des autres organismes."""
        plie.territoires.add(distribution.territoire)
        client = connecte("partenaire")
        lue = page(
            client.post(
                adresse("suivi_ouvrir", personne), {"organisme": str(plie.public_id), "objet": "Emploi"}, follow=True
            )
        )
        assert plie.libelle in lue
        suivi = Accompagnement.objects.get(organisme=plie)
        lue = page(client.post(adresse("suivi_clore", suivi), {"motif": "Emploi trouvé"}, follow=True))
        assert "finit aujourd’hui" in lue

    def test_ecrit_repond_et_clot_une_fiche(
        self, connecte: Any, distribution: Distribution, personne: Personne
    ) -> None:
        client = connecte("orienteur")
        champs = {
            "objet": "Garde d'enfant", "a": f"agent:{distribution.partenaire.public_id}", "nature": "question",
            "texte": "Une place ?",
        }  # fmt: skip
        reponse = client.post(adresse("navette_ouvrir", personne), champs)
        fiche = FicheNavette.objects.get()
        assert reponse.url == adresse("navette", fiche)
        partenaire = connecte("partenaire")
        assert "Garde d&#x27;enfant" in page(partenaire.get("/navettes/"))
        partenaire.post(adresse("navette", fiche), {"nature": "reponse", "texte": "Oui, en mars."})
        assert "Oui, en mars." in page(client.get(adresse("navette", fiche)))
        client.post(adresse("navette_clore", fiche))
        assert "Close" in page(client.get(adresse("navette", fiche)))

    def test_une_collegue_du_territoire_ne_sait_pas_que_la_fiche_existe(
        self, connecte: Any, distribution: Distribution, personne: Personne
    ) -> None:
        fiche = FicheNavette.objects.create(
            personne=personne, objet="Secret", auteur=distribution.orienteur, agents=[distribution.partenaire.pk]
        )
        client = connecte("collegue")
        assert client.get(adresse("navette", fiche)).status_code == 404
        assert "Secret" not in page(client.get(adresse("personne_referents", personne)))
        assert "Secret" in page(connecte("orienteur").get(adresse("personne_referents", personne)))

    def test_un_refus_garde_le_message_et_les_destinataires(
        self, connecte: Any, distribution: Distribution, personne: Personne
    ) -> None:
        champs = {
            "objet": "", "a": f"agent:{distribution.partenaire.public_id}", "nature": "question", "texte": "Long texte",
        }  # fmt: skip
        lue = page(connecte("orienteur").post(adresse("navette_ouvrir", personne), champs))
        assert "Long texte" in lue
        assert f'value="agent:{distribution.partenaire.public_id}" checked' in lue
        assert "N&#x27;écrivez rien sur la santé" in lue
