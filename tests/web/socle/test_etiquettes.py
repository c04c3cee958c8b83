"""Étiquettes et filtres de gabarit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.template import Context, Template, TemplateSyntaxError

from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne
from jalon.web.templatetags import jalon as etiquettes


def rendre(source: str, **contexte: object) -> str:
    return Template(source).render(Context({"perimetre": Perimetre.vide(), **contexte}))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "attendu"),
    [
        ('{% mot "contrat" %}', "contrat d&#x27;engagements réciproques"),
        ('{% mot "contrat" "pluriel" %}', "contrats d&#x27;engagements réciproques"),
        ('{% mot "contrat" "court" %}', "CER"),
        ('{% mot "referent" "court" %}', "référent"),
        ('{% mot_defini "orientation" %}', "l’orientation"),
        ('{% mot_defini "foyer" %}', "le foyer"),
        ('{% mot_defini "file_orientation" %}', "la file d&#x27;orientation"),
        ('{% mot_defini "foyer" "pluriel" %}', "les foyers"),
        ('{% mot_contracte "foyer" %}', "du foyer"),
        ('{% mot_contracte "orientation" %}', "de l’orientation"),
        ('{% mot_contracte "foyer" "à" %}', "au foyer"),
        ('{% mot_contracte "foyer" "à" "pluriel" %}', "aux foyers"),
        ('{% mot_un "orientation" %}', "une orientation"),
    ],
)
def test_les_mots_du_departement(source: str, attendu: str) -> None:
    assert rendre(source) == attendu


def test_les_dates() -> None:
    assert etiquettes.date_courte(date(2026, 11, 3)) == "3 nov. 2026"
    assert etiquettes.date_longue(date(2026, 3, 1)) == "1er mars 2026"
    assert etiquettes.date_courte(None) == ""
    assert etiquettes.date_heure(datetime(2026, 11, 3, 8, 5, tzinfo=UTC)) == "3 nov. 2026 à 9 h 05"


def test_les_nombres() -> None:
    assert etiquettes.nombre(53491) == "53\u202f491"
    assert etiquettes.euros(Decimal("1234.5")) == "1\u202f234,50\u00a0€"
    assert etiquettes.accorde(1, "personne,personnes") == "1 personne"
    assert etiquettes.accorde(0, "personne,personnes") == "0 personne"
    assert etiquettes.accorde(2, "personne,personnes") == "2 personnes"


def test_une_personne_se_nomme_et_s_accorde() -> None:
    elle = Personne(prenom="ÉLODIE", nom="LEFÈVRE", sexe="2", date_naissance=date(1985, 4, 12))
    lui = Personne(
        prenom="KARIM", nom="D'AGOSTINO", sexe="1", date_naissance=date(1983, 1, 1), qualite_date_naissance="O"
    )
    assert etiquettes.nom_affiche(elle) == "Élodie Lefèvre"
    assert etiquettes.ne_le(elle) == "née le 12 avril 1985"
    assert etiquettes.ne_le(lui) == "né en 1983"
    assert etiquettes.genre(lui, "orientée,orienté") == "orienté"


def test_un_code_inconnu_est_dit_tel_quel() -> None:
    assert etiquettes.code("RSD", "NATPF").startswith("RSA Socle")
    assert etiquettes.code("ZZ", "NATPF") == "code ZZ"
    assert etiquettes.code("", "NATPF") == "non renseigné"


def test_si_droit_exige_tous_les_droits_nommes() -> None:
    source = '{% si_droit "a" "b" %}oui{% sinon %}non{% fin_si_droit %}'
    deux = Perimetre(agent=None, droits=frozenset({"a", "b"}))
    un = Perimetre(agent=None, droits=frozenset({"a"}))
    assert rendre(source, perimetre=deux) == "oui"
    assert rendre(source, perimetre=un) == "non"


def test_refuse_une_icone_inconnue() -> None:
    with pytest.raises(TemplateSyntaxError, match="Aucune icône"):
        rendre('{% icone "n-existe-pas" %}')


def test_refuse_un_ton_inconnu() -> None:
    with pytest.raises(TemplateSyntaxError, match="pas un ton"):
        rendre('{% pastille "texte" ton="violet" %}')


@pytest.mark.parametrize(("passes", "ton"), [(10, "bleu"), (40, "ambre"), (60, "ambre"), (61, "rouge")])
def test_la_barre_de_delai_change_de_ton(passes: int, ton: str) -> None:
    page = rendre('{% include "composants/delai.html" with jours=passes total=60 only %}', passes=passes)
    assert f"ton-{ton}" in page
    assert "style=" not in page
    assert ("dépassé" in page) == (ton == "rouge")


@pytest.mark.parametrize(
    ("periode", "attendu"),
    [
        (DateRange(date(2026, 8, 31), date(2026, 10, 1)), "du 31 août 2026 au 30 sept. 2026"),
        (DateRange(date(2028, 2, 29), date(2028, 3, 1)), "le 29 févr. 2028"),
        (DateRange(date(2026, 9, 30), None), "depuis le 30 sept. 2026"),
        (DateRange(empty=True), "corrigé le jour même"),
    ],
)
def test_une_periode_se_lit_dernier_jour_compris(periode: DateRange, attendu: str) -> None:
    assert etiquettes.periode(periode) == attendu
