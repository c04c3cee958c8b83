"""Les deux parcours de l'issue 4 : le référent, du premier rendez-vous au renouvellement ; la personne, de son lien à son
livret. Et, là où le profil en a un, le contrat d'objectifs d'une personne d'un autre public."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, expect

from tests.navigateur.conftest import ATTENTE, Installation, Servir, Visite
from tests.navigateur.suivis import (
    CHEF,
    REFERENT,
    REGLAGES,
    SUITE,
    chemin,
    dernier_code,
    ecran_de,
    envoyer,
    lire_pdf,
    ouvrir,
    refuser,
    vieillir,
)

pytestmark = pytest.mark.navigateur
FOYERS = 60
HEURES = {"bureau": "10:00", "telephone": "11:00"}
"""Le référent est le même sur les deux écrans : chaque parcours a ses heures."""
LIEU = "Maison de l’insertion, bureau 4"
CONSTAT = "Vit seule avec sa fille, à douze kilomètres de la gare. A travaillé six ans en cuisine."
COUPE = " Le bus ne passe que le matin."


@dataclass(frozen=True)
class Mots:
    """Ce que le contrat demande autrement d'un département à l'autre."""

    type: str
    rubriques: dict[str, str]
    """Rubriques obligatoires, hors le constat, et leur texte."""
    choix: dict[str, str]
    """Rubriques à cocher, et la valeur cochée."""
    objectifs: str
    """Type du contrat hors allocation, que le dernier parcours signe."""
    rubriques_objectifs: dict[str, str]


MOYENS = {"moyens_personne": "Ses trajets à vélo, sa sœur qui garde sa fille.", "moyens_service": "Un point par mois."}
PROFILS = {
    "pas-de-calais": Mots(
        "cer_solidarite", {"accompagnement": "Un rendez-vous tous les quinze jours."}, {"rythme": "quinzaine"},
        "contrat_accompagnement", {"constat": CONSTAT, "accompagnement": "Un rendez-vous par mois."},
    ),
    "loiret": Mots("insertion_social", MOYENS, {}, "objectifs", MOYENS),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(PROFILS))
def installation(request: pytest.FixtureRequest, servir: Servir) -> Iterator[Installation]:
    yield from servir(request.param, taille=FOYERS, suite=SUITE, reglages=REGLAGES)


@pytest.fixture
def autre_visite(visite: Visite) -> Iterator[Callable[[], Visite]]:
    """Un autre appareil du même écran : un collègue, ou la personne chez elle."""
    ouverts: list[BrowserContext] = []

    def ouvrir_un_appareil() -> Visite:
        navigateur = visite.page.context.browser
        assert navigateur is not None
        contexte = navigateur.new_context(viewport=visite.page.viewport_size, locale="fr-FR", accept_downloads=True)
        contexte.set_default_timeout(ATTENTE)
        ouverts.append(contexte)
        return Visite(contexte.new_page(), visite.installation)

    yield ouvrir_un_appareil
    for contexte in ouverts:
        contexte.close()


# --- Recevoir


def _fixer_le_premier(visite: Visite, personne: str) -> None:
    page = visite.page
    ouvrir(visite, f"/personnes/{personne}/rendez-vous/fixer/")
    demain = timezone.localdate() + timedelta(days=1)
    page.get_by_label("Date", exact=True).fill(demain.isoformat())
    page.get_by_label("Heure", exact=True).fill(HEURES[ecran_de(visite)])
    page.locator("[name=lieu]").fill(LIEU)
    envoyer(visite, "Fixer le rendez-vous")
    expect(page.locator("main")).to_contain_text("Prévu")
    vieillir(visite.installation, personne, 1)


def _tenir_l_entretien(visite: Visite, personne: str, note: str, *, suivant: bool = True) -> None:
    """De l'accueil à la note : présence, trois parts, prochain rendez-vous, sur une page et sans la recharger."""
    page = visite.page
    nom = _nom(visite, personne)
    ouvrir(visite, "/")
    page.locator(".journee-agenda a", has_text=nom).click()
    expect(page.get_by_role("heading", name="La note")).to_be_visible()
    visite.controler()
    page.evaluate("window.memePage = true")
    page.get_by_role("button", name=re.compile("^(Elle est venue|Il est venu)$")).click()
    expect(page.locator("#presence")).to_contain_text("Honoré")
    _attendre_la_reponse(visite)
    page.get_by_label("Les faits").fill(note)
    page.get_by_label(re.compile("dit", re.I)).first.fill("« Je veux travailler, mais le bus est loin. »")
    page.get_by_label("Ce que j’en pense").fill("Le trajet d’abord.")
    page.get_by_label("La suite convenue").fill("Commencer le contrat.")
    expect(page.get_by_text("La personne peut lire ce que vous écrivez.")).to_be_visible()
    with page.expect_response(lambda r: r.request.method == "POST" and not r.url.endswith("/garder/")):
        page.locator("#note").get_by_role("button", name="Enregistrer la note").click()
    expect(page.locator("#note [data-etat]")).to_contain_text("Gardée")
    _attendre_la_reponse(visite)
    if suivant:
        details = page.locator("#suite details.autre-heure")
        if details.get_attribute("open") is None:
            details.locator("summary").click()
        jour = timezone.localdate() + timedelta(days=7)
        page.locator("[name=prochain-jour]").fill(jour.isoformat())
        page.locator("[name=prochain-heure]").fill(HEURES[ecran_de(visite)])
        page.locator("[name=prochain-lieu]").fill(LIEU)
        page.locator("#suite").get_by_role("button", name="Fixer le rendez-vous").click()
        expect(page.locator("#suite")).to_contain_text("Déjà fixé")
    assert page.evaluate("window.memePage === true"), "l’entretien a rechargé la page"
    _attendre_la_reponse(visite)
    visite.controler()


