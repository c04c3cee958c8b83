"""Ouvrir à la main le dossier d'une personne, sans la créer deux fois (F008, F013)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone
from rapidfuzz import fuzz

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import CommuneTerritoire, Organisme
from jalon.personnes.fusion import effets_complets
from jalon.personnes.identite import Nir, cles_identite, lire_nir
from jalon.personnes.models import (
    IDENTITE_SAISIE,
    EtatRapprochement,
    PartageDossier,
    Personne,
    Public,
    PublicPersonne,
    RaisonPartage,
    Rapprochement,
    Sexe,
)
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.referentiels.models import Commune
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

AGE_MAXIMAL = 120
RESSEMBLANCE_MEME_DATE = 75
RESSEMBLANCE_AUTRE_DATE = 92
CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class IdentiteSaisie:
    """Ce que l'agent écrit d'une personne qu'il reçoit."""

    nom: str
    prenom: str
    date_naissance: date
    sexe: str
    nom_naissance: str = ""
    prenom2: str = ""
    prenom3: str = ""
    commune_naissance: str = ""
    nir: str = ""

    @property
    def cles(self) -> dict[str, str]:
        return cles_identite(self.nom, self.nom_naissance or self.nom, self.prenom, self.prenom2, self.prenom3)


@dataclass(frozen=True, slots=True)
class Doublon:
    """Une personne connue qui ressemble à celle que l'on saisit."""

    personne: Personne
    ressemblance: int
    motif: str


@dataclass(frozen=True, slots=True)
class Doublons:
    """Personnes qui ressemblent ; celles hors du périmètre ne sont que comptées, jamais montrées."""

    visibles: tuple[Doublon, ...] = ()
    cachees: tuple[Doublon, ...] = ()

    def restants(self, ecartees: Collection[UUID]) -> tuple[Doublon, ...]:
        return tuple(d for d in self.visibles if d.personne.public_id not in ecartees)


class DoublonPossibleError(JalonError):
    """Une personne connue ressemble : l'agent compare avant de créer."""

    def __init__(self, doublons: tuple[Doublon, ...]) -> None:
        super().__init__(
            "Une personne déjà connue lui ressemble : comparez, puis choisissez son dossier ou confirmez "
            "qu'il s'agit de quelqu'un d'autre."
        )
        self.doublons = doublons


