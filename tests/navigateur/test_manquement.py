"""Les deux parcours de l'issue 5 au navigateur : une raison prouvée qui clôt tout ; une sanction décidée, puis levée."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, FilePayload, expect
from pypdf import PdfReader

from tests.navigateur.conftest import RACINE, Installation, Visite, servir
from tests.navigateur.suivis import chemin, ecran_de, envoyer, lire_pdf, ouvrir

pytestmark = pytest.mark.navigateur
FOYERS = 60
ATTENTE = 30_000
REFERENT, CHEF, DECIDEUR, SIEGE = "referent_solidarite", "chef_territoire", "decideur", "siege"
PREUVE: FilePayload = {"name": "attestation.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
SUITE = """
from datetime import datetime, time, timedelta
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.utils import timezone
from jalon.accompagnements.referents import designer_referent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.droits.models import Soumission
from jalon.echanges.services import importer_flux
from jalon.orientations.models import DecisionOrientation, NotificationOrientation, TypeOrientation
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.models import OccupationAgenda, RendezVous
from jalon.rendezvous.rappels import convoquer_rendez_vous
from jalon.rendezvous.rendez_vous import constater_rendez_vous, fixer_rendez_vous

importer_flux(fichiers[0])
jour = timezone.localdate()
depuis, recul = jour - timedelta(days=250), timedelta(days=50)
chef, referent = (Agent.objects.get(email=roles[role]) for role in ("chef_territoire", "referent_solidarite"))
decide, suit = ({"acteur": a, "perimetre": Perimetre.de(a)} for a in (chef, referent))
territoire = chef.affectations.get().territoire
organisme = referent.affectations.get().organisme
soumises = [
    s.personne
    for s in Soumission.objects.filter(soumise=True, periode__contains=jour, personne__territoire=territoire)
    .select_related("personne").order_by("personne_id")[:4]
]
Soumission.objects.filter(personne__in=soumises).update(periode=DateRange(depuis, None))
noms = [f"{parcours} {ecran}" for parcours in ("raison", "sanction") for ecran in ("bureau", "telephone")]
personnes = {}
for rang, (nom, personne) in enumerate(zip(noms, soumises, strict=True)):
    decision = DecisionOrientation.objects.create(
        personne=personne, type=TypeOrientation.objects.filter(sphere="sociale").order_by("ordre", "pk")[0],
        organisme=organisme, territoire=territoire, origine="directe", decidee_le=depuis, decidee_par=chef,
        periode=DateRange(depuis, None))
    NotificationOrientation.objects.create(
        decision=decision, produite_le=depuis, produite_par=chef, recue_le=depuis + timedelta(days=4),
        mode_reception="recommande")
    designer_referent(personne, **decide, organisme=organisme, agent=referent, jour=depuis)
    debut = timezone.make_aware(datetime.combine(jour + timedelta(days=25), time(9 + rang)))
    fixe = fixer_rendez_vous(personne, **suit, objet="entretien", creneau=Creneau(
        organisme=organisme, debut=debut, agent=referent, lieu="Maison des solidarités"))
    fixe, _ = convoquer_rendez_vous(fixe, **suit)
    RendezVous.objects.filter(pk=fixe.pk).update(debut=debut - recul, convoque_le=fixe.convoque_le - recul)
    for pris in OccupationAgenda.objects.filter(source=fixe.public_id):
        OccupationAgenda.objects.filter(pk=pris.pk).update(
            periode=DateTimeTZRange(pris.periode.lower - recul, pris.periode.upper - recul))
    constater_rendez_vous(fixe, **suit, etat="manque")
    personnes[nom] = str(personne.public_id)
"""
"""Deux personnes par écran : orientées, suivies, et absentes à un rendez-vous convoqué dans les temps."""
VIEILLIR = """
import sys
from datetime import timedelta
from jalon.cli.environnement import preparer_django
preparer_django()
from jalon.manquements.avertissement import dernier_jour_observations
from jalon.manquements.models import FaitManquement, Manquement, Observation
from jalon.manquements.services import regime_du
from jalon.rendezvous.models import ContactIndividuel, RendezVous
personne, duree = sys.argv[1], timedelta(days=int(sys.argv[2]))
JOURS = ("prepare_le", "saisi_le", "averti_le", "averti_recu_le", "reponse_le", "audition_proposee_le", "entendue_le")
for tenu in Manquement.objects.filter(personne__public_id=personne).order_by("pk"):
    dates = {nom: getattr(tenu, nom) - duree for nom in JOURS if getattr(tenu, nom)}
    if "averti_recu_le" in dates:
        # Un mois n'a pas toujours les mêmes jours : le délai se recompte de la réception, il ne recule pas avec elle.
        recu = dates["averti_recu_le"]
        dates["observations_jusqu_au"] = dernier_jour_observations(recu, regime_du(recu), tenu.regime_faits)
    Manquement.objects.filter(pk=tenu.pk).update(**dates)
    for fait in FaitManquement.objects.filter(manquement=tenu).order_by("pk"):
        FaitManquement.objects.filter(pk=fait.pk).update(date=fait.date - duree)
    for dite in Observation.objects.filter(manquement=tenu).order_by("pk"):
        Observation.objects.filter(pk=dite.pk).update(recue_le=dite.recue_le - duree)
