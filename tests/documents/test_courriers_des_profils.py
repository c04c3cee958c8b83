"""Les lettres livrées sont écrites pour être lues : phrases courtes, « vous », aucun sigle sans son sens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from jalon.referentiels.profil import charger_profil
from jalon.referentiels.profil.courriers import (
    CHAMPS,
    COURRIERS_REQUIS,
    Courrier,
    UsageCourrier,
    controler_texte,
    lire_corps,
)

PROFILS = sorted(d.name for d in Path(settings.PROFILS).iterdir() if (d / "profil.yaml").is_file())
MOTS_AU_PLUS = 20
COURRIERS = [
    pytest.param(courrier, id=f"{profil}-{courrier.code}")
    for profil in PROFILS
    for courrier in charger_profil(settings.PROFILS / profil).courriers.courriers
]
A_LA_PERSONNE = [c for c in COURRIERS if c.values[0].usage not in (UsageCourrier.COPIE, UsageCourrier.ENTETE)]  # type: ignore[union-attr]


@pytest.mark.parametrize("profil", PROFILS)
def test_chaque_profil_a_tous_les_courriers(profil: str) -> None:
    assert {c.code for c in charger_profil(settings.PROFILS / profil).courriers.courriers} >= set(COURRIERS_REQUIS)


@pytest.mark.parametrize("courrier", A_LA_PERSONNE)
def test_les_phrases_sont_courtes(courrier: Courrier) -> None:
    longues = [
        phrase
        for ligne in lire_corps(courrier.corps)
        for phrase in re.split(r"(?<=[.?!:;])\s", ligne.texte)
        if len(re.findall(r"[\w{}'’-]+", phrase)) > MOTS_AU_PLUS
    ]
    assert longues == []


@pytest.mark.parametrize("courrier", COURRIERS)
def test_aucun_sigle_sans_son_sens(courrier: Courrier) -> None:
    """Un sigle n'est admis qu'entre parenthèses, après les mots qu'il abrège."""
    sans_reference = re.sub(r"\b[LRD]\d{3}-\d+\b", "", courrier.corps)
    assert re.findall(r"(?<!\()\b[A-Z]{2,}\b(?!\))", sans_reference) == []


@pytest.mark.parametrize("courrier", COURRIERS)
def test_une_sanction_ne_va_pas_sans_le_droit_d_etre_entendu(courrier: Courrier) -> None:
    if re.search(r"suspendu|sanction(?!s possibles\n)|radié", courrier.corps):
        assert re.search(r"personne de votre choix|\{voies_recours\}", courrier.corps)


ACCORDS = re.compile(
    r"\bvous (?:vous )?(?:êtes|serez|seriez|étiez|avez été|avons|pouvez être|pouvez(?: \w+)? demander à être|pourriez être)"
    r"\b(?: [\w’']+){0,2}? \w+(?:é|u)\b"
)


@pytest.mark.parametrize(
    "phrase", ["Vous vous êtes expliqué.", "Vous pouvez aussi demander à être reçu.", "vous seriez d'abord prévenu"]
)
def test_reconnait_un_accord_au_masculin(phrase: str) -> None:
    assert ACCORDS.search(phrase.lower())


@pytest.mark.parametrize("courrier", COURRIERS)
def test_aucune_phrase_ne_presume_le_genre_de_la_personne(courrier: Courrier) -> None:
    """La même phrase vaut pour « Madame » et « Monsieur » : jamais « vous êtes convoqué »."""
    assert ACCORDS.findall(courrier.corps.lower()) == []


BON = "{type_orientation} {type_contrat} {delai_contrat}\n{sanctions}\n{voies_recours}"


@pytest.mark.parametrize(
    ("corps", "faute"),
    [
        ("", "le texte est vide"),
        (f"Bonjour\n\n{{autre}}\n{BON}", "ligne 3 : « {autre} » n'est pas un champ de ce courrier"),
        (f"Bonjour {{\n{BON}", "ligne 1 : une accolade ne sert qu'à citer un champ"),
        (f"Voici {{sanctions}}\n{BON}", "ligne 1 : {sanctions} remplit plusieurs lignes"),
        (f"- {{sanctions}}\n{BON}", "ligne 1 : {sanctions} remplit plusieurs lignes"),
        (BON.replace("{voies_recours}", ""), "il manque les voies de recours : citer {voies_recours}"),
    ],
)
def test_refuse_un_texte_faux_en_disant_la_ligne(corps: str, faute: str) -> None:
    assert controler_texte(UsageCourrier.NOTIFICATION, "objet", BON) == []
    assert any(trouvee.startswith(faute) for trouvee in controler_texte(UsageCourrier.NOTIFICATION, "objet", corps))


def test_refuse_un_champ_inconnu_dans_l_objet() -> None:
    assert controler_texte(UsageCourrier.NOTIFICATION, "{autre}", BON)[0].startswith("objet : « {autre} »")


@pytest.mark.parametrize("usage", UsageCourrier)
def test_chaque_usage_a_un_exemple_pour_chaque_champ_sans_bloc(usage: UsageCourrier) -> None:
    sans = {c.code for c in CHAMPS[usage] if not c.bloc and not c.exemple}
    assert sans <= {"departement"}
