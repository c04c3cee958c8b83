"""Ce que les parcours de contrat partagent : les personnes suivies, le temps qui passe, le code reçu, les gestes communs."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.navigateur.conftest import Installation, Visite
from tests.navigateur.passerelle import DOSSIER

REGLAGES = {"JALON_PASSERELLE_COURRIEL": "tests.navigateur.passerelle.PasserelleFichier"}
CHEF, REFERENT = "chef_territoire", "referent_solidarite"
PARCOURS = ("referent", "personne", "objectifs")
ECRANS = ("bureau", "telephone")
SUITE = """
from datetime import date, datetime, time, timedelta
from django.utils import timezone
from jalon.accompagnements.referents import designer_referent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.grilles import enregistrer_passation
from jalon.diagnostics.selectors import grille_principale, version_en_vigueur
from jalon.droits.models import Soumission
from jalon.echanges.services import importer_flux
from jalon.organismes.models import CommuneTerritoire
from jalon.personnes.coordonnees import CanalPrefere, Coordonnees
from jalon.personnes.creation import IdentiteSaisie, creer_personne
from jalon.personnes.models import Public
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.rendez_vous import fixer_rendez_vous
from tests.contrats.fabriques import une_fiche

importer_flux(fichiers[0])
jour = timezone.localdate()
chef, referent = (Agent.objects.get(email=roles[role]) for role in ("chef_territoire", "referent_solidarite"))
decide, suit = ({"acteur": a, "perimetre": Perimetre.de(a)} for a in (chef, referent))
territoire = chef.affectations.get().territoire
organisme = referent.affectations.get().organisme
commune = CommuneTerritoire.objects.filter(territoire=territoire).order_by("commune_id")[0].commune
soumises = [
    s.personne
    for s in Soumission.objects.filter(soumise=True, periode__contains=jour, personne__territoire=territoire)
    .select_related("personne").order_by("personne_id")[:4]
]
autres = [
    creer_personne(IdentiteSaisie(nom=nom, prenom=prenom, date_naissance=date(2003, 5, 17), sexe="2"), **decide,
                   commune=commune, public=Public.objects.filter(actif=True).order_by("ordre", "pk")[0],
                   depuis=jour - timedelta(days=300))
    for nom, prenom in (("Vandamme", "Colette"), ("Bertrand", "Solange"))
]
noms = [f"{parcours} {ecran}" for parcours in ("referent", "personne", "objectifs") for ecran in ("bureau", "telephone")]
personnes = {}
version = version_en_vigueur(grille_principale(), jour - timedelta(days=250))
for rang, (nom, personne) in enumerate(zip(noms, [*soumises, *autres], strict=True)):
    designer_referent(personne, **decide, organisme=organisme, agent=referent, jour=jour - timedelta(days=250))
    Coordonnees.objects.update_or_create(personne=personne, defaults={
        "courriel": f"{nom.replace(' ', '.')}@exemple.fr", "accepte_courriel": True, "prefere": CanalPrefere.COURRIEL})
    une_fiche(personne, difficultes="Le bus ne passe que le matin.", projet="Devenir aide-soignante.")
    enregistrer_passation(
        personne, **decide, version=version, reponses={i.code: i.echelons.count() for i in version.items.all()},
        date_passation=jour - timedelta(days=250), convenue=True, origine="entretien",
    )
    if nom.startswith("personne"):
        debut = timezone.make_aware(datetime.combine(jour + timedelta(days=3), time(9 + rang)))
        fixer_rendez_vous(personne, **suit, objet="entretien", creneau=Creneau(
            organisme=organisme, debut=debut, agent=referent, lieu="Maison de l'insertion, bureau 4"))
    personnes[nom] = str(personne.public_id)
