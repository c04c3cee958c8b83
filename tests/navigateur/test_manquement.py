"""Les deux parcours de l'issue 5 au navigateur : une raison prouvée qui clôt tout ; une sanction, de la séance au flux.

Le second va jusqu'au bout : audition assistée, avis, décision, transmission, levée, et le fichier de la caisse qui suit.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone
from playwright.sync_api import BrowserContext, FilePayload, expect
from pypdf import PdfReader

from tests.navigateur.conftest import ATTENTE, Installation, Servir, Visite
from tests.navigateur.suivis import chemin, ecran_de, envoyer, lire_pdf, ouvrir

pytestmark = pytest.mark.navigateur
FOYERS = 60
ATTENTE_IMPORT = 90_000
REFERENT, CHEF, DECIDEUR, SIEGE = "referent_solidarite", "chef_territoire", "decideur", "siege"
SECRETAIRE, MEMBRE = "orienteur", "membre_equipe"
JOURS_AVANT_SEANCE = 12
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
from jalon.instances.composition import nommer_membre
from jalon.instances.models import EffetTheme, Instance, QualiteMembre
from jalon.orientations.models import DecisionOrientation, NotificationOrientation, TypeOrientation
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.models import OccupationAgenda, RendezVous
from jalon.rendezvous.rappels import convoquer_rendez_vous
from jalon.rendezvous.rendez_vous import constater_rendez_vous, fixer_rendez_vous

importer_flux(fichiers[0])
jour = timezone.localdate()
depuis, recul = jour - timedelta(days=250), timedelta(days=50)
chef, referent, membre = (
    Agent.objects.get(email=roles[role]) for role in ("chef_territoire", "referent_solidarite", "membre_equipe"))
decide, suit = ({"acteur": a, "perimetre": Perimetre.de(a)} for a in (chef, referent))
territoire = chef.affectations.get().territoire
organisme = referent.affectations.get().organisme
soumises = [
    s.personne
    for s in Soumission.objects.filter(
        soumise=True, periode__contains=jour, personne__territoire=territoire, dossier__montants__total__gt=0,
        dossier__suspensions=None, dossier__avispresidents=None,
    ).select_related("personne").order_by("personne_id")[:4]
]
Soumission.objects.filter(personne__in=soumises).update(periode=DateRange(depuis, None))
noms = [f"{parcours} {ecran}" for parcours in ("raison", "sanction") for ecran in ("bureau", "telephone")]
instance = Instance.objects.filter(
    territoire=territoire, type__themes__effet=EffetTheme.MANQUEMENT, type__themes__fraude=False).distinct().get()
personnes = {"instance": str(instance.public_id)}
qualites = list(QualiteMembre.objects.filter(type=instance.type).order_by("-preside", "ordre", "pk"))
for rang, qualite in enumerate(qualites):
    agent = {0: chef, 1: membre}.get(rang)
    nommer_membre(instance, **decide, qualite=qualite, agent=agent, nom_externe="" if agent else f"Membre {rang}")
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
"""Deux personnes par écran : orientées, suivies, et absentes à un rendez-vous convoqué dans les temps. L'instance qui
donne un avis a ses membres : le chef préside, un membre de l'équipe siège, les autres n'ont pas de compte."""
VIEILLIR = """
import sys
from datetime import timedelta
from django.contrib.postgres.fields import DateRangeField
from django.db import connection, models, transaction
from jalon.instances.models import DossierSeance, Seance
from jalon.manquements.avertissement import dernier_jour_observations
from jalon.manquements.models import (
    AvisManquement, DecisionSanction, FaitManquement, LigneTransmission, Manquement, Observation, Transmission)
from jalon.manquements.services import regime_du
from jalon.rendezvous.models import ContactIndividuel, RendezVous
personne, duree = {"personne__public_id": sys.argv[1]}, timedelta(days=int(sys.argv[2]))
de_la_procedure = {f"manquement__{champ}": valeur for champ, valeur in personne.items()}
LA_LOI = ("regime_periode",)

def reculer(lignes):
    for ligne in lignes.order_by("pk"):
        change = {}
        for champ in ligne._meta.concrete_fields:
            tenu = getattr(ligne, champ.attname)
            if tenu is None or champ.name in LA_LOI:
                continue
            if isinstance(champ, models.DateField):
                change[champ.name] = tenu - duree
            elif isinstance(champ, DateRangeField) and not tenu.isempty:
                change[champ.name] = type(tenu)(tenu.lower - duree, tenu.upper and tenu.upper - duree, tenu.bounds)
        type(ligne).objects.filter(pk=ligne.pk).update(**change)

