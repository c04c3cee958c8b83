"""Le parcours entier d'une nouvelle entrante, de l'invitation au référent qui n'a plus qu'une place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from tests.navigateur.conftest import Installation, Servir, Visite

pytestmark = pytest.mark.navigateur
FOYERS = 60
LARGEUR_TELEPHONE = 390
SUITE = """
from jalon.agents.models import ProfilHabilitation
from jalon.agents.services import affecter_agent, creer_agent
from jalon.cli.installation import MOT_DE_PASSE_DEMONSTRATION
from jalon.echanges.services import importer_flux
from jalon.organismes.models import Organisme
from jalon.referentiels.models import Parametre
for fichier in fichiers:
    importer_flux(fichier)
Parametre.objects.filter(code="referent.charge_maximale").update(valeur="1")
ccas = Organisme.objects.get(code={"pas-de-calais": "ccas-bethune", "loiret": "ccas-pithiviers"}[sys.argv[1]])
siege = Organisme.objects.get(affectation__agent__email=roles["chef_territoire"])
for role, nom, prenom, organisme, territoire in (
    ("chef_territoire", "Vasseur", "Lucie", siege, ccas.territoires.get()),
    ("referent_solidarite", "Hamel", "Renée", ccas, None),
):
    agent = creer_agent(email=f"{role}.second@jalon.example", nom=nom, prenom=prenom, acteur=None,
                        mot_de_passe=MOT_DE_PASSE_DEMONSTRATION)
    affecter_agent(agent, acteur=None, profil=ProfilHabilitation.objects.get(code=role), organisme=organisme,
                   territoire=territoire)
    roles[f"{role}_second"] = agent.email
"""
"""Les deux mois importés, une seule place par référent, et un second territoire : une séance par jour et par instance,
le téléphone a donc la sienne."""


@dataclass(frozen=True)
class Equipe:
    """Sur un territoire : qui décide, et le référent dont il reste une place."""

    chef: str
    organisme: str
    referent: str


@dataclass(frozen=True)
class Mots:
    """Ce qui se dit et se permet autrement d'un département à l'autre."""

    type: str
    equipes: dict[str, Equipe]
    """Par compte de chef."""
    motif_urgence: str
    """Pourquoi convoquer le jour même ; vide : le département ne l'admet pas."""
    depassement: bool
    """Un référent peut dépasser sa charge, motif à l'appui."""


