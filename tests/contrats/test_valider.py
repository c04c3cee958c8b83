"""Recevoir un contrat signé, le lire en commun, le valider ou le renvoyer ; enregistrer celui écrit ailleurs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, LectureContrat, TypeContrat
from jalon.contrats.services import ouvrir_contrat
from jalon.contrats.signatures import periode_de
from jalon.contrats.validation import (
    abandonner,
    enregistrer_reference,
    marquer_complexe,
    prevoir_lecture,
    recevoir,
    rendre_lecture,
    renvoyer,
    reprendre,
    soumettre_lecture,
    valider,
    valider_en_nombre,
)
from jalon.organismes.models import CategorieOrganisme
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.contrats.parcours import a_signer, chef, en_lecture, en_vigueur, recu, signe, un_brouillon
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire

pytestmark = pytest.mark.django_db


def par_le_chef(distribution: Distribution) -> dict[str, Any]:
    agent = chef(distribution)
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


def par_le_referent(distribution: Distribution) -> dict[str, Any]:
    agent = distribution.partenaire
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


@pytest.mark.parametrize(
    ("debut", "mois", "fin"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 15), 6, date(2027, 6, 15)),
    ],
)
def test_la_periode_suit_les_fins_de_mois_et_les_annees_bissextiles(debut: date, mois: int, fin: date) -> None:
    assert periode_de(debut, mois) == DateRange(debut, fin)


def test_valider_met_en_vigueur_du_debut_convenu(distribution: Distribution) -> None:
    jour = timezone.localdate()
    contrat = en_vigueur(distribution, debut=jour + timedelta(days=10), duree=3)
    contrat.refresh_from_db()
    debut = jour + timedelta(days=10)
    assert (contrat.etat, contrat.periode) == ("en_vigueur", DateRange(debut, debut + relativedelta(months=3)))
    assert (contrat.valide_le, contrat.valide_par) == (jour, chef(distribution))


def test_valider_tard_garde_le_debut_signe(distribution: Distribution) -> None:
    debut = timezone.localdate() - timedelta(days=20)
    contrat = un_contrat(distribution, etat="recu", debut=debut)
    valider(contrat, **par_le_chef(distribution))
    contrat.refresh_from_db()
    assert contrat.periode is not None
    assert contrat.periode.lower == debut


def test_refuse_de_valider_un_contrat_deja_fini(distribution: Distribution) -> None:
    contrat = un_contrat(distribution, etat="recu", debut=timezone.localdate() - timedelta(days=200), duree=1)
    with pytest.raises(JalonError, match="serait déjà terminé"):
        valider(contrat, **par_le_chef(distribution))


def test_refuse_de_valider_par_dessus_un_autre_contrat(distribution: Distribution) -> None:
    contrat = recu(distribution)
    un_contrat(distribution, personne=contrat.personne, debut=timezone.localdate() - timedelta(days=30))
    with pytest.raises(JalonError, match="Un contrat court déjà à ces dates"):
        valider(contrat, **par_le_chef(distribution))


def test_refuse_a_qui_n_a_pas_le_droit(distribution: Distribution) -> None:
    contrat = recu(distribution)
    with pytest.raises(DroitManquantError):
        valider(contrat, **par_le_referent(distribution))


def test_refuse_une_reception_avant_la_signature_ou_a_venir(distribution: Distribution) -> None:
    contrat = signe(distribution)
    jour = timezone.localdate()
    with pytest.raises(JalonError, match="pas pu être reçu avant"):
        recevoir(contrat, le=jour - timedelta(days=1), **par_le_chef(distribution))
    with pytest.raises(JalonError, match="ne se note pas d'avance"):
        recevoir(contrat, le=jour + timedelta(days=1), **par_le_chef(distribution))
    recevoir(contrat, **par_le_chef(distribution))


def test_la_lecture_commune_d_un_contrat_complexe(distribution: Distribution) -> None:
    contrat = en_lecture(distribution)
    assert (contrat.etat, contrat.complexe) == ("en_lecture", True)
    demain = timezone.localdate() + timedelta(days=1)
    prevoir_lecture(contrat, prevue_le=demain, **par_le_chef(distribution))
    with pytest.raises(TransitionRefuseeError):
        valider(contrat, **par_le_chef(distribution))
    rendre_lecture(contrat, motif="Étapes réalistes", presents="Deux référentes", **par_le_chef(distribution))
    lecture = LectureContrat.objects.get(contrat=contrat)
    assert (lecture.avis, lecture.prevue_le, lecture.rendue_le) == ("Étapes réalistes", demain, timezone.localdate())
    valider(contrat, **par_le_chef(distribution))


def test_refuse_une_lecture_sans_motif_sans_avis_ou_au_passe(distribution: Distribution) -> None:
    contrat = recu(distribution)
    with pytest.raises(JalonError, match="demande un motif"):
        soumettre_lecture(contrat, motif=" ", **par_le_chef(distribution))
    soumettre_lecture(contrat, motif="Situation complexe", **par_le_chef(distribution))
    with pytest.raises(JalonError, match="demande un motif"):
        rendre_lecture(contrat, motif="", **par_le_chef(distribution))
    hier = timezone.localdate() - timedelta(days=1)
    with pytest.raises(JalonError, match="Ce jour est passé"):
        prevoir_lecture(contrat, prevue_le=hier, **par_le_chef(distribution))
    with pytest.raises(JalonError, match="pas pu avoir lieu avant"):
        rendre_lecture(contrat, motif="Avis", le=hier, **par_le_chef(distribution))


def test_renvoyer_puis_reprendre(distribution: Distribution) -> None:
    contrat = recu(distribution)
    with pytest.raises(JalonError, match="demande un motif"):
        renvoyer(contrat, motif="", **par_le_chef(distribution))
    renvoyer(contrat, motif="La date de fin manque", **par_le_chef(distribution))
    contrat.refresh_from_db()
    assert contrat.signatures.filter(sans_effet_le=None).count() == 2
    reprendre(contrat, **par_le_referent(distribution))
    contrat.refresh_from_db()
    assert (contrat.etat, contrat.signe_le, contrat.recu_le, contrat.document) == ("brouillon", None, None, None)
    assert not contrat.signatures.filter(sans_effet_le=None).exists()


def test_abandonner_dit_pourquoi_et_libere_la_place(distribution: Distribution) -> None:
    contrat = un_brouillon(distribution, complet=False)
    with pytest.raises(JalonError, match="demande un motif"):
        abandonner(contrat, motif="", **par_le_referent(distribution))
    abandonner(contrat, motif="Déménagement", **par_le_referent(distribution))
    contrat.refresh_from_db()
    assert (contrat.etat, contrat.motif_fin, contrat.clos_le) == ("abandonne", "Déménagement", timezone.localdate())
    un_brouillon(distribution, personne=contrat.personne, complet=False)


def test_valider_en_nombre_dit_le_resultat_de_chacun(distribution: Distribution) -> None:
    bons = [recu(distribution) for _ in range(2)]
    fini = un_contrat(distribution, etat="recu", debut=timezone.localdate() - timedelta(days=200), duree=1)
    resultats = valider_en_nombre([bons[0], fini, bons[1]], **par_le_chef(distribution))
    assert [bool(r.refus) for r in resultats] == [False, True, False]
    assert "serait déjà terminé" in resultats[1].refus
    assert list(Contrat.objects.order_by("pk").values_list("etat", flat=True)) == ["en_vigueur", "en_vigueur", "recu"]


# --- Écrit ailleurs


def reference(distribution: Distribution) -> Contrat:
    TypeContrat.objects.filter(reference_seule=True).update(jusqu_au=None)
    type_ = TypeContrat.objects.filter(reference_seule=True).order_by("pk")[0]
    personne = une_allocataire(
        territoire=distribution.territoire, accompagnee_par=distribution.organisme(CategorieOrganisme.CCAS)
    )
    return ouvrir_contrat(personne, type=type_, **par_le_referent(distribution))


def test_enregistrer_un_contrat_ecrit_ailleurs(distribution: Distribution) -> None:
    contrat, jour = reference(distribution), timezone.localdate()
    enregistrer_reference(
        contrat, reference="PPAE 12345", debut=jour, duree=6, accepte_le=jour, **par_le_referent(distribution)
    )
    contrat.refresh_from_db()
    assert (contrat.etat, contrat.signe_le, contrat.reference_externe) == ("en_vigueur", jour, "PPAE 12345")
    assert contrat.periode == DateRange(jour, jour + relativedelta(months=6))


@pytest.mark.parametrize(("decalage", "champs", "phrase"), [
    (1, {}, "ne se note pas d'avance"),
    (0, {"duree": 60}, "dure de"),
    (0, {"debut": timezone.localdate() - timedelta(days=5)}, "commence le jour"),
])  # fmt: skip
def test_refuse_un_enregistrement_mal_date(
    distribution: Distribution, decalage: int, champs: dict[str, Any], phrase: str
) -> None:
    contrat, jour = reference(distribution), timezone.localdate()
    valeurs = {"reference": "P", "debut": jour, "duree": 6, "accepte_le": jour + timedelta(days=decalage)} | champs
    with pytest.raises(JalonError, match=phrase):
        enregistrer_reference(contrat, **valeurs, **par_le_referent(distribution))


# --- La base elle-même


def test_la_base_refuse_deux_lectures_a_la_fois_et_une_lecture_sans_avis(distribution: Distribution) -> None:
    contrat = en_lecture(distribution)
    jour, agent = timezone.localdate(), chef(distribution)
    with pytest.raises(IntegrityError, match="lecture_une_seule_en_cours"), transaction.atomic():
        LectureContrat.objects.create(contrat=contrat, raison="x", demandee_le=jour, demandee_par=agent)
    with pytest.raises(IntegrityError, match="lecture_faite_avec_son_avis"), transaction.atomic():
        LectureContrat.objects.filter(contrat=contrat).update(rendue_le=jour)


def test_la_base_refuse_deux_contrats_aux_memes_dates(distribution: Distribution) -> None:
    contrat = en_vigueur(distribution)
    with pytest.raises(IntegrityError, match="contrat_un_seul_a_une_date"), transaction.atomic():
        un_contrat(distribution, personne=contrat.personne, debut=timezone.localdate())


# --- Signaler un contrat complexe pendant l'écriture


def test_le_referent_signale_un_contrat_complexe_et_le_service_le_voit(
    distribution: Distribution, connecte: Any
) -> None:
    contrat, client = un_brouillon(distribution), connecte("partenaire")
    adresse = reverse("contrat_complexe", args=[contrat.public_id])
    assert "Dites en quelques mots" in client.post(adresse, {"raison": " "}, follow=True).content.decode()
    contrat.refresh_from_db()
    assert not contrat.complexe
    client.post(adresse, {"raison": "Trois freins à la fois"})
    contrat.refresh_from_db()
    assert (contrat.complexe, contrat.raison_complexe) == (True, "Trois freins à la fois")
    assert "Trois freins à la fois" in client.get(reverse("contrat", args=[contrat.public_id])).content.decode()
    client.post(adresse, {"retirer": "oui"})
    contrat.refresh_from_db()
    assert (contrat.complexe, contrat.raison_complexe) == (False, "")


def test_le_signalement_est_propose_a_qui_recoit_le_contrat(distribution: Distribution, connecte: Any) -> None:
    contrat = recu(distribution)
    Contrat.objects.filter(pk=contrat.pk).update(complexe=True, raison_complexe="Trois freins à la fois")
    circuit = connecte("siege").get(reverse("contrat", args=[contrat.public_id])).context["circuit"]
    bouton = next(b for b in circuit["principaux"] if b.acte == "soumettre_lecture")
    assert bouton.form["motif"].value() == "Trois freins à la fois"


def test_refuse_de_signaler_une_fois_le_texte_arrete(distribution: Distribution) -> None:
    referent, contrat = distribution.partenaire, a_signer(distribution)
    with pytest.raises(TransitionRefuseeError, match="plus en écriture"):
        marquer_complexe(contrat, acteur=referent, perimetre=Perimetre.de(referent), complexe=True, raison="Freins")
