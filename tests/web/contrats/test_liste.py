"""La liste des contrats : par échéance, ses facettes, ses jours, son export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jalon.contrats.models import Contrat
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import un_contrat

pytestmark = pytest.mark.django_db


def finissant(distribution: Distribution, jours: int, **champs: Any) -> Contrat:
    """En vigueur, dont le dernier jour est dans `jours` jours."""
    fin = timezone.localdate() + timedelta(days=jours + 1)
    return un_contrat(distribution, debut=fin - relativedelta(months=6), **champs)


def personnes(client: Any, **filtres: str) -> list[str]:
    reponse = client.get(reverse("contrats"), filtres)
    return [ligne.contrat.personne.nom for ligne in reponse.context["lignes"]]


def test_le_plus_proche_de_sa_fin_d_abord(connecte: Any, distribution: Distribution) -> None:
    loin, proche = finissant(distribution, 60), finissant(distribution, 10)
    prepare = un_contrat(distribution, etat="brouillon")
    attendus = [c.personne.nom for c in (proche, loin, prepare)]
    assert personnes(connecte("siege")) == attendus


@pytest.mark.parametrize(("jours", "vu"), [(30, True), (31, False)])
def test_finit_dans_trente_jours_au_jour_pres(connecte: Any, distribution: Distribution, jours: int, vu: bool) -> None:
    contrat = finissant(distribution, jours)
    assert (contrat.personne.nom in personnes(connecte("siege"), echeance="30")) is vu


@pytest.mark.parametrize(("jours", "termine"), [(0, False), (-1, True)])
def test_passe_sa_fin_un_contrat_n_est_plus_dit_en_vigueur(
    connecte: Any, distribution: Distribution, jours: int, termine: bool
) -> None:
    contrat = finissant(distribution, jours)
    mot, client = "Arrivé à terme, à renouveler ou à clore", connecte("siege")
    badges = [ligne.badge["texte"] for ligne in client.get(reverse("contrats")).context["lignes"]]
    assert badges == [mot if termine else "En vigueur"]
    for page in (reverse("contrat", args=[contrat.public_id]), f"/personnes/{contrat.personne.public_id}/"):
        assert (mot in client.get(page).content.decode()) is termine
    contrat.refresh_from_db()
    assert contrat.etat == "en_vigueur"


def test_les_facettes_filtrent(connecte: Any, distribution: Distribution) -> None:
    vigueur, signe = finissant(distribution, 60), un_contrat(distribution, etat="signe", type="cer_professionnel")
    client = connecte("siege")
    assert personnes(client, etat="vivants") == [vigueur.personne.nom]
    assert personnes(client, etat="a_valider") == [signe.personne.nom]
    assert personnes(client, type="cer_professionnel") == [signe.personne.nom]
    assert len(personnes(client, referent=str(distribution.partenaire.public_id))) == 2
    assert personnes(client, referent=str(distribution.siege.public_id)) == []
    assert len(personnes(client, territoire=distribution.territoire.code)) == 2
    assert personnes(client, territoire=distribution.autre_territoire.code) == []
    assert personnes(client, q=vigueur.personne.nom) == [vigueur.personne.nom]


@pytest.mark.parametrize(("ecart", "vu"), [(0, False), (1, True)])
def test_en_retard_apres_le_delai_de_validation_au_jour_pres(
    connecte: Any, distribution: Distribution, ecart: int, vu: bool
) -> None:
    limite = timezone.localdate() - relativedelta(months=1)
    contrat = un_contrat(distribution, etat="signe", signe_le=limite - timedelta(days=ecart))
    reponse = connecte("siege").get(reverse("contrats"), {"retard": "oui"})
    assert (contrat in [ligne.contrat for ligne in reponse.context["lignes"]]) is vu
    tous = connecte("siege").get(reverse("contrats")).context["lignes"]
    assert next(ligne for ligne in tous if ligne.contrat == contrat).en_retard is vu


def test_chacun_ne_voit_que_son_perimetre(connecte: Any, distribution: Distribution) -> None:
    contrat = finissant(distribution, 20)
    assert personnes(connecte("orienteur")) == [contrat.personne.nom]
    assert personnes(connecte("etrangere")) == []


def test_une_liste_vide_dit_quoi_faire(connecte: Any) -> None:
    assert "Aucun contrat ici" in connecte("siege").get(reverse("contrats")).content.decode()


@pytest.mark.parametrize(("ecart", "vu"), [(29, True), (30, False)])
def test_valides_depuis_un_mois_au_jour_pres(connecte: Any, distribution: Distribution, ecart: int, vu: bool) -> None:
    contrat = finissant(distribution, 60)
    Contrat.objects.filter(pk=contrat.pk).update(valide_le=timezone.localdate() - timedelta(days=ecart))
    assert (contrat.personne.nom in personnes(connecte("siege"), valide_depuis="30")) is vu


def test_le_choix_du_referent_ne_propose_que_ceux_qui_ont_un_contrat(connecte: Any, distribution: Distribution) -> None:
    finissant(distribution, 60)
    client = connecte("siege")
    assert client.get(reverse("contrats")).context["referents"] == [distribution.partenaire]
    page = client.get(reverse("contrats"), {"referent": str(distribution.partenaire.public_id)}).content.decode()
    assert f'<option value="{distribution.partenaire.public_id}" selected>' in page


def test_l_export_est_note(connecte: Any, distribution: Distribution) -> None:
    finissant(distribution, 20)
    reponse = connecte("siege").get(reverse("contrats_exporter"), {"format": "csv"})
    contenu = b"".join(reponse.streaming_content).decode("utf-8-sig")
    assert "CER solidarité" in contenu
    assert Lecture.objects.filter(nature="export", ecran="contrats", nombre=1).exists()


def test_autant_de_requetes_pour_un_ou_vingt_contrats(connecte: Any, distribution: Distribution) -> None:
    client = connecte("orienteur")
    comptes = []
    for ajoutes in (1, 19):
        for rang in range(ajoutes):
            finissant(distribution, 20 + rang)
        client.get(reverse("contrats"))
        with CaptureQueriesContext(connection) as requetes:
            client.get(reverse("contrats"))
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]