PROFILS = {
    "pas-de-calais": Mots(
        "solidarite",
        {"chef_territoire": Equipe("Karim Bocquet", "CCAS de Lens", "Fatima Leroy"),
         "chef_territoire_second": Equipe("Lucie Vasseur", "CCAS de Béthune", "Renée Hamel")},
        "Hébergement qui s’arrête ce soir", True,
    ),
    "loiret": Mots(
        "referent_social",
        {"chef_territoire": Equipe("Agnès Pichard", "CCAS de Montargis", "Martine Lefort"),
         "chef_territoire_second": Equipe("Lucie Vasseur", "CCAS de Pithiviers", "Renée Hamel")},
        "", False,
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(PROFILS))
def installation(request: pytest.FixtureRequest, servir: Servir) -> Iterator[Installation]:
    yield from servir(request.param, taille=FOYERS, suite=SUITE)


def _envoyer(visite: Visite, bouton: str, dans: Locator | None = None) -> None:
    """Presse un bouton, attend la page d'après et la contrôle."""
    with visite.page.expect_navigation():
        (dans or visite.page).get_by_role("button", name=re.compile(bouton)).first.click()
    visite.controler()


def _ouvrir(visite: Visite, chemin: str) -> None:
    visite.aller(chemin)
    visite.controler()


def _chemin(visite: Visite) -> str:
    return visite.page.url.removeprefix(visite.installation.adresse)


def _lire_pdf(visite: Visite, chemin: str) -> None:
    reponse = visite.page.request.get(visite.installation.adresse + chemin)
    assert reponse.ok, f"{chemin} répond {reponse.status}"
    assert reponse.body().startswith(b"%PDF"), chemin


def _inviter(visite: Visite) -> tuple[str, str]:
    """Planifie une réunion aujourd'hui et y invite la première nouvelle entrante : rend la réunion et la personne."""
    page = visite.page
    _ouvrir(visite, "/reunions/planifier/")
    page.get_by_label("Date", exact=True).fill(timezone.localdate().isoformat())
    page.get_by_label("De", exact=True).fill("00:00")
    page.get_by_label("À", exact=True).fill("23:00")
    page.get_by_label("Lieu", exact=True).fill("Maison du Département")
    page.get_by_label("Adresse du lieu").fill("1 place de la Mairie")
    _envoyer(visite, "Inscrire au plan")
    reunion = _chemin(visite)

    _ouvrir(visite, f"{reunion}inviter/")
    for case in page.locator("input[name=choisies]").all():
        case.uncheck()
    ligne = page.locator("tr[data-ligne]", has_text="droit liquidé le").first
    personne = ligne.locator("a").first.get_attribute("href")
    assert personne is not None
    ligne.get_by_role("checkbox").check()
    _envoyer(visite, "Inviter les personnes cochées")
    expect(page.locator(f"main a[href='{personne}']").first).to_be_visible()
    return reunion, personne


def _noter_presente(visite: Visite, reunion: str) -> None:
    page = visite.page
    _ouvrir(visite, f"{reunion}feuille/")
    page.get_by_role("radio", name=re.compile("^Présente?$")).first.check()
    expect(page.get_by_role("link", name=re.compile("^Questionnaire"))).to_be_visible()
    visite.controler()


def _remplir_la_grille(visite: Visite, personne: str) -> None:
    page = visite.page
    _ouvrir(visite, f"{personne}diagnostic/grille/")
    questions = page.locator("[data-question]")
    assert questions.count() > 1
    for question in questions.all()[:-1]:
        question.get_by_role("radio").nth(2).check()
    questions.last.get_by_role("radio", name="Ne souhaite pas répondre").check()
    page.get_by_role("checkbox", name=re.compile("sommes d’accord")).check()
    _envoyer(visite, "Enregistrer la grille")
    assert "/diagnostic/grilles/" in page.url


def _planifier_la_seance(visite: Visite, equipe: Equipe) -> str:
    """Nomme un membre par qualité ; la première préside, et c'est le chef lui-même. Rend la séance du jour."""
    page = visite.page
    _ouvrir(visite, "/instances/")
    page.locator("main tr[data-ligne] a").first.click()
    expect(page.get_by_role("heading", name="Nommer un membre")).to_be_visible()
    visite.controler()
    for rang in range(1, page.locator("select[name=qualite] option").count()):
        page.get_by_label("Au titre de").select_option(index=rang)
        if rang == 1:
            moi = page.locator("select[name=agent] option", has_text=equipe.chef).get_attribute("value")
            page.get_by_label("Agent de Jalon").select_option(moi)
        else:
            page.get_by_label("Ou son nom, s’il n’a pas de compte").fill(f"Membre {rang}")
        with page.expect_navigation():
            page.get_by_role("button", name="Nommer").click()
    page.get_by_label("Date", exact=True).fill(timezone.localdate().isoformat())
    page.get_by_label("Heure", exact=True).fill("14:00")
    page.get_by_label("Lieu", exact=True).fill("Salle 2")
    _envoyer(visite, "Planifier la séance")
    return _chemin(visite)


def _decider_en_seance(visite: Visite, seance: str, personne: str, mots: Mots, equipe: Equipe) -> None:
    """Inscrit, convoque, ouvre au quorum, retient le motif de logement, clôt ; le procès-verbal se télécharge."""
    page = visite.page
    _inscrire(visite, seance, personne)
    page.get_by_label("Si le délai est trop court, pourquoi").fill(mots.motif_urgence)
    _envoyer(visite, "Convoquer les")
    for presence in page.locator("input[name=presents]").all():
        presence.check()
    _envoyer(visite, "Ouvrir la séance")
    page.get_by_role("link", name="Examiner les dossiers").click()
    formulaire = page.locator("form[data-decision]")
    expect(formulaire).to_be_visible()
    visite.controler()
    _choisir(formulaire, mots, equipe)
    formulaire.get_by_text("Préciser : parcours").click()
    formulaire.get_by_label("Si l’on s’écarte de l’avis calculé").fill("Sans logement, l’emploi attendra.")
    formulaire.get_by_role("button", name=re.compile("^Retenir")).click()
    expect(page.get_by_role("heading", name="Relire et clore")).to_be_visible()
    visite.controler()
    _envoyer(visite, "Clore et appliquer 1 décision")
    _lire_pdf(visite, f"{seance}proces-verbal.pdf")


def _inscrire(visite: Visite, seance: str, personne: str) -> None:
    page = visite.page
    _ouvrir(visite, f"{seance}inscrire/")
    page.locator("tr[data-ligne]").filter(has=page.locator(f"a[href='{personne}']")).get_by_role("checkbox").check()
    _envoyer(visite, "Inscrire le choix")
    _ouvrir(visite, seance)


def _refuser_la_seance_du_jour(visite: Visite, seance: str, personne: str) -> None:
    """Là où l'urgence n'est pas admise, la séance du jour ne se convoque pas : la personne retourne à l'entretien."""
    page = visite.page
    _inscrire(visite, seance, personne)
    _envoyer(visite, "Convoquer les")
    expect(page.get_by_text("au plus tôt : changez la date.")).to_be_visible()
    page.get_by_label("Pourquoi").last.fill("Décidée à l’entretien de positionnement")
    _envoyer(visite, "Annuler la séance")


def _choisir(formulaire: Locator, mots: Mots, equipe: Equipe) -> None:
    """Type social, motif de logement, organisme et référent : les mêmes champs en séance et à l'écran de décision."""
    formulaire.locator(f"input[name=type][value={mots.type}]").check()
    formulaire.locator("select[name=motif]").select_option("logement")
    for nom, texte in (("organisme", equipe.organisme), ("referent", equipe.referent)):
        option = formulaire.locator(f"select[name={nom}] option:enabled", has_text=texte).first
        formulaire.locator(f"select[name={nom}]").select_option(option.get_attribute("value"))


def _decider_directement(visite: Visite, personne: str, mots: Mots, equipe: Equipe) -> Locator:
    """Remplit l'écran de décision et l'envoie ; rend le formulaire, qui reste si la décision est refusée."""
    page = visite.page
    _ouvrir(visite, f"{personne}orienter/")
    formulaire = page.locator("form[data-decision]")
    _choisir(formulaire, mots, equipe)
    ecart = formulaire.locator("#motif-ecart")
    if ecart.is_visible():
        ecart.fill("Sans logement, l’emploi attendra.")
    _envoyer(visite, "^Décider$")
    return formulaire


def _notifier(visite: Visite, personne: str) -> None:
    """Produit la lettre depuis la liste à notifier, la télécharge, et note sa réception certaine."""
    page = visite.page
    _ouvrir(visite, "/notifications/")
    ligne = page.locator("tr[data-ligne]").filter(has=page.locator(f"a[href='{personne}']"))
    ligne.get_by_role("link", name=re.compile("^Notifier")).click()
    expect(page.get_by_role("heading", name="Ce que dit la lettre")).to_be_visible()
    visite.controler()
    _envoyer(visite, "^Produire la lettre")
    lettre = page.get_by_role("link", name=re.compile("^Lettre du")).get_attribute("href")
    assert lettre is not None
    _lire_pdf(visite, lettre)
    page.get_by_label("Ce qui prouve la réception").select_option(index=1)
    page.get_by_label("Reçue le").fill(timezone.localdate().isoformat())
    page.get_by_label("Référence de la preuve").fill("Avis signé")
    _envoyer(visite, "Noter la réception")
    expect(page.get_by_text("est à conclure avant le").first).to_be_visible()


def _autre_personne(visite: Visite, personne: str) -> str:
    """Une autre personne de la file, qui attend aussi."""
    _ouvrir(visite, "/orientation/")
    liens = visite.page.locator("tbody tr a[href^='/personnes/']").all()
    return next(adresse for lien in liens if (adresse := lien.get_attribute("href") or "") != personne)


def test_une_nouvelle_entrante_invitee_orientee_notifiee_et_un_referent_qui_n_a_plus_de_place(visite: Visite) -> None:
    page, mots = visite.page, PROFILS[visite.installation.profil]
    role = "chef_territoire" if page.evaluate("window.innerWidth") > LARGEUR_TELEPHONE else "chef_territoire_second"
    equipe = mots.equipes[role]
    visite.se_connecter(role)

    reunion, personne = _inviter(visite)
    _noter_presente(visite, reunion)
    _remplir_la_grille(visite, personne)
    seance = _planifier_la_seance(visite, equipe)
    if mots.motif_urgence:
        _decider_en_seance(visite, seance, personne, mots, equipe)
    else:
        _refuser_la_seance_du_jour(visite, seance, personne)
        _decider_directement(visite, personne, mots, equipe)
    _notifier(visite, personne)

    autre = _autre_personne(visite, personne)
    formulaire = _decider_directement(visite, autre, mots, equipe)
    expect(formulaire.get_by_text("pour une charge maximale de 1")).to_be_visible()
    depasser = formulaire.get_by_role("checkbox", name=re.compile("au-delà de la charge maximale"))
    if mots.depassement:
        depasser.check()
        formulaire.get_by_label("Pourquoi", exact=True).fill("Seul référent du quartier")
        _envoyer(visite, "^Décider$")
        expect(page.locator(".chemin .etape-fait", has_text=equipe.referent)).to_be_visible()
    else:
        assert depasser.count() == 0

    _ouvrir(visite, personne)
    for etape in ("Informé", re.compile("échelle|grille"), "Orienté", equipe.referent):
        expect(page.locator(".chemin .etape-fait", has_text=etape)).to_be_visible()