with transaction.atomic():
    # Ce qu'une décision a figé ne change plus : seul l'essai, qui fait passer le temps, y touche.
    with connection.cursor() as curseur:
        curseur.execute("alter table manquements_decisionsanction disable trigger sanction_fidele_au_dossier")
    transmises = Transmission.objects.filter(lignes__decision__in=DecisionSanction.objects.filter(**personne)).distinct()
    for lignes in (
        Manquement.objects.filter(**personne), DecisionSanction.objects.filter(**personne),
        LigneTransmission.objects.filter(decision__in=DecisionSanction.objects.filter(**personne)), transmises,
        FaitManquement.objects.filter(**de_la_procedure), Observation.objects.filter(**de_la_procedure),
        AvisManquement.objects.filter(**de_la_procedure), DossierSeance.objects.filter(**personne),
        Seance.objects.filter(dossiers__in=DossierSeance.objects.filter(**personne)).distinct(),
        ContactIndividuel.objects.filter(**personne), RendezVous.objects.filter(**personne),
    ):
        reculer(lignes)
    for tenu in Manquement.objects.filter(**personne, averti_recu_le__isnull=False).order_by("pk"):
        # Un mois n'a pas toujours les mêmes jours : le délai se recompte de la réception, il ne recule pas avec elle.
        tenu.observations_jusqu_au = dernier_jour_observations(
            tenu.averti_recu_le, regime_du(tenu.averti_recu_le), tenu.regime_faits)
        tenu.save(update_fields=["observations_jusqu_au"])
    with connection.cursor() as curseur:
        curseur.execute("set constraints all immediate")
        curseur.execute("alter table manquements_decisionsanction enable trigger sanction_fidele_au_dossier")
"""
TRANSMISE_LE_JOUR_MEME = """
import sys
from jalon.manquements.models import LigneTransmission, Transmission
for ligne in LigneTransmission.objects.filter(
    objet="lever", decision__personne__public_id=sys.argv[1]).select_related("decision").order_by("pk"):
    Transmission.objects.filter(pk=ligne.transmission_id).update(produite_le=ligne.decision.levee_le)
"""
"""La levée, datée d'un jour passé, a été transmise ce jour-là : le flux qui suit doit déjà la dire."""


@pytest.fixture(scope="module", params=["pas-de-calais", "loiret"])
def installation(request: pytest.FixtureRequest, servir: Servir) -> Iterator[Installation]:
    yield from servir(request.param, taille=FOYERS, suite=SUITE)


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

    yield ouvrir_un_appareil
    for contexte in ouverts:
        contexte.close()


def _vieillir(installation: Installation, personne: str, jours: int) -> None:
    """Laisse passer des jours : tout ce qui est daté de la procédure de cette personne recule d'autant."""
    installation.executer(VIEILLIR, personne, str(jours))


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


def test_entendue_suspendue_levee_et_le_flux_de_la_caisse_suit(
    visite: Visite, appareil: Callable[[str], Visite]
) -> None:
    ecran = ecran_de(visite)
    if (visite.installation.profil, ecran) == ("loiret", "telephone"):
        pytest.skip("Les mêmes écrans se voient au téléphone sous l'autre profil.")
    personne = visite.installation.personnes[f"sanction {ecran}"]
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
    expect(chez_elle.page.locator("main")).to_contain_text("Vous avez demandé un rendez-vous pour vous expliquer")

    decideur = appareil(DECIDEUR)
    ouvrir(decideur, f"{procedure}decider/")
    expect(decideur.page.get_by_role("heading", name=re.compile("Aucune sanction n’est possible"))).to_be_visible()
    _vieillir(visite.installation, personne, 40)
    ouvrir(decideur, f"{procedure}decider/")
    expect(decideur.page.locator("main")).to_contain_text("entendue")

    membre = appareil(MEMBRE)
    seance = _preparer_la_seance(appareil(SECRETAIRE), membre)
    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.locator("main")).to_contain_text("On vous attend le")
    _vieillir(visite.installation, personne, JOURS_AVANT_SEANCE)
    _tenir_la_seance(chef, membre, seance)
    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.locator("main")).to_contain_text("Votre audition a eu lieu le")

    _decider(decideur, procedure)
    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.get_by_role("heading", name="Une décision a été prise")).to_be_visible()

    siege = appareil(SIEGE)
    transmise = _transmettre(siege)
    # Les fichiers d'une caisse se suivent : le second écran reprend après ceux du premier.
    depuis = timezone.localdate() - timedelta(days=10 if _flux_deposes(siege) else 20)
    _vieillir(visite.installation, personne, (transmise.debut - depuis).days)
    transmise = transmise.au(depuis)

    _importer(siege, depuis + timedelta(days=3), transmise)
    _lire_l_ecart(siege, personne, f"du {depuis + timedelta(days=3):%d/%m/%Y} l'applique comme prévu")

    ouvrir(decideur, procedure)
    _deplier(decideur, "lever")
    decideur.page.locator("#lever-le").fill((depuis + timedelta(days=5)).isoformat())
    decideur.page.locator("#lever-motif").select_option("en_regle")
    envoyer(decideur, "Lever la sanction")
    ouvrir(chez_elle, adresse)
    expect(chez_elle.page.get_by_role("heading", name=re.compile("La sanction est arrêtée"))).to_be_visible()
    ouvrir(siege, "/manquements/transmissions/")
    envoyer(siege, "Produire les listes et les lettres")
    visite.installation.executer(TRANSMISE_LE_JOUR_MEME, personne)
    _importer(siege, depuis + timedelta(days=8))
    _lire_l_ecart(siege, personne, f"du {depuis + timedelta(days=8):%d/%m/%Y} ne l'applique plus")


