"""Avertir, prouver la réception, compter le délai d'observations sans jamais le raccourcir (R61, R262-69)."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.manquements.avertissement import constater_reception, dernier_jour_observations, envoyer_avertissement
from jalon.manquements.models import EtatManquement, Regime
from jalon.personnes.liens import LienPersonnel, UsageLien, lire_lien
from jalon.referentiels import parametres
from jalon.rendezvous.models import RendezVous
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement


@pytest.mark.django_db
def test_avertir_ecrit_la_lettre_et_ouvre_le_lien(distribution: Distribution) -> None:
    saisi = un_manquement(distribution, etat="saisi", faits_le=il_y_a(30))
    jetons: list[str] = []

    averti = envoyer_avertissement(
        saisi, adresse_du_lien=lambda jeton: jetons.append(jeton) or f"https://jalon.example/lien/{jeton}",
        **qui(distribution.siege),
    )  # fmt: skip

    assert averti.etat == EtatManquement.AVERTI
    assert averti.averti_le == il_y_a(0)
    assert averti.avertissement is not None
    assert averti.avertissement.personne == averti.personne.public_id
    lien = lire_lien(jetons[0], usage=UsageLien.MANQUEMENT)
    assert lien is not None
    assert lien.objet == averti.public_id
    assert averti.observations_jusqu_au is None


@pytest.mark.django_db
def test_refuse_d_avertir_quand_le_service_est_en_cause(distribution: Distribution) -> None:
    saisi = un_manquement(distribution, etat="saisi", faits_le=il_y_a(30))
    RendezVous.objects.filter(personne=saisi.personne).update(convoque_le=None)
    with pytest.raises(TransitionRefuseeError, match=r"Le service est en cause \(R62\) : Aucune convocation"):
        envoyer_avertissement(saisi, **qui(distribution.siege))


@pytest.mark.django_db
@pytest.mark.parametrize("etat", ["prepare", "averti", "avis_rendu", "sanctionne", "classe"])
def test_refuse_d_avertir_dans_un_autre_etat(distribution: Distribution, etat: str) -> None:
    with pytest.raises(TransitionRefuseeError, match="Cette procédure est"):
        envoyer_avertissement(un_manquement(distribution, etat=etat), **qui(distribution.siege))


@pytest.mark.django_db
def test_refuse_d_avertir_sans_le_droit_d_instruire(distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        envoyer_avertissement(un_manquement(distribution, etat="saisi"), **qui(distribution.partenaire))


# --- La réception


@pytest.mark.django_db
def test_le_delai_court_de_la_reception(distribution: Distribution) -> None:
    averti = un_manquement(distribution, etat="averti", recu=False)
    lien = LienPersonnel.objects.create(
        personne=averti.personne, dossier=averti.personne.public_id, usage=UsageLien.MANQUEMENT, objet=averti.public_id,
        prenom="Essai", empreinte="0" * 64, expire_le="2026-01-01T00:00:00Z",
    )  # fmt: skip
    recu = averti.averti_le + timedelta(days=4)

    averti = constater_reception(averti, recu_le=recu, preuve="AR 2C 123", **qui(distribution.siege))

    assert averti.averti_recu_le == recu
    assert averti.observations_jusqu_au == dernier_jour_observations(recu, averti.regime_faits)
    lien.refresh_from_db()
    assert lien.expire_le.date() >= averti.observations_jusqu_au


@pytest.mark.django_db
def test_une_correction_allonge_et_ne_raccourcit_jamais(distribution: Distribution) -> None:
    averti = un_manquement(distribution, etat="averti", faits_le=il_y_a(60))
    recu = averti.averti_recu_le
    siege = qui(distribution.siege)
    plus_tard = constater_reception(averti, recu_le=recu + timedelta(days=3), preuve="AR 2C 124", **siege)
    assert plus_tard.observations_jusqu_au > averti.observations_jusqu_au
    with pytest.raises(TransitionRefuseeError, match="ne se raccourcit pas"):
        constater_reception(averti, recu_le=recu, preuve="AR 2C 123", **siege)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("recu_le", "preuve", "phrase"),
    [
        (il_y_a(-1), "AR", "Une réception se note quand elle a eu lieu"),
        (il_y_a(300), "AR", "n'a pas pu être reçue avant"),
        (il_y_a(10), "  ", "ce qui prouve la réception"),
    ],
)
def test_refuse_une_reception_douteuse(distribution: Distribution, recu_le: date, preuve: str, phrase: str) -> None:
    averti = un_manquement(distribution, etat="averti", recu=False)
    with pytest.raises(JalonError, match=phrase):
        constater_reception(averti, recu_le=recu_le, preuve=preuve, **qui(distribution.siege))


# --- Propriété du délai


JOURS = st.dates(date(2009, 6, 1), date(2060, 12, 31))


@settings(max_examples=300, deadline=None)
@given(recu=JOURS, du_departement=st.integers(0, 6), du_regime=st.integers(1, 6), des_faits=st.integers(1, 6))
def test_le_delai_n_est_jamais_plus_court_que_la_loi_ni_que_le_departement(
    recu: date, du_departement: int, du_regime: int, des_faits: int
) -> None:
    """Fins de mois et années bissextiles comprises : le même quantième, ou le dernier jour du mois d'arrivée."""
    regimes = [Regime(observations_mois=du_regime), Regime(observations_mois=des_faits)]
    with pytest.MonkeyPatch.context() as ici:
        ici.setattr(parametres, "_valeur", lambda code, jour: str(du_departement))
        dernier = dernier_jour_observations(recu, *regimes)
    mois = max(du_departement, du_regime, des_faits)
    annee, rang = divmod(recu.month - 1 + mois, 12)
    annee, rang = recu.year + annee, rang + 1
    fin_de_mois = calendar.monthrange(annee, rang)[1]

    assert (dernier.year, dernier.month) == (annee, rang)
    assert dernier.day == min(recu.day, fin_de_mois)
    assert (dernier - recu).days >= 28 * mois


@pytest.mark.parametrize(
    ("recu", "dernier"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 3, 29)),
        (date(2026, 3, 31), date(2026, 4, 30)),
        (date(2026, 12, 15), date(2027, 1, 15)),
    ],
)
def test_quelques_fins_de_mois(monkeypatch: pytest.MonkeyPatch, recu: date, dernier: date) -> None:
    monkeypatch.setattr(parametres, "_valeur", lambda code, jour: "1")
    assert dernier_jour_observations(recu, Regime(observations_mois=1)) == dernier
