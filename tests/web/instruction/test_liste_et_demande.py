"""La liste à compléter et la page d'une demande (F017, F018)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.droits.models import DemandeInstruction, EtatDemande, PieceDemandee
from jalon.organismes.models import CategorieOrganisme
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_demande

JOUR = timezone.localdate()
PASSEE = JOUR - timedelta(days=10)


def en_retard(distribution: Distribution, **champs: Any) -> DemandeInstruction:
    return une_demande(distribution, depot_le=JOUR - timedelta(days=70), echeance=PASSEE, **champs)


class TestListe:
    def test_le_retard_se_voit_a_chaque_niveau(self, connecte: Any, distribution: Distribution) -> None:
        en_retard(distribution, personne=PersonneFactory(nom="ICI", territoire=distribution.territoire))
        en_retard(distribution, personne=PersonneFactory(nom="AILLEURS", territoire=distribution.autre_territoire))
        pages = {a: connecte(a).get("/instruction/?quoi=retard").content.decode() for a in ("orienteur", "siege")}
        assert "Ici" in pages["orienteur"]
        assert "Ailleurs" not in pages["orienteur"]
        assert "le retard est imputable au service" in pages["orienteur"]
        assert "Ailleurs" in pages["siege"]
        assert "2 compléments en retard" in pages["siege"]

    def test_un_instructeur_voit_celles_de_son_organisme(self, connecte: Any, distribution: Distribution) -> None:
        demande = en_retard(distribution)
        distribution.ines = distribution.agent(  # type: ignore[attr-defined]
            "Inès", "instructeur", organisme=distribution.organisme(CategorieOrganisme.CCAS)
        )
        page = connecte("ines").get("/instruction/").content.decode()
        # Le dossier ne lui est pas ouvert : la demande compte, la personne reste cachée.
        assert "Dossier refermé pour votre service" in page
        assert demande.personne.nom.title() not in page

    @pytest.mark.parametrize(
        ("quoi", "champs", "paraît"),
        [
            ("", {}, True),
            ("", {"information_le": JOUR, "donnees_le": JOUR, "complement_le": JOUR}, False),
            ("pieces", {"etat": EtatDemande.PIECES_ATTENDUES}, True),
            ("a_transmettre", {"etat": EtatDemande.INSTRUITE}, True),
            ("transmises", {"etat": EtatDemande.INSTRUITE}, False),
            ("closes", {"etat": "liquidee", "close_le": JOUR}, True),
            ("cours", {"etat": "liquidee", "close_le": JOUR}, False),
        ],
    )
    def test_les_vues(
        self, connecte: Any, distribution: Distribution, quoi: str, champs: dict[str, Any], paraît: bool
    ) -> None:
        demande = une_demande(distribution, **champs)
        page = connecte("siege").get(f"/instruction/?quoi={quoi}").content.decode()
        assert (str(demande.public_id) in page) is paraît

    def test_filtre_par_organisme_et_territoire(self, connecte: Any, distribution: Distribution) -> None:
        demande = une_demande(distribution)
        client = connecte("siege")
        for parametres, voit in (
            ({"organisme": demande.organisme.code}, True),
            ({"organisme": distribution.organisme(CategorieOrganisme.CAF).code}, False),
            ({"territoire": distribution.territoire.code}, True),
            ({"territoire": distribution.territoire.parent.code}, True),
            ({"territoire": distribution.autre_territoire.code}, False),
        ):
            assert (str(demande.public_id) in client.get("/instruction/", parametres).content.decode()) is voit

    def test_autant_de_requetes_pour_une_que_pour_vingt(self, connecte: Any, distribution: Distribution) -> None:
        client = connecte("siege")
        nombres = []
        for combien in (1, 19):
            for _ in range(combien):
                en_retard(distribution)
            client.get("/instruction/")
            with CaptureQueriesContext(
                connection,
            ) as requetes:
                client.get("/instruction/")
            nombres.append(len(requetes))
        assert nombres[0] == nombres[1]

    def test_s_exporte_sans_nir(self, connecte: Any, distribution: Distribution) -> None:
        en_retard(distribution)
        reponse = connecte("siege").get("/instruction/exporter/?format=csv&quoi=retard")
        texte = b"".join(reponse.streaming_content).decode("utf-8-sig")
        assert texte.splitlines()[0].startswith("Nom;Prénom;Déposée le")
        assert len(texte.splitlines()) == 2


@pytest.fixture
def demande(distribution: Distribution) -> DemandeInstruction:
    lue = une_demande(distribution, depot_le=JOUR - timedelta(days=10))
    PieceDemandee.objects.create(demande=lue, code="identite", libelle="Pièce d'identité", demandee_le=lue.depot_le)
    return lue


@pytest.fixture
def poster(connecte: Any, demande: DemandeInstruction) -> Callable[..., str]:
    client = connecte("orienteur")

    def envoyer(geste: str, **champs: Any) -> str:
        reponse = client.post(f"/instruction/{demande.public_id}/{geste}/", champs, follow=True)
        demande.refresh_from_db()
        return reponse.content.decode()

    return envoyer


def test_du_depot_a_la_transmission(poster: Callable[..., str], demande: DemandeInstruction) -> None:
    assert "Il manque encore" in poster("instruire")
    assert "Dire la demande instruite" in poster("pieces", piece_identite="recue")
    assert "Transmettre à" in poster("instruire")
    page = poster("transmettre", caisse="CAF du Pas-de-Calais", numero_demande="00000000777")
    assert demande.etat == EtatDemande.TRANSMISE
    assert "numéro 00000000777" in page
    assert "Bulletin de mars" in poster("retour", motif="Bulletin de mars")
    assert demande.etat == EtatDemande.PIECES_ATTENDUES


def test_le_complement_se_note_a_sa_date(poster: Callable[..., str], demande: DemandeInstruction) -> None:
    hier = JOUR - timedelta(days=1)
    poster("complement", quoi="information", le=hier.isoformat())
    poster("complement", quoi="donnees", le="")
    assert (demande.information_le, demande.donnees_le, demande.complement_le) == (hier, JOUR, JOUR)
    assert "ne se lit pas" in poster("complement", quoi="donnees", le="hier")
    assert "déjà recueillies" in poster("complement", quoi="donnees")


def test_les_autres_gestes(poster: Callable[..., str], demande: DemandeInstruction, distribution: Distribution) -> None:
    assert "non dû" in poster("soumission", soumise="non")
    assert "213,40" in poster("simulation", source="Simulateur", hypothese="Mi-temps", montant="213.40")
    assert "Choisissez dans la liste l&#x27;organisme" in poster("confier", organisme="inconnu", motif="x")
    caf = distribution.organisme(CategorieOrganisme.CAF)
    assert caf.libelle in poster("confier", organisme=caf.code, motif="Famille monoparentale")
    assert "La caisse n&#x27;a pas encore transmis" in poster("liquider")
    poster("classer", motif="abandon")
    assert demande.etat == EtatDemande.SANS_SUITE
    assert "elle ne peut pas" in poster("classer", motif="abandon")


def test_les_boutons_sont_ceux_de_l_etat(connecte: Any, distribution: Distribution) -> None:
    demande = une_demande(distribution, etat="liquidee", close_le=date(2026, 10, 10), liquidee_le=date(2026, 10, 10))
    page = connecte("orienteur").get(f"/instruction/{demande.public_id}/").content.decode()
    assert "Classer sans suite" not in page
    assert "Dire la demande instruite" not in page
    assert "Noter l’information" in page
