"""Actes sur le recueil : le brouillon, la validation, les révisions, la reprise de l'évaluation précédente."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics import selectors
from jalon.diagnostics.evolution import comparer
from jalon.diagnostics.models import BrouillonRecueil, Recueil
from jalon.diagnostics.services import (
    PageDepasseeError,
    RecueilDepasseError,
    abandonner_brouillon,
    commencer_recueil,
    enregistrer_brouillon,
    valider_recueil,
)
from jalon.personnes.models import EtatTache, Personne, Rapprochement, Tache, TypeTache
from jalon.personnes.services import annuler_fusion, fusionner_personnes
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from jalon.traces.models import Acte
from tests.diagnostics.fabriques import JOUR, un_recueil
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire)


def ecrire(personne: Personne, acteur: Agent, *, numero: int = 0, **valeurs: Any) -> BrouillonRecueil:
    valeurs = {"date_recueil": JOUR, "source": "entretien"} | valeurs
    return enregistrer_brouillon(
        personne, acteur=acteur, perimetre=Perimetre.de(acteur), valeurs=valeurs, numero=numero
    )


def valider(personne: Personne, acteur: Agent, numero: int, **options: Any) -> Recueil:
    return valider_recueil(personne, acteur=acteur, perimetre=Perimetre.de(acteur), numero=numero, **options)


def test_valider_fige_le_recueil_et_ferme_la_tache(distribution: Distribution, personne: Personne) -> None:
    tache = Tache.objects.create(personne=personne, type=TypeTache.RECUEIL, ouverte_le=JOUR)
    brouillon = ecrire(personne, distribution.orienteur, contrainte_mobilite="forte", suivis=["ccas"])

    recueil = valider(personne, distribution.orienteur, brouillon.numero)

    assert (recueil.contrainte_mobilite, recueil.suivis, recueil.precedent) == ("forte", ["ccas"], None)
    assert recueil.organisme == distribution.orienteur.affectations.get().organisme
    tache.refresh_from_db()
    assert (tache.etat, tache.close_le) == (EtatTache.FAITE, timezone.localdate())
    assert not BrouillonRecueil.objects.exists()
    assert Acte.objects.filter(code="diagnostics.recueil.valide", personnes=[personne.public_id]).count() == 1


def test_ferme_la_tache_d_un_service_que_l_acteur_ne_voit_pas(distribution: Distribution) -> None:
    """Le partenaire qui fait le recueil ne voit pas la tâche du service instructeur : elle se ferme quand même."""
    personne = une_allocataire(
        territoire=distribution.territoire, accompagnee_par=distribution.partenaire.affectations.get().organisme
    )
    tache = Tache.objects.create(
        personne=personne, type=TypeTache.RECUEIL, ouverte_le=JOUR, territoire=distribution.territoire
    )
    with web_role(Perimetre.de(distribution.partenaire).reglages()):
        un_recueil(personne, distribution.partenaire)
    tache.refresh_from_db()
    assert tache.etat == EtatTache.FAITE


def test_un_recueil_valide_ne_change_plus(distribution: Distribution, personne: Personne) -> None:
    recueil = un_recueil(personne, distribution.orienteur)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Recueil.objects.filter(pk=recueil.pk).update(difficultes="réécrit")


def test_la_base_refuse_deux_suites_d_une_meme_revision(distribution: Distribution, personne: Personne) -> None:
    original = un_recueil(personne, distribution.orienteur)
    suites = [
        Recueil(personne=personne, precedent=original, date_recueil=JOUR, source="entretien", auteur=original.auteur)
        for _ in range(2)
    ]
    with pytest.raises(IntegrityError, match="precedent"), transaction.atomic():
        Recueil.objects.bulk_create(suites)


def test_refuse_sans_le_droit(distribution: Distribution, personne: Personne) -> None:
    with pytest.raises(DroitManquantError):
        ecrire(personne, distribution.lecteur)


@pytest.mark.parametrize(
    ("valeurs", "phrase"),
    [
        ({"difficultes": "x", "date_recueil": None}, "quel jour"),
        ({"difficultes": "x", "source": ""}, "quelle occasion"),
        ({"difficultes": "x", "date_recueil": date(2027, 1, 1)}, "avenir"),
        ({}, "La page est vide"),
    ],
)
def test_refuse_une_page_incomplete(
    distribution: Distribution, personne: Personne, valeurs: dict[str, Any], phrase: str
) -> None:
    if valeurs.get("date_recueil"):
        valeurs["date_recueil"] = timezone.localdate() + timedelta(days=1)
    brouillon = ecrire(personne, distribution.orienteur, **valeurs)
    with pytest.raises(JalonError, match=phrase):
        valider(personne, distribution.orienteur, brouillon.numero)


def test_refuse_une_revision_datee_d_avant(distribution: Distribution, personne: Personne) -> None:
    un_recueil(personne, distribution.orienteur)
    commencer_recueil(personne, acteur=distribution.collegue, perimetre=Perimetre.de(distribution.collegue))
    brouillon = ecrire(personne, distribution.collegue, difficultes="x", date_recueil=JOUR - timedelta(days=1))
    with pytest.raises(JalonError, match="ne peut pas le précéder"):
        valider(personne, distribution.collegue, brouillon.numero)


# --- Rien ne se perd, rien ne s'écrase


def test_une_page_a_moitie_remplie_est_gardee(distribution: Distribution, personne: Personne) -> None:
    ecrire(personne, distribution.orienteur, difficultes="À moit", date_recueil=None, source="")
    (gardee,) = selectors.brouillons(personne)
    assert (gardee.difficultes, gardee.numero) == ("À moit", 1)


def test_deux_pages_du_meme_auteur_ne_s_ecrasent_pas(distribution: Distribution, personne: Personne) -> None:
    ecrire(personne, distribution.orienteur, difficultes="première")
    with pytest.raises(PageDepasseeError, match="autre fenêtre"):
        ecrire(personne, distribution.orienteur, difficultes="seconde", numero=0)
    assert selectors.brouillons(personne)[0].difficultes == "première"


def test_deux_auteurs_ont_chacun_leur_page(distribution: Distribution, personne: Personne) -> None:
    ecrire(personne, distribution.orienteur, difficultes="Omar")
    ecrire(personne, distribution.collegue, difficultes="Colette")
    assert {b.difficultes for b in selectors.brouillons(personne)} == {"Omar", "Colette"}


def test_le_second_qui_valide_est_prevenu_puis_confirme(distribution: Distribution, personne: Personne) -> None:
    premiere = ecrire(personne, distribution.orienteur, difficultes="Omar")
    seconde = ecrire(personne, distribution.collegue, difficultes="Colette")
    original = valider(personne, distribution.orienteur, premiere.numero)

    with pytest.raises(RecueilDepasseError, match="Omar Orienteur a validé") as refus:
        valider(personne, distribution.collegue, seconde.numero)
    assert refus.value.dernier == original
    assert selectors.brouillons(personne)[0].difficultes == "Colette"

    revision = valider(personne, distribution.collegue, seconde.numero, malgre=original.public_id)
    assert (revision.precedent, revision.difficultes) == (original, "Colette")


def test_abandonner_n_efface_que_sa_page(distribution: Distribution, personne: Personne) -> None:
    ecrire(personne, distribution.orienteur, difficultes="Omar")
    ecrire(personne, distribution.collegue, difficultes="Colette")
    abandonner_brouillon(personne, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur))
    assert [b.difficultes for b in selectors.brouillons(personne)] == ["Colette"]


def test_refuse_de_valider_deux_fois(distribution: Distribution, personne: Personne) -> None:
    brouillon = ecrire(personne, distribution.orienteur, difficultes="x")
    valider(personne, distribution.orienteur, brouillon.numero)
    with pytest.raises(TransitionRefuseeError, match="pas de page en cours"):
        valider(personne, distribution.orienteur, brouillon.numero)


# --- Reprendre l'évaluation précédente (R40)


def test_reprendre_remplit_la_page_et_garde_l_origine(distribution: Distribution, personne: Personne) -> None:
    original = un_recueil(personne, distribution.orienteur, difficultes="Pas de voiture.", permis="aucun")
    acteur = distribution.collegue

    brouillon = commencer_recueil(personne, acteur=acteur, perimetre=Perimetre.de(acteur), reprendre=True)
    assert (brouillon.difficultes, brouillon.repris_de) == ("Pas de voiture.", original)
    brouillon = ecrire(personne, acteur, numero=brouillon.numero, permis="en_cours")
    revision = valider(personne, acteur, brouillon.numero)

    assert (revision.precedent, revision.repris_de, revision.permis) == (original, original, "en_cours")
    changements = [d for _, cases in comparer(original, revision) for d in cases if d.etat]
    assert [(d.intitule, d.avant, d.apres, d.etat) for d in changements] == [
        ("permis de conduire", "Aucun permis", "Permis en cours", "changé")
    ]


def test_commencer_rend_la_page_deja_ouverte(distribution: Distribution, personne: Personne) -> None:
    un_recueil(personne, distribution.orienteur, difficultes="avant")
    perimetre = Perimetre.de(distribution.orienteur)
    ouverte = commencer_recueil(personne, acteur=distribution.orienteur, perimetre=perimetre)
    reprise = commencer_recueil(personne, acteur=distribution.orienteur, perimetre=perimetre, reprendre=True)
    assert (reprise, reprise.difficultes) == (ouverte, "")


def test_refuse_de_reprendre_ce_qui_n_existe_pas(distribution: Distribution, personne: Personne) -> None:
    perimetre = Perimetre.de(distribution.orienteur)
    with pytest.raises(JalonError, match="pas encore d'évaluation"):
        commencer_recueil(personne, acteur=distribution.orienteur, perimetre=perimetre, reprendre=True)


def test_les_derniers_recueils_de_plusieurs_personnes(
    distribution: Distribution, personne: Personne, django_assert_num_queries: Any
) -> None:
    autre, sans = PersonneFactory(), PersonneFactory()
    un_recueil(personne, distribution.orienteur, jour=date(2026, 1, 1))
    dernier = un_recueil(personne, distribution.orienteur, jour=date(2026, 2, 1))
    seul = un_recueil(autre, distribution.orienteur)
    with django_assert_num_queries(1):
        assert selectors.derniers_recueils([personne.pk, autre.pk, sans.pk]) == {personne.pk: dernier, autre.pk: seul}
    assert not selectors.evaluation_precedente(sans)


# --- Réunir deux dossiers


def test_deux_dossiers_qui_ont_des_recueils_se_reunissent_et_se_separent(distribution: Distribution) -> None:
    gardee, absorbee = (une_allocataire(territoire=distribution.territoire) for _ in range(2))
    for personne, texte in ((gardee, "gardée"), (absorbee, "absorbée")):
        un_recueil(personne, distribution.orienteur, difficultes=texte)
        commencer_recueil(personne, acteur=distribution.collegue, perimetre=Perimetre.de(distribution.collegue))
    doute = Rapprochement.objects.create(ancienne=gardee, nouvelle=absorbee, score=90, motif="essai", date_flux=JOUR)

    fusion = fusionner_personnes(doute, acteur=distribution.siege)
    assert {r.difficultes for r in selectors.recueils(gardee)} == {"gardée", "absorbée"}
    assert len(selectors.brouillons(gardee)) == 1

    annuler_fusion(fusion, acteur=distribution.siege)
    assert [r.difficultes for r in selectors.recueils(absorbee)] == ["absorbée"]
    assert len(selectors.brouillons(absorbee)) == 1