"""
"""Trois personnes par écran, avec leur référent, leur fiche préparatoire et une première grille au plus loin de l'emploi."""
VIEILLIR = """
import sys
from datetime import timedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from jalon.contrats.models import Contrat, SignatureContrat
from jalon.rendezvous.models import NoteEntretien, OccupationAgenda, RendezVous
personne, duree = sys.argv[1], timedelta(days=int(sys.argv[2]))
JOURS = ("debut", "ouvert_le", "propose_le", "signe_le", "recu_le", "valide_le")
for contrat in Contrat.objects.filter(personne__public_id=personne).order_by("ouvert_le", "pk"):
    dates = {nom: getattr(contrat, nom) - duree for nom in JOURS if getattr(contrat, nom)}
    if contrat.periode:
        dates["periode"] = DateRange(contrat.periode.lower - duree, contrat.periode.upper - duree)
    Contrat.objects.filter(pk=contrat.pk).update(**dates)
    for signature in SignatureContrat.objects.filter(contrat=contrat).order_by("pk"):
        SignatureContrat.objects.filter(pk=signature.pk).update(signee_le=signature.signee_le - duree)
for prevu in RendezVous.objects.filter(personne__public_id=personne).order_by("debut"):
    temps = {"debut": prevu.debut - duree}
    if prevu.constate_le:
        temps["constate_le"] = prevu.constate_le - duree
    RendezVous.objects.filter(pk=prevu.pk).update(**temps)
    for pris in OccupationAgenda.objects.filter(source=prevu.public_id):
        OccupationAgenda.objects.filter(pk=pris.pk).update(
            periode=type(pris.periode)(pris.periode.lower - duree, pris.periode.upper - duree, pris.periode.bounds))
for note in NoteEntretien.objects.filter(personne__public_id=personne).order_by("pk"):
    NoteEntretien.objects.filter(pk=note.pk).update(date=note.date - duree)
"""


def vieillir(installation: Installation, personne: str, jours: int) -> None:
    """Laisse passer des jours : tout ce qui est daté du suivi de cette personne recule d'autant."""
    installation.executer(VIEILLIR, personne, str(jours))


def dernier_code(visite: Visite, destinataire: str, deja: int = 0) -> str:
    """Le code du dernier message reçu ; `deja` : les codes lus avant celui-ci."""
    recus = Path(visite.installation.environnement["JALON_DONNEES"]) / DOSSIER / destinataire
    for _ in range(300):
        codes = re.findall(r"^(\d{6}) est votre code", recus.read_text(), re.M) if recus.exists() else []
        if len(codes) > deja:
            return str(codes[-1])
        visite.page.wait_for_timeout(200)
    raise AssertionError(f"Aucun code n'est arrivé chez {destinataire}.")


def ecran_de(visite: Visite) -> str:
    taille = visite.page.viewport_size
    assert taille is not None
    return "telephone" if taille["width"] < 600 else "bureau"


def ouvrir(visite: Visite, chemin: str) -> None:
    visite.aller(chemin.removeprefix(visite.installation.adresse))
    visite.controler()


def chemin(visite: Visite) -> str:
    return visite.page.url.removeprefix(visite.installation.adresse).split("#")[0].split("?")[0]


def envoyer(visite: Visite, bouton: str, dans: Locator | None = None) -> None:
    """Presse un bouton, attend la page d'après et la contrôle."""
    with visite.page.expect_navigation():
        (dans or visite.page.locator("main")).get_by_role("button", name=re.compile(bouton)).first.click()
    visite.controler()


def refuser(visite: Visite, bouton: str, phrase: str) -> None:
    """Presse un bouton qui doit être refusé : la page revient, dit pourquoi, et reste accessible."""
    with visite.page.expect_navigation():
        visite.page.locator("main").get_by_role("button", name=re.compile(bouton)).first.click()
    visite.erreurs.clear()
    expect(visite.page.locator("#messages")).to_contain_text(phrase)
    visite.controler()


def lire_pdf(visite: Visite, adresse: str | None) -> None:
    assert adresse is not None
    reponse = visite.page.request.get(visite.installation.adresse + adresse.removeprefix(visite.installation.adresse))
    assert reponse.ok, f"{adresse} répond {reponse.status}"
    assert reponse.body().startswith(b"%PDF"), adresse
