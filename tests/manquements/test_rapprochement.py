"""Ce que la caisse a appliqué, face à ce qui lui a été transmis (F060)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import AvisPresident, DossierRsa, Montant, Suspension
from jalon.manquements.models import DecisionSanction, LigneTransmission, Transmission
from jalon.manquements.rapprochement import Constat, Ecart, expliquer_ecart, rapprocher
from jalon.socle.errors import DroitManquantError, JalonError
from tests.manquements.sanctions import regle, un_flux, une_sanction

pytestmark = pytest.mark.django_db
MARS, DEBUT, FIN = date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 1)
FLUX_AVRIL, FLUX_MAI, FLUX_JUIN = date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)
PREVU = Decimal("190.71")


def _transmise(distribution: Any, *, taux: int = 30, flux: tuple[date, ...] = (FLUX_AVRIL,)) -> LigneTransmission:
    """Sanction d'avril et mai, transmise le 2 avril, et les flux reçus depuis."""
    decision = une_sanction(distribution, MARS, la_regle=regle("plein_emploi", "premiere"), taux=taux, duree=2)
    for jour in flux:
        un_flux(decision.personne, jour)
    return _ligne(distribution, decision, "appliquer", date(2026, 4, 2), fin=FIN, montant_prevu=PREVU)


def _ligne(distribution: Any, decision: DecisionSanction, objet: str, le: date, **champs: Any) -> LigneTransmission:
    dossier = _dossier(decision)
    transmission = Transmission.objects.create(
        caisse_regime="CAF", caisse_numero="621", produite_le=le, produite_par=distribution.siege
    )
    return LigneTransmission.objects.create(
        transmission=transmission, decision=decision, objet=objet, numero_demande=dossier.numero_demande,
        matricule=dossier.matricule, **({"debut": DEBUT} | champs),
    )  # fmt: skip


def _dossier(decision: DecisionSanction) -> DossierRsa:
    return DossierRsa.objects.get(soumissions__personne=decision.personne)


def _reduction(ligne: LigneTransmission, montant: str = "190.71", debut: date = DEBUT, fin: date = date(2026, 5, 31),
               periode: DateRange | None = None) -> None:  # fmt: skip
    """Bloc « ReductionRSA » confirmé par les flux depuis fin avril."""
    AvisPresident.objects.create(
        dossier=_dossier(ligne.decision), type="reduction", debut=debut, fin=fin, montant=Decimal(montant),
        periode=periode or DateRange(FLUX_AVRIL, None),
    )  # fmt: skip


def _seul(jour: date = date(2026, 7, 15)) -> Ecart:
    (ecart,) = rapprocher(jour)
    return ecart


def test_le_flux_applique_ce_qui_a_ete_transmis(distribution: Any) -> None:
    _reduction(_transmise(distribution))
    ecart = _seul()

    assert (ecart.constat, ecart.flux_du, ecart.montant_constate) == (Constat.CONFORME, FLUX_AVRIL, PREVU)
    assert not ecart.a_traiter


def test_la_retenue_du_departement_suffit_a_un_euro_pres(distribution: Any) -> None:
    ligne = _transmise(distribution)
    montant = Montant.objects.create(
        dossier=_dossier(ligne.decision), reduction_departement=Decimal("191.71"), periode=DateRange(FLUX_AVRIL, None)
    )
    assert _seul().constat == Constat.CONFORME
    montant.reduction_departement = Decimal("191.72")
    montant.save()
    assert _seul().constat == Constat.AUTRE_MONTANT


def test_une_suspension_totale_se_voit_par_son_motif(distribution: Any) -> None:
    ligne = _transmise(distribution, taux=100)
    Suspension.objects.create(
        dossier=_dossier(ligne.decision),
        cible="versement",
        motif="CG",
        debut=DEBUT,
        periode=DateRange(FLUX_AVRIL, None),
    )
    assert _seul().constat == Constat.CONFORME

    Suspension.objects.update(motif="06")
    assert _seul().constat == Constat.ABSENTE


def test_tout_suspendre_au_lieu_d_une_part_est_un_ecart(distribution: Any) -> None:
    ligne = _transmise(distribution, taux=30)
    Suspension.objects.create(
        dossier=_dossier(ligne.decision), cible="droit", motif="GJ", debut=DEBUT, periode=DateRange(FLUX_AVRIL, None)
    )
    ecart = _seul()

    assert ecart.constat == Constat.AUTRE_MONTANT
    assert "au lieu de 30 %" in ecart.phrase


def test_pas_appliquee(distribution: Any) -> None:
    _transmise(distribution)
    ecart = _seul()

    assert ecart.constat == Constat.ABSENTE
    assert ecart.a_traiter


