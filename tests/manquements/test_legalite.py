"""Table des combinaisons illégales (annexe 1) : chaque garantie × chaque régime × la veille, le jour, le lendemain.

Chaque cas part d'un dossier légal et n'en change qu'un fait : le service le refuse avec une phrase et une seule, la base
refuse la même ligne insérée en SQL sous le nom de la même contrainte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import ChampContrat, ValeurChamp
from jalon.droits.models import NatureDroit, Situation, Soumission
from jalon.manquements.legalite import (
    GARANTIES,
    Projet,
    avertissements,
    empechements,
    etablir_projet,
    refus,
    regle_applicable,
    regles_possibles,
)
from jalon.manquements.models import (
    ConstatService,
    DecisionSanction,
    Manquement,
    MotifManquement,
    Observation,
    RegleSanction,
)
from jalon.personnes.models import Rattachement
from jalon.socle.rls import web_role
from tests.fabriques import PersonneFactory, un_contrat
from tests.manquements.fabriques import une_personne_suivie
from tests.manquements.sanctions import (
    contrainte,
    inserer,
    regle,
    un_avis,
    un_document,
    un_dossier_a_decider,
    un_projet,
    une_personne_soumise,
    une_sanction,
)

pytestmark = pytest.mark.django_db
UN_JOUR = timedelta(days=1)

VEILLE_RSA, JOUR_RSA, LENDEMAIN_RSA = date(2009, 5, 31), date(2009, 6, 1), date(2009, 6, 2)
VEILLE_PE, JOUR_PE, LENDEMAIN_PE = date(2025, 5, 31), date(2025, 6, 1), date(2025, 6, 2)
PLUS_TARD = date(2026, 3, 31)
"""Sous un régime neuf, une deuxième décision n'est possible qu'après une première : pas le jour du changement."""


@dataclass(frozen=True)
class Base:
    """Une décision légale : le jour, le régime et la règle."""

    jour: date
    regime: str
    code: str

    @property
    def id(self) -> str:
        return f"{self.jour}-{self.regime}-{self.code}"

    def projet(self, distribution: Any) -> Projet:
        la_regle = regle(self.regime, self.code)
        personne = une_personne_soumise(distribution, self.jour - timedelta(days=900))
        if la_regle.rang == "suivante":
            une_sanction(
                distribution, self.jour - timedelta(days=200), la_regle=regle(self.regime, "premiere"),
                personne=personne,
            )  # fmt: skip
        manquement = un_dossier_a_decider(distribution, self.jour, personne=personne, fraude=la_regle.fraude)
        return un_projet(manquement, la_regle, self.jour)


BASES = [
    Base(VEILLE_RSA, "rmi", "suspension"),
    *(Base(jour, "rsa", code) for jour in (JOUR_RSA, LENDEMAIN_RSA) for code in ("premiere", "fraude", "amende")),
    *(Base(VEILLE_PE, "rsa", code) for code in ("premiere", "suivante", "fraude", "amende")),
    *(
        Base(jour, "plein_emploi", code)
        for jour in (JOUR_PE, LENDEMAIN_PE)
        for code in ("premiere", "fraude", "amende")
    ),
    *(Base(PLUS_TARD, "plein_emploi", code) for code in ("suivante", "suppression")),
]
AUTRE_REGIME = {"rmi": "rsa", "rsa": "plein_emploi", "plein_emploi": "rsa"}


def _regle_d_un_autre_regime(projet: Projet) -> Projet:
    """La même sanction, par la règle d'un régime qui n'est pas celui du jour."""
    code = "premiere" if projet.regle.regime.code == "rmi" else projet.regle.code
    return un_projet(projet.manquement, regle(AUTRE_REGIME[projet.regle.regime.code], code), projet.decidee_le)


@dataclass(frozen=True)
class Cas:
    """Un fait changé, la contrainte qui le refuse et un mot de la phrase."""

    nom: str
    contrainte: str
    phrase: str
    change: Callable[[Projet], Projet]
    si: Callable[[Projet], bool] = lambda p: True


def _c(nom: str, contrainte: str, phrase: str, si: Callable[[Projet], bool] = lambda p: True, **fait: Any) -> Cas:
    def changer(p: Projet) -> Projet:
        return replace(p, **{cle: valeur(p) if callable(valeur) else valeur for cle, valeur in fait.items()})

    return Cas(nom, contrainte, phrase, changer, si)


def _retenue(p: Projet) -> bool:
    return p.nature != "amende"


def _amende(p: Projet) -> bool:
    return p.nature == "amende"


CAS = [
    Cas(
        "régime d'un autre jour", "sanction_du_regime_du_jour", "n'est pas en vigueur", _regle_d_un_autre_regime,
        lambda p: p.rang != "suivante",
    ),
    _c("motif hors régime", "sanction_motif_du_regime", "n'existe pas sous le régime", article_motif=""),
    _c("non soumise", "sanction_personne_soumise", "pas soumise aux droits et devoirs", soumise=False),
    _c("service en cause", "sanction_service_hors_de_cause", "service est en cause", faute_service=True),
    _c("aucun fait daté", "sanction_faits_dates", "Aucun fait daté", faits_le=None),
    _c(
        "fait après la décision", "sanction_faits_dates", "après la décision",
        faits_le=lambda p: p.decidee_le + UN_JOUR,
    ),
    _c("motif légitime", "sanction_sans_motif_legitime", "motif légitime", motif_legitime=True),
    _c("sans contact préalable", "sanction_apres_contact", "pas été contactée", contact_le=None),
    _c(
        "contact après l'avertissement", "sanction_apres_contact", "devait le précéder",
        contact_le=lambda p: p.averti_recu_le + UN_JOUR,
    ),
    _c("sans date certaine", "sanction_apres_avertissement", "date certaine", averti_recu_le=None),
    _c("sans délai", "sanction_apres_avertissement", "date certaine", observations_jusqu_au=None),
    _c(
        "dernier jour du délai", "sanction_apres_observations", "court jusqu'au",
        observations_jusqu_au=lambda p: p.decidee_le,
    ),
    _c(
        "réponse après la décision", "sanction_apres_observations", "court jusqu'au",
        observations_jusqu_au=lambda p: p.decidee_le, reponse_le=lambda p: p.decidee_le + UN_JOUR,
    ),
    _c(
        "délai raccourci d'un jour", "sanction_delai_observations_entier", "la loi le veut",
        observations_jusqu_au=lambda p: p.observations_au_moins - UN_JOUR,
    ),
    _c("audition refusée", "sanction_audition_proposee", "convoquez-la", audition_demandee=True),
    _c(
        "audition à venir", "sanction_audition_proposee", "attendez son audition", audition_demandee=True,
        audition_proposee_le=lambda p: p.decidee_le + UN_JOUR,
    ),
    _c("sans avis", "sanction_apres_avis", "avis de l'instance", lambda p: p.avis_exige, avis_le=None),
    _c(
        "avis du lendemain", "sanction_apres_avis", "avis de l'instance", lambda p: p.avis_exige,
        avis_le=lambda p: p.decidee_le + UN_JOUR,
    ),
    _c("écart non expliqué", "sanction_ecart_explique", "s'écarte de l'avis", ecart_avis=True),
    _c("sans motivation", "sanction_motivee", "pourquoi cette décision", motivation=""),
    _c("déjà décidée une fois", "sanction_rang", "première fois", lambda p: p.rang == "premiere", precedentes=1),
    _c("aucune décision avant", "sanction_rang", "aucune ne compte", lambda p: p.rang == "suivante", precedentes=0),
    _c(
        "part trop forte", "sanction_taux_dans_la_grille", "hors de la grille", _retenue,
        taux=lambda p: p.taux_max + 1, plafond_foyer=None,
    ),
    _c(
        "part trop faible", "sanction_taux_dans_la_grille", "hors de la grille", _retenue,
        taux=lambda p: p.taux_min - 1,
    ),
    _c("part oubliée", "sanction_taux_dans_la_grille", "quelle part", _retenue, taux=None),
    _c("amende en part", "sanction_taux_dans_la_grille", "pas de part", _amende, taux=50),
    _c("trop longue", "sanction_duree_dans_la_grille", "hors de la grille", _retenue, duree=lambda p: p.duree_max + 1),
    _c("durée nulle", "sanction_duree_dans_la_grille", "hors de la grille", _retenue, duree=0),
    _c("durée oubliée", "sanction_duree_dans_la_grille", "combien de mois", _retenue, duree=None),
    _c("amende en mois", "sanction_duree_dans_la_grille", "pas de durée", _amende, duree=1),
    _c(
        "plus de la moitié pour un foyer", "sanction_plafond_du_foyer", "plusieurs personnes",
        lambda p: p.plafond_foyer is not None, foyer_plusieurs=True, taux=51,
    ),
    _c(
        "plus de la moitié d'une allocation majorée", "sanction_plafond_du_foyer", "majorée",
        lambda p: p.plafond_majore, majoree=True, taux=51,
    ),
    _c("heures non dues", "sanction_heures_dues", "aucune heure", porte_sur_heures=True, heures_exonerees=True),
    _c(
        "règle de la fraude", "sanction_reservee_a_la_fraude", "réservée à la fraude",
        lambda p: p.regle_fraude, motif_fraude=False,
    ),
    _c(
        "fraude hors de sa règle", "sanction_reservee_a_la_fraude", "Une fraude",
        lambda p: not p.regle_fraude, motif_fraude=True,
    ),
    _c(
        "faits trop anciens", "sanction_faits_assez_recents", "trop anciens",
        lambda p: p.faits_pas_avant is not None, faits_le=lambda p: p.faits_pas_avant - UN_JOUR,
    ),
    _c("effet la veille", "sanction_effet_date", "pour l'avenir", _retenue, debut=lambda p: p.decidee_le - UN_JOUR),
    _c("sans date d'effet", "sanction_effet_date", "À|à compter", _retenue, debut=None),
    _c("amende datée", "sanction_effet_date", "pas de date d'effet", _amende, debut=lambda p: p.decidee_le),
    _c("amende nulle", "sanction_montant_de_l_amende", "montant de l'amende", _amende, montant=Decimal(0)),
    _c("amende sans montant", "sanction_montant_de_l_amende", "montant de l'amende", _amende, montant=None),
    _c("retenue en euros", "sanction_montant_de_l_amende", "Seule une amende", _retenue, montant=Decimal(10)),
]  # fmt: skip


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.id)
def test_accepte_la_decision_legale(distribution: Any, base: Base) -> None:
    projet = base.projet(distribution)

    assert refus(projet) == []
    identifiant = inserer(projet, distribution.siege)

    assert DecisionSanction.objects.get(pk=identifiant).regle == projet.regle


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.id)
def test_refuse_chaque_combinaison_illegale(distribution: Any, base: Base) -> None:
    legal = base.projet(distribution)
    essayes = [cas for cas in CAS if cas.si(legal)]
    for cas in essayes:
        illegal = cas.change(legal)
        dits = refus(illegal)

        assert [r.contrainte for r in dits] == [cas.contrainte], cas.nom
        assert any(morceau in dits[0].phrase for morceau in cas.phrase.split("|")), (cas.nom, dits[0].phrase)
        with pytest.raises(IntegrityError) as capture, transaction.atomic():
            inserer(illegal, distribution.siege)
        assert contrainte(capture.value) == cas.contrainte, cas.nom
    assert len(essayes) >= 24


def test_la_table_essaie_chaque_garantie_et_chaque_contrainte() -> None:
    """Une contrainte ajoutée au modèle sans règle, ou une règle sans cas, se voit ici."""
    gardes = {c.name for c in DecisionSanction._meta.constraints}
    suites = {"sanction_notifiee_par_lettre", "sanction_levee_motivee", "sanction_notifiee_avant_son_effet"}

    assert set(GARANTIES) == gardes - suites
    assert {cas.contrainte for cas in CAS} == set(GARANTIES) - {"sanction_une_seule_a_la_fois"}


def test_refuse_deux_sanctions_aux_memes_jours(distribution: Any) -> None:
    personne = une_personne_soumise(distribution, PLUS_TARD - timedelta(days=900))
    une_sanction(
        distribution, PLUS_TARD - timedelta(days=119), la_regle=regle("plein_emploi", "premiere"), personne=personne,
        debut=PLUS_TARD, duree=2, faits_le=PLUS_TARD - timedelta(days=300),
    )  # fmt: skip
    suivant = un_dossier_a_decider(distribution, PLUS_TARD, personne=personne, faits_le=PLUS_TARD - timedelta(days=119))
    projet = un_projet(suivant, regle("plein_emploi", "suivante"), PLUS_TARD)

    assert [r.contrainte for r in refus(projet)] == ["sanction_une_seule_a_la_fois"]
    with pytest.raises(IntegrityError) as capture, transaction.atomic():
        inserer(projet, distribution.siege)
    assert contrainte(capture.value) == "sanction_une_seule_a_la_fois"
    assert refus(un_projet(suivant, projet.regle, PLUS_TARD, debut=date(2026, 5, 31))) == []


# --- Ce que la base relit dans le dossier


FAUX: dict[str, Any] = {
    "personne_id": None,
    "faits_le": lambda p: p.faits_le - UN_JOUR,
    "contact_le": lambda p: p.contact_le - UN_JOUR,
    "averti_recu_le": lambda p: p.averti_recu_le - UN_JOUR,
    "observations_jusqu_au": lambda p: p.observations_jusqu_au + UN_JOUR,
    "observations_au_moins": lambda p: p.observations_au_moins - UN_JOUR,
    "reponse_le": lambda p: p.decidee_le,
    "avis_le": lambda p: p.avis_le - UN_JOUR,
    "taux_min": lambda p: p.taux_min - 1,
    "taux_max": lambda p: p.taux_max - 1,
    "duree_max": lambda p: p.duree_max + 1,
    "plafond_foyer": None,
    "plafond_majore": False,
    "avis_exige": True,
    "rang": "tous",
    "nature": "suppression",
    "regime_periode": DateRange(None, None),
    "article_motif": "L999",
    "foyer_plusieurs": True,
    "majoree": True,
    "audition_demandee": None,
    "porte_sur_heures": True,
    "faits_pas_avant": lambda p: p.faits_le,
}


@pytest.mark.parametrize("colonne", FAUX)
def test_refuse_en_sql_une_colonne_qui_ne_dit_pas_le_dossier(distribution: Any, colonne: str) -> None:
    """Une ligne d'apparence légale, mais fausse : la base relit la grille et le dossier."""
    projet = Base(LENDEMAIN_PE, "plein_emploi", "premiere").projet(distribution)
    faux = FAUX[colonne]
    valeur = faux(projet) if callable(faux) else faux
    champs = {colonne: valeur}
    if colonne == "personne_id":
        champs = {"personne_id": PersonneFactory().pk}
    if colonne == "audition_demandee":
        champs = {"audition_demandee": True, "audition_proposee_le": projet.avis_le}
    with pytest.raises(IntegrityError) as capture, transaction.atomic():
        inserer(replace(projet, **champs), distribution.siege)

    assert contrainte(capture.value) == "sanction_fidele_au_dossier"