for contact in ContactIndividuel.objects.filter(personne__public_id=personne).order_by("pk"):
    ContactIndividuel.objects.filter(pk=contact.pk).update(date=contact.date - duree)
for manque in RendezVous.objects.filter(personne__public_id=personne).order_by("pk"):
    RendezVous.objects.filter(pk=manque.pk).update(
        debut=manque.debut - duree, convoque_le=manque.convoque_le - duree, constate_le=manque.constate_le - duree)
"""


@pytest.fixture(scope="module", params=["pas-de-calais", "loiret"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    yield from servir(request.param, tmp_path_factory.mktemp(request.param), taille=FOYERS, suite=SUITE)


@pytest.fixture
def appareil(visite: Visite) -> Iterator[Callable[[str], Visite]]:
    """Un autre appareil du même écran : un collègue connecté sous ce rôle, ou la personne chez elle."""
    ouverts: list[BrowserContext] = []

    def ouvrir_un_appareil(role: str = "") -> Visite:
        navigateur = visite.page.context.browser
        assert navigateur is not None
        contexte = navigateur.new_context(viewport=visite.page.viewport_size, locale="fr-FR", accept_downloads=True)
        contexte.set_default_timeout(ATTENTE)
        ouverts.append(contexte)
        autre = Visite(contexte.new_page(), visite.installation)
        if role:
            autre.se_connecter(role)
        return autre

    visite.page.context.set_default_timeout(ATTENTE)
    expect.set_options(timeout=ATTENTE)
    yield ouvrir_un_appareil
    expect.set_options(timeout=5_000)
    for contexte in ouverts:
        contexte.close()


def _vieillir(installation: Installation, personne: str, jours: int) -> None:
    """Laisse passer des jours : tout ce qui est daté de la procédure de cette personne recule d'autant."""
    fait = subprocess.run(
        [sys.executable, "-c", VIEILLIR, personne, str(jours)],
        cwd=RACINE, env=installation.environnement, capture_output=True, text=True,
    )  # fmt: skip
    assert fait.returncode == 0, fait.stderr[-2000:]


def _deplier(visite: Visite, acte: str) -> None:
    """Ouvre un acte replié de la page de la procédure."""
    repli = visite.page.locator(f"#acte-{acte}")
    if repli.count() and repli.get_attribute("open") is None:
        repli.locator("summary").first.click()


def _saisir(visite: Visite, personne: str) -> str:
    """Le motif, l'absence du dossier, le contact d'abord refusé, l'exposé ; rend la page de la procédure."""
    page = visite.page
    ouvrir(visite, f"/personnes/{personne}/manquement/")
    expect(page.get_by_text("Aucun échange n’est noté")).to_be_visible()
    page.get_by_role("link", name="Noter un contact").click()
    page.locator("[name=moyen]").select_option("telephone")
    page.locator("[name=resultat]").select_option("jointe")
    page.locator("[name=resume]").fill("N’a pas donné de raison.")
    envoyer(visite, "Noter ce contact")
    ouvrir(visite, f"/personnes/{personne}/manquement/")
    page.locator("input[name=motif][value=convocation]").check()
    page.locator("input[name=faits]").first.check()
    page.locator("input[name=contact]").first.check()
    page.get_by_label(re.compile("^Les faits, sans jugement")).fill("Pas venue, sans prévenir.")
    page.get_by_label("Ce qui s’est passé", exact=True).focus()
    expect(page.get_by_role("heading", name="Tout y est")).to_be_visible()
    visite.controler()
    envoyer(visite, "Saisir l’instance")
    return chemin(visite)


def _avertir(visite: Visite, procedure: str) -> str:
    """Envoie la lettre et rend l'adresse qu'elle donne à la personne."""
    page = visite.page
    ouvrir(visite, procedure)
    envoyer(visite, "Envoyer la lettre")
    lettre = page.locator("main a[href*='/documents/'], main a[href$='.pdf']").first.get_attribute("href")
    lire_pdf(visite, lettre)
    assert lettre is not None
    octets = page.request.get(visite.installation.adresse + lettre).body()
    texte = re.sub(r"\s", "", "".join(feuille.extract_text() for feuille in PdfReader(io.BytesIO(octets)).pages))
    trouve = re.search(r"/lien/[\w-]+/reponse/", texte)
    assert trouve is not None, texte
    return trouve.group()


