"""Le bilan d'un contrat : la nouvelle grille, ce qui a bougé, deux auteurs, le PDF, la suite (R53, F050)."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pikepdf
import pytest
from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jalon.agents.perimetre import Perimetre
from jalon.contrats.bilans import (
    BilanDepasseError,
    bilan_attendu,
    ce_qui_a_bouge,
    clore_bilan,
    echeance_intermediaire,
    ecrire_bilan,
    evolution_du_bilan,
    ouvrir_bilan,
)
from jalon.contrats.models import BilanContrat, Contrat, TypeContrat
from jalon.documents.services import lire_document
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.diagnostics.fabriques import une_passation
from tests.distribution import Distribution
from tests.fabriques import EtapeFactory, ObjectifFactory, un_contrat

pytestmark = pytest.mark.django_db

COMPLET = {
    "avance": "Le permis est obtenu.",
    "reste": "La garde des enfants.",
    "dit_par_la_personne": "Je me sens prête.",
    "suite": "renouveler",
}


def qui(distribution: Distribution) -> dict[str, Any]:
    return {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}


def ouvert(distribution: Distribution, nature: str = "final", **champs: Any) -> BilanContrat:
    return ouvrir_bilan(un_contrat(distribution, **champs), nature=nature, **qui(distribution))


def rempli(distribution: Distribution, bilan: BilanContrat, **valeurs: Any) -> BilanContrat:
    return ecrire_bilan(bilan, numero_lu=bilan.numero, valeurs=COMPLET | valeurs, **qui(distribution))


def test_clore_le_bilan_final_garde_les_deux_grilles_et_le_pdf(distribution: Distribution) -> None:
    bilan = ouvert(distribution)
    personne = bilan.contrat.personne
    avant = une_passation(personne=personne, reponses={"logement": 4}, jour=bilan.contrat.periode.lower)
    apres = une_passation(personne=personne, reponses={"logement": 1}, jour=timezone.localdate())
    objectif = ObjectifFactory(contrat=bilan.contrat, intitule="Passer le permis")
    EtapeFactory(objectif=objectif, intitule="S'inscrire")
    bilan = rempli(distribution, bilan)
    clos = clore_bilan(bilan, numero_lu=bilan.numero, **qui(distribution))
    clos.refresh_from_db()
    assert (clos.grille_avant, clos.grille_apres) == (avant, apres)
    assert Contrat.objects.get().etat == "bilan"
    suivi = evolution_du_bilan(clos)
    assert suivi.ameliores == 1
    assert ce_qui_a_bouge(suivi)[0].startswith("Logement a progressé")
    assert clos.document is not None
    assert clos.document.personne == personne.public_id
    with pikepdf.open(io.BytesIO(lire_document(clos.document))) as pdf:
        assert pdf.Root.MarkInfo.Marked


def test_un_bilan_d_etape_laisse_le_contrat_en_vigueur(distribution: Distribution) -> None:
    bilan = ouvert(distribution, "intermediaire")
    bilan = rempli(distribution, bilan, suite="poursuivre", sans_grille="La personne revient la remplir lundi.")
    clore_bilan(bilan, numero_lu=bilan.numero, **qui(distribution))
    assert Contrat.objects.get().etat == "en_vigueur"


def test_refuse_de_clore_sans_nouvelle_grille_ni_raison(distribution: Distribution) -> None:
    bilan = rempli(distribution, ouvert(distribution))
    une_passation(personne=bilan.contrat.personne, reponses={"logement": 2}, jour=date(2026, 6, 1))
    with pytest.raises(JalonError, match="écrivez pourquoi il n'y en a pas"):
        clore_bilan(bilan, numero_lu=bilan.numero, **qui(distribution))


@pytest.mark.parametrize(
    ("manque", "phrase"),
    [
        ({"avance": "", "reste": " "}, "ce qui a avancé"),
        ({"dit_par_la_personne": ""}, "avec ses mots"),
        ({"suite": ""}, "Dites la suite"),
    ],
)
def test_refuse_de_clore_un_bilan_incomplet(distribution: Distribution, manque: dict[str, str], phrase: str) -> None:
    bilan = rempli(distribution, ouvert(distribution), sans_grille="Pas le temps.", **manque)
    with pytest.raises(JalonError, match=phrase):
        clore_bilan(bilan, numero_lu=bilan.numero, **qui(distribution))


def test_deux_auteurs_ne_s_effacent_pas(distribution: Distribution) -> None:
    bilan = ouvert(distribution)
    premier = ecrire_bilan(bilan, numero_lu=1, valeurs={"avance": "Le mien."}, **qui(distribution))
    with pytest.raises(BilanDepasseError) as refus:
        ecrire_bilan(bilan, numero_lu=1, valeurs={"avance": "Le sien."}, **qui(distribution))
    assert refus.value.actuel.avance == "Le mien."
    assert ecrire_bilan(premier, numero_lu=2, valeurs={"avance": "Le mien."}, **qui(distribution)).numero == 2


def test_rouvrir_rend_le_bilan_deja_commence(distribution: Distribution) -> None:
    bilan = ouvert(distribution)
    assert ouvrir_bilan(bilan.contrat, nature="final", **qui(distribution)) == bilan
    with pytest.raises(TransitionRefuseeError, match="finissez-le d'abord"):
        ouvrir_bilan(bilan.contrat, nature="intermediaire", **qui(distribution))


def test_refuse_un_bilan_avant_la_vigueur(distribution: Distribution) -> None:
    with pytest.raises(TransitionRefuseeError, match="n'est plus possible"):
        ouvert(distribution, etat="recu")


def test_refuse_un_bilan_sans_le_droit(distribution: Distribution) -> None:
    contrat = un_contrat(distribution)
    with pytest.raises(DroitManquantError):
        ouvrir_bilan(
            contrat, nature="final", acteur=distribution.operateur, perimetre=Perimetre.de(distribution.operateur)
        )


@pytest.mark.parametrize(
    ("le", "phrase"),
    [(date(2026, 5, 31), "commence le 01/06/2026"), (date(2126, 1, 1), "ne se date pas d'avance")],
)
def test_refuse_un_bilan_hors_du_contrat(distribution: Distribution, le: date, phrase: str) -> None:
    with pytest.raises(JalonError, match=phrase):
        ouvrir_bilan(un_contrat(distribution), nature="final", le=le, **qui(distribution))


def test_la_grille_d_avant_est_celle_du_debut(distribution: Distribution) -> None:
    contrat = un_contrat(distribution)
    for jour in (date(2026, 1, 5), date(2026, 5, 20), date(2026, 8, 1)):
        une_passation(personne=contrat.personne, reponses={"logement": 3}, jour=jour)
    bilan = ouvrir_bilan(contrat, nature="final", **qui(distribution))
    assert bilan.grille_avant is not None
    assert bilan.grille_avant.date_passation == date(2026, 5, 20)


def test_le_bilan_d_etape_est_du_puis_le_final(distribution: Distribution) -> None:
    contrat = un_contrat(distribution)
    attendu = bilan_attendu(contrat)
    assert attendu is not None
    assert (attendu.nature, attendu.le) == ("intermediaire", date(2026, 9, 1))
    BilanContrat.objects.create(
        contrat=contrat, nature="intermediaire", date=date(2026, 9, 2), auteur=distribution.partenaire,
        clos_le=timezone.now(), suite="poursuivre", sans_grille="Absente.",
    )  # fmt: skip
    attendu = bilan_attendu(contrat)
    assert attendu is not None
    assert (attendu.nature, attendu.le) == ("final", date(2026, 12, 1))
    assert attendu.retard(date(2026, 12, 11)) == 10


@given(
    debut=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    duree=st.integers(1, 24),
    mois=st.integers(1, 24),
)
def test_le_bilan_d_etape_tombe_dans_le_contrat_et_au_bon_mois(debut: date, duree: int, mois: int) -> None:
    """Fins de mois et 29 février compris : jamais un jour qui n'existe pas, jamais le mois d'après."""
    contrat = Contrat(
        type=TypeContrat(bilan_intermediaire=mois),
        periode=DateRange(debut, debut + relativedelta(months=duree)),
    )
    le = echeance_intermediaire(contrat)
    assert (le is not None) == (debut + relativedelta(months=mois) < contrat.periode.upper)
    if le is not None:
        assert (le.year * 12 + le.month) - (debut.year * 12 + debut.month) == mois
        assert le.day == debut.day or (le + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("debut", "attendu"),
    [
        (date(2023, 8, 31), date(2024, 2, 29)),
        (date(2024, 8, 31), date(2025, 2, 28)),
        (date(2024, 2, 29), date(2024, 8, 29)),
    ],
)
def test_six_mois_apres_une_fin_de_mois(debut: date, attendu: date) -> None:
    contrat = Contrat(
        type=TypeContrat(bilan_intermediaire=6), periode=DateRange(debut, debut + relativedelta(months=12))
    )
    assert echeance_intermediaire(contrat) == attendu


# --- À l'écran (HTTP)


def adresse(bilan: BilanContrat) -> str:
    return f"/bilans/{bilan.public_id}/"


def test_le_bilan_s_ecrit_et_se_clot_depuis_sa_page(distribution: Distribution, connecte: Any) -> None:
    contrat = un_contrat(distribution)
    objectif = ObjectifFactory(contrat=contrat)
    client = connecte("partenaire")
    page = client.post(f"/contrats/{contrat.public_id}/bilan/", {"nature": "final"}, follow=True)
    bilan = BilanContrat.objects.get()
    assert "Remplir la nouvelle grille" in page.content.decode()
    une_passation(personne=contrat.personne, reponses={"logement": 4}, jour=date(2026, 5, 1))
    une_passation(personne=contrat.personne, reponses={"logement": 2}, jour=timezone.localdate())
    page = client.get(adresse(bilan)).content.decode()
    assert "Logement a progressé" in page
    assert "<svg" in page
    cle = objectif.public_id
    envoi = {**COMPLET, "numero": 1, "clore": "oui", f"vu-{cle}": "en_cours", f"etat-{cle}": "atteint"}
    page = client.post(adresse(bilan), envoi, follow=True).content.decode()
    assert "Document pour la personne" in page
    objectif.refresh_from_db()
    assert (objectif.etat, objectif.atteint_le) == ("atteint", timezone.localdate())


def test_une_page_depassee_montre_les_deux_textes(distribution: Distribution, connecte: Any) -> None:
    bilan = ouvert(distribution)
    ecrire_bilan(bilan, numero_lu=1, valeurs={"avance": "Le texte du collègue."}, **qui(distribution))
    client = connecte("partenaire")
    page = client.post(adresse(bilan), {**COMPLET, "avance": "Mon texte.", "numero": 1})
    assert page.status_code == 409
    assert "Le texte du collègue." in page.content.decode()
    assert "Mon texte." in page.content.decode()
    bilan.refresh_from_db()
    assert bilan.avance == "Le texte du collègue."
    assert client.post(adresse(bilan), {**COMPLET, "avance": "Les deux.", "numero": 2}).status_code == 302
    bilan.refresh_from_db()
    assert bilan.avance == "Les deux."


def test_la_frappe_se_garde_et_une_page_depassee_n_ecrase_rien(distribution: Distribution, connecte: Any) -> None:
    bilan = ouvert(distribution)
    client = connecte("partenaire")
    envoi = {"avance": "En cours", "numero": 1}
    assert client.post(f"{adresse(bilan)}brouillon/", envoi).json()["numero"] == 2
    refus = client.post(f"{adresse(bilan)}brouillon/", envoi | {"avance": "Autre"})
    assert refus.status_code == 409
    bilan.refresh_from_db()
    assert bilan.avance == "En cours"


def test_un_bilan_incomplet_garde_la_saisie(distribution: Distribution, connecte: Any) -> None:
    bilan = ouvert(distribution)
    page = connecte("partenaire").post(adresse(bilan), {"avance": "Un pas.", "numero": 1, "clore": "oui"})
    assert page.status_code == 409
    assert "avec ses mots" in page.content.decode()
    bilan.refresh_from_db()
    assert (bilan.avance, bilan.clos_le) == ("Un pas.", None)
