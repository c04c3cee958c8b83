"""L'écran d'écriture : ouvrir, écrire avec et sans script, trancher, reprendre un texte connu, le plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.agents.perimetre import Perimetre
from jalon.contrats import objectifs
from jalon.contrats.models import Contrat, EcritureRemplacee, Objectif, ValeurChamp
from jalon.contrats.redaction import Saisie
from jalon.traces.models import Lecture
from jalon.web.contrats.saisie import empreinte
from tests.contrats.fabriques import brouillon, dire, ecrire, seconde_plume, suivie, une_fiche
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_decision

pytestmark = pytest.mark.django_db


@pytest.fixture
def contrat(distribution: Distribution) -> Contrat:
    return brouillon(distribution)


@pytest.fixture
def client(connecte: Any) -> Any:
    return connecte("partenaire")


def page_de(contrat: Contrat) -> str:
    return reverse("contrat_ecrire", args=[contrat.public_id])


def rubrique_de(contrat: Contrat, code: str) -> str:
    return reverse("contrat_rubrique", args=[contrat.public_id, code])


# --- Ouvrir


def test_le_contrat_de_l_orientation_est_propose_d_abord(client: Any, distribution: Distribution) -> None:
    personne = suivie(distribution)
    une_decision(distribution, personne=personne)
    html = client.get(reverse("contrat_ouvrir", args=[personne.public_id])).content.decode()
    assert "Celui de son orientation" in html
    assert html.index("CER solidarité") < html.index("Contrat d&#x27;engagement")
    assert "Contrat d&#x27;accompagnement" not in html


def test_ouvrir_mene_a_l_ecriture(client: Any, distribution: Distribution) -> None:
    personne = suivie(distribution)
    reponse = client.post(reverse("contrat_ouvrir", args=[personne.public_id]), {"type": "cer_solidarite"})
    ouvert = Contrat.objects.get(personne=personne)
    assert reponse.url == page_de(ouvert)
    assert ouvert.organisme.libelle == distribution.partenaire.affectations.get().organisme.libelle


def test_refuse_un_second_contrat_en_preparation(client: Any, contrat: Contrat) -> None:
    reponse = client.post(reverse("contrat_ouvrir", args=[contrat.personne.public_id]), {"type": "cer_professionnel"})
    assert reponse.status_code == 409
    assert "déjà en préparation" in reponse.content.decode()
    assert Contrat.objects.count() == 1


# --- Écrire sans script


def test_la_page_montre_la_fiche_a_cote_et_note_la_lecture(client: Any, contrat: Contrat) -> None:
    une_fiche(contrat.personne, difficultes="Le bus est loin", besoins=["transport", "sante"])
    html = client.get(page_de(contrat)).content.decode()
    assert "Le bus est loin" in html
    assert "Me déplacer" in html
    assert "ma santé" not in html
    assert Lecture.objects.filter(personne=contrat.personne.public_id, ecran="écriture d’un contrat").exists()


def test_enregistrer_n_ecrit_que_ce_qui_a_change(client: Any, contrat: Contrat, distribution: Distribution) -> None:
    rose = seconde_plume(distribution)
    ecrire(contrat, "obstacles", "Le texte de Rose", rose)
    vide = empreinte(Saisie())
    # La page fut ouverte avant que Rose n'écrive ; Paul n'a touché qu'au constat.
    envoi = {
        "n-constat": "0", "o-constat": vide, "c-constat": "Vit seule.", "n-obstacles": "0", "o-obstacles": vide,
        "c-obstacles": "",
    }  # fmt: skip
    assert client.post(page_de(contrat), envoi).status_code == 302
    textes = dict(ValeurChamp.objects.filter(contrat=contrat).values_list("champ__code", "texte"))
    assert textes == {"constat": "Vit seule.", "obstacles": "Le texte de Rose"}


def test_deux_textes_se_montrent_et_l_on_choisit(client: Any, contrat: Contrat, distribution: Distribution) -> None:
    ecrire(contrat, "constat", "Le texte de Rose", seconde_plume(distribution))
    envoi = {"n-constat": "0", "o-constat": empreinte(Saisie()), "c-constat": "Le texte de Paul"}
    reponse = client.post(page_de(contrat), envoi)
    html = reponse.content.decode()
    assert reponse.status_code == 409
    assert "Le texte de Rose" in html
    assert "Le texte de Paul" in html
    assert 'name="n-constat" value="1"' in html
    client.post(page_de(contrat), envoi | {"n-constat": "1", "r-constat": "deux"})
    assert ValeurChamp.objects.get(contrat=contrat).texte == "Le texte de Rose\n\nLe texte de Paul"


def test_une_date_illisible_se_corrige_sans_rien_perdre(client: Any, contrat: Contrat) -> None:
    reponse = client.post(
        page_de(contrat), {"n-constat": "0", "c-constat": "Vit seule.", "n-premier_bilan": "0", "c-premier_bilan": "x"}
    )
    assert reponse.status_code == 422
    assert "attend une date" in reponse.content.decode()
    assert ValeurChamp.objects.get(contrat=contrat).texte == "Vit seule."


def test_reprendre_un_texte_connu_le_met_dans_sa_rubrique_avec_sa_source(client: Any, contrat: Contrat) -> None:
    une_fiche(contrat.personne, projet="Devenir aide-soignante")
    reponse = client.post(page_de(contrat), {"reprendre": "mes_souhaits fiche:projet"})
    assert reponse.url.endswith("#rubrique-mes_souhaits")
    texte = ValeurChamp.objects.get(contrat=contrat).texte
    assert texte.startswith("« Devenir aide-soignante » (fiche préparatoire du ")


def test_le_contrat_d_avant_se_reprend(client: Any, distribution: Distribution) -> None:
    ancien = un_contrat(distribution, etat="termine", debut=date(2026, 1, 1))
    Contrat.objects.filter(pk=ancien.pk).update(etat="brouillon", periode=None)
    ecrire(ancien, "obstacles", "Pas de permis", distribution.partenaire)
    Contrat.objects.filter(pk=ancien.pk).update(etat="termine", periode=("2026-01-01", "2026-07-01"))
    contrat = brouillon(distribution, personne=ancien.personne)
    assert "Pas de permis" in client.get(page_de(contrat)).content.decode()


def test_un_contrat_signe_ne_s_ecrit_plus(client: Any, distribution: Distribution) -> None:
    signe = un_contrat(distribution, etat="signe")
    reponse = client.get(page_de(signe))
    assert reponse.url == reverse("contrat", args=[signe.public_id])


# --- Écrire avec le script


def test_la_frappe_se_garde_et_rend_le_numero_suivant(client: Any, contrat: Contrat) -> None:
    rendu = client.post(rubrique_de(contrat, "constat"), {"n-constat": "0", "c-constat": "Vit seule."}).json()
    assert rendu["numero"] == 1
    assert "h" in rendu["quand"]
    rendu = client.post(rubrique_de(contrat, "constat"), {"n-constat": "1", "c-constat": ""}).json()
    assert rendu["numero"] == 2


def test_la_frappe_depassee_rend_l_autre_texte(client: Any, contrat: Contrat, distribution: Distribution) -> None:
    ecrire(contrat, "constat", "Le texte de Rose", seconde_plume(distribution))
    reponse = client.post(rubrique_de(contrat, "constat"), {"n-constat": "0", "c-constat": "Le texte de Paul"})
    assert reponse.status_code == 409
    assert reponse.json()["sien"] == "Le texte de Rose"
    assert reponse.json()["numero"] == 1
    client.post(rubrique_de(contrat, "constat"), {"n-constat": "1", "c-constat": "Le texte de Paul", "choix": "mien"})
    assert ValeurChamp.objects.get(contrat=contrat).texte == "Le texte de Paul"
    assert EcritureRemplacee.objects.get(contrat=contrat).texte == "Le texte de Rose"


def test_les_mots_de_la_personne_demandent_un_choix_expres(client: Any, contrat: Contrat) -> None:
    dire(contrat, "ma_situation", "Je me sens seule.")
    reponse = client.post(rubrique_de(contrat, "ma_situation"), {"n-ma_situation": "1", "c-ma_situation": "Isolement"})
    assert reponse.status_code == 409
    assert reponse.json()["personne"] is True
    html = client.get(page_de(contrat)).content.decode()
    assert "Écrit par la personne" in html


def test_refuse_une_rubrique_inconnue(client: Any, contrat: Contrat) -> None:
    assert client.post(rubrique_de(contrat, "inconnue"), {}).status_code == 404


# --- Le plan


def test_le_plan_se_construit_sans_script(client: Any, contrat: Contrat) -> None:
    plan = reverse("contrat_plan", args=[contrat.public_id])
    client.post(plan, {"acte": "ajouter", "intitule": "Passer le permis", "theme": "mobilite"})
    objectif = Objectif.objects.get()
    client.post(plan, {"acte": "ajouter", "objet": objectif.public_id, "intitule": "S'inscrire", "qui": "personne"})
    etape = objectif.etapes.get()
    client.post(plan, {"acte": "ajouter", "objet": etape.public_id, "intitule": "Une aide", "qui": "organisme"})
    assert etape.moyens.get().intitule == "Une aide"
    client.post(plan, {"acte": "etat", "objet": etape.public_id, "etat": "atteint"})
    etape.refresh_from_db()
    assert etape.etat == "atteint"
    html = client.get(page_de(contrat)).content.decode()
    assert html.index("Passer le permis") < html.index("Une aide")


def test_un_refus_garde_ce_qui_etait_ecrit(client: Any, contrat: Contrat, distribution: Distribution) -> None:
    objectif = objectifs.ajouter_objectif(
        contrat, acteur=distribution.partenaire, perimetre=Perimetre.de(distribution.partenaire), intitule="Permis"
    )
    Objectif.objects.filter(pk=objectif.pk).update(intitule="Permis B", numero=2)
    reponse = client.post(
        reverse("contrat_plan", args=[contrat.public_id]),
        {"acte": "modifier", "objet": objectif.public_id, "numero": "1", "intitule": "Permis A", "echeance": ""},
    )
    html = reponse.content.decode()
    assert reponse.status_code == 409
    assert "Permis B" in html
    assert "Permis A" in html


def test_refuse_l_objectif_d_un_autre_contrat(client: Any, contrat: Contrat, distribution: Distribution) -> None:
    autre = brouillon(distribution)
    objectif = objectifs.ajouter_objectif(
        autre, acteur=distribution.partenaire, perimetre=Perimetre.de(distribution.partenaire), intitule="Permis"
    )
    reponse = client.post(
        reverse("contrat_plan", args=[contrat.public_id]), {"acte": "retirer", "objet": objectif.public_id}
    )
    assert reponse.status_code == 404
    assert Objectif.objects.filter(pk=objectif.pk).exists()


def test_autant_de_requetes_pour_un_ou_vingt_objectifs(
    client: Any, contrat: Contrat, distribution: Distribution
) -> None:
    qui = {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}
    comptes = []
    for ajoutes in (1, 19):
        for rang in range(ajoutes):
            objectif = objectifs.ajouter_objectif(contrat, intitule=f"Objectif {rang}", **qui)
            etape = objectifs.ajouter_etape(objectif, intitule="Une étape", **qui)
            objectifs.ajouter_moyen(etape, intitule="Un moyen", **qui)
        client.get(page_de(contrat))
        with CaptureQueriesContext(connection) as requetes:
            client.get(page_de(contrat))
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


# --- La page et la liste


@pytest.mark.parametrize("etat", ["brouillon", "signe", "recu", "en_vigueur", "rompu"])
def test_la_page_du_contrat_se_lit_a_chaque_etat(client: Any, distribution: Distribution, etat: str) -> None:
    contrat = un_contrat(distribution, etat=etat)
    html = client.get(reverse("contrat", args=[contrat.public_id])).content.decode()
    assert contrat.get_etat_display() in html