def test_refuse_en_sql_de_cacher_le_tort_du_service(distribution: Any) -> None:
    projet = Base(LENDEMAIN_PE, "plein_emploi", "premiere").projet(distribution)
    ConstatService.objects.create(manquement=projet.manquement, code="sans_referent", phrase="Pas de référent.")
    with pytest.raises(IntegrityError) as capture, transaction.atomic():
        inserer(projet, distribution.siege)

    assert contrainte(capture.value) == "sanction_fidele_au_dossier"


def test_refuse_en_sql_une_procedure_qui_n_est_pas_a_decider(distribution: Any) -> None:
    projet = Base(LENDEMAIN_PE, "plein_emploi", "premiere").projet(distribution)
    Manquement.objects.filter(pk=projet.manquement.pk).update(etat="classe", clos_le=JOUR_PE, motif_classement="avis")
    with pytest.raises(IntegrityError) as capture, transaction.atomic():
        inserer(projet, distribution.siege)

    assert contrainte(capture.value) == "sanction_fidele_au_dossier"


@pytest.mark.parametrize(
    "changement",
    [
        "taux = 30", "duree = 2", "decidee_le = decidee_le - 1", "soumise = soumise, taux_max = 90", "motivation = 'x'",
        "etat = 'levee', levee_le = decidee_le, motif_levee = 'erreur', levee_par_id = decidee_par_id, etat_ = null",
        "periode = daterange(debut, debut + 900)", "debut = debut - 1",
    ],
)  # fmt: skip
def test_refuse_en_sql_de_changer_ce_qui_est_fige(distribution: Any, changement: str) -> None:
    decision = une_sanction(distribution, LENDEMAIN_PE, la_regle=regle("plein_emploi", "premiere"), etat="decidee")
    sql = changement.replace(", etat_ = null", ", notifiee_le = decidee_le, lettre_id = %s")
    lettre = [un_document(decision.personne).pk] if "%s" in sql else []
    with pytest.raises(IntegrityError) as capture, transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(f"update manquements_decisionsanction set {sql} where id = {decision.pk}", lettre)

    assert contrainte(capture.value) == "sanction_fidele_au_dossier"