@pytest.mark.parametrize(
    ("change", "constat", "phrase"),
    [
        ({"montant": "95.00"}, Constat.AUTRE_MONTANT, "95,00 € par mois, au lieu de 190,71 €"),
        ({"debut": date(2026, 4, 15)}, Constat.AUTRE_DATE, "depuis le 15/04/2026"),
        ({"fin": date(2026, 7, 31)}, Constat.AUTRE_DATE, "jusqu'au 31/07/2026, au lieu du 31/05/2026"),
    ],
)  # fmt: skip
def test_un_autre_montant_ou_une_autre_date(
    distribution: Any, change: dict[str, Any], constat: Constat, phrase: str
) -> None:
    _reduction(_transmise(distribution), **change)
    ecart = _seul()

    assert ecart.constat == constat
    assert phrase in ecart.phrase


@pytest.mark.parametrize("flux", [(), (date(2026, 3, 31),)])
def test_avant_le_premier_flux_on_attend(distribution: Any, flux: tuple[date, ...]) -> None:
    _transmise(distribution, flux=flux)
    ecart = _seul()

    assert ecart.constat == Constat.ATTENTE
    assert not ecart.a_traiter


def test_jamais_appliquee_elle_le_reste_apres_son_terme(distribution: Any) -> None:
    """Finie sans avoir été retenue, elle ne devient pas conforme avec le temps."""
    _transmise(distribution, flux=(FLUX_AVRIL, FLUX_MAI, FLUX_JUIN))

    assert _seul().constat == Constat.ABSENTE


def _retenue(ligne: LigneTransmission, montant: str, du: date, au: date | None) -> None:
    """La retenue du mois, sans un mot de son début : ce que la plupart des flux disent."""
    Montant.objects.create(
        dossier=_dossier(ligne.decision), reduction_departement=Decimal(montant), periode=DateRange(du, au)
    )


def test_un_mois_manque_ne_s_efface_pas_au_mois_suivant(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_MAI))
    _retenue(ligne, "190.71", FLUX_MAI, None)
    ecart = _seul()

    assert ecart.constat == Constat.AUTRE_DATE
    assert "Le flux du 30/04/2026 ne l'appliquait pas" in ecart.phrase


def test_un_mois_trop_retenu_ne_s_efface_pas_au_mois_suivant(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_MAI))
    _retenue(ligne, "400.00", FLUX_AVRIL, FLUX_MAI)
    _retenue(ligne, "190.71", FLUX_MAI, None)
    ecart = _seul()

    assert (ecart.constat, ecart.flux_du, ecart.montant_constate) == (
        Constat.AUTRE_MONTANT, FLUX_AVRIL, Decimal("400.00"),
    )  # fmt: skip
    assert "400,00 € par mois, au lieu de 190,71 €" in ecart.phrase


def test_arretee_trop_tot_elle_n_est_pas_dite_jamais_appliquee(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_MAI))
    _retenue(ligne, "190.71", FLUX_AVRIL, FLUX_MAI)
    ecart = _seul()

    assert ecart.constat == Constat.AUTRE_DATE
    assert "le flux du 30/04/2026 l'appliquait, celui du 31/05/2026 ne l'applique plus" in ecart.phrase


def test_appliquee_trop_tard_ce_qui_prive_encore_le_foyer_se_dit_d_abord(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_MAI, FLUX_JUIN))
    _reduction(ligne, debut=date(2026, 6, 1), fin=date(2026, 7, 31), periode=DateRange(FLUX_JUIN, None))
    ecart = _seul()

    assert (ecart.constat, ecart.flux_du) == (Constat.NON_LEVEE, FLUX_JUIN)
    assert "Le flux du 31/05/2026 ne l'applique pas." in ecart.phrase
    assert "Le flux du 30/06/2026 l'applique alors qu'elle devait être finie." in ecart.phrase


def test_finie_et_encore_retenue(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_JUIN))
    Montant.objects.create(
        dossier=_dossier(ligne.decision), reduction_departement=PREVU, periode=DateRange(FLUX_AVRIL, None)
    )
    ecart = _seul()

    assert (ecart.constat, ecart.flux_du) == (Constat.NON_LEVEE, FLUX_JUIN)


def test_finie_a_son_terme_elle_est_conforme(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_JUIN))
    _reduction(ligne, periode=DateRange(FLUX_AVRIL, FLUX_JUIN))

    assert _seul().constat == Constat.CONFORME


def _levee(distribution: Any, ligne: LigneTransmission, le: date) -> None:
    DecisionSanction.objects.filter(pk=ligne.decision_id).update(
        etat="levee", periode=DateRange(DEBUT, le), levee_le=le, levee_par=distribution.siege, motif_levee="en_regle"
    )