def _preparer_la_seance(secretaire: Visite, membre: Visite) -> str:
    """Planifie, inscrit la procédure, convoque les membres puis la personne ; le membre lit une fois convoqué."""
    page = secretaire.page
    ouvrir(secretaire, f"/instances/{secretaire.installation.personnes['instance']}/")
    page.get_by_label("Date", exact=True).fill((timezone.localdate() + timedelta(days=JOURS_AVANT_SEANCE)).isoformat())
    page.get_by_label("Heure", exact=True).fill("09:00")
    page.get_by_label("Lieu", exact=True).fill("Salle des fêtes")
    envoyer(secretaire, "Planifier la séance")
    seance = chemin(secretaire)
    page.get_by_role("link", name="Inscrire ce qui attend").click()
    expect(page.get_by_text("Demande à être entendue")).to_have_count(1)
    envoyer(secretaire, "Inscrire ce qui est coché")
    ouvrir(membre, seance)
    expect(membre.page.get_by_text("La séance se prépare", exact=True)).to_be_visible()

    envoyer(secretaire, "Convoquer les")
    envoyer(secretaire, "Fixer les heures de passage")
    envoyer(secretaire, "Convoquer 1 personne")
    expect(page.locator("section", has=page.locator("#auditions"))).to_contain_text("convoquée le")
    ouvrir(membre, seance)
    membre.page.get_by_role("link", name="Lire les dossiers").click()
    expect(membre.page.get_by_role("heading", name=re.compile("^Mon avis"))).to_be_visible()
    membre.controler()
    return seance


def _tenir_la_seance(chef: Visite, membre: Visite, seance: str) -> None:
    """La personne est entendue, assistée ; le membre dit son avis d'un geste ; la séance rend le sien et se clôt."""
    page = chef.page
    ouvrir(chef, seance)
    for presence in page.locator("input[name=presents]").all():
        presence.check()
    envoyer(chef, "Ouvrir la séance")
    page.get_by_role("link", name="Examiner les dossiers").click()
    formulaire = page.locator("form[data-decision]")
    expect(formulaire).to_be_visible()
    page.get_by_label("Avec qui (facultatif)").fill("Une amie")
    page.get_by_role("button", name=re.compile("^Noter l’")).click()
    expect(page.locator("main")).to_contain_text("assistée par Une amie")
    chef.controler()

    ouvrir(membre, chemin(chef))
    envoyer(membre, "^Favorable$")
    expect(membre.page.locator("[aria-pressed=true]")).to_have_text(re.compile("Favorable"))

    ouvrir(chef, chemin(chef))
    formulaire.locator("#sens-favorable").check()
    formulaire.locator("#regle").select_option("premiere")
    formulaire.locator("#taux").fill("30")
    formulaire.locator("#duree").fill("1")
    formulaire.locator("#texte-avis").fill("Entendue, elle n’a pas donné de motif que la loi retienne.")
    formulaire.get_by_role("button", name=re.compile("^Retenir")).click()
    expect(page.get_by_role("heading", name="Relire et clore")).to_be_visible()
    chef.controler()
    envoyer(chef, "Clore et porter 1 avis")
    lire_pdf(chef, f"{seance}proces-verbal.pdf")
    ouvrir(membre, seance)
    expect(membre.page.get_by_text("Aucun dossier ne vous est ouvert", exact=True)).to_be_visible()