def test_refuse_en_sql_d_effacer_une_levee(distribution: Any) -> None:
    decision = une_sanction(distribution, LENDEMAIN_PE, la_regle=regle("plein_emploi", "premiere"))
    DecisionSanction.objects.filter(pk=decision.pk).update(
        etat="annulee", periode=DateRange(empty=True), levee_le=LENDEMAIN_PE, levee_par=distribution.siege,
        motif_levee="erreur",
    )  # fmt: skip
    with pytest.raises(IntegrityError) as capture, transaction.atomic():
        DecisionSanction.objects.filter(pk=decision.pk).update(
            etat="notifiee", levee_le=None, levee_par=None, motif_levee=""
        )

    assert contrainte(capture.value) == "sanction_fidele_au_dossier"


def test_refuse_en_sql_de_changer_une_regle_deja_appliquee(distribution: Any) -> None:
    la_regle = regle("plein_emploi", "premiere")
    RegleSanction.objects.filter(pk=la_regle.pk).update(taux_max=90)
    RegleSanction.objects.filter(pk=la_regle.pk).update(taux_max=100)
    une_sanction(distribution, LENDEMAIN_PE, la_regle=la_regle)
    with pytest.raises(IntegrityError) as capture, transaction.atomic():
        RegleSanction.objects.filter(pk=la_regle.pk).update(taux_max=90)

    assert contrainte(capture.value) == "regle_appliquee_figee"