def _attendre_la_reponse(visite: Visite) -> None:
    """La page s'éclaircit le temps d'un envoi : elle se contrôle quand elle est revenue."""
    expect(visite.page.locator("[data-entretien]")).not_to_have_attribute("aria-busy", "true")
    visite.page.wait_for_timeout(400)


def _nom(visite: Visite, personne: str) -> str:
    ouvrir(visite, f"/personnes/{personne}/")
    return visite.page.get_by_role("heading", level=1).inner_text().split("\n")[0].strip()


# --- Écrire


def _rubrique(visite: Visite, code: str) -> Locator:
    return visite.page.locator(f"[data-rubrique={code}]")


def _dire_enregistre(visite: Visite, code: str) -> None:
    expect(_rubrique(visite, code).locator("[data-etat]")).to_contain_text("Enregistré")


def _ecrire(visite: Visite, code: str, texte: str) -> None:
    """Écrit une rubrique et attend qu'elle se soit gardée seule."""
    visite.page.locator(f"#c-{code}").fill(texte)
    _dire_enregistre(visite, code)


def _ouvrir_le_contrat(visite: Visite, personne: str, type_: str) -> str:
    """Ouvre un contrat de cette sorte ; rend l'adresse de sa page."""
    ouvrir(visite, f"/personnes/{personne}/contrat/ouvrir/")
    visite.page.locator(f"input[name=type][value={type_}]").check()
    envoyer(visite, "Commencer à l’écrire")
    return chemin(visite).removesuffix("ecrire/")


def _premiere_seance(visite: Visite, contrat: str) -> None:
    """La frappe se garde ; une coupure ne perd rien ; la page rechargée a tout."""
    page = visite.page
    savoir = page.locator("[data-savoir]")
    if savoir.get_attribute("open") is None:
        savoir.locator("summary").click()
    expect(savoir).to_contain_text("Devenir aide-soignante.")
    expect(savoir.locator("section[aria-labelledby=savoir-grille] dd").first).to_be_visible()
    visite.controler()
    _ecrire(visite, "ma_situation", "Je veux travailler, mais le bus est loin.")
    _ecrire(visite, "constat", CONSTAT)
    page.context.set_offline(True)
    page.locator("#c-constat").fill(CONSTAT + COUPE)
    expect(_rubrique(visite, "constat").locator("[data-etat]")).to_contain_text("Connexion coupée")
    page.context.set_offline(False)
    _dire_enregistre(visite, "constat")
    visite.erreurs.clear()
    ouvrir(visite, f"{contrat}ecrire/")
    expect(page.locator("#c-constat")).to_have_value(CONSTAT + COUPE)
    expect(page.locator("#c-ma_situation")).to_have_value("Je veux travailler, mais le bus est loin.")


