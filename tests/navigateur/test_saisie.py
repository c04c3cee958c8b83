"""Ce qui s'écrit pendant qu'un envoi est en route ne se perd pas : la page d'entretien, et le bilan d'un contrat."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.navigateur.conftest import Installation, Servir, Visite
from tests.navigateur.suivis import REFERENT, ecran_de, envoyer, ouvrir

pytestmark = pytest.mark.navigateur
PAUSE = 2_000
"""Millisecondes après lesquelles ce qui vient d'être tapé cherche à partir."""
LIEU = "Maison de l’insertion, bureau 4"
SUITE = """
from datetime import date, timedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from jalon.accompagnements.referents import designer_referent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, TypeContrat, VersionContrat
from jalon.organismes.models import CommuneTerritoire
from jalon.personnes.creation import IdentiteSaisie, creer_personne
from jalon.personnes.models import Public

jour = timezone.localdate()
chef, referent = (Agent.objects.get(email=roles[role]) for role in ("chef_territoire", "referent_solidarite"))
decide = {"acteur": chef, "perimetre": Perimetre.de(chef)}
territoire, organisme = chef.affectations.get().territoire, referent.affectations.get().organisme
commune = CommuneTerritoire.objects.filter(territoire=territoire).order_by("commune_id")[0].commune
type_ = TypeContrat.objects.filter(reference_seule=False).order_by("ordre", "pk")[0]
personnes = {}
for ecran, nom in (("bureau", "Vandamme"), ("telephone", "Bertrand")):
    personne = creer_personne(
        IdentiteSaisie(nom=nom, prenom="Colette", date_naissance=date(2003, 5, 17), sexe="2"), **decide,
        commune=commune, public=Public.objects.filter(actif=True).order_by("ordre", "pk")[0],
        depuis=jour - timedelta(days=300))
    designer_referent(personne, **decide, organisme=organisme, agent=referent, jour=jour - timedelta(days=200))
    Contrat.objects.create(
        personne=personne, type=type_, version=VersionContrat.objects.filter(type=type_).order_by("-numero").first(),
        organisme=organisme, referent=referent, territoire=territoire, ouvert_par=referent, etat="en_vigueur",
        ouvert_le=jour - timedelta(days=170), signe_le=jour - timedelta(days=165), recu_le=jour - timedelta(days=162),
        valide_le=jour - timedelta(days=160), valide_par=chef, debut=jour - timedelta(days=160), duree=6,
        periode=DateRange(jour - timedelta(days=160), jour + timedelta(days=22)))
    personnes[ecran] = str(personne.public_id)
"""
"""Une personne par écran, avec son référent et un contrat qui finit bientôt."""


@pytest.fixture(scope="module")
def installation(servir: Servir) -> Iterator[Installation]:
    yield from servir("pas-de-calais", taille=20, suite=SUITE)


class Retenue:
    """Retient les envois vers une adresse jusqu'à ce qu'on les laisse partir."""

    def __init__(self, visite: Visite, adresse: str) -> None:
        self.page, self.routes = visite.page, list[Route]()
        self.page.route(adresse, self._tenir)

    def _tenir(self, route: Route) -> None:
        if route.request.method == "POST":
            self.routes.append(route)
        else:
            route.continue_()

    def attendre(self, nombre: int = 1) -> None:
        for _ in range(600):
            if len(self.routes) >= nombre:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("aucun envoi n'est parti")

    def laisser_partir(self) -> None:
        """Le plus ancien des envois retenus."""
        self.routes.pop(0).continue_()


def test_ce_qui_s_ecrit_pendant_un_envoi_reste_quand_la_page_revient(visite: Visite) -> None:
    page = visite.page
    personne = visite.installation.personnes[ecran_de(visite)]
    visite.se_connecter(REFERENT)
    ouvrir(visite, f"/personnes/{personne}/entretien/")
    page.evaluate("window.memePage = true")
    retenue = Retenue(visite, f"**/personnes/{personne}/entretien/")
    page.get_by_label("Les faits").fill("Premier rendez-vous tenu.")
    page.locator("#note").get_by_role("button", name="Enregistrer la note").click()
    retenue.attendre()
    expect(page.locator("[data-entretien]")).to_have_attribute("aria-busy", "true")

    details = page.locator("#suite details.autre-heure")
    if details.count() and details.get_attribute("open") is None:
        details.locator("summary").click()
    page.locator("[name=prochain-lieu]").fill(LIEU)
    page.get_by_label("Ce que j’en pense").fill("Le trajet d’abord.")
    retenue.laisser_partir()

    expect(page.locator("#messages")).to_contain_text("note", ignore_case=True)
    expect(page.locator("[data-entretien]")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("[name=prochain-lieu]")).to_have_value(LIEU)
    expect(page.get_by_label("Ce que j’en pense")).to_have_value("Le trajet d’abord.")
    expect(page.get_by_label("Les faits")).to_have_value("Premier rendez-vous tenu.")
    assert page.evaluate("window.memePage === true"), "l’entretien a rechargé la page"
    assert not visite.erreurs


def test_le_bilan_se_garde_pendant_la_frappe_meme_si_un_envoi_tarde(visite: Visite) -> None:
    page = visite.page
    visite.se_connecter(REFERENT)
    ouvrir(visite, f"/personnes/{visite.installation.personnes[ecran_de(visite)]}/")
    page.get_by_role("link", name="Ouvrir le contrat").first.click()
    envoyer(visite, "Faire le bilan final")
    adresse = page.url
    etat = page.locator("#bilan [data-etat]")
    retenue = Retenue(visite, "**/brouillon/")
    page.locator("[name=avance]").fill("Inscrite au code.")
    retenue.attendre()
    page.locator("[name=dit_par_la_personne]").fill("« J’ai moins peur. »")
    page.wait_for_timeout(PAUSE)
    assert len(retenue.routes) == 1, "un second envoi est parti avec un numéro périmé"
    retenue.laisser_partir()
    retenue.attendre()
    retenue.laisser_partir()
    expect(etat).to_contain_text(re.compile("^Gardé le"))
    page.wait_for_timeout(300)
    assert not retenue.routes, "tout est parti"

    visite.aller(adresse.removeprefix(visite.installation.adresse))
    expect(page.locator("[name=avance]")).to_have_value("Inscrite au code.")
    expect(page.locator("[name=dit_par_la_personne]")).to_have_value("« J’ai moins peur. »")
    assert not visite.erreurs
