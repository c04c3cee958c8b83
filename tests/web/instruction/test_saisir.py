"""Saisir un premier contact en une page : chercher, comparer, garder, enregistrer (F017)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from jalon.droits.models import BrouillonInstruction, DemandeInstruction, EtatDemande, ResultatTest
from jalon.organismes.models import CategorieOrganisme, CommuneTerritoire
from jalon.personnes.models import Personne
from jalon.personnes.selectors import coordonnees_de
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_demande

ADRESSE = "/instruction/saisir/"


def saisie(distribution: Distribution, **change: Any) -> dict[str, Any]:
    lieu = (
        CommuneTerritoire.objects.filter(territoire=distribution.territoire).select_related("commune").order_by("pk")[0]
    )
    return {
        "nom": "Benali", "prenom": "Nadia", "date_naissance": "1991-04-03", "sexe": "2", "nom_naissance": "", "prenom2": "",
        "commune": f"{lieu.commune.nom} ({lieu.commune.code_insee})", "telephone": "06 12 34 56 78", "accepte_sms": "on",
        "depot_le": timezone.localdate().isoformat(),
        "organisme": distribution.organisme(CategorieOrganisme.CCAS).code, "situations": ["seule"],
        "q_residence": "oui", "pieces": ["identite"], "informee": "on",
        **change,
    }  # fmt: skip


def test_une_page_suffit_pour_une_personne_inconnue(distribution: Distribution, connecte: Any) -> None:
    reponse = connecte("orienteur").post(ADRESSE, saisie(distribution))
    demande = DemandeInstruction.objects.get()
    assert reponse.headers["Location"] == f"/instruction/{demande.public_id}/"
    assert demande.etat == EtatDemande.PIECES_ATTENDUES
    assert demande.resultat == ResultatTest.RESERVE
    assert demande.information_le == timezone.localdate()
    assert demande.pieces.get(code="identite").recue_le == timezone.localdate()
    assert demande.personne.territoire == distribution.territoire
    assert coordonnees_de(demande.personne).par_sms


def test_la_page_vide_propose_de_chercher_d_abord(connecte: Any, distribution: Distribution) -> None:
    page = connecte("orienteur").get(ADRESSE).content.decode()
    assert "La personne est-elle déjà connue ?" in page
    assert "Ce test ne vaut pas décision" in page
    assert "tout organisme habilité doit recevoir qui se présente" in page


def test_le_nom_tape_a_l_envers_la_retrouve(connecte: Any, distribution: Distribution) -> None:
    personne = PersonneFactory(nom="BENALI", prenom="NADIA", territoire=distribution.territoire)
    page = connecte("orienteur").get(ADRESSE, {"q": "nadia benali"}).content.decode()
    assert f"?personne={personne.public_id}" in page


def test_depose_pour_une_personne_connue(connecte: Any, distribution: Distribution) -> None:
    personne = PersonneFactory(territoire=distribution.territoire)
    client = connecte("orienteur")
    assert client.get(ADRESSE, {"personne": personne.public_id}).status_code == 200
    assert Lecture.objects.filter(personne=personne.public_id, nature=Lecture.Nature.DOSSIER).exists()
    client.post(ADRESSE, saisie(distribution, personne=personne.public_id))
    assert DemandeInstruction.objects.get().personne == personne
    assert Personne.objects.count() == 1


@pytest.mark.parametrize(("agent", "statut"), [("orienteur", 200), ("etrangere", 404)])
def test_refuse_la_personne_d_un_autre_territoire(
    connecte: Any, distribution: Distribution, agent: str, statut: int
) -> None:
    personne = PersonneFactory(territoire=distribution.territoire)
    assert connecte(agent).get(ADRESSE, {"personne": personne.public_id}).status_code == statut


def test_signale_la_demande_deja_en_cours(connecte: Any, distribution: Distribution) -> None:
    demande = une_demande(distribution)
    page = connecte("orienteur").get(ADRESSE, {"personne": demande.personne.public_id}).content.decode()
    assert f"/instruction/{demande.public_id}/" in page
    reponse = connecte("orienteur").post(ADRESSE, saisie(distribution, personne=demande.personne.public_id))
    assert "déjà une demande en cours" in reponse.content.decode()


class TestDoublons:
    @pytest.fixture
    def connue(self, distribution: Distribution) -> Personne:
        return PersonneFactory(
            nom="NADIA", prenom="BENALI", date_naissance=date(1991, 4, 3), territoire=distribution.territoire
        )

    def test_compare_avant_de_creer(self, connecte: Any, distribution: Distribution, connue: Personne) -> None:
        page = connecte("orienteur").post(ADRESSE, saisie(distribution)).content.decode()
        assert "Est-ce la même personne ?" in page
        assert str(connue.public_id) in page
        assert 'value="Benali"' in page
        assert Personne.objects.count() == 1
        assert Lecture.objects.filter(personne=connue.public_id).exists()

    def test_c_est_elle(self, connecte: Any, distribution: Distribution, connue: Personne) -> None:
        connecte("orienteur").post(ADRESSE, saisie(distribution, est=connue.public_id))
        assert DemandeInstruction.objects.get().personne == connue

    def test_ce_n_est_pas_elle(self, connecte: Any, distribution: Distribution, connue: Personne) -> None:
        connecte("orienteur").post(ADRESSE, saisie(distribution, ecartees=[connue.public_id]))
        assert DemandeInstruction.objects.get().personne != connue

    def test_ne_montre_pas_une_ressemblance_hors_du_perimetre(
        self, connecte: Any, distribution: Distribution, connue: Personne
    ) -> None:
        Personne.objects.filter(pk=connue.pk).update(territoire=distribution.autre_territoire)
        reponse = connecte("orienteur").post(ADRESSE, saisie(distribution))
        assert reponse.status_code == 302
        assert str(connue.public_id) not in reponse.content.decode()


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"commune": "Nullepart"}, "Cette commune n&#x27;est pas connue"),
        ({"nom": ""}, "Ce champ est obligatoire"),
        ({"situations": ["agricole"]}, "Cet organisme n&#x27;est pas celui proposé"),
        ({"telephone": "12"}, "Ce numéro de téléphone n&#x27;existe pas"),
        ({"simulation_montant": "120"}, "Une simulation demande"),
    ],
)
def test_un_refus_garde_la_saisie(
    connecte: Any, distribution: Distribution, change: dict[str, Any], phrase: str
) -> None:
    reponse = connecte("orienteur").post(ADRESSE, saisie(distribution, **change))
    page = reponse.content.decode()
    assert reponse.status_code == 200
    assert phrase in page
    assert 'value="Nadia"' in page
    assert not Personne.objects.exists()


class TestBrouillon:
    def test_garde_a_mesure_sans_le_numero(self, connecte: Any, distribution: Distribution) -> None:
        client = connecte("siege")
        envoye = saisie(distribution, actualiser="1", nir="291046204112345", prenom="", situations=["agricole"])
        page = client.post(ADRESSE, envoye).content.decode()
        assert "MSA" in page
        assert "Ce champ est obligatoire" not in page
        garde = BrouillonInstruction.objects.get()
        assert "291046204112345" not in str(garde.contenu)
        assert 'value="Benali"' in client.get(ADRESSE).content.decode()

    def test_chacun_le_sien(self, connecte: Any, distribution: Distribution) -> None:
        connecte("orienteur").post(ADRESSE, saisie(distribution, actualiser="1"))
        assert "Benali" not in connecte("collegue").get(ADRESSE).content.decode()

    def test_s_efface(self, connecte: Any, distribution: Distribution) -> None:
        client = connecte("orienteur")
        client.post(ADRESSE, saisie(distribution, actualiser="1"))
        client.post(f"{ADRESSE}effacer/")
        assert not BrouillonInstruction.objects.exists()

    def test_ne_bloque_pas_quand_la_personne_gardee_est_sortie_du_perimetre(
        self, connecte: Any, distribution: Distribution
    ) -> None:
        personne = PersonneFactory(territoire=distribution.territoire)
        client = connecte("orienteur")
        client.post(ADRESSE, saisie(distribution, actualiser="1", personne=personne.public_id))
        Personne.objects.update(territoire=distribution.autre_territoire)
        assert client.get(ADRESSE).status_code == 200