def chercher_doublons(perimetre: Perimetre, identite: IdentiteSaisie) -> Doublons:
    """Personnes du département qui ressemblent : même numéro, nom à l'envers, faute de frappe, date mal lue.

    La recherche porte sur tout le département, car un doublon hors du périmètre en est un aussi ; ce que
    l'agent ne peut pas voir est gardé à part, et l'appelant ne le montre pas.
    """
    nir = _nir(identite)
    cles = identite.cles
    with effets_complets():
        with connection.cursor() as curseur:
            curseur.execute(
                "select personne from rechercher_personnes(%s, %s)",
                [f"{cles['cle_nom']} {cles['cle_prenom']}", CANDIDATES],
            )
            proches = [cle for (cle,) in curseur.fetchall()]
        conditions = Q(date_naissance=identite.date_naissance) | Q(pk__in=proches)
        if nir is not None:
            conditions |= Q(nir_empreinte=nir.empreinte)
        candidates = list(
            Personne.objects.filter(conditions, fusionnee_dans=None).select_related("territoire").order_by("pk")
        )
    trouves = [d for personne in candidates if (d := _comparer(identite, cles, nir, personne)) is not None]
    trouves.sort(key=lambda d: (-d.ressemblance, d.personne.pk))
    visibles = set(
        personnes_du_perimetre(perimetre)
        .filter(pk__in=[d.personne.pk for d in trouves])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    return Doublons(
        tuple(d for d in trouves if d.personne.pk in visibles),
        tuple(d for d in trouves if d.personne.pk not in visibles),
    )


def _comparer(identite: IdentiteSaisie, cles: dict[str, str], nir: Nir | None, p: Personne) -> Doublon | None:
    if nir is not None and p.nir_empreinte is not None and bytes(p.nir_empreinte) == nir.empreinte:
        return Doublon(p, 100, "même numéro de sécurité sociale")
    noms = max(
        fuzz.token_sort_ratio(f"{nom} {cles['cle_prenom']}", f"{connu} {p.cle_prenom}")
        for nom in {cles["cle_nom"], cles_identite(identite.nom, "", identite.prenom)["cle_nom"]}
        for connu in {p.cle_nom, cles_identite(p.nom, "", p.prenom)["cle_nom"]}
    )
    if p.date_naissance == identite.date_naissance:
        if noms < RESSEMBLANCE_MEME_DATE:
            return None
        a_l_envers = (cles["cle_nom"], cles["cle_prenom"]) == (p.cle_prenom, p.cle_nom)
        motif = "nom et prénom inversés, même naissance" if a_l_envers else "noms proches, même naissance"
        if (cles["cle_nom"], cles["cle_prenom"]) == (p.cle_nom, p.cle_prenom):
            motif = "mêmes nom, prénom et naissance"
        return Doublon(p, min(99, round(60 + 0.39 * noms)), motif)
    if noms >= RESSEMBLANCE_AUTRE_DATE and _dates_proches(identite.date_naissance, p.date_naissance):
        return Doublon(p, round(0.8 * noms), "mêmes nom et prénom, naissance proche")
    return None


def _dates_proches(a: date, b: date) -> bool:
    """Deux des trois parts sont les mêmes, ou le jour et le mois sont échangés."""
    communes = (a.year == b.year) + (a.month == b.month) + (a.day == b.day)
    return communes == 2 or (a.year == b.year and (a.month, a.day) == (b.day, b.month))


@transaction.atomic
def creer_personne(
    identite: IdentiteSaisie,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    commune: Commune | None = None,
    public: Public | None = None,
    depuis: date | None = None,
    ecartees: Iterable[UUID] = (),
    organisme: Organisme | None = None,
) -> Personne:
    """Ouvre le dossier d'une personne que le flux ne connaît pas encore (F013).

    `ecartees` : les personnes ressemblantes que l'agent a comparées et jugées différentes. Lève
    `DoublonPossibleError` s'il en reste une ; une ressemblance hors de son périmètre devient un doublon à
    examiner par qui voit les deux dossiers. Le territoire vient de la commune (code INSEE).
    """
    perimetre.exiger("personnes.creer")
    jour = timezone.localdate()
    _controler(identite, jour)
    nir = _nir(identite)
    if nir is not None and not perimetre.voit_nir:
        raise DroitManquantError(
            "Votre rôle ne permet pas d'écrire le numéro de sécurité sociale. Laissez-le vide : la caisse l'apportera."
        )
    cles = identite.cles
    with connection.cursor() as curseur:
        # Deux guichets saisissent la même personne au même moment : le second voit ce que le premier a créé.
        curseur.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"personne {identite.date_naissance} {' '.join(sorted((cles['cle_nom'], cles['cle_prenom'])))}"],
        )
    doublons = chercher_doublons(perimetre, identite)
    ecartees = set(ecartees)
    if restants := doublons.restants(ecartees):
        raise DoublonPossibleError(restants)
    territoire = territoire_de(commune)
    with effets_complets():
        personne = Personne.objects.create(
            civilite="MR" if identite.sexe == Sexe.HOMME else "MME", nom=identite.nom.strip().upper(),
            nom_naissance=(identite.nom_naissance.strip() or identite.nom.strip()).upper(),
            prenom=identite.prenom.strip().upper(), prenom2=identite.prenom2.strip().upper(),
            prenom3=identite.prenom3.strip().upper(), date_naissance=identite.date_naissance, sexe=identite.sexe,
            commune_naissance=identite.commune_naissance.strip().upper(), identite_depuis=IDENTITE_SAISIE,
            nir_chiffre=nir.chiffre if nir else None, nir_empreinte=nir.empreinte if nir else None,
            type_nir=nir.type if nir else "", territoire_id=territoire, **cles,
        )  # fmt: skip
        if not perimetre.tout and territoire not in perimetre.territoires and perimetre.affectations:
            ouvrir_dossier(
                personne, organisme or perimetre.affectations[0].organisme, raison=RaisonPartage.CREATION, jour=jour
            )
        for doublon in doublons.cachees:
            _douter(doublon, personne, jour)
        for doublon in doublons.visibles:
            _douter(doublon, personne, jour, refuse_par=acteur)
        if public is not None:
            PublicPersonne.objects.create(personne=personne, public=public, periode=DateRange(depuis or jour, None))
    tracer(
        "personnes.personne.creee", personne, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Dossier ouvert à la main{f' : {public.libelle}' if public else ''}",
        donnees={"ressemblances_ecartees": len(doublons.visibles), "ressemblances_a_examiner": len(doublons.cachees)},
    )  # fmt: skip
    return personne


def _controler(identite: IdentiteSaisie, jour: date) -> None:
    cles = identite.cles
    if not cles["cle_nom"] or not cles["cle_prenom"]:
        raise JalonError("Écrivez au moins un nom et un prénom, en lettres.")
    if identite.sexe not in Sexe.values:
        raise JalonError(
            "Indiquez le sexe inscrit à l'état civil : le flux de la caisse s'en sert pour la reconnaître."
        )
    if identite.date_naissance >= jour or identite.date_naissance.year < jour.year - AGE_MAXIMAL:
        raise JalonError("Cette date de naissance n'est pas possible : corrigez-la.")