def test_levee_transmise_et_encore_appliquee(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_MAI))
    _reduction(ligne)
    _levee(distribution, ligne, date(2026, 5, 4))
    ecart = _seul()
    assert ecart.constat == Constat.ATTENTE
    assert "pas encore transmise" in ecart.phrase

    _ligne(distribution, ligne.decision, "lever", date(2026, 5, 5), debut=date(2026, 5, 4))
    assert _seul().constat == Constat.NON_LEVEE

    AvisPresident.objects.update(periode=DateRange(FLUX_AVRIL, FLUX_MAI))
    assert _seul().constat == Constat.CONFORME


def test_annulee_apres_le_dernier_flux_on_attend(distribution: Any) -> None:
    ligne = _transmise(distribution)
    _reduction(ligne)
    DecisionSanction.objects.filter(pk=ligne.decision_id).update(
        etat="annulee", periode=DateRange(empty=True), levee_le=date(2026, 5, 4), levee_par=distribution.siege,
        motif_levee="erreur",
    )  # fmt: skip
    _ligne(distribution, ligne.decision, "annuler", date(2026, 5, 5))
    assert _seul().constat == Constat.ATTENTE

    un_flux(ligne.decision.personne, FLUX_MAI)
    assert _seul().constat == Constat.NON_LEVEE


def test_a_une_date_passee_le_rapprochement_est_celui_d_alors(distribution: Any) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_MAI))
    _reduction(ligne, periode=DateRange(FLUX_MAI, None))

    assert _seul(date(2026, 5, 15)).constat == Constat.ABSENTE
    assert _seul().constat == Constat.CONFORME
    assert rapprocher(date(2026, 4, 1)) == []


@pytest.mark.parametrize(("jour", "lues"), [(date(2028, 5, 31), 1), (date(2028, 6, 1), 0)])
def test_deux_ans_apres_sa_fin_une_sanction_ne_se_rapproche_plus(distribution: Any, jour: date, lues: int) -> None:
    """L'action se prescrit par deux ans (L262-45) : un écart d'avant ne se répare plus. Elle finit le 31 mai 2026."""
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_JUIN))
    _reduction(ligne, montant="95.00", periode=DateRange(FLUX_AVRIL, FLUX_JUIN))

    assert [e.constat for e in rapprocher(jour)] == [Constat.AUTRE_MONTANT] * lues


@pytest.mark.parametrize(("jusqu_au", "lues"), [(None, 1), (date(2028, 12, 31), 0)])
def test_une_vieille_sanction_encore_retenue_se_voit_toujours(
    distribution: Any, jusqu_au: date | None, lues: int
) -> None:
    """Finie depuis plus de deux ans ; le dernier flux du dossier, fin décembre 2028, retient encore, ou plus."""
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_JUIN, date(2028, 12, 31)))
    Montant.objects.create(
        dossier=_dossier(ligne.decision), reduction_departement=PREVU, periode=DateRange(FLUX_AVRIL, jusqu_au)
    )
    assert [e.constat for e in rapprocher(date(2029, 1, 15))] == [Constat.NON_LEVEE] * lues


@pytest.mark.parametrize("quoi", ["suspension", "reduction", "autre_suspension"])
def test_ce_qui_dure_se_voit_sous_toutes_ses_formes(distribution: Any, quoi: str) -> None:
    ligne = _transmise(distribution, flux=(FLUX_AVRIL, FLUX_JUIN))
    if quoi == "reduction":
        _reduction(ligne, fin=date(2030, 1, 1))
    else:
        motif = "CG" if quoi == "suspension" else "06"
        Suspension.objects.create(
            dossier=_dossier(ligne.decision), cible="versement", motif=motif, debut=DEBUT,
            periode=DateRange(FLUX_AVRIL, None),
        )  # fmt: skip

    assert len(rapprocher(date(2028, 6, 1))) == (quoi != "autre_suspension")


def test_un_ecart_explique_ne_se_compte_plus(distribution: Any) -> None:
    ligne = _transmise(distribution)
    perimetre = Perimetre.de(distribution.siege)
    with pytest.raises(JalonError, match="explique"):
        expliquer_ecart(ligne, acteur=distribution.siege, perimetre=perimetre, texte=" ")
    expliquer_ecart(ligne, acteur=distribution.siege, perimetre=perimetre, texte="Mutation vers une autre caisse.")
    (ecart,) = rapprocher(date(2026, 7, 15), perimetre=perimetre)

    assert ecart.explique
    assert not ecart.a_traiter


def test_refuse_sans_le_droit(distribution: Any) -> None:
    with pytest.raises(DroitManquantError):
        rapprocher(perimetre=Perimetre.de(distribution.partenaire))


def test_le_nombre_de_requetes_ne_suit_pas_celui_des_lignes(distribution: Any) -> None:
    def lire() -> int:
        with CaptureQueriesContext(connection) as requetes:
            rapprocher(date(2026, 7, 15))
        return len(requetes)

    _reduction(_transmise(distribution))
    une = lire()
    for _ in range(4):
        _reduction(_transmise(distribution))

    assert lire() == une