def test_lit_tout_le_foyer_meme_pour_qui_n_en_voit_qu_une_personne(distribution: Any) -> None:
    """Le plafond du foyer ne dépend pas du périmètre : le partenaire ne voit que la personne qu'il suit."""
    personne = une_personne_suivie(distribution)
    manquement = un_dossier_a_decider(distribution, PLUS_TARD, personne=personne)
    foyer = personne.rattachements.get().foyer
    conjoint = PersonneFactory(territoire=distribution.autre_territoire)
    Rattachement.objects.create(
        foyer=foyer, personne=conjoint, role="CJT", periode=DateRange(PLUS_TARD - timedelta(days=90), None)
    )
    with web_role(Perimetre.de(distribution.partenaire).reglages()):
        assert not Rattachement.objects.filter(personne=conjoint).exists()
        projet = un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD, taux=51)

    assert [r.contrainte for r in refus(projet)] == ["sanction_plafond_du_foyer"]


def _couple(distribution: Any) -> tuple[Manquement, Manquement]:
    """Les procédures à décider des deux membres d'un même foyer."""
    elle, lui = (une_personne_soumise(distribution, PLUS_TARD - timedelta(days=900)) for _ in range(2))
    Rattachement.objects.filter(personne=lui).update(foyer=elle.rattachements.get().foyer)
    un, deux = (un_dossier_a_decider(distribution, PLUS_TARD, personne=personne) for personne in (elle, lui))
    return un, deux


