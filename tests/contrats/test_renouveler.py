"""Renouveler, reconduire sans acte, terminer, rompre : jamais deux contrats le même jour, jamais deux fois (F051)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jalon.agents.perimetre import Perimetre
from jalon.cli.installation import lire_profil
from jalon.contrats.echeances import ecarts_entre_contrats
from jalon.contrats.models import Contrat, Moyen, Objectif, TypeContrat, ValeurChamp
from jalon.contrats.renouvellements import (
    constater_renouvellement,
    coupee,
    reconduire_tacites,
    refuser_reconduction,
    renouveler_contrat,
    retablir_reconduction,
    rompre_contrat,
    terminer_contrat,
)
from jalon.contrats.validation import valider
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import EtapeFactory, ObjectifFactory, PersonneFactory, un_contrat

pytestmark = pytest.mark.django_db

JOUR = date(2026, 12, 15)


def qui(distribution: Distribution) -> dict[str, Any]:
    return {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}


def siege(distribution: Distribution) -> dict[str, Any]:
    return {"acteur": distribution.siege, "perimetre": Perimetre.de(distribution.siege)}


# --- Renouveler


def test_renouveler_reprend_ce_qui_vaut_encore(distribution: Distribution) -> None:
    ancien = un_contrat(distribution, etat="bilan")
    champs = {c.code: c for s in ancien.version.sections.all() for c in s.champs.all()}
    ValeurChamp.objects.create(
        contrat=ancien, champ=champs["constat"], texte="Elle a le permis.", ecrit_par=distribution.partenaire
    )
    ValeurChamp.objects.create(contrat=ancien, champ=champs["ma_situation"], texte="Ça va mieux.", par_la_personne=True)
    ValeurChamp.objects.create(
        contrat=ancien, champ=champs["premier_bilan"], date=date(2026, 9, 1), ecrit_par=distribution.partenaire
    )
    ouvert = ObjectifFactory(contrat=ancien, intitule="Trouver une garde")
    faite = EtapeFactory(objectif=ouvert, intitule="Appeler", etat="atteint", faite_le=date(2026, 7, 1))
    a_faire = EtapeFactory(objectif=ouvert, intitule="Visiter")
    Moyen.objects.create(etape=a_faire, intitule="Liste des crèches")
    ObjectifFactory(contrat=ancien, intitule="Permis", etat="atteint", atteint_le=date(2026, 8, 1))
    nouveau = renouveler_contrat(ancien, **qui(distribution))
    assert (nouveau.precedent, nouveau.etat, nouveau.debut) == (ancien, "brouillon", date(2026, 12, 1))
    assert {v.champ.code: v.texte for v in nouveau.valeurs.all()} == {
        "constat": "Elle a le permis.", "ma_situation": "Ça va mieux.",
    }  # fmt: skip
    repris = Objectif.objects.get(contrat=nouveau)
    assert (repris.intitule, repris.repris_de) == ("Trouver une garde", ouvert)
    assert [e.intitule for e in repris.etapes.all()] == [a_faire.intitule] != [faite.intitule]
    assert Moyen.objects.get(etape__objectif=repris).intitule == "Liste des crèches"
    ancien.refresh_from_db()
    assert ancien.etat == "bilan"  # il court jusqu'à la validation du nouveau


def test_refuse_de_renouveler_avant_le_bilan(distribution: Distribution) -> None:
    with pytest.raises(TransitionRefuseeError, match="n'est plus possible"):
        renouveler_contrat(un_contrat(distribution, etat="en_vigueur"), **qui(distribution))


def test_refuse_de_renouveler_deux_fois(distribution: Distribution) -> None:
    ancien = un_contrat(distribution, etat="bilan")
    renouveler_contrat(ancien, **qui(distribution))
    with pytest.raises(TransitionRefuseeError, match="déjà commencé"):
        renouveler_contrat(ancien, **qui(distribution))


def test_un_renouvellement_abandonne_laisse_la_place_a_un_autre(distribution: Distribution) -> None:
    ancien = un_contrat(distribution, etat="bilan")
    objectif = ObjectifFactory(contrat=ancien)
    premier = renouveler_contrat(ancien, **qui(distribution))
    Contrat.objects.filter(pk=premier.pk).update(etat="abandonne", motif_fin="Erreur", clos_le=JOUR)
    second = renouveler_contrat(ancien, **qui(distribution))
    assert second.precedent == ancien
    assert Objectif.objects.get(contrat=second).repris_de == objectif


def test_refuse_au_dela_du_nombre_de_renouvellements(distribution: Distribution) -> None:
    TypeContrat.objects.filter(code="cer_solidarite").update(renouvellements=1)
    premier = un_contrat(distribution, etat="renouvele", debut=date(2025, 12, 1))
    second = un_contrat(distribution, etat="bilan", personne=premier.personne, precedent=premier)
    with pytest.raises(JalonError, match="1 fois au plus"):
        renouveler_contrat(second, **qui(distribution))
    TypeContrat.objects.filter(code="cer_solidarite").update(renouvellements=2)
    second.refresh_from_db()
    assert renouveler_contrat(Contrat.objects.get(pk=second.pk), **qui(distribution)).precedent == second


@pytest.mark.parametrize(
    ("debut", "fin_de_l_ancien", "ecart"),
    [
        (date(2026, 12, 1), date(2026, 12, 1), 0),
        (date(2026, 11, 10), date(2026, 11, 10), 0),
        (date(2026, 12, 20), date(2026, 12, 1), 19),
    ],
)
def test_l_ancien_finit_quand_le_nouveau_commence(
    distribution: Distribution, debut: date, fin_de_l_ancien: date, ecart: int
) -> None:
    ancien = un_contrat(distribution, etat="bilan")
    nouveau = un_contrat(distribution, etat="recu", personne=ancien.personne, precedent=ancien, debut=debut)
    rendu = constater_renouvellement(nouveau, acteur=distribution.siege, debut=debut)
    assert rendu is not None
    assert (rendu.etat, rendu.periode.upper) == ("renouvele", fin_de_l_ancien)
    Contrat.objects.filter(pk=nouveau.pk).update(
        etat="en_vigueur", valide_le=debut, periode=DateRange(debut, debut + relativedelta(months=6))
    )
    assert [e.jours for e in ecarts_entre_contrats(ancien.personne)] == [ecart]


def test_valider_le_renouvellement_clot_l_ancien(distribution: Distribution) -> None:
    jour = timezone.localdate()
    ancien = un_contrat(distribution, etat="bilan", debut=jour - relativedelta(months=5))
    nouveau = un_contrat(distribution, etat="recu", personne=ancien.personne, precedent=ancien, debut=jour)
    valider(nouveau, **siege(distribution))
    ancien.refresh_from_db()
    assert (ancien.etat, ancien.periode.upper, ancien.clos_le) == ("renouvele", jour, jour)
    assert list(ancien.passages.values_list("acte", flat=True)) == ["renouveler"]


def test_un_premier_contrat_n_en_renouvelle_aucun(distribution: Distribution) -> None:
    assert constater_renouvellement(un_contrat(distribution, etat="recu"), acteur=None, debut=JOUR) is None


# --- Reconduire sans acte


@pytest.fixture
def tacite(distribution: Distribution) -> Contrat:
    """Contrat à reconduction tacite, arrivé à son terme le 1er décembre ; le circuit le permet depuis la vigueur."""
    type_ = TypeContrat.objects.get(code="cer_solidarite")
    TypeContrat.objects.filter(pk=type_.pk).update(tacite=True, renouvellements=3)
    type_.circuit.transitions.create(
        acte="renouveler", de="en_vigueur", vers="renouvele", droit="contrat.rediger", libelle="Renouveler"
    )
    return un_contrat(distribution)


def test_la_reconduction_suit_sans_trou_et_une_seule_fois(tacite: Contrat) -> None:
    objectif = ObjectifFactory(contrat=tacite)
    assert reconduire_tacites(JOUR).reconduits == 1
    assert reconduire_tacites(JOUR).reconduits == 0
    nouveau = Contrat.objects.get(precedent=tacite)
    assert (nouveau.tacite, nouveau.etat) == (True, "en_vigueur")
    assert (nouveau.periode.lower, nouveau.periode.upper) == (date(2026, 12, 1), date(2027, 6, 1))
    assert Objectif.objects.get(contrat=nouveau).repris_de == objectif
    tacite.refresh_from_db()
    assert (tacite.etat, tacite.clos_le) == ("renouvele", date(2026, 12, 1))


def test_rattrape_plusieurs_termes_et_s_arrete_au_nombre_permis(tacite: Contrat) -> None:
    faites = reconduire_tacites(date(2030, 1, 1))
    assert (faites.reconduits, faites.laisses) == (3, 1)
    assert Contrat.objects.filter(tacite=True).count() == 3


def test_rien_avant_le_terme(tacite: Contrat) -> None:
    assert reconduire_tacites(date(2026, 11, 30)).reconduits == 0


def test_qui_ne_veut_pas_renouveler_ne_l_est_pas(distribution: Distribution, tacite: Contrat) -> None:
    for _ in range(2):
        refuser_reconduction(tacite, motif="J'ai un emploi.", le=date(2026, 11, 20), **qui(distribution))
    faites = reconduire_tacites(JOUR)
    assert (faites.reconduits, faites.termines) == (0, 1)
    tacite.refresh_from_db()
    assert (tacite.etat, tacite.motif_fin, tacite.clos_le) == ("termine", "J'ai un emploi.", date(2026, 12, 1))


def test_changer_d_avis_avant_le_terme(distribution: Distribution, tacite: Contrat) -> None:
    refuser_reconduction(tacite, motif="J'ai un emploi.", le=date(2026, 11, 20), **qui(distribution))
    retablir_reconduction(tacite, **qui(distribution))
    assert reconduire_tacites(JOUR).reconduits == 1


@pytest.mark.parametrize(
    ("le", "motif", "phrase"),
    [(date(2026, 12, 1), "Non", "trop tard"), (date(2026, 11, 30), " ", "pourquoi")],
)
def test_refuse_un_refus_trop_tard_ou_muet(
    distribution: Distribution, tacite: Contrat, le: date, motif: str, phrase: str
) -> None:
    with pytest.raises(JalonError, match=phrase):
        refuser_reconduction(tacite, motif=motif, le=le, **qui(distribution))


def test_ne_reconduit_pas_qui_n_est_plus_suivi(tacite: Contrat) -> None:
    tacite.personne.accompagnements.update(periode=DateRange(date(2026, 9, 30), date(2026, 10, 15)))
    faites = reconduire_tacites(JOUR)
    assert (faites.reconduits, faites.laisses) == (0, 1)


def test_ne_reconduit_pas_un_contrat_deja_renouvele_par_acte(distribution: Distribution, tacite: Contrat) -> None:
    renouveler_contrat(tacite, **qui(distribution))
    assert reconduire_tacites(JOUR).reconduits == 0


@pytest.mark.parametrize("profil", ["pas-de-calais", "loiret"])
def test_le_circuit_d_un_contrat_tacite_mene_de_la_vigueur_au_suivant(profil: str) -> None:
    contrats = lire_profil(profil)[0].contrats
    circuits = {c.code: {(str(t.acte), str(t.de)) for t in c.transitions} for c in contrats.circuits}
    for type_ in contrats.types:
        if type_.tacite:
            assert {("renouveler", "en_vigueur"), ("terminer", "en_vigueur")} <= circuits[type_.circuit]
    assert any(t.tacite for t in contrats.types) == (profil == "loiret")


# --- Finir


def test_terminer_plus_tot_coupe_la_periode(distribution: Distribution) -> None:
    contrat = un_contrat(distribution)
    fini = terminer_contrat(contrat, motif="A trouvé un emploi", le=date(2026, 10, 3), **qui(distribution))
    assert (fini.etat, fini.periode.upper, fini.clos_le) == ("termine", date(2026, 10, 3), date(2026, 10, 3))


def test_terminer_apres_le_terme_garde_la_periode(distribution: Distribution) -> None:
    contrat = un_contrat(distribution, etat="bilan", debut=date(2026, 3, 1))
    fini = terminer_contrat(contrat, **qui(distribution))
    assert fini.periode.upper == date(2026, 9, 1)
    assert fini.clos_le == timezone.localdate()


def test_refuse_de_terminer_sans_bilan_ni_motif(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="demande un motif"):
        terminer_contrat(un_contrat(distribution), **qui(distribution))


def test_rompre_demande_le_droit_de_valider(distribution: Distribution) -> None:
    contrat = un_contrat(distribution)
    with pytest.raises(DroitManquantError):
        rompre_contrat(contrat, motif="Déménagement", **qui(distribution))
    rompu = rompre_contrat(contrat, motif="Déménagement", le=date(2026, 10, 1), **siege(distribution))
    assert (rompu.etat, rompu.motif_fin, rompu.periode.upper) == ("rompu", "Déménagement", date(2026, 10, 1))


def test_refuse_une_fin_avant_la_validation(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="ne peut pas finir plus tôt"):
        rompre_contrat(un_contrat(distribution), motif="x", le=date(2026, 5, 1), **siege(distribution))


def test_rompu_avant_de_commencer_un_contrat_n_a_aucun_jour(distribution: Distribution) -> None:
    debut = timezone.localdate() + timedelta(days=10)
    contrat = un_contrat(distribution)
    Contrat.objects.filter(pk=contrat.pk).update(periode=DateRange(debut, debut + relativedelta(months=6)))
    rompu = rompre_contrat(contrat, motif="Déménagement", **siege(distribution))
    assert rompu.periode.isempty


@given(debut=st.dates(date(2000, 1, 1), date(2090, 1, 1)), duree=st.integers(1, 24), coupe=st.integers(-40, 800))
def test_couper_ne_rallonge_jamais(debut: date, duree: int, coupe: int) -> None:
    periode = DateRange(debut, debut + relativedelta(months=duree))
    jour = debut + timedelta(days=coupe)
    reste = coupee(periode, jour)
    if coupe <= 0:
        assert reste.isempty
    else:
        assert (reste.lower, reste.upper) == (debut, min(jour, periode.upper))


def test_une_personne_sans_contrat_n_a_pas_d_ecart() -> None:
    assert ecarts_entre_contrats(PersonneFactory()) == []
