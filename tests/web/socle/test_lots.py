"""Plusieurs listes en un aller-retour, avec leurs types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.droits.models import Evenement, Soumission
from jalon.personnes.models import Personne
from jalon.web.socle.lots import lire_lots
from tests.fabriques import DEPUIS, une_allocataire


def test_lit_tout_en_une_requete_avec_les_bons_types(db: None, django_assert_num_queries: Any) -> None:
    personne = une_allocataire()
    Soumission.objects.update(ressources=Decimal("123.45"))
    with django_assert_num_queries(1):
        lus = lire_lots(
            {
                "soumissions": (
                    Soumission.objects.order_by("pk"),
                    (
                        "periode",
                        "soumise",
                        "ressources",
                        "abattements",
                        "personne__public_id",
                        "personne__date_naissance",
                    ),
                ),
                "rien": (Evenement.objects.order_by("pk"), ("liquide_le",)),
                "vide": (Personne.objects.none(), ("nom",)),
            }
        )
    (ligne,) = lus["soumissions"]
    assert ligne.periode == DateRange(DEPUIS, None)
    assert ligne.soumise is True
    assert ligne.ressources == Decimal("123.45")
    assert ligne.abattements is None
    assert ligne.personne_public_id == personne.public_id
    assert ligne.personne_date_naissance == date(1985, 4, 12)
    assert lus["rien"] == lus["vide"] == []


def test_une_periode_vide_le_reste(db: None) -> None:
    une_allocataire()
    Soumission.objects.update(periode=DateRange(empty=True))
    (ligne,) = lire_lots({"s": (Soumission.objects.order_by("pk"), ("periode",))})["s"]
    assert ligne.periode.isempty


def test_garde_l_ordre_demande(db: None) -> None:
    for nom in ("B", "A", "C"):
        une_allocataire(nom=nom)
    lus = lire_lots({"p": (Personne.objects.order_by("-nom"), ("nom",))})["p"]
    assert [ligne.nom for ligne in lus] == ["C", "B", "A"]