@pytest.mark.parametrize(("taux", "permis"), [(20, True), (21, False)])
def test_le_plafond_est_celui_du_foyer_entier(distribution: Any, taux: int, permis: bool) -> None:
    """Trente pour cent retenus à l'une : il n'en reste que vingt pour l'autre aux mêmes jours (R262-68)."""
    elle, lui = _couple(distribution)
    la_regle = regle("plein_emploi", "premiere")
    RegleSanction.objects.filter(pk=la_regle.pk).update(taux_min=10)
    la_regle.refresh_from_db()
    inserer(un_projet(elle, la_regle, PLUS_TARD, taux=30), distribution.siege)
    projet = un_projet(lui, la_regle, PLUS_TARD, taux=taux)
    if permis:
        assert refus(projet) == []
        assert inserer(projet, distribution.siege)
        return
    [dit] = refus(projet)
    assert dit.contrainte == "sanction_plafond_du_foyer"
    assert "30 % sont déjà retenus au foyer" in dit.phrase
    assert "il reste 20 %" in dit.phrase
    with pytest.raises(IntegrityError) as capture, transaction.atomic():
        inserer(projet, distribution.siege)
    assert contrainte(capture.value) == "sanction_plafond_du_foyer"


def test_le_plafond_du_foyer_se_libere_quand_la_premiere_sanction_finit(distribution: Any) -> None:
    elle, lui = _couple(distribution)
    la_regle = regle("plein_emploi", "premiere")
    inserer(un_projet(elle, la_regle, PLUS_TARD, taux=50), distribution.siege)
    ensuite = un_projet(lui, la_regle, PLUS_TARD, taux=50, debut=date(2026, 5, 1))
    assert refus(ensuite) == []
    identifiant = inserer(ensuite, distribution.siege)

    assert un_projet(elle, la_regle, PLUS_TARD, taux=50, debut=date(2026, 5, 1)).retenu_au_foyer == 50
    DecisionSanction.objects.filter(pk=identifiant).update(
        etat="annulee", levee_le=PLUS_TARD, levee_par=distribution.siege, motif_levee="erreur",
        periode=DateRange(empty=True),
    )  # fmt: skip
    assert un_projet(elle, la_regle, PLUS_TARD, taux=50, debut=date(2026, 5, 1)).retenu_au_foyer == 0


def test_un_foyer_que_le_dossier_ne_dit_pas_est_plafonne(distribution: Any) -> None:
    manquement = un_dossier_a_decider(distribution, PLUS_TARD)
    assert refus(un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD, taux=51)) == []
    Rattachement.objects.filter(personne=manquement.personne).update(periode=DateRange(date(2020, 1, 1), PLUS_TARD))
    projet = un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD, taux=51)

    assert [r.contrainte for r in refus(projet)] == ["sanction_plafond_du_foyer"]