def _noter_la_reception(visite: Visite, personne: str, procedure: str) -> None:
    _vieillir(visite.installation, personne, 5)
    ouvrir(visite, procedure)
    visite.page.locator("#reception-le").fill(timezone.localdate().isoformat())
    visite.page.locator("#reception-preuve").fill("Avis de réception 2C 045")
    envoyer(visite, "réception")
    expect(visite.page.locator("#suite")).to_contain_text("La personne peut répondre jusqu’au")


def test_une_raison_prouvee_clot_la_procedure_sans_sanction(visite: Visite, appareil: Callable[[str], Visite]) -> None:
    personne = visite.installation.personnes[f"raison {ecran_de(visite)}"]
    visite.se_connecter(REFERENT)
    procedure = _saisir(visite, personne)
    chef = appareil(CHEF)
    adresse = _avertir(chef, procedure)
    _noter_la_reception(chef, personne, procedure)

    chez_elle = appareil("")
    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.get_by_role("heading", name="Aucune décision n’est prise")).to_be_visible()
    chez_elle.page.locator("#texte").fill("J’étais à un entretien d’embauche.")
    chez_elle.page.locator("#motif").select_option("travail")
    chez_elle.page.locator("#preuve").set_input_files(PREUVE)
    envoyer(chez_elle, "Envoyer ma réponse")
    expect(chez_elle.page.locator("#envoye")).to_contain_text("bien reçue")

    ouvrir(chef, procedure)
    expect(chef.page.locator("main")).to_contain_text("J’étais à un entretien d’embauche.")
    _deplier(chef, "legitime")
    envoyer(chef, "Reconnaître un motif légitime")
    chef.page.locator("#classer-motif").select_option("motif_legitime")
    envoyer(chef, "Classer, sans sanction")
    expect(chef.page.locator("main")).to_contain_text("Motif légitime")

    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.get_by_role("heading", name=re.compile("C’est terminé, sans sanction"))).to_be_visible()


def test_entendue_suspendue_transmise_puis_levee(visite: Visite, appareil: Callable[[str], Visite]) -> None:
    personne = visite.installation.personnes[f"sanction {ecran_de(visite)}"]
    visite.se_connecter(REFERENT)
    procedure = _saisir(visite, personne)
    chef = appareil(CHEF)
    adresse = _avertir(chef, procedure)
    _noter_la_reception(chef, personne, procedure)

    chez_elle = appareil("")
    ouvrir(chez_elle, adresse)
    chez_elle.page.locator("[name=demande_audition]").check()
    chez_elle.page.locator("#avec-qui").fill("Une amie")
    envoyer(chez_elle, "Envoyer ma réponse")
    expect(chez_elle.page.locator("main")).to_contain_text("Vous avez demandé à être entendu")

    decideur = appareil(DECIDEUR)
    ouvrir(decideur, f"{procedure}decider/")
    expect(decideur.page.get_by_role("heading", name=re.compile("Aucune sanction n’est possible"))).to_be_visible()
    _vieillir(visite.installation, personne, 40)
    ouvrir(decideur, f"{procedure}decider/")
    expect(decideur.page.locator("main")).to_contain_text("entendue")

    ouvrir(chef, procedure)
    _deplier(chef, "audition")
    chef.page.locator("#audition-le").fill(timezone.localdate().isoformat())
    chef.page.locator("#audition-avec").fill("Une amie")
    envoyer(chef, "audition", chef.page.locator("#acte-audition"))

    _decider(decideur, procedure)
    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.get_by_role("heading", name="Une décision a été prise")).to_be_visible()

    siege = appareil(SIEGE)
    ouvrir(siege, "/manquements/transmissions/")
    envoyer(siege, "Produire les listes et les lettres")
    lire_pdf(siege, siege.page.locator("a[href*='/lettre/']").first.get_attribute("href"))

    ouvrir(decideur, procedure)
    _deplier(decideur, "lever")
    decideur.page.locator("#lever-motif").select_option("en_regle")
    envoyer(decideur, "Lever la sanction")
    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.get_by_role("heading", name=re.compile("La sanction est arrêtée"))).to_be_visible()
    ouvrir(siege, "/manquements/transmissions/")
    envoyer(siege, "Produire les listes et les lettres")
    ouvrir(siege, "/manquements/transmissions/ecarts/")


def _decider(visite: Visite, procedure: str) -> None:
    """Hors de la grille, la page dit pourquoi ; dans la grille, la décision se prend et sa lettre part."""
    page = visite.page
    ouvrir(visite, f"{procedure}decider/")
    page.locator("input[name=regle][value=premiere]").check()
    page.locator("#motivation").fill(
        "Un rendez-vous manqué. Entendue, elle n’a pas donné de motif que la loi retienne."
    )
    page.locator("#taux").fill("10")
    page.locator("#duree").fill("1")
    envoyer(visite, "Voir ce que cela fait")
    expect(page.get_by_role("heading", name="Ce qui l’empêche")).to_be_visible()
    page.locator("#taux").fill("30")
    envoyer(visite, "^Décider$")
    envoyer(visite, "Écrire la lettre de décision")
