"""Les jours écoulés et les listes au-delà du délai : à valider (R49), à conclure (R48, F054)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats.delais import (
    a_conclure,
    a_valider,
    au_dela_du_delai,
    conclusions_en_retard,
    du_referent,
    par_territoire,
)
from jalon.contrats.models import Contrat
from jalon.contrats.validation import echeance_validation, jours_ecoules
from jalon.orientations.models import DecisionOrientation, NotificationOrientation
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_decision

pytestmark = pytest.mark.django_db


def signe_le(distribution: Distribution, jour: date, **champs: Any) -> Contrat:
    return un_contrat(distribution, etat="signe", debut=jour + timedelta(days=10), signe_le=jour, **champs)


@pytest.mark.parametrize(
    ("signature", "dernier"),
    [
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 3, 29)),
        (date(2027, 2, 28), date(2027, 3, 28)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2026, 11, 30), date(2026, 12, 30)),
    ],
)
def test_le_delai_finit_le_meme_jour_sur_la_page_et_dans_la_liste(
    distribution: Distribution, signature: date, dernier: date
) -> None:
    contrat = signe_le(distribution, signature)
    assert echeance_validation(contrat) == dernier
    perimetre = Perimetre.de(distribution.siege)
    assert a_valider(perimetre).get().echeance_le == dernier
    for jour, depasse in ((dernier, False), (dernier + timedelta(days=1), True)):
        assert au_dela_du_delai(perimetre, jour).exists() is depasse
        assert jours_ecoules(contrat, jour).depasse is depasse


def test_les_jours_se_comptent_depuis_les_deux_dates_et_s_arretent_a_la_validation(distribution: Distribution) -> None:
    contrat = un_contrat(distribution, etat="recu", debut=date(2026, 6, 20))
    jours = jours_ecoules(contrat, date(2026, 6, 20))
    assert (jours.depuis_signature, jours.depuis_reception, jours.court) == (10, 8, True)
    valide = un_contrat(distribution, etat="en_vigueur", debut=date(2026, 6, 20))
    jours = jours_ecoules(valide, date(2026, 11, 1))
    assert (jours.depuis_signature, jours.depuis_reception, jours.court, jours.depasse) == (8, 6, False, False)


def test_rien_ne_court_avant_les_deux_signatures(distribution: Distribution) -> None:
    jours = jours_ecoules(un_contrat(distribution, etat="signe_personne"))
    assert (jours.depuis_signature, jours.echeance, jours.depasse) == (None, None, False)


def test_chaque_niveau_voit_les_siens(distribution: Distribution) -> None:
    vieux = timezone.localdate() - timedelta(days=60)
    mien = signe_le(distribution, vieux)
    signe_le(distribution, vieux, referent=distribution.collegue)
    signe_le(distribution, timezone.localdate())
    perimetre = Perimetre.de(distribution.partenaire)
    assert list(au_dela_du_delai(perimetre).filter(du_referent(perimetre, True))) == [mien]
    assert au_dela_du_delai(perimetre).count() == 2
    assert not au_dela_du_delai(Perimetre.de(distribution.etrangere)).exists()
    siege = Perimetre.de(distribution.siege)
    assert [(t.code, t.nombre) for t in par_territoire(au_dela_du_delai(siege))] == [(distribution.territoire.code, 2)]


# --- À conclure


def notifiee(distribution: Distribution, recue: date | None) -> DecisionOrientation:
    decidee = (recue or timezone.localdate()) - timedelta(days=5)
    decision = une_decision(distribution, decidee_le=decidee, periode=DateRange(decidee, None))
    NotificationOrientation.objects.create(
        decision=decision, produite_le=decidee, produite_par=distribution.siege, recue_le=recue,
        mode_reception="main_propre" if recue else "",
    )  # fmt: skip
    return decision


def test_une_orientation_recue_sans_contrat_est_en_retard(distribution: Distribution) -> None:
    recue = timezone.localdate() - timedelta(days=100)
    decision = notifiee(distribution, recue)
    siege = Perimetre.de(distribution.siege)
    ligne = a_conclure(siege).get()
    assert ligne.echeance_le == recue + relativedelta(months=2)
    assert list(conclusions_en_retard(siege)) == [decision]
    assert not conclusions_en_retard(siege, ligne.echeance_le).exists()


@pytest.mark.parametrize("etat", ["signe", "recu", "en_vigueur"])
def test_un_contrat_signe_depuis_conclut(distribution: Distribution, etat: str) -> None:
    decision = notifiee(distribution, timezone.localdate() - timedelta(days=100))
    un_contrat(distribution, personne=decision.personne, etat=etat, debut=timezone.localdate() - timedelta(days=20))
    assert not a_conclure(Perimetre.de(distribution.siege)).exists()


def test_un_brouillon_ne_conclut_pas(distribution: Distribution) -> None:
    decision = notifiee(distribution, timezone.localdate() - timedelta(days=100))
    un_contrat(distribution, personne=decision.personne, etat="brouillon")
    assert conclusions_en_retard(Perimetre.de(distribution.siege)).exists()


def test_sans_reception_certaine_le_delai_ne_court_pas(distribution: Distribution) -> None:
    notifiee(distribution, None)
    assert not a_conclure(Perimetre.de(distribution.siege)).exists()