def _deuxieme_seance(visite: Visite, contrat: str, mots: Mots) -> None:
    """Le texte d'avant est là ; le reste s'écrit ; proposer trop tôt est refusé, avec ce qui manque."""
    page = visite.page
    ouvrir(visite, f"{contrat}ecrire/")
    expect(page.locator("#c-constat")).to_have_value(CONSTAT + COUPE)
    ouvrir(visite, contrat)
    refuser(visite, "Proposer à la signature", "Écrivez au moins un objectif.")
    ouvrir(visite, f"{contrat}ecrire/")
    _ecrire_le_reste(visite, mots.rubriques, mots.choix)
    visite.controler()


def _ecrire_le_reste(visite: Visite, rubriques: dict[str, str], choix: dict[str, str]) -> None:
    for code, texte in rubriques.items():
        _ecrire(visite, code, texte)
    for code, valeur in choix.items():
        visite.page.locator(f"[name=c-{code}][value={valeur}]").check()
        _dire_enregistre(visite, code)


def _ajouter(visite: Visite, quoi: str, intitule: str) -> None:
    """Déplie le bon formulaire du plan et y ajoute un objectif, une étape ou un moyen."""
    page = visite.page
    bloc = page.locator("details.plan-modifier", has=page.locator(f":scope > summary:has-text('Ajouter {quoi}')")).last
    if bloc.get_attribute("open") is None:
        bloc.locator("summary").first.click()
    bloc.locator("[name=intitule]").fill(intitule)
    envoyer(visite, "^Ajouter", bloc)
    expect(page.locator("#plan")).to_contain_text(intitule)


def _troisieme_seance(visite: Visite, contrat: str) -> None:
    """Objectif, étape, moyen ; tout y est, le texte se fige et s'ouvre aux signatures."""
    ouvrir(visite, f"{contrat}ecrire/")
    _ajouter(visite, "un objectif", "Passer le permis B")
    _ajouter(visite, "une étape", "S’inscrire au code")
    _ajouter(visite, "un moyen", "Aide au permis du Département")
    expect(visite.page.locator("#manques")).to_contain_text("Tout y est")
    _proposer(visite, contrat)


def _proposer(visite: Visite, contrat: str) -> None:
    ouvrir(visite, contrat)
    envoyer(visite, "Proposer à la signature")
    assert chemin(visite) == f"{contrat}signer/"
    lire_pdf(visite, f"{contrat}texte.pdf")


# --- Signer, valider


