"""L'horloge de l'accompagnement : proposer la fin, l'accepter, prolonger (R27, F011)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement, EtatMaintien, Maintien
from jalon.accompagnements.services import BilanMaintiens, clore_maintien, prolonger_maintien, proposer_fins
from jalon.droits.models import EtatDossier
from jalon.organismes.models import ServiceInstructeur
from jalon.personnes.models import EtatTache, Tache, TypeTache
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
JOUR = date(2026, 11, 1)


def un_maintien(*, echeance: date = JOUR, **champs: Any) -> Maintien:
    champs.setdefault("soumise", False)
    personne = une_allocataire(**champs)
    return Maintien.objects.create(personne=personne, debut=date(2026, 5, 1), echeance=echeance)


def propose(**champs: Any) -> Maintien:
    maintien = un_maintien(**champs)
    proposer_fins(a_la_date=JOUR)
    maintien.refresh_from_db()
    return maintien


def test_propose_la_fin_a_l_organisme_qui_accompagne(distribution: Distribution) -> None:
    organisme = distribution.partenaire.affectations.get().organisme
    maintien = un_maintien(accompagnee_par=organisme, territoire=distribution.territoire)
    assert proposer_fins(a_la_date=JOUR) == BilanMaintiens(proposees=1)
    maintien.refresh_from_db()
    assert (maintien.etat, maintien.clos_le) == (EtatMaintien.FIN_PROPOSEE, None)
    tache = Tache.objects.get()
    assert (tache.type, tache.organisme, tache.territoire) == (
        TypeTache.FIN_ACCOMPAGNEMENT, organisme, distribution.territoire,
    )  # fmt: skip
    assert Accompagnement.objects.get().periode.upper is None


def test_propose_la_fin_au_service_instructeur_quand_personne_n_accompagne(distribution: Distribution) -> None:
    un_maintien(territoire=distribution.territoire)
    proposer_fins(a_la_date=JOUR)
    attendu = ServiceInstructeur.objects.get(territoire=distribution.territoire).organisme
    assert Tache.objects.get().organisme == attendu


def test_ne_propose_rien_avant_l_echeance() -> None:
    un_maintien(echeance=JOUR + timedelta(days=1))
    assert proposer_fins(a_la_date=JOUR) == BilanMaintiens()
    assert not Tache.objects.exists()


def test_ne_propose_rien_a_qui_est_repasse_sous_le_seuil() -> None:
    maintien = un_maintien(soumise=True)
    assert proposer_fins(a_la_date=JOUR) == BilanMaintiens(repassees=1)
    maintien.refresh_from_db()
    assert (maintien.etat, maintien.clos_le) == (EtatMaintien.REPASSEE, JOUR)
    assert not Tache.objects.exists()


def test_une_soumission_dans_un_dossier_clos_ne_compte_pas() -> None:
    un_maintien(soumise=True, etat=EtatDossier.CLOS)
    assert proposer_fins(a_la_date=JOUR) == BilanMaintiens(proposees=1)


def test_rejouer_ne_change_plus_rien() -> None:
    un_maintien()
    proposer_fins(a_la_date=JOUR)
    actes = Acte.objects.count()
    assert proposer_fins(a_la_date=JOUR) == BilanMaintiens()
    assert (Tache.objects.count(), Acte.objects.count()) == (1, actes)


def test_deux_passages_simultanes_s_attendent_sur_les_memes_lignes() -> None:
    un_maintien()
    with CaptureQueriesContext(connection) as requetes:
        proposer_fins(a_la_date=JOUR)
    lecture = next(r["sql"] for r in requetes if 'FROM "accompagnements_maintien"' in r["sql"])
    assert 'FOR UPDATE OF "accompagnements_maintien"' in lecture
    assert 'ORDER BY "accompagnements_maintien"."id"' in lecture


def test_accepter_clot_le_maintien_la_tache_et_l_accompagnement(distribution: Distribution) -> None:
    maintien = propose(accompagnee_par=distribution.partenaire.affectations.get().organisme)
    clore_maintien(maintien, acteur=distribution.partenaire, motif="emploi stable")
    maintien.refresh_from_db()
    assert (maintien.etat, maintien.clos_le) == (EtatMaintien.CLOS, timezone.localdate())
    assert Tache.objects.get().etat == EtatTache.FAITE
    assert Accompagnement.objects.get().periode.upper == timezone.localdate() + timedelta(days=1)
    assert Acte.objects.get(code="accompagnements.maintien.clos").motif == "emploi stable"


def test_accepter_ne_touche_pas_l_accompagnement_d_un_autre(distribution: Distribution) -> None:
    maintien = propose(accompagnee_par=distribution.partenaire.affectations.get().organisme)
    autre = Accompagnement.objects.create(
        personne=maintien.personne, organisme=distribution.operateur.affectations.get().organisme,
        periode=DateRange(JOUR, None),
    )  # fmt: skip
    clore_maintien(maintien, acteur=distribution.partenaire, motif="emploi stable")
    autre.refresh_from_db()
    assert autre.periode.upper is None


def test_refuse_de_clore_avant_la_proposition(distribution: Distribution) -> None:
    maintien = un_maintien(echeance=JOUR + timedelta(days=90))
    with pytest.raises(TransitionRefuseeError, match="pas encore proposée"):
        clore_maintien(maintien, acteur=distribution.siege, motif="emploi stable")


def test_refuse_de_clore_sans_motif(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="pourquoi"):
        clore_maintien(propose(), acteur=distribution.siege, motif=" ")


def test_prolonger_remet_l_horloge_en_marche(distribution: Distribution) -> None:
    maintien = propose()
    jusquau = timezone.localdate() + timedelta(days=60)
    prolonger_maintien(maintien, acteur=distribution.siege, jusquau=jusquau, motif="période d’essai")
    maintien.refresh_from_db()
    assert (maintien.etat, maintien.echeance) == (EtatMaintien.EN_COURS, jusquau)
    assert Tache.objects.get().etat == EtatTache.FAITE
    assert proposer_fins(a_la_date=jusquau) == BilanMaintiens(proposees=1)
    assert Tache.objects.filter(etat=EtatTache.A_FAIRE).count() == 1


def test_refuse_de_prolonger_jusqu_a_une_date_passee(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="choisissez une date plus"):
        prolonger_maintien(propose(), acteur=distribution.siege, jusquau=timezone.localdate(), motif="essai")


def test_refuse_de_prolonger_un_maintien_clos(distribution: Distribution) -> None:
    maintien = propose()
    clore_maintien(maintien, acteur=distribution.siege, motif="emploi stable")
    with pytest.raises(TransitionRefuseeError, match="plus rien à décider"):
        prolonger_maintien(
            maintien, acteur=distribution.siege, jusquau=timezone.localdate() + timedelta(days=60), motif="essai"
        )
