"""Les lieux d'instruction et leur charge ; la charte et les demandes derrière chaque chiffre (F020, F022)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.droits.charte import derriere, resultats
from jalon.droits.lieux import couverture, lieux_instruction
from jalon.droits.models import ReglageInstruction, RetourDemande
from jalon.organismes.models import CategorieOrganisme
from jalon.socle.rls import web_role
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_demande

pytestmark = pytest.mark.django_db
JOUR = timezone.localdate()


def jours(nombre: int) -> date:
    return JOUR - timedelta(days=nombre)


class TestLieux:
    def fixer(self, code: str, capacite: int) -> None:
        reglage = ReglageInstruction.objects.get()
        for site in reglage.contenu["sites"]:
            if site["organisme"] == code:
                site["capacite"] = capacite
        reglage.save()

    @pytest.mark.parametrize(("capacite", "depasse"), [(2, False), (1, True)])
    def test_alerte_au_dela_de_la_capacite(
        self, connecte: Any, distribution: Distribution, capacite: int, depasse: bool
    ) -> None:
        ccas = distribution.organisme(CategorieOrganisme.CCAS)
        self.fixer(ccas.code, capacite)
        for _ in range(2):
            une_demande(distribution)
        page = connecte("siege").get("/instruction/lieux/").content.decode()
        assert ("Au-delà de leur capacité" in page) is depasse
        assert f"organisme={ccas.code}" in page

    def test_la_charge_est_entiere_meme_vue_d_un_autre_territoire(self, distribution: Distribution) -> None:
        """Un nombre, sans personne : proposer un lieu demande de connaître toute sa charge (R09)."""
        ccas = distribution.organisme(CategorieOrganisme.CCAS)
        une_demande(distribution)
        une_demande(distribution, etat="sans_suite", motif_sans_suite="Abandon", close_le=JOUR)
        with web_role(Perimetre.de(distribution.etrangere).reglages()):
            lieu = next(lieu for lieu in lieux_instruction(JOUR) if lieu.organisme == ccas)
        assert lieu.en_cours == 1

    def test_la_couverture_compte_les_habitants_des_communes_ou_l_on_recoit(self, distribution: Distribution) -> None:
        ligne = next(c for c in couverture(JOUR) if c.territoire == distribution.territoire)
        assert ligne.lieux > 0
        assert 0 < ligne.couverts < ligne.habitants
        assert ligne.taux == pytest.approx(100 * ligne.couverts / ligne.habitants)

    def test_un_territoire_ouvre_ses_lieux(self, connecte: Any, distribution: Distribution) -> None:
        page = connecte("siege").get(f"/instruction/lieux/?territoire={distribution.territoire.code}").content.decode()
        assert "Voir tous les lieux" in page


class TestCharte:
    @pytest.fixture
    def _demandes(self, distribution: Distribution) -> None:
        """Trois demandes : 10, 20 et 40 jours du dépôt au dossier complet ; une renvoyée ; une hors délai."""
        fini = {"etat": "liquidee", "information_le": jours(60)}
        une_demande(
            distribution, depot_le=jours(100), instruite_le=jours(90), transmise_le=jours(90), liquidee_le=jours(80),
            close_le=jours(80), donnees_le=jours(60), complement_le=jours(60), **fini,
        )  # fmt: skip
        renvoyee = une_demande(
            distribution, depot_le=jours(100), instruite_le=jours(80), transmise_le=jours(80), liquidee_le=jours(50),
            close_le=jours(50), donnees_le=jours(10), complement_le=jours(10), **fini,
        )  # fmt: skip
        RetourDemande.objects.create(
            demande=renvoyee, retournee_le=jours(85), motif="Pièce", saisi_par=distribution.siege
        )
        une_demande(distribution, depot_le=jours(100), instruite_le=jours(60), transmise_le=jours(60), etat="transmise")

    @pytest.mark.usefixtures("_demandes")
    def test_mesure_chaque_critere(self, distribution: Distribution) -> None:
        lus = {
            r.code: (r.valeur and round(r.valeur, 1), r.base, r.tenu)
            for r in resultats(Perimetre.de(distribution.siege), JOUR)
        }
        assert lus == {
            "dossiers_retournes": (Decimal("33.3"), 3, False),
            "depot_complet": (Decimal(20), 3, True),
            "complet_liquide": (Decimal(20), 2, True),
            "depot_liquide": (Decimal(35), 2, True),
            "complement_dans_delai": (Decimal("33.3"), 3, False),
        }

    @pytest.mark.usefixtures("_demandes")
    @pytest.mark.parametrize(
        ("code", "base", "retenues"),
        [("dossiers_retournes", 3, 1), ("complement_dans_delai", 3, 1), ("depot_complet", 3, 3)],
    )
    def test_chaque_chiffre_ouvre_sa_liste(
        self, connecte: Any, distribution: Distribution, code: str, base: int, retenues: int
    ) -> None:
        perimetre = Perimetre.de(distribution.siege)
        assert derriere(perimetre, code, JOUR, retenues=False).count() == base
        assert derriere(perimetre, code, JOUR, retenues=True).count() == retenues
        page = connecte("siege").get(f"/instruction/charte/{code}/?retenues=1").content.decode()
        assert f"{retenues} demande" in page

    @pytest.mark.usefixtures("_demandes")
    def test_un_autre_territoire_ne_mesure_pas_les_memes(self, distribution: Distribution) -> None:
        perimetre = Perimetre.de(distribution.siege)
        ailleurs = resultats(perimetre, JOUR, territoire=distribution.autre_territoire.code)
        assert {r.base for r in ailleurs} == {0}
        assert {r.tenu for r in ailleurs} == {None}

    def test_les_cibles_sont_des_donnees(self, connecte: Any, distribution: Distribution) -> None:
        reglage = ReglageInstruction.objects.get()
        reglage.contenu["charte"] = [{"critere": "depot_complet", "cible": 12, "periode_mois": 3}]
        reglage.save()
        page = connecte("siege").get("/instruction/charte/").content.decode()
        assert "au plus 12 j" in page
        assert "rien à mesurer" in page
        assert connecte("siege").get("/instruction/charte/depot_liquide/").status_code == 404


def test_refuse_une_personne_hors_du_perimetre_dans_la_liste(connecte: Any, distribution: Distribution) -> None:
    une_demande(
        distribution, personne=PersonneFactory(nom="CACHEE", territoire=distribution.autre_territoire),
        depot_le=jours(100), instruite_le=jours(90),
    )  # fmt: skip
    assert "Cachee" not in connecte("orienteur").get("/instruction/charte/depot_complet/").content.decode()