@dataclass(frozen=True)
class Transmise:
    """Une ligne de la liste que la caisse reçoit."""

    demande: str
    debut: date
    fin: date
    retenue: str

    def au(self, debut: date) -> Transmise:
        """La même, quand le temps a passé."""
        return Transmise(self.demande, debut, self.fin - (self.debut - debut), self.retenue)


def _transmettre(siege: Visite) -> Transmise:
    """Produit la liste et la lettre de la caisse ; rend ce que la liste lui demande."""
    ouvrir(siege, "/manquements/transmissions/")
    envoyer(siege, "Produire les listes et les lettres")
    lire_pdf(siege, siege.page.locator("a[href*='/lettre/']").first.get_attribute("href"))
    adresse = siege.page.locator("a[href*='/fichier/']").first.get_attribute("href")
    assert adresse is not None
    texte = siege.page.request.get(siege.installation.adresse + adresse).body().decode("utf-8-sig")
    [ligne] = csv.DictReader(io.StringIO(texte), delimiter=";")
    debut, fin = (
        date(*(int(nombre) for nombre in reversed(ligne[titre].split("/"))))
        for titre in ("À compter du", "Jusqu'au (compris)")
    )
    assert (debut, fin) == (
        (timezone.localdate() + relativedelta(months=1)).replace(day=1), debut + relativedelta(months=1, days=-1)
    )  # fmt: skip
    return Transmise(ligne["Numéro de demande"], debut, fin, ligne["Retenue mensuelle prévue (€)"].replace(",", "."))


def _dossier_des_flux(visite: Visite) -> Path:
    dossier = visite.installation.mois[0].parent / "suivants"
    dossier.mkdir(exist_ok=True)
    return dossier


def _flux_deposes(visite: Visite) -> bool:
    return any(_dossier_des_flux(visite).iterdir())


def _importer(siege: Visite, le: date, applique: Transmise | None = None) -> None:
    """Dépose à l'écran le fichier mensuel de la caisse à cette date : celui du premier mois, et la retenue appliquée."""
    fichier = _dossier_des_flux(siege) / f"flux-{le}.xml"
    fichier.write_bytes(_flux(siege.installation.mois[0].read_bytes(), le, applique))
    ouvrir(siege, "/imports/")
    siege.page.set_input_files("input[type=file]", fichier)
    siege.page.get_by_role("button", name="Déposer le fichier").click()
    expect(siege.page.get_by_text("Foyers lus").first).to_be_visible(timeout=ATTENTE_IMPORT)
    siege.controler()


def _flux(mois: bytes, le: date, applique: Transmise | None) -> bytes:
    """Le fichier d'un mois, daté d'un autre ; le foyer visé porte la réduction, comme la caisse l'écrit (VRSB0801)."""
    texte = mois.decode("windows-1252")
    for balise in ("DTREF", "DTCREAFLUX"):
        texte = re.sub(f"<{balise}>[^<]*", f"<{balise}>{le}", texte, count=1)
    if applique is None:
        return texte.encode("windows-1252")
    retenue = f"{float(applique.retenue):010.2f}"
    avis = (
        f"<AvisPCGDroitRSA><ReductionRSA><MTREDRSA>{retenue}</MTREDRSA><DDREDRSA>{applique.debut}</DDREDRSA>"
        f"<DFREDRSA>{applique.fin}</DFREDRSA></ReductionRSA></AvisPCGDroitRSA></DetailDroitRSA>"
    )
    [foyer] = [ligne for ligne in texte.splitlines() if f"<NUMDEMRSA>{applique.demande}<" in ligne]
    assert "<AvisPCGDroitRSA>" not in foyer
    reduit = foyer.replace("<MTCUMINTEGRSA>", f"<MTREDCGRSA>{retenue}</MTREDCGRSA><MTCUMINTEGRSA>")
    reduit = reduit.replace("</DetailDroitRSA>", avis)
    assert reduit.count(retenue) == 2
    return texte.replace(foyer, reduit).encode("windows-1252")


def _lire_l_ecart(siege: Visite, personne: str, phrase: str) -> None:
    """La page des écarts n'en montre aucun à traiter, et dit que la caisse a fait ce qui lui était demandé."""
    page = siege.page
    ouvrir(siege, "/manquements/transmissions/ecarts/")
    expect(page.get_by_text("Aucun écart ici", exact=True)).to_be_visible()
    ouvrir(siege, "/manquements/transmissions/ecarts/?constat=conforme")
    sien = page.locator("main li").filter(has=page.locator(f"a[href='/personnes/{personne}/']"))
    expect(sien).to_contain_text("Appliqué comme prévu")
    expect(sien).to_contain_text(phrase)


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
