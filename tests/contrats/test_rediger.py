"""Écrire une rubrique : sa forme, deux auteurs, les mots de la personne, la séance notée une fois."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, EcritureRemplacee, ValeurChamp
from jalon.contrats.redaction import (
    EcritureDepasseeError,
    MotsDeLaPersonneError,
    Saisie,
    SaisieIllisibleError,
    champs_de,
    ecrire_champ,
    en_texte,
    lire_saisie,
    manques,
    reunir,
    saisie_de,
)
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.contrats.fabriques import brouillon, champ, completer, dire, ecrire, seconde_plume
from tests.distribution import Distribution
from tests.fabriques import un_contrat

pytestmark = pytest.mark.django_db


@pytest.fixture
def contrat(distribution: Distribution) -> Contrat:
    return brouillon(distribution)


@pytest.fixture
def professionnel(distribution: Distribution) -> Contrat:
    return brouillon(distribution, type="cer_professionnel")


# --- La forme


@pytest.mark.parametrize(
    ("code", "brut", "lu", "texte"),
    [
        ("emploi_recherche", "  Aide   à domicile ", Saisie(texte="Aide à domicile"), "Aide à domicile"),
        ("formation", "CAP\r\nBAFA", Saisie(texte="CAP\nBAFA"), "CAP\nBAFA"),
        ("salaire", "1 450,5 €", Saisie(nombre=Decimal("1450.50")), "1\u202f450,50\u00a0€"),
        ("type_emploi", ["cdd", "cdi"], Saisie(choix=("cdi", "cdd")), "CDI, CDD"),
        ("rythme", "mois", Saisie(choix=("mois",)), "Tous les mois"),
        ("premier_bilan", "2028-02-29", Saisie(date=date(2028, 2, 29)), "29/02/2028"),
        ("premier_bilan", "28/02/2027", Saisie(date=date(2027, 2, 28)), "28/02/2027"),
        ("formation", "   ", Saisie(), ""),
    ],
)
def test_chaque_rubrique_se_lit_dans_sa_forme(
    professionnel: Contrat, code: str, brut: Any, lu: Saisie, texte: str
) -> None:
    rubrique = champ(professionnel, code)
    assert lire_saisie(rubrique, brut) == lu
    assert en_texte(rubrique, lu) == texte


@pytest.mark.parametrize(
    ("code", "brut", "phrase"),
    [
        ("salaire", "beaucoup", "attend un nombre"),
        ("salaire", "-3", "positif"),
        ("salaire", "inf", "positif"),
        ("premier_bilan", "29/02/2027", "attend une date"),
        ("rythme", "toujours", "réponse proposée"),
        ("rythme", ["mois", "quinzaine"], "n'attend qu'une réponse"),
        ("emploi_recherche", "x" * 201, "dépasse 200 signes"),
        ("formation", "x" * 5001, "dépasse 5000 signes"),
    ],
)
def test_refuse_ce_qui_n_a_pas_la_forme(professionnel: Contrat, code: str, brut: Any, phrase: str) -> None:
    with pytest.raises(SaisieIllisibleError, match=phrase):
        lire_saisie(champ(professionnel, code), brut)


# --- Qui, quand


def test_refuse_d_ecrire_sans_le_droit(contrat: Contrat, distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        ecrire(contrat, "constat", "Vit seule.", distribution.lecteur)


def test_refuse_d_ecrire_un_contrat_qui_n_est_plus_un_brouillon(distribution: Distribution) -> None:
    signe = un_contrat(distribution, etat="signe")
    with pytest.raises(TransitionRefuseeError, match="ne change plus"):
        ecrire(signe, "constat", "Vit seule.", distribution.partenaire)


def test_refuse_la_rubrique_d_un_autre_contrat(
    contrat: Contrat, professionnel: Contrat, distribution: Distribution
) -> None:
    etrangere = champ(professionnel, "formation")
    with pytest.raises(JalonError, match="pas de ce contrat"):
        ecrire_champ(
            contrat, etrangere, "CAP", acteur=distribution.partenaire,
            perimetre=Perimetre.de(distribution.partenaire), numero_lu=0,
        )  # fmt: skip


def test_la_personne_n_ecrit_que_sa_part(contrat: Contrat) -> None:
    assert dire(contrat, "ma_situation", "Je vis seule.").par_la_personne
    with pytest.raises(JalonError, match="s'écrit avec votre référent"):
        dire(contrat, "constat", "Je vis seule.")


def test_une_seance_d_ecriture_se_note_une_fois_par_auteur(contrat: Contrat, distribution: Distribution) -> None:
    valeur = ecrire(contrat, "constat", "Vit", distribution.partenaire)
    valeur = ecrire(contrat, "constat", "Vit seule", distribution.partenaire, valeur.numero)
    ecrire(contrat, "obstacles", "Pas de permis", distribution.partenaire)
    dire(contrat, "ma_situation", "Je vis seule.")
    actes = Acte.objects.filter(code="contrats.contrat.redige")
    assert sorted(str(a.acteur_id) for a in actes) == sorted([str(distribution.partenaire.pk), "None"])
    assert all(a.personnes == [contrat.personne.public_id] for a in actes)


# --- Deux auteurs


def test_refuse_d_ecraser_ce_qui_a_change_et_rend_l_autre_texte(contrat: Contrat, distribution: Distribution) -> None:
    ecrire(contrat, "constat", "Le texte de Paul", distribution.partenaire)
    with pytest.raises(EcritureDepasseeError) as refus:
        ecrire(contrat, "constat", "Le texte de Rose", seconde_plume(distribution), 0)
    assert refus.value.actuelle.texte == "Le texte de Paul"
    assert ValeurChamp.objects.get(contrat=contrat).texte == "Le texte de Paul"


def test_choisir_le_sien_garde_l_autre_en_memoire(contrat: Contrat, distribution: Distribution) -> None:
    premiere = ecrire(contrat, "constat", "Le texte de Paul", distribution.partenaire)
    ecrire(contrat, "constat", "Le texte de Rose", seconde_plume(distribution), premiere.numero)
    gardee = EcritureRemplacee.objects.get(contrat=contrat)
    assert (gardee.texte, gardee.ecrit_par) == ("Le texte de Paul", distribution.partenaire)


def test_un_envoi_repete_apres_une_coupure_n_est_pas_un_desaccord(contrat: Contrat, distribution: Distribution) -> None:
    ecrire(contrat, "constat", "Le même texte", distribution.partenaire, 0)
    assert ecrire(contrat, "constat", "Le même texte", distribution.partenaire, 0).numero == 1


def test_reunir_garde_les_deux_textes(contrat: Contrat) -> None:
    les_deux = reunir(champ(contrat, "constat"), Saisie(texte="Le premier."), Saisie(texte="Le second."))
    assert les_deux.texte == "Le premier.\n\nLe second."


@pytest.fixture
def auteurs(distribution: Distribution) -> dict[str, Agent]:
    return {"P": distribution.partenaire, "S": seconde_plume(distribution)}


def tenter(
    contrat: Contrat, texte: str, qui: Agent, numero: int
) -> tuple[ValeurChamp | None, EcritureDepasseeError | None]:
    try:
        return ecrire(contrat, "constat", texte, qui, numero), None
    except EcritureDepasseeError as refus:
        return None, refus


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ordre=st.text("PpSs", min_size=2, max_size=12))
def test_aucun_entrelacement_de_deux_auteurs_ne_perd_un_texte(
    contrat: Contrat, auteurs: dict[str, Agent], ordre: str
) -> None:
    """Deux auteurs relisent (minuscule) et écrivent (majuscule) dans un ordre quelconque : ce qui fut accepté se lit
    encore, ou fut récrit par son propre auteur ; ce qui fut refusé l'a été avec l'autre texte.
    """
    ValeurChamp.objects.filter(contrat=contrat).delete()
    EcritureRemplacee.objects.filter(contrat=contrat).delete()
    lus, acceptes = dict.fromkeys("PS", 0), []
    for rang, pas in enumerate(ordre):
        qui = pas.upper()
        if pas.islower():
            lus[qui] = getattr(ValeurChamp.objects.filter(contrat=contrat).first(), "numero", 0)
            continue
        texte = f"{qui} {rang}"
        ecrite, refus = tenter(contrat, texte, auteurs[qui], lus[qui])
        if ecrite is not None:
            lus[qui] = ecrite.numero
            acceptes.append((qui, texte))
        assert refus is None or refus.actuelle.texte == acceptes[-1][1]
    derniere = ValeurChamp.objects.filter(contrat=contrat).first()
    actuelle = derniere.texte if derniere is not None else None
    gardees = set(EcritureRemplacee.objects.filter(contrat=contrat).values_list("texte", flat=True))
    for (qui, texte), suivant in itertools.zip_longest(acceptes, acceptes[1:]):
        recrit_par_soi = suivant is not None and suivant[0] == qui
        assert texte == actuelle or texte in gardees or recrit_par_soi


# --- Les mots de la personne


def test_refuse_qu_un_agent_remplace_en_silence_les_mots_de_la_personne(
    contrat: Contrat, distribution: Distribution
) -> None:
    dite = dire(contrat, "ma_situation", "Je me sens seule.")
    with pytest.raises(MotsDeLaPersonneError, match="écrit par la personne"):
        ecrire(contrat, "ma_situation", "Isolement.", distribution.partenaire, dite.numero)
    assert ValeurChamp.objects.get(contrat=contrat).texte == "Je me sens seule."


def test_remplaces_expres_les_mots_de_la_personne_restent_lisibles(
    contrat: Contrat, distribution: Distribution
) -> None:
    dite = dire(contrat, "ma_situation", "Je me sens seule.")
    ecrire(contrat, "ma_situation", "Isolement.", distribution.partenaire, dite.numero, malgre_la_personne=True)
    rubrique = next(r for s in champs_de(contrat) for r in s.rubriques if r.champ.code == "ma_situation")
    assert rubrique.texte == "Isolement."
    assert [(r.texte, r.par_la_personne) for r in rubrique.remplacees] == [("Je me sens seule.", True)]


def test_ce_que_l_agent_note_sous_sa_dictee_reste_a_lui_a_corriger(
    contrat: Contrat, distribution: Distribution
) -> None:
    notee = ecrire(contrat, "ma_situation", "Je sui seule.", distribution.partenaire, dit_par_la_personne=True)
    assert notee.par_la_personne
    corrigee = ecrire(
        contrat, "ma_situation", "Je suis seule.", distribution.partenaire, notee.numero, dit_par_la_personne=True
    )
    assert saisie_de(corrigee).texte == "Je suis seule."


# --- Ce qui manque


def test_dit_ce_qui_manque_avant_de_signer(contrat: Contrat, distribution: Distribution) -> None:
    phrases = manques(contrat)
    assert "Écrivez « Où en est la personne aujourd'hui »." in phrases
    assert "Écrivez au moins un objectif." in phrases
    completer(contrat, distribution.partenaire)
    assert manques(contrat) == []


def test_un_contrat_ecrit_ailleurs_n_a_rien_a_ecrire(distribution: Distribution) -> None:
    cite = brouillon(distribution, type="ppae")
    assert champs_de(cite) == []
    assert manques(cite) == []