def _nir(identite: IdentiteSaisie) -> Nir | None:
    try:
        nir = lire_nir(identite.nir)
    except ValueError as erreur:
        raise JalonError(
            f"Ce numéro de sécurité sociale ne convient pas : {erreur}. Corrigez-le, ou laissez-le vide."
        ) from None
    if nir is not None and nir.type == "cle_fausse":
        raise JalonError("La clé de ce numéro de sécurité sociale est fausse : relisez-le, ou laissez-le vide.")
    return nir


def _douter(doublon: Doublon, personne: Personne, jour: date, *, refuse_par: Agent | None = None) -> None:
    """Garde le doute : à examiner s'il était caché, déjà tranché si l'agent a comparé."""
    Rapprochement.objects.create(
        ancienne=doublon.personne, nouvelle=personne, score=doublon.ressemblance, motif=f"Saisie : {doublon.motif}",
        etat=EtatRapprochement.REFUSE if refuse_par else EtatRapprochement.A_EXAMINER, decide_par=refuse_par,
        decide_le=timezone.now() if refuse_par else None, date_flux=jour,
    )  # fmt: skip


def territoire_de(commune: Commune | None) -> int | None:
    """Territoire d'une commune ; aucun hors du département."""
    if commune is None:
        return None
    return (
        CommuneTerritoire.objects.filter(commune=commune).order_by("pk").values_list("territoire_id", flat=True).first()
    )


# --- Publics


@transaction.atomic
def declarer_public(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, public: Public, depuis: date | None = None
) -> PublicPersonne:
    """Note qu'une personne relève d'un public (F013)."""
    perimetre.exiger("personnes.creer")
    Personne.objects.select_for_update(of=("self",)).get(pk=personne.pk)
    depuis = depuis or timezone.localdate()
    if PublicPersonne.objects.filter(
        personne=personne, public=public, periode__overlap=DateRange(depuis, None)
    ).exists():
        raise TransitionRefuseeError(f"Cette personne relève déjà de ce public : {public.libelle}.")
    ligne = PublicPersonne.objects.create(personne=personne, public=public, periode=DateRange(depuis, None))
    tracer(
        "personnes.public.declare", personne, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Public : {public.libelle}",
    )  # fmt: skip
    return ligne


@transaction.atomic
def clore_public(
    ligne: PublicPersonne, *, acteur: Agent, perimetre: Perimetre, le: date | None = None
) -> PublicPersonne:
    """Note qu'une personne ne relève plus d'un public depuis une date."""
    perimetre.exiger("personnes.creer")
    ligne = PublicPersonne.objects.select_for_update(of=("self",)).select_related("personne", "public").get(pk=ligne.pk)
    le = le or timezone.localdate()
    if ligne.periode.upper is not None:
        raise TransitionRefuseeError("Ce public est déjà clos : rien n'a changé.")
    if le < ligne.periode.lower:
        raise JalonError(f"La fin précède le début ({ligne.periode.lower:%d/%m/%Y}) : corrigez la date.")
    ligne.periode = DateRange(ligne.periode.lower, le)
    ligne.save(update_fields=["periode"])
    tracer(
        "personnes.public.clos", ligne.personne, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[ligne.personne.public_id], resume=f"Ne relève plus du public : {ligne.public.libelle}",
    )  # fmt: skip
    return ligne


# --- À qui le dossier est ouvert


def ouvrir_dossier(personne: Personne, organisme: Organisme, *, raison: str, jour: date) -> None:
    """Ouvre le dossier à l'organisme qui reçoit la personne, s'il ne lui est pas déjà ouvert."""
    deja = PartageDossier.objects.filter(personne=personne, organisme=organisme, periode__contains=jour)
    if not deja.exists():
        PartageDossier.objects.create(
            personne=personne, organisme=organisme, raison=raison, periode=DateRange(jour, None)
        )


def refermer_dossier(personne: Personne, organisme: Organisme, *, jour: date) -> None:
    """Referme à l'organisme un dossier qui ne lui était ouvert que pour l'instruction."""
    ouverts = PartageDossier.objects.filter(
        personne=personne, organisme=organisme, raison=RaisonPartage.INSTRUCTION, periode__endswith=None
    )
    for partage in ouverts.select_for_update(of=("self",)).order_by("pk"):
        partage.periode = (
            DateRange(partage.periode.lower, jour) if partage.periode.lower < jour else DateRange(empty=True)
        )
        partage.save(update_fields=["periode"])
