"""Ouvrir le dossier d'une personne sans RSA, tenir ses coordonnées et ses publics (F013)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jalon.organismes.models import CommuneTerritoire
from jalon.personnes.models import Personne, PublicPersonne
from jalon.personnes.selectors import coordonnees_de
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory


def saisie(distribution: Distribution, **change: Any) -> dict[str, Any]:
    lieu = (
        CommuneTerritoire.objects.filter(territoire=distribution.territoire).select_related("commune").order_by("pk")[0]
    )
    return {
        "nom": "Benali", "prenom": "Nadia", "date_naissance": "1991-04-03", "sexe": "2", "nom_naissance": "", "prenom2": "",
        "public": "aah", "depuis": "2026-01-01", "commune": lieu.commune.code_insee and f"x ({lieu.commune.code_insee})",
        **change,
    }  # fmt: skip


def test_ouvre_un_dossier_que_tous_les_ecrans_montrent(connecte: Any, distribution: Distribution) -> None:
    client = connecte("orienteur")
    reponse = client.post("/personnes/creer/", saisie(distribution))
    personne = Personne.objects.get()
    assert reponse.headers["Location"] == f"/personnes/{personne.public_id}/coordonnees/"
    for adresse in ("", "droits/", "identite/", "lectures/", "coordonnees/"):
        page = client.get(f"/personnes/{personne.public_id}/{adresse}")
        assert page.status_code == 200
        assert "Nadia Benali" in page.content.decode()
    trouvee = client.get("/recherche/", {"q": "nadia benali"})
    assert trouvee.headers["Location"] == f"/personnes/{personne.public_id}/"
    identite = client.get(f"/personnes/{personne.public_id}/identite/").content.decode()
    assert "1900" not in identite
    assert "allocation aux adultes handicapés" in identite


def test_compare_avant_de_creer(connecte: Any, distribution: Distribution) -> None:
    connue = PersonneFactory(
        nom="BENALI", prenom="NADIA", date_naissance=date(1991, 4, 3), territoire=distribution.territoire
    )
    client = connecte("orienteur")
    page = client.post("/personnes/creer/", saisie(distribution)).content.decode()
    assert "Est-ce la même personne ?" in page
    assert f"/personnes/{connue.public_id}/" in page
    client.post("/personnes/creer/", saisie(distribution, ecartees=[connue.public_id]))
    assert Personne.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"public": ""}, "Ce champ est obligatoire"),
        ({"commune": ""}, "Ce champ est obligatoire"),
        ({"date_naissance": "2999-01-01"}, "Cette date de naissance n&#x27;est pas possible"),
    ],
)
def test_refuse_une_saisie_incomplete(
    connecte: Any, distribution: Distribution, change: dict[str, Any], phrase: str
) -> None:
    assert phrase in connecte("orienteur").post("/personnes/creer/", saisie(distribution, **change)).content.decode()
    assert not Personne.objects.exists()


class TestCoordonnees:
    @pytest.fixture
    def personne(self, distribution: Distribution) -> Personne:
        return PersonneFactory(territoire=distribution.territoire)

    def test_enregistre(self, connecte: Any, personne: Personne) -> None:
        adresse = f"/personnes/{personne.public_id}/coordonnees/"
        client = connecte("orienteur")
        client.post(adresse, {"telephone": "0612345678", "accepte_sms": "on", "prefere": "sms"})
        assert coordonnees_de(personne).telephone == "+33612345678"
        assert "06 12 34 56 78" in client.get(adresse).content.decode()

    def test_un_refus_garde_la_saisie(self, connecte: Any, personne: Personne) -> None:
        page = connecte("orienteur").post(
            f"/personnes/{personne.public_id}/coordonnees/", {"courriel": "a@exemple.fr", "prefere": "courriel"}
        )
        assert "Le moyen préféré doit être" in page.content.decode()
        assert "a@exemple.fr" in page.content.decode()
        assert coordonnees_de(personne).pk is None

    def test_qui_change_de_territoire_quitte_le_perimetre(
        self, connecte: Any, distribution: Distribution, personne: Personne
    ) -> None:
        ailleurs = CommuneTerritoire.objects.filter(territoire=distribution.autre_territoire).order_by("pk")[0]
        reponse = connecte("orienteur").post(
            f"/personnes/{personne.public_id}/coordonnees/",
            {"prefere": "courrier", "commune": f"x ({ailleurs.commune_id})"}, follow=True,
        )  # fmt: skip
        assert "hors de votre territoire" in reponse.content.decode()

    def test_publics(self, connecte: Any, personne: Personne) -> None:
        client = connecte("orienteur")
        adresse = f"/personnes/{personne.public_id}/publics/"
        client.post(adresse, {"public": "ass", "depuis": "2026-01-01"})
        assert "déjà de ce public" in client.post(adresse, {"public": "ass"}, follow=True).content.decode()
        client.post(f"{adresse}ass/clore/")
        assert PublicPersonne.objects.get().periode.upper is not None
        assert "rien n&#x27;a changé" in client.post(f"{adresse}ass/clore/", follow=True).content.decode()