def test_refuse_un_motif_qui_n_existait_pas_au_jour_des_faits(distribution: Any) -> None:
    """Les heures d'activité ne se reprochent que depuis le régime plein emploi, quel que soit le jour de la décision."""
    for faits_le, refuse in ((VEILLE_PE, True), (JOUR_PE, False)):
        manquement = un_dossier_a_decider(distribution, PLUS_TARD, faits_le=faits_le)
        _heures(distribution, manquement, 15)
        manquement.refresh_from_db()
        projet = un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD)
        assert ("sanction_motif_du_regime" in {r.contrainte for r in refus(projet)}) == refuse
        if refuse:
            with pytest.raises(IntegrityError) as capture, transaction.atomic():
                inserer(projet, distribution.siege)
            assert contrainte(capture.value) == "sanction_motif_du_regime"


def test_refuse_un_contact_note_apres_la_saisine(distribution: Any) -> None:
    manquement = un_dossier_a_decider(distribution, PLUS_TARD)
    assert manquement.contact is not None
    assert manquement.saisi_le is not None
    for le, refuse in ((manquement.saisi_le, False), (manquement.saisi_le + UN_JOUR, True)):
        type(manquement.contact).objects.filter(pk=manquement.contact.pk).update(date=le)
        projet = un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD)
        assert [r.contrainte for r in refus(projet)] == (["sanction_apres_contact"] if refuse else [])


def test_refuse_au_role_web_aussi_une_sanction_illegale(distribution: Any) -> None:
    projet = replace(Base(LENDEMAIN_PE, "plein_emploi", "premiere").projet(distribution), soumise=False)
    with web_role(Perimetre.de(distribution.siege).reglages()):
        with pytest.raises(IntegrityError) as capture, transaction.atomic():
            inserer(projet, distribution.siege)
        assert contrainte(capture.value) == "sanction_personne_soumise"
        assert inserer(replace(projet, soumise=True), distribution.siege)


# --- Ce que le dossier dit, et que l'on lit


def _heures(distribution: Any, manquement: Manquement, heures: int) -> None:
    contrat = un_contrat(
        distribution, personne=manquement.personne, type="contrat_engagement", debut=PLUS_TARD - timedelta(days=150)
    )
    champ = ChampContrat.objects.get(section__version=contrat.version, code="heures")
    ValeurChamp.objects.create(contrat=contrat, champ=champ, nombre=heures, ecrit_par=distribution.siege)
    Manquement.objects.filter(pk=manquement.pk).update(
        motif=MotifManquement.objects.get(code="heures"), contrat=contrat
    )


def _enfant(manquement: Manquement) -> None:
    foyer = manquement.personne.rattachements.get().foyer
    Rattachement.objects.create(
        foyer=foyer, personne=PersonneFactory(), role="ENF", periode=DateRange(PLUS_TARD - timedelta(days=90), None)
    )


def _droit_majore(manquement: Manquement) -> None:
    dossier = Soumission.objects.get(personne=manquement.personne).dossier
    NatureDroit.objects.create(dossier=dossier, nature="RSI", periode=DateRange(PLUS_TARD - timedelta(days=90), None))


def _de(manquement: Manquement) -> Any:
    return Manquement.objects.filter(pk=manquement.pk)


DOSSIERS: dict[str, tuple[Callable[[Any, Manquement], object], list[str]]] = {
    "rien": (lambda d, m: None, []),
    "plus soumise": (
        lambda d, m: Soumission.objects.filter(personne=m.personne).update(soumise=False),
        ["sanction_personne_soumise"],
    ),
    "droit clos": (
        lambda d, m: Situation.objects.filter(dossier__soumissions__personne=m.personne).update(etat="6"),
        ["sanction_personne_soumise"],
    ),
    "un tort du service": (
        lambda d, m: ConstatService.objects.create(manquement=m, code="sans_referent", phrase="Aucun."),
        ["sanction_service_hors_de_cause"],
    ),
    "un constat qui n'efface rien": (
        lambda d, m: ConstatService.objects.create(manquement=m, code="declare", phrase="Un mot.", efface=False),
        [],
    ),
    "un motif légitime": (lambda d, m: _de(m).update(motif_legitime=True), ["sanction_sans_motif_legitime"]),
    "une audition demandée dans une réponse": (
        lambda d, m: Observation.objects.create(
            manquement=m, canal="en_ligne", recue_le=PLUS_TARD, texte="Je veux parler.", demande_audition=True
        ),
        ["sanction_audition_proposee"],
    ),
    "zéro heure au contrat": (lambda d, m: _heures(d, m, 0), ["sanction_heures_dues"]),
    "quinze heures au contrat": (lambda d, m: _heures(d, m, 15), []),
    "un enfant au foyer": (lambda d, m: _enfant(m), ["sanction_plafond_du_foyer"]),
    "des charges connues de la caisse": (
        lambda d, m: Situation.objects.filter(dossier__soumissions__personne=m.personne).update(nombre_charges=1),
        ["sanction_plafond_du_foyer"],
    ),
    "une allocation majorée": (lambda d, m: _droit_majore(m), ["sanction_plafond_du_foyer"]),
    "un motif d'un autre régime": (
        lambda d, m: _de(m).update(motif=MotifManquement.objects.get(code="radiation")),
        ["sanction_motif_du_regime"],
    ),
    "un avis défavorable": (
        lambda d, m: (m.avis.delete(), un_avis(m, PLUS_TARD - UN_JOUR, sens="defavorable")),
        ["sanction_ecart_explique"],
    ),
    "un avis pour une autre durée": (
        lambda d, m: (m.avis.delete(), un_avis(m, PLUS_TARD - UN_JOUR, duree=2)),
        ["sanction_ecart_explique"],
    ),
    "un avis que la décision suit": (
        lambda d, m: (m.avis.delete(), un_avis(m, PLUS_TARD - UN_JOUR, nature="suspension", taux=80, duree=1)),
        [],
    ),
}


