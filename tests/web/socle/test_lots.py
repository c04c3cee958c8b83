"""Plusieurs listes en un aller-retour, avec leurs types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import Evenement, Soumission
from jalon.personnes.models import Personne
from jalon.socle.rls import web_role
from jalon.web.socle.lots import lire_lots
from tests.distribution import Distribution
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


def test_une_seule_requete_preparee_quel_que_soit_le_nombre_de_cles(db: None) -> None:
    siennes = sorted(une_allocataire(nom=nom).pk for nom in ("A", "B", "C"))
    for cles in ([], siennes[:1], siennes, [*siennes, 3_000_000_000]):
        lus = lire_lots({"p": (Personne.objects.filter(id__parmi=cles).order_by("pk"), ("id",))})["p"]
        assert [ligne.id for ligne in lus] == [cle for cle in cles if cle in siennes]
    with connection.cursor() as curseur:
        curseur.execute("select count(*) from pg_prepared_statements where statement like '%personnes_personne%any(%'")
        assert curseur.fetchone() == (1,)


def test_une_requete_deja_preparee_obeit_au_perimetre_de_qui_lit(distribution: Distribution) -> None:
    """Le plan gardé est le même pour tous ; ce qu'il laisse voir, non."""
    personne = une_allocataire(territoire=distribution.territoire)
    for _ in range(8):
        for agent, vus in ((distribution.orienteur, [personne.pk]), (distribution.etrangere, [])):
            with web_role(Perimetre.de(agent).reglages()):
                lus = lire_lots({"p": (Personne.objects.filter(id__parmi=[personne.pk]).order_by("pk"), ("id",))})["p"]
            assert [ligne.id for ligne in lus] == vus
    with connection.cursor() as curseur:
        curseur.execute(
            "select generic_plans > 0 from pg_prepared_statements where statement like '%personnes_personne%any(%'"
        )
        assert curseur.fetchone() == (True,), "sans plan gardé, l'essai ne dirait rien"
