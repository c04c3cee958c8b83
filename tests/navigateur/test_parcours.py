"""Le parcours de l'issue : deux mois importés à l'écran, puis la file, une personne, la recherche, les tableaux."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.navigateur.conftest import Visite

pytestmark = pytest.mark.navigateur
ATTENTE_IMPORT = 90_000


def _importer(visite: Visite, rang: int) -> None:
    page = visite.page
    visite.aller("/imports/")
    visite.controler()
    page.set_input_files("input[type=file]", visite.installation.mois[rang])
    page.get_by_role("button", name="Déposer le fichier").click()
    # Au second passage (téléphone), le fichier est déjà importé : le refus est dit en une phrase.
    fini = page.get_by_role("heading", name=re.compile("Ce fichier n’a pas été importé|^Foyers$|Ce que dit le fichier"))
    expect(fini.or_(page.get_by_text("Foyers lus")).first).to_be_visible(timeout=ATTENTE_IMPORT)
    visite.controler()


def test_deux_mois_puis_la_file_la_personne_la_recherche_et_les_tableaux(visite: Visite) -> None:
    page = visite.page
    visite.se_connecter("siege")
    visite.controler()

    for rang in (0, 1):
        _importer(visite, rang)

    visite.aller("/orientation/")
    visite.controler()
    lignes = page.locator("tbody tr")
    assert lignes.count() > 10
    page.get_by_role("checkbox", name=re.compile("sous le seuil", re.I)).first.check()
    expect(page).to_have_url(re.compile("sous_le_seuil"))
    visite.controler()

    visite.aller("/orientation/")
    page.locator("tbody tr a").first.click()
    expect(page.get_by_role("heading", name="Ce qui s’est passé")).to_be_visible()
    expect(page.get_by_role("heading", name="Ce qui vient ensuite")).to_be_visible()
    visite.controler()
    titre = page.get_by_role("heading", level=1).inner_text()
    nom = titre.split("\n")[0].strip()
    for onglet in ("Foyer et droits", "Identité", "Qui a ouvert ce dossier"):
        page.get_by_role("link", name=onglet).first.click()
        expect(page.locator("[aria-current]", has_text=onglet)).to_be_visible()
        visite.controler()

    prenom, *reste = nom.split(" ")
    inverse = f"{' '.join(reste)} {prenom}".lower()
    visite.aller(f"/recherche/?q={inverse}")
    expect(page.get_by_text(reste[-1]).first).to_be_visible()
    visite.controler()

    for _ in range(30):
        visite.page.goto(visite.installation.adresse + "/tableaux/")
        if page.get_by_text("Foyers par situation familiale").count():
            break
        page.wait_for_timeout(2_000)
    expect(page.get_by_text("Foyers par situation familiale").first).to_be_visible()
    visite.erreurs.clear()
    visite.controler()


def test_un_partenaire_ne_voit_que_les_personnes_qu_il_accompagne(visite: Visite) -> None:
    visite.se_connecter("referent_solidarite")
    visite.controler()
    visite.aller("/recherche/?q=martin")
    visite.controler()
    assert visite.page.locator("tbody tr").count() == 0
