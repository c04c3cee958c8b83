"""Ouvrir à la main le dossier d'une personne, sans la créer deux fois (F013)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import CommuneTerritoire
from jalon.personnes.creation import (
    DoublonPossibleError,
    IdentiteSaisie,
    chercher_doublons,
    clore_public,
    creer_personne,
    declarer_public,
)
from jalon.personnes.models import EtatRapprochement, PartageDossier, Personne, Public, PublicPersonne, Rapprochement
from jalon.personnes.services import annuler_fusion, fusionner_personnes
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory

pytestmark = pytest.mark.django_db

NADIA = IdentiteSaisie(nom="Benali", prenom="Nadia", date_naissance=date(1991, 4, 3), sexe="2")


def creer(agent: Agent, identite: IdentiteSaisie = NADIA, **options: Any) -> Personne:
    perimetre = Perimetre.de(agent)
    with web_role(perimetre.reglages()):
        return creer_personne(identite, acteur=agent, perimetre=perimetre, **options)


def commune(distribution: Distribution) -> Any:
    return (
        CommuneTerritoire.objects.filter(territoire=distribution.territoire).select_related("commune").order_by("pk")[0]
    ).commune


def test_cree_une_personne_avec_son_public_et_son_territoire(distribution: Distribution) -> None:
    public = Public.objects.get(code="aah")
    personne = creer(distribution.orienteur, public=public, commune=commune(distribution), depuis=date(2026, 1, 1))
    assert (personne.nom, personne.prenom, personne.cle_recherche) == ("BENALI", "NADIA", "benali nadia")
    assert personne.territoire == distribution.territoire
    assert PublicPersonne.objects.get(personne=personne).periode == DateRange(date(2026, 1, 1), None)
    assert not PartageDossier.objects.exists()


def test_refuse_a_qui_n_en_a_pas_le_droit(distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        creer(distribution.partenaire)


@pytest.mark.parametrize(
    ("connue", "motif"),
    [
        ({"nom": "BENALI", "prenom": "NADIA"}, "mêmes nom, prénom et naissance"),
        ({"nom": "NADIA", "prenom": "BENALI"}, "nom et prénom inversés, même naissance"),
        ({"nom": "BENALY", "prenom": "NADIA"}, "noms proches, même naissance"),
        ({"nom": "MARTIN", "nom_naissance": "BENALI", "prenom": "NADIA"}, "mêmes nom, prénom et naissance"),
        (
            {"nom": "BENALI", "prenom": "NADIA", "date_naissance": date(1991, 3, 4)},
            "mêmes nom et prénom, naissance proche",
        ),
    ],
)
def test_refuse_avant_comparaison_qui_ressemble(distribution: Distribution, connue: dict[str, Any], motif: str) -> None:
    personne = PersonneFactory(
        **{"date_naissance": NADIA.date_naissance, "territoire": distribution.territoire, **connue}
    )
    with pytest.raises(DoublonPossibleError) as refus:
        creer(distribution.orienteur)
    assert [(d.personne, d.motif) for d in refus.value.doublons] == [(personne, motif)]


def test_une_homonyme_d_un_autre_age_n_arrete_rien(distribution: Distribution) -> None:
    PersonneFactory(nom="BENALI", prenom="NADIA", date_naissance=date(1962, 8, 20), territoire=distribution.territoire)
    assert creer(distribution.orienteur).pk


def test_la_comparaison_faite_le_doute_est_tranche(distribution: Distribution) -> None:
    connue = PersonneFactory(
        nom="NADIA", prenom="BENALI", date_naissance=NADIA.date_naissance, territoire=distribution.territoire
    )
    personne = creer(distribution.orienteur, ecartees=[connue.public_id])
    doute = Rapprochement.objects.get(nouvelle=personne)
    assert (doute.etat, doute.decide_par) == (EtatRapprochement.REFUSE, distribution.orienteur)


def test_une_ressemblance_cachee_reste_cachee_et_devient_un_doublon_a_examiner(distribution: Distribution) -> None:
    connue = PersonneFactory(
        nom="BENALI", prenom="NADIA", date_naissance=NADIA.date_naissance, territoire=distribution.autre_territoire
    )
    perimetre = Perimetre.de(distribution.orienteur)
    with web_role(perimetre.reglages()):
        trouves = chercher_doublons(perimetre, NADIA)
        assert trouves.visibles == ()
        assert not Personne.objects.filter(pk=connue.pk).exists()
    personne = creer(distribution.orienteur, commune=commune(distribution))
    doute = Rapprochement.objects.get()
    assert (doute.ancienne, doute.nouvelle, doute.etat) == (connue, personne, EtatRapprochement.A_EXAMINER)


def test_qui_ne_voit_que_son_organisme_voit_la_personne_qu_il_cree(distribution: Distribution) -> None:
    instructeur = distribution.agent("Inès", "instructeur", organisme=distribution.organisme("ccas"))
    personne = creer(instructeur, commune=commune(distribution))
    for agent, voit in ((instructeur, True), (distribution.partenaire, True), (distribution.operateur, False)):
        with web_role(Perimetre.de(agent).reglages()):
            assert Personne.objects.filter(pk=personne.pk).exists() is voit


def test_le_nir_sert_a_reconnaitre_et_n_est_ecrit_que_par_qui_le_voit(distribution: Distribution) -> None:
    siege = distribution.siege
    identite = replace(NADIA, nir="2910462041123")
    personne = creer(siege, identite)
    assert personne.nir_empreinte is not None
    with pytest.raises(DoublonPossibleError) as refus:
        creer(siege, replace(identite, nom="AUTRE", prenom="NOM"))
    assert refus.value.doublons[0].motif == "même numéro de sécurité sociale"
    if not Perimetre.de(distribution.etrangere).voit_nir:
        with pytest.raises(DroitManquantError):
            creer(distribution.etrangere, replace(identite, nir="2910462041124"))


@pytest.mark.parametrize(
    "fautive",
    [
        {"prenom": " - "}, {"sexe": ""}, {"date_naissance": date(1850, 1, 1)}, {"date_naissance": date(2999, 1, 1)},
        {"nir": "12"}, {"nir": "291046204112300"},
    ],
)  # fmt: skip
def test_refuse_une_identite_impossible(distribution: Distribution, fautive: dict[str, Any]) -> None:
    with pytest.raises(JalonError):
        creer(distribution.siege, replace(NADIA, **fautive))
    assert not Personne.objects.exists()


class TestPublics:
    def test_declare_puis_clot(self, distribution: Distribution) -> None:
        siege = distribution.siege
        qui = {"acteur": siege, "perimetre": Perimetre.de(siege)}
        personne, public = PersonneFactory(), Public.objects.get(code="ass")
        ligne = declarer_public(personne, public=public, depuis=date(2026, 2, 1), **qui)
        with pytest.raises(TransitionRefuseeError, match="déjà"):
            declarer_public(personne, public=public, **qui)
        with pytest.raises(JalonError, match="précède"):
            clore_public(ligne, le=date(2026, 1, 1), **qui)
        assert clore_public(ligne, le=date(2026, 6, 1), **qui).periode == DateRange(date(2026, 2, 1), date(2026, 6, 1))
        with pytest.raises(TransitionRefuseeError, match="déjà clos"):
            clore_public(ligne, **qui)

    @pytest.mark.parametrize("modele", ["public", "partage"])
    def test_refuse_deux_periodes_qui_se_chevauchent(self, distribution: Distribution, modele: str) -> None:
        personne = PersonneFactory()
        commun: dict[str, Any] = {"personne": personne, "periode": DateRange(date(2026, 1, 1), None)}
        if modele == "public":
            classe, champs = PublicPersonne, {"public": Public.objects.get(code="aah")}
        else:
            classe, champs = PartageDossier, {"organisme": distribution.organisme("ccas"), "raison": "creation"}
        classe.objects.create(**commun, **champs)  # type: ignore[attr-defined]
        nom = {"public": "public_personne_sans_chevauchement", "partage": "partage_dossier_sans_chevauchement"}[modele]
        with pytest.raises(IntegrityError, match=nom), transaction.atomic():
            classe.objects.create(**commun, **champs)  # type: ignore[attr-defined]


def test_une_fusion_reunit_publics_et_partages_et_se_defait(distribution: Distribution) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    public, ccas = Public.objects.get(code="aah"), distribution.organisme("ccas")
    for personne, depuis in ((gardee, date(2026, 3, 1)), (absorbee, date(2026, 1, 1))):
        periode = DateRange(depuis, None)
        PublicPersonne.objects.create(personne=personne, public=public, periode=periode)
        PartageDossier.objects.create(personne=personne, organisme=ccas, raison="creation", periode=periode)
    doute = Rapprochement.objects.create(
        ancienne=gardee, nouvelle=absorbee, score=90, motif="essai", date_flux=date(2026, 10, 31)
    )
    fusion = fusionner_personnes(doute, acteur=distribution.siege)
    for modele in (PublicPersonne, PartageDossier):
        reunie = modele.objects.get(personne=gardee, periode__isempty=False)  # type: ignore[attr-defined]
        assert reunie.periode == DateRange(date(2026, 1, 1), None)
    annuler_fusion(fusion, acteur=distribution.siege)
    assert PublicPersonne.objects.get(personne=absorbee).periode == DateRange(date(2026, 1, 1), None)