@pytest.mark.parametrize("nom", DOSSIERS)
def test_lit_dans_le_dossier_ce_qui_fait_refuser(distribution: Any, nom: str) -> None:
    changer, attendus = DOSSIERS[nom]
    manquement = un_dossier_a_decider(distribution, PLUS_TARD)
    changer(distribution, manquement)
    projet = un_projet(Manquement.objects.get(pk=manquement.pk), regle("plein_emploi", "premiere"), PLUS_TARD, taux=80)

    assert [r.contrainte for r in refus(projet)] == attendus


def test_refuse_sous_plein_emploi_un_avis_seulement_repute(distribution: Any) -> None:
    """R262-71 : le silence vaut avis sous le RSA ; rien ne le dit de la loi plein emploi."""
    for jour, regime, attendus in (
        (VEILLE_PE, "rsa", []), (JOUR_PE, "plein_emploi", ["sanction_apres_avis"])
    ):  # fmt: skip
        manquement = un_dossier_a_decider(distribution, jour, fraude=True)
        manquement.avis.delete()
        un_avis(manquement, jour - UN_JOUR, sens="", vote="repute", seance=None)

        assert [r.contrainte for r in refus(un_projet(manquement, regle(regime, "fraude"), jour))] == attendus


def test_accepte_avant_la_fin_du_delai_si_la_personne_a_repondu(distribution: Any) -> None:
    manquement = un_dossier_a_decider(distribution, PLUS_TARD, etat="averti", recu_le=PLUS_TARD - timedelta(days=5))
    la_regle = regle("plein_emploi", "premiere")
    assert [r.contrainte for r in refus(un_projet(manquement, la_regle, PLUS_TARD))] == ["sanction_apres_observations"]

    _de(manquement).update(reponse_le=PLUS_TARD)

    assert refus(un_projet(manquement, la_regle, PLUS_TARD)) == []


def test_dit_tous_les_refus_ensemble(distribution: Any) -> None:
    manquement = un_dossier_a_decider(distribution, PLUS_TARD)
    Soumission.objects.filter(personne=manquement.personne).update(soumise=False)
    _de(manquement).update(motif_legitime=True)
    projet = un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD, taux=20, duree=9)

    assert [r.contrainte for r in refus(projet)] == [
        "sanction_personne_soumise", "sanction_sans_motif_legitime", "sanction_taux_dans_la_grille",
        "sanction_duree_dans_la_grille",
    ]  # fmt: skip
    assert {r.contrainte for r in empechements(manquement, PLUS_TARD)} == {
        "sanction_personne_soumise", "sanction_sans_motif_legitime",
    }  # fmt: skip


# --- Le rang, les mois, les avertissements


def test_la_repetition_compte_vingt_quatre_mois_depuis_la_notification(distribution: Any) -> None:
    personne = une_personne_soumise(distribution, date(2025, 6, 1))
    premiere = une_sanction(
        distribution, date(2025, 10, 31), la_regle=regle("plein_emploi", "premiere"), personne=personne
    )
    assert premiere.notifiee_le is not None
    for jour, compte in ((date(2027, 10, 31), 1), (date(2027, 11, 1), 0)):
        manquement = un_dossier_a_decider(distribution, jour, personne=personne)
        assert un_projet(manquement, regle("plein_emploi", "premiere"), jour).precedentes == compte
        assert [r.code for r in regles_possibles(manquement, jour)] == (
            ["suivante", "suppression"] if compte else ["premiere"]
        )
        manquement.delete()