def _signer_a_l_ecran(visite: Visite, contrat: str, titre: str, nom: str) -> None:
    page = visite.page
    ouvrir(visite, f"{contrat}signer/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(titre)
    page.get_by_label("Prénom et nom de qui signe").fill(nom)
    envoyer(visite, "Signer ce contrat")


def _signer_a_deux(visite: Visite, contrat: str) -> None:
    _signer_a_l_ecran(visite, contrat, "Signature de la personne", "Camille Essai")
    expect(visite.page.locator("main")).to_contain_text("Camille Essai a signé le")
    _signer_le_referent(visite, contrat)


def _signer_le_referent(visite: Visite, contrat: str) -> None:
    ouvrir(visite, f"{contrat}signer/")
    envoyer(visite, "Signer ce contrat")
    assert chemin(visite) == contrat
    expect(visite.page.locator("#signatures li").filter(has_text="Signé")).to_have_count(2)
    expect(visite.page.locator("#signatures")).to_contain_text(re.compile("Empreinte du texte signé : [0-9a-f]{64}"))


def _valider(visite: Visite, contrat: str, jours: int) -> None:
    """Le service voit les jours passés, reçoit, valide ; la durée reste dite."""
    page = visite.page
    ouvrir(visite, "/contrats/delais/")
    assert page.locator(f"main a[href='{contrat}']").count() == 0, "le délai d'un mois n'est pas passé"
    ouvrir(visite, "/contrats/delais/?tous=oui")
    expect(page.locator(f"main a[href='{contrat}']").first).to_be_visible()
    ouvrir(visite, contrat)
    if jours:
        expect(page.locator("#circuit")).to_contain_text(f"Signé depuis {jours} jours")
    envoyer(visite, "Constater la réception")
    envoyer(visite, "^Valider")
    if jours:
        expect(page.locator("#circuit")).to_contain_text(f"Validé {jours} jours après la signature")
    expect(page.locator("#messages")).to_contain_text("Le contrat est validé")


# --- Faire le bilan, renouveler


def _faire_le_bilan(visite: Visite, personne: str, contrat: str) -> None:
    page = visite.page
    ouvrir(visite, contrat)
    envoyer(visite, "Faire le bilan final")
    bilan = chemin(visite)
    page.locator("[name=avance]").fill("Inscrite au code, trois leçons prises.")
    page.locator("[name=dit_par_la_personne]").fill("« J’ai moins peur de l’examen. »")
    page.locator("[name=suite][value=renouveler]").check()
    refuser(visite, "Clore le bilan", "une nouvelle")
    envoyer(visite, "Garder et continuer plus tard")
    expect(page.locator("[name=avance]")).to_have_value("Inscrite au code, trois leçons prises.")

    page.get_by_role("link", name="Remplir la nouvelle grille").click()
    expect(page.locator("[data-question]").first).to_be_visible()
    visite.controler()
    for question in page.locator("[data-question]").all():
        question.get_by_role("radio").first.check()
    page.get_by_role("checkbox", name=re.compile("sommes d’accord")).check()
    envoyer(visite, "Enregistrer la grille")

    ouvrir(visite, bilan)
    expect(page.locator(".bouge li").first).to_contain_text("a progressé")
    assert page.locator(".bouge li").filter(has_text="plus difficile").count() == 0
    envoyer(visite, "Clore le bilan")
    expect(page.get_by_text("Le bilan est clos")).to_be_visible()
    lire_pdf(visite, page.get_by_role("link", name="Document pour la personne").get_attribute("href"))


def _renouveler(visite: Visite, contrat: str) -> None:
    """Le contrat suivant s'ouvre en brouillon, avec les objectifs qui ne sont pas atteints."""
    page = visite.page
    ouvrir(visite, contrat)
    envoyer(visite, "^Renouveler")
    suivant = chemin(visite).removesuffix("ecrire/")
    assert suivant != contrat
    ouvrir(visite, f"{suivant}ecrire/")
    for repris in ("Passer le permis B", "S’inscrire au code", "Aide au permis du Département"):
        expect(page.locator("#plan")).to_contain_text(repris)
    ouvrir(visite, suivant)
    expect(page.locator("#suivi")).to_contain_text("Renouvelle le contrat précédent")
    expect(page.locator("#circuit [aria-current=step]")).to_be_visible()


def test_le_referent_du_premier_rendez_vous_au_renouvellement(
    visite: Visite, autre_visite: Callable[[], Visite]
) -> None:
    installation, mots = visite.installation, PROFILS[visite.installation.profil]
    personne = installation.personnes[f"referent {ecran_de(visite)}"]
    visite.se_connecter(REFERENT)
    visite.controler()

    _fixer_le_premier(visite, personne)
    _tenir_l_entretien(visite, personne, "Premier rendez-vous tenu, de dix heures à onze heures.")
    envoyer_vers_le_contrat = visite.page.get_by_role("link", name="Commencer un contrat")
    expect(envoyer_vers_le_contrat).to_be_visible()
    contrat = _ouvrir_le_contrat(visite, personne, mots.type)
    _premiere_seance(visite, contrat)

    vieillir(installation, personne, 7)
    _tenir_l_entretien(visite, personne, "Le contrat avance.")
    _deuxieme_seance(visite, contrat, mots)

    vieillir(installation, personne, 7)
    _tenir_l_entretien(visite, personne, "Les objectifs sont écrits ensemble.", suivant=False)
    _troisieme_seance(visite, contrat)
    _signer_a_deux(visite, contrat)

    vieillir(installation, personne, 21)
    chef = autre_visite()
    chef.se_connecter(CHEF)
    _valider(chef, contrat, 21)
    ouvrir(visite, "/")
    expect(visite.page.locator(f"main a[href='{contrat}']").first).to_contain_text(re.compile(r"\w"))

    vieillir(installation, personne, 150)
    _faire_le_bilan(visite, personne, contrat)
    _renouveler(visite, contrat)


def test_une_personne_sans_allocation_signe_son_contrat(visite: Visite, autre_visite: Callable[[], Visite]) -> None:
    """Contrat d'objectifs des autres publics ([004] 1.3.1) : le même circuit, les contrats de l'allocation en moins."""
    mots = PROFILS[visite.installation.profil]
    personne = visite.installation.personnes[f"objectifs {ecran_de(visite)}"]
    visite.se_connecter(REFERENT)
    ouvrir(visite, f"/personnes/{personne}/contrat/ouvrir/")
    assert visite.page.locator(f"input[name=type][value={mots.type}]").count() == 0
    contrat = _ouvrir_le_contrat(visite, personne, mots.objectifs)
    _ecrire_le_reste(visite, mots.rubriques_objectifs, {})
    _troisieme_seance(visite, contrat)
    _signer_a_deux(visite, contrat)
    chef = autre_visite()
    chef.se_connecter(CHEF)
    _valider(chef, contrat, 0)


# --- La personne


def _donner_le_lien(visite: Visite, contrat: str) -> str:
    page = visite.page
    ouvrir(visite, f"{contrat}lien/")
    envoyer(visite, "Créer le lien")
    lien = page.get_by_label(re.compile("^Adresse à donner")).input_value()
    ouvrir(visite, f"{contrat}lien/")
    assert page.get_by_label(re.compile("^Adresse à donner")).count() == 0
    return lien


def _ecrire_sa_part(elle: Visite, lien: str) -> None:
    """Ce qu'elle avait préparé, ses mots gardés à mesure, son objectif."""
    page = elle.page
    ouvrir(elle, lien)
    page.get_by_text("Ce que vous aviez préparé").click()
    expect(page.get_by_text("Devenir aide-soignante.")).to_be_visible()
    elle.controler()
    _ecrire(elle, "ma_situation", "Je me lève à cinq heures pour le bus.")
    page.get_by_label("Proposer un objectif").fill("Passer le permis B")
    envoyer(elle, "Ajouter cet objectif")
    expect(page.locator("#objectifs")).to_contain_text("Proposé par vous")
    ouvrir(elle, lien)
    expect(page.locator("#c-ma_situation")).to_have_value("Je me lève à cinq heures pour le bus.")


def _completer(visite: Visite, contrat: str, mots: Mots) -> None:
    """Le référent lit que ces mots sont les siens, écrit le reste et donne la première étape."""
    ouvrir(visite, f"{contrat}ecrire/")
    expect(visite.page.locator("#c-ma_situation")).to_have_value("Je me lève à cinq heures pour le bus.")
    expect(_rubrique(visite, "ma_situation").locator("[data-etat]")).to_contain_text("Écrit par la personne")
    expect(visite.page.locator("#plan")).to_contain_text("écrit par la personne")
    _ecrire_le_reste(visite, {"constat": CONSTAT, **mots.rubriques}, mots.choix)
    _ajouter(visite, "une étape", "S’inscrire au code")
    _proposer(visite, contrat)


def _signer_a_distance(elle: Visite, lien: str, courriel: str) -> None:
    """Un code faux est refusé et la page le dit ; le bon, reçu par message, vaut signature."""
    page = elle.page
    ouvrir(elle, lien)
    page.get_by_role("link", name="Le relire et le signer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Signer votre contrat")
    elle.controler()
    lire_pdf(elle, page.get_by_role("link", name="Le garder en PDF").get_attribute("href"))
    envoyer(elle, "M’envoyer un code")
    code = dernier_code(elle, courriel)
    page.get_by_label("Votre prénom et votre nom").fill("Camille Essai")
    page.get_by_label("Le code reçu").fill(f"{(int(code) + 1) % 10**6:06d}")
    refuser(elle, "Je signe mon contrat", "Ce n'est pas le bon code.")
    page.get_by_label("Le code reçu").fill(code)
    page.get_by_label("Votre prénom et votre nom").fill("Camille Essai")
    envoyer(elle, "Je signe mon contrat")
    expect(page.get_by_role("heading", name="Vous avez signé")).to_be_visible()


def _creer_l_acces(visite: Visite, personne: str) -> str:
    page = visite.page
    ouvrir(visite, f"/personnes/{personne}/livret/")
    envoyer(visite, "Créer l’accès")
    code = page.locator(".livret-grand-code").inner_text().strip()
    ouvrir(visite, f"/personnes/{personne}/livret/")
    assert code not in page.content()
    expect(page.get_by_text("Accès ouvert")).to_be_visible()
    return code


def _entrer_dans_le_livret(elle: Visite, papier: str, courriel: str) -> None:
    page = elle.page
    ouvrir(elle, "/livret/")
    page.get_by_label("Votre code").fill(papier)
    envoyer(elle, "Continuer")
    page.get_by_label("Les six chiffres").fill(dernier_code(elle, courriel, deja=1))
    envoyer(elle, "^Ouvrir mon")
    assert chemin(elle) == "/livret/accueil/"


def _lire_son_livret(elle: Visite, installation: Installation) -> None:
    """Objectifs, prochain rendez-vous, qui a ouvert son dossier, et son contrat en PDF."""
    page = elle.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour")
    expect(page.locator("section", has=page.locator("#titre-objectifs"))).to_contain_text("Passer le permis B")
    expect(page.locator("section", has=page.locator("#titre-rdv"))).to_contain_text("bureau 4")
    expect(page.locator("section", has=page.locator("#titre-lectures")).locator("li").first).to_be_visible()
    ouvrir(elle, "/livret/contrats/")
    expect(page.locator("main")).to_contain_text("Passer le permis B")
    lire_pdf(elle, page.locator("main a[href^='/livret/papiers/']").first.get_attribute("href"))
    for adresse in ("/livret/rendez-vous/", "/livret/papiers/", "/livret/entretiens/", "/livret/droits/"):
        ouvrir(elle, adresse)
    expect(page.get_by_role("heading", name="Qui a ouvert mon dossier")).to_be_visible()
    lire_pdf(elle, "/livret/mon-livret.pdf")


def _cocher(elle: Visite) -> None:
    ouvrir(elle, "/livret/parcours/")
    envoyer(elle, "^C’est fait")
    expect(elle.page.locator(".livret-etapes")).to_contain_text("dit par vous")


def test_la_personne_de_son_lien_a_son_livret(visite: Visite, autre_visite: Callable[[], Visite]) -> None:
    installation, mots = visite.installation, PROFILS[visite.installation.profil]
    ecran = ecran_de(visite)
    personne, courriel = installation.personnes[f"personne {ecran}"], f"personne.{ecran}@exemple.fr"
    visite.se_connecter(REFERENT)
    contrat = _ouvrir_le_contrat(visite, personne, mots.type)
    lien = _donner_le_lien(visite, contrat)

    elle = autre_visite()
    _ecrire_sa_part(elle, lien)
    _completer(visite, contrat, mots)
    _signer_a_distance(elle, lien, courriel)
    _signer_le_referent(visite, contrat)
    chef = autre_visite()
    chef.se_connecter(CHEF)
    _valider(chef, contrat, 0)

    papier = _creer_l_acces(visite, personne)
    _entrer_dans_le_livret(elle, papier, courriel)
    _lire_son_livret(elle, installation)
    _cocher(elle)
    ouvrir(visite, f"/personnes/{personne}/livret/")
    expect(visite.page.locator(".livret-etapes")).to_contain_text("dit par la personne")
    ouvrir(visite, contrat)
    expect(visite.page.locator("#suivi")).to_contain_text("1 sur 1 étape faite")