def test_une_decision_inconnue_de_la_personne_au_jour_des_faits_ne_compte_pas(distribution: Any) -> None:
    """Connue d'elle : reçue, pas seulement écrite."""
    personne = une_personne_soumise(distribution, date(2025, 6, 1))
    decision = une_sanction(
        distribution, date(2025, 11, 3), la_regle=regle("plein_emploi", "premiere"), personne=personne
    )
    DecisionSanction.objects.filter(pk=decision.pk).update(recue_le=date(2025, 11, 10))
    for faits_le, compte in ((date(2025, 11, 9), 0), (date(2025, 11, 10), 1)):
        manquement = un_dossier_a_decider(distribution, PLUS_TARD, personne=personne, faits_le=faits_le)
        assert un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD).precedentes == compte
        manquement.delete()


@pytest.mark.parametrize(
    ("etat", "motif", "compte"),
    [("levee", "en_regle", 1), ("levee", "erreur", 0), ("levee", "service", 0), ("annulee", "recours", 0)],
)
def test_une_decision_defaite_ne_compte_plus(distribution: Any, etat: str, motif: str, compte: int) -> None:
    personne = une_personne_soumise(distribution, date(2025, 6, 1))
    decision = une_sanction(
        distribution, date(2025, 11, 10), la_regle=regle("plein_emploi", "premiere"), personne=personne
    )
    DecisionSanction.objects.filter(pk=decision.pk).update(
        etat=etat, levee_le=date(2025, 11, 20), levee_par=distribution.siege, motif_levee=motif,
        periode=DateRange(empty=True),
    )  # fmt: skip
    manquement = un_dossier_a_decider(distribution, PLUS_TARD, personne=personne)

    assert un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD).precedentes == compte


def test_avertit_que_les_faits_sont_d_un_autre_regime(distribution: Any) -> None:
    manquement = un_dossier_a_decider(distribution, JOUR_PE)
    phrases = avertissements(un_projet(manquement, regle("plein_emploi", "premiere"), JOUR_PE))
    assert len(phrases) == 1
    assert "régime RSA" in phrases[0]
    assert "Plein emploi" in phrases[0]

    meme = un_dossier_a_decider(distribution, PLUS_TARD)
    assert avertissements(un_projet(meme, regle("plein_emploi", "premiere"), PLUS_TARD)) == []


def test_avertit_qu_une_decision_du_regime_precedent_ne_compte_pas(distribution: Any) -> None:
    personne = une_personne_soumise(distribution, date(2024, 1, 1))
    une_sanction(distribution, date(2025, 3, 3), la_regle=regle("rsa", "premiere"), personne=personne)
    manquement = un_dossier_a_decider(distribution, PLUS_TARD, personne=personne)
    projet = un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD)

    assert refus(projet) == []
    assert any("régime précédent" in phrase for phrase in avertissements(projet))


def test_avertit_que_la_personne_n_etait_pas_soumise_au_jour_des_faits(distribution: Any) -> None:
    manquement = un_dossier_a_decider(distribution, PLUS_TARD)
    Soumission.objects.filter(personne=manquement.personne).update(
        periode=DateRange(PLUS_TARD - timedelta(days=30), None)
    )
    projet = un_projet(manquement, regle("plein_emploi", "premiere"), PLUS_TARD)

    assert refus(projet) == []
    assert any("jour des faits" in phrase for phrase in avertissements(projet))


@pytest.mark.parametrize(
    ("debut", "duree", "fin"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)), (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 1), 2, date(2027, 2, 1)),
    ],
)  # fmt: skip
def test_les_fins_de_mois_sont_les_memes_pour_le_service_et_la_base(
    distribution: Any, debut: date, duree: int, fin: date
) -> None:
    projet = un_projet(
        un_dossier_a_decider(distribution, PLUS_TARD), regle("plein_emploi", "premiere"), PLUS_TARD, debut=debut,
        duree=duree,
    )  # fmt: skip

    assert projet.periode == DateRange(debut, fin)
    assert inserer(projet, distribution.siege)


def test_propose_la_regle_du_motif_et_du_rang(distribution: Any) -> None:
    ordinaire = un_dossier_a_decider(distribution, PLUS_TARD)
    assert regle_applicable(ordinaire, nature="suspension", jour=PLUS_TARD) == regle("plein_emploi", "premiere")
    assert regle_applicable(ordinaire, nature="amende", jour=PLUS_TARD) is None

    fraude = un_dossier_a_decider(distribution, PLUS_TARD, fraude=True)
    assert [r.code for r in regles_possibles(fraude, PLUS_TARD)] == ["fraude", "amende"]
    assert regles_possibles(fraude, VEILLE_RSA) == []


def test_sans_debut_la_sanction_part_du_mois_suivant(distribution: Any) -> None:
    manquement = un_dossier_a_decider(distribution, PLUS_TARD)

    assert etablir_projet(manquement, regle=regle("plein_emploi", "premiere"), jour=PLUS_TARD).debut == date(2026, 4, 1)
