"""Déposer une liste, la rapprocher, confirmer ou écarter, décider en nombre (R34-R36, F028)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app

from jalon.accompagnements.referents import SANS_DEPASSEMENT, Depassement, orienter_personne
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.echanges.campagnes.lecture import LigneLue, Liste, lire_lignes, lire_liste, manquantes, reconnaitre
from jalon.echanges.campagnes.modeles import (
    Campagne,
    CandidatLigne,
    EtatCampagne,
    EtatLigne,
    FormatListe,
    LigneCampagne,
    Pile,
    Population,
)
from jalon.echanges.campagnes.rapprochement import Candidat, Identite, rapprocher_exactement
from jalon.echanges.campagnes.selectors import campagnes_du_perimetre
from jalon.organismes.models import Organisme, Territoire
from jalon.organismes.selectors import avec_descendants
from jalon.orientations.decisions import Choix
from jalon.orientations.models import AttenteOrientation, OrigineDecision
from jalon.personnes.models import Adresse, Personne
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.referentiels.parametres import nombre
from jalon.referentiels.profil import Profil
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

TACHE_RAPPROCHEMENT = "echanges.rapprocher_campagne"
CANDIDATS_MAX = 5


@transaction.atomic
def installer_formats(profil: Profil) -> None:
    """Pose les formats de liste du profil ; ceux que le département a retenus au dépôt d'une liste restent."""
    for declare in profil.campagnes.formats:
        FormatListe.objects.update_or_create(
            code=declare.code,
            defaults={
                "libelle": declare.libelle, "categorie": declare.categorie.value, "source": declare.source,
                "colonnes": {champ.value: list(entetes) for champ, entetes in declare.colonnes.items()}, "actif": True,
            },
        )  # fmt: skip


# --- Déposer


@transaction.atomic
def deposer_liste(
    *,
    acteur: Agent,
    perimetre: Perimetre,
    libelle: str,
    format: FormatListe,
    nom: str,
    octets: bytes,
    population: str = Population.EN_ATTENTE,
    organisme: Organisme | None = None,
    territoire: Territoire | None = None,
    objectif_le: date | None = None,
) -> Campagne:
    """Dépose une liste ; ses colonnes sont reconnues d'après le format, et restent à vérifier.

    Qui ne voit qu'un territoire ne rapproche que celui-là. Lève `JalonError`, `DroitManquantError`.
    """
    perimetre.exiger("campagnes.gerer")
    if not perimetre.tout:
        if territoire is None and len(perimetre.territoires) == 1:
            territoire = Territoire.objects.get(pk__in=perimetre.territoires)
        if territoire is None or territoire.pk not in perimetre.territoires:
            raise JalonError("Choisissez l'un de vos territoires : la liste n'est rapprochée que de ses dossiers.")
    liste = lire_liste(nom, octets)
    empreinte = hashlib.sha256(octets).hexdigest()
    deja = (
        Campagne.objects.filter(empreinte=empreinte, territoire=territoire).exclude(etat=EtatCampagne.ECHOUEE).first()
    )
    if deja is not None:
        raise TransitionRefuseeError(f"Cette liste a déjà été déposée : ouvrez la campagne « {deja.libelle} ».")
    campagne = Campagne.objects.create(
        libelle=libelle.strip() or nom[:120], format=format, organisme=organisme, territoire=territoire,
        population=population, objectif_le=objectif_le, nom_fichier=nom[:255], empreinte=empreinte,
        fichier_chiffre=settings.CLE_MAITRE.chiffrer(base64.b64encode(octets).decode()),
        colonnes=reconnaitre(liste.entetes, format.colonnes), creee_par=acteur,
    )  # fmt: skip
    tracer(
        "echanges.campagne.deposee", campagne, acteur=acteur, organisme=perimetre.organisme_principal,
        donnees={"lignes": len(liste.lignes)},
        resume=f"Liste « {campagne.libelle} » déposée : {len(liste.lignes)} lignes"[:300],
    )  # fmt: skip
    return campagne


def relire(campagne: Campagne) -> Liste:
    """Le fichier déposé, tant qu'il n'a pas été lu. Lève `TransitionRefuseeError` ensuite."""
    if campagne.fichier_chiffre is None:
        raise TransitionRefuseeError("Ce fichier a déjà été lu, puis effacé : déposez-le de nouveau pour le relire.")
    clair = settings.CLE_MAITRE.dechiffrer(campagne.fichier_chiffre)
    return lire_liste(campagne.nom_fichier, base64.b64decode(clair))


@transaction.atomic
def lancer_rapprochement(
    campagne: Campagne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    places: Mapping[str, int],
    retenir: bool = False,
) -> Campagne:
    """Retient la colonne de chaque champ, lit les lignes, efface le fichier, met le rapprochement en file.

    `retenir` ajoute ces en-têtes au format : la prochaine liste du même partenaire sera reconnue seule.
    """
    perimetre.exiger("campagnes.gerer")
    campagne = _verrouiller(campagne, perimetre)
    _exiger_etat(campagne, EtatCampagne.DEPOSEE)
    absentes = manquantes(places)
    if absentes:
        raise JalonError(f"Dites dans quelle colonne se trouve : {', '.join(absentes).lower()}.")
    if len(set(places.values())) != len(places):
        raise JalonError("La même colonne sert deux fois : donnez à chaque champ la sienne.")
    liste = relire(campagne)
    lues = lire_lignes(liste, places)
    if not lues:
        raise JalonError("Aucune ligne n'a de nom et de prénom : vérifiez les colonnes choisies.")
    LigneCampagne.objects.bulk_create([_ligne(campagne, lue) for lue in lues], batch_size=2_000)
    if retenir:
        _retenir_colonnes(campagne.format, liste, places)
    ecartees = len(liste.lignes) - len(lues)
    reserves = sum(bool(lue.reserves) for lue in lues)
    campagne.colonnes, campagne.fichier_chiffre, campagne.etat = dict(places), None, EtatCampagne.EN_COURS
    campagne.message = "".join(
        (
            f"{ecartees} ligne(s) sans nom ni prénom laissée(s) de côté. " if ecartees else "",
            f"{reserves} ligne(s) avec une valeur illisible, laissée vide." if reserves else "",
        )
    ).strip()
    campagne.save(update_fields=["colonnes", "fichier_chiffre", "etat", "message"])
    tracer(
        "echanges.campagne.lancee", campagne, acteur=acteur, organisme=perimetre.organisme_principal,
        de=EtatCampagne.DEPOSEE, vers=EtatCampagne.EN_COURS,
        donnees={"lignes": len(lues), "ecartees": ecartees, "reserves": reserves},
        resume=f"Liste « {campagne.libelle} » : {len(lues)} lignes à rapprocher"[:300],
    )  # fmt: skip
    app.configure_task(TACHE_RAPPROCHEMENT, queueing_lock=f"{TACHE_RAPPROCHEMENT}.{campagne.public_id}").defer(
        identifiant=str(campagne.public_id)
    )
    return campagne


def _ligne(campagne: Campagne, lue: LigneLue) -> LigneCampagne:
    valeurs = dict(lue.valeurs)
    return LigneCampagne(
        campagne=campagne, numero=lue.numero, nir_empreinte=valeurs.pop("nir", None),
        refus="; ".join(lue.reserves)[:300], **valeurs,
    )  # fmt: skip


def _retenir_colonnes(format: FormatListe, liste: Liste, places: Mapping[str, int]) -> None:
    colonnes = dict(format.colonnes)
    for champ, rang in places.items():
        entete = liste.entetes[rang]
        if entete and entete not in colonnes.get(champ, []):
            colonnes[champ] = [entete, *colonnes.get(champ, [])]
    FormatListe.objects.filter(pk=format.pk).update(colonnes=colonnes)


# --- Rapprocher


def executer_rapprochement(identifiant: UUID) -> None:
    """Le travail de fond : trois piles, ou un échec dit à l'écran ; relancé, il recommence de zéro."""
    campagne = Campagne.objects.filter(public_id=identifiant, etat=EtatCampagne.EN_COURS).first()
    if campagne is None:
        return
    try:
        rapprocher(campagne)
    except Exception as erreur:
        phrase = str(erreur) if isinstance(erreur, JalonError) else (
            "Une panne a arrêté le rapprochement : relancez-le ; si elle revient, prévenez l'administrateur de Jalon."
        )  # fmt: skip
        Campagne.objects.filter(pk=campagne.pk).update(etat=EtatCampagne.ECHOUEE, message=phrase[:300])
        raise


@transaction.atomic
def rapprocher(campagne: Campagne) -> dict[str, int]:
    """Range chaque ligne dans une pile ; rend le nombre de chaque pile.

    Sûre : une clé exacte que porte une seule personne, ou une ressemblance au-delà de `reprise.seuil_certain` sans
    autre candidat. À vérifier : tout autre candidat au-delà de `reprise.seuil_possible`, et deux lignes qui
    désignent la même personne. Ne lit que les personnes du périmètre de qui a déposé la liste.
    """
    jour = timezone.localdate()
    certain, possible = (float(nombre(f"reprise.seuil_{nom}", jour)) / 100 for nom in ("certain", "possible"))
    lignes = list(LigneCampagne.objects.filter(campagne=campagne).select_for_update(of=("self",)).order_by("pk"))
    identites = [
        Identite(
            ligne.pk, ligne.nom, ligne.prenom, ligne.nom_naissance, ligne.date_naissance, ligne.sexe,
            ligne.code_postal, ligne.matricule, ligne.identifiant_france_travail, bytes(ligne.nir_empreinte or b""),
        )
        for ligne in lignes
    ]  # fmt: skip
    # Chargé ici seulement : Splink et DuckDB ralentiraient chaque commande et chaque page.
    from jalon.echanges.campagnes.ressemblance import rapprocher_par_ressemblance

    nos_personnes = identites_connues(campagne)
    candidats = rapprocher_exactement(identites, nos_personnes)
    reste = [identite for identite in identites if identite.cle not in candidats]
    candidats |= rapprocher_par_ressemblance(reste, nos_personnes, seuil=possible)
    designations: dict[int, int] = {}
    for trouves in candidats.values():
        if len(trouves) == 1:
            designations[trouves[0].personne] = designations.get(trouves[0].personne, 0) + 1
    for ligne in lignes:
        ligne.pile = pile(candidats.get(ligne.pk, []), designations, certain)
        ligne.personne_id = candidats[ligne.pk][0].personne if ligne.pile == Pile.SURE else None
        ligne.etat = EtatLigne.A_TRAITER
    CandidatLigne.objects.filter(ligne__campagne=campagne).delete()
    CandidatLigne.objects.bulk_create(
        [
            CandidatLigne(ligne_id=c.ligne, personne_id=c.personne, score=round(c.score * 100, 2), methode=c.methode)
            for trouves in candidats.values()
            for c in trouves[:CANDIDATS_MAX]
        ],
        batch_size=2_000,
    )
    LigneCampagne.objects.bulk_update(lignes, ["pile", "personne_id", "etat"], batch_size=2_000)
    Campagne.objects.filter(pk=campagne.pk).update(etat=EtatCampagne.A_DECIDER)
    nombres = {str(p): sum(ligne.pile == p for ligne in lignes) for p in Pile}
    tracer(
        "echanges.campagne.rapprochee", campagne, acteur=None, donnees=nombres,
        de=EtatCampagne.EN_COURS, vers=EtatCampagne.A_DECIDER,
        resume=f"Liste « {campagne.libelle} » rapprochée : {nombres['sure']} sûres, {nombres['a_verifier']} à vérifier"[:300],
    )  # fmt: skip
    return nombres


def pile(candidats: Sequence[Candidat], designations: Mapping[int, int], certain: float) -> Pile:
    """La pile d'une ligne, d'après ses candidats et le nombre de lignes qui désignent le même seul candidat."""
    if not candidats:
        return Pile.AUCUNE
    seul = candidats[0]
    if len(candidats) == 1 and seul.score >= certain and designations.get(seul.personne, 0) <= 1:
        return Pile.SURE
    return Pile.A_VERIFIER


def identites_connues(campagne: Campagne) -> list[Identite]:
    """Nos personnes, telles que le rapprochement les compare."""
    perimetre = Perimetre.de(campagne.creee_par)
    personnes = personnes_du_perimetre(perimetre)
    if campagne.territoire_id is not None:
        personnes = personnes.filter(territoire_id__in=avec_descendants([campagne.territoire_id]))
    if campagne.population == Population.EN_ATTENTE:
        personnes = personnes.filter(attentes_orientation__sortie_le=None, attentes_orientation__isnull=False)
    else:
        personnes = personnes.filter(
            soumissions__soumise=True, soumissions__periode__endswith=None, soumissions__periode__isempty=False
        )
    cles = list(personnes.order_by("pk").distinct().values_list("pk", flat=True))
    codes = dict(
        Adresse.objects.filter(
            foyer__rattachements__personne__in=cles, periode__endswith=None, periode__isempty=False,
            foyer__rattachements__periode__endswith=None, foyer__rattachements__periode__isempty=False,
        )
        .order_by("-rang", "pk").values_list("foyer__rattachements__personne", "code_postal")
    )  # fmt: skip
    matricules = dict(
        Personne.objects.filter(pk__in=cles, rattachements__foyer__dossiers__matricule__gt="")
        .order_by("pk").values_list("pk", "rattachements__foyer__dossiers__matricule")
    )  # fmt: skip
    lignes = (
        Personne.objects.filter(pk__in=cles)
        .order_by("pk")
        .values_list(
            "pk",
            "nom",
            "prenom",
            "nom_naissance",
            "date_naissance",
            "sexe",
            "identifiant_france_travail",
            "nir_empreinte",
        )
    )
    return [
        Identite(
            cle, nom, prenom, naissance, ne, sexe, codes.get(cle, ""), matricules.get(cle, ""), ft, bytes(nir or b"")
        )
        for cle, nom, prenom, naissance, ne, sexe, ft, nir in lignes.iterator(5_000)
    ]


# --- Vérifier


@transaction.atomic
def confirmer_ligne(ligne: LigneCampagne, *, acteur: Agent, perimetre: Perimetre, personne: Personne) -> LigneCampagne:
    """« C'est elle » : la ligne désigne cette personne, que l'on a vue côte à côte."""
    ligne = _verrouiller_ligne(ligne, perimetre)
    if not CandidatLigne.objects.filter(ligne=ligne, personne=personne).exists():
        raise JalonError("Cette personne n'est pas proposée pour cette ligne : rechargez la page.")
    autre = (
        LigneCampagne.objects.filter(
            campagne=ligne.campagne, personne=personne, etat__in=(EtatLigne.CONFIRMEE, EtatLigne.DECIDEE)
        )
        .exclude(pk=ligne.pk)
        .first()
    )
    if autre is not None:
        raise TransitionRefuseeError(
            f"La ligne {autre.numero} désigne déjà cette personne : une personne n'est qu'une fois dans une liste."
        )
    ligne.personne, ligne.etat = personne, EtatLigne.CONFIRMEE
    ligne.save(update_fields=["personne", "etat"])
    tracer(
        "echanges.ligne_campagne.confirmee", ligne, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Reconnue dans la liste « {ligne.campagne.libelle} »"[:300],
    )  # fmt: skip
    return ligne


@transaction.atomic
def ecarter_ligne(ligne: LigneCampagne, *, acteur: Agent, perimetre: Perimetre) -> LigneCampagne:
    """« Ce n'est aucune d'elles » : la ligne ne sera pas décidée."""
    ligne = _verrouiller_ligne(ligne, perimetre)
    ligne.personne, ligne.etat = None, EtatLigne.ECARTEE
    ligne.save(update_fields=["personne", "etat"])
    tracer(
        "echanges.ligne_campagne.ecartee", ligne, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"Ligne {ligne.numero} de « {ligne.campagne.libelle} » écartée"[:300],
    )  # fmt: skip
    return ligne


# --- Décider en nombre


@dataclass(frozen=True)
class BilanDecisions:
    """Ce qu'une décision en nombre a fait, et pourquoi des lignes ont été laissées."""

    faites: int
    laissees: dict[str, int]


def decidables(campagne: Campagne) -> Q:
    """Lignes qui peuvent être décidées : les sûres, et celles qu'un agent a confirmées."""
    return Q(campagne=campagne) & (
        Q(pile=Pile.SURE, etat=EtatLigne.A_TRAITER, personne__isnull=False) | Q(etat=EtatLigne.CONFIRMEE)
    )


@transaction.atomic
def decider_lignes(
    campagne: Campagne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    choix: Choix,
    lignes: Iterable[UUID] | None = None,
    depassement: Depassement = SANS_DEPASSEMENT,
) -> BilanDecisions:
    """Oriente d'un coup les personnes sûres ou confirmées (toutes, ou celles désignées). Réf. : R34-R36.

    Chaque décision est un acte entier : celle qui est refusée est laissée avec sa phrase, les autres passent.
    """
    perimetre.exiger("campagnes.gerer")
    perimetre.exiger("orientation.decider")
    campagne = _verrouiller(campagne, perimetre)
    _exiger_etat(campagne, EtatCampagne.A_DECIDER)
    retenues = LigneCampagne.objects.filter(decidables(campagne)).select_related("personne")
    if lignes is not None:
        retenues = retenues.filter(public_id__in=list(lignes))
    faites, laissees = 0, dict[str, int]()
    for ligne in retenues.select_for_update(of=("self",)).order_by("personne_id", "pk"):
        assert ligne.personne is not None
        attente = AttenteOrientation.objects.filter(personne=ligne.personne, sortie_le=None).first()
        try:
            if attente is None:
                raise TransitionRefuseeError("Cette personne n'attend plus d'orientation.")
            with transaction.atomic():
                decision = orienter_personne(
                    ligne.personne, acteur=acteur, perimetre=perimetre, choix=choix, origine=OrigineDecision.CAMPAGNE,
                    attendue=attente, depassement=depassement,
                )  # fmt: skip
        except JalonError as refus:
            ligne.refus = str(refus)[:300]
            laissees[ligne.refus] = laissees.get(ligne.refus, 0) + 1
        else:
            ligne.etat, ligne.decision, ligne.refus = EtatLigne.DECIDEE, decision, ""
            faites += 1
        ligne.save(update_fields=["etat", "decision", "refus"])
    tracer(
        "echanges.campagne.decidee", campagne, acteur=acteur, organisme=perimetre.organisme_principal,
        donnees={"faites": faites, "laissees": sum(laissees.values())},
        resume=f"« {campagne.libelle} » : {faites} personnes orientées"[:300],
    )  # fmt: skip
    return BilanDecisions(faites, laissees)


@transaction.atomic
def clore_campagne(campagne: Campagne, *, acteur: Agent, perimetre: Perimetre) -> Campagne:
    """Clôt la campagne et efface les lignes qui ne désignent personne de chez nous : nous n'avons pas à les garder."""
    perimetre.exiger("campagnes.gerer")
    campagne = _verrouiller(campagne, perimetre)
    if campagne.etat == EtatCampagne.CLOSE:
        raise TransitionRefuseeError("Cette campagne est déjà close.")
    if campagne.etat == EtatCampagne.EN_COURS:
        raise TransitionRefuseeError("Le rapprochement est en cours : attendez qu'il finisse pour clore la campagne.")
    avant = campagne.etat
    effacees, _ = LigneCampagne.objects.filter(campagne=campagne).exclude(etat=EtatLigne.DECIDEE).delete()
    campagne.etat, campagne.close_le, campagne.fichier_chiffre = EtatCampagne.CLOSE, timezone.now(), None
    campagne.save(update_fields=["etat", "close_le", "fichier_chiffre"])
    tracer(
        "echanges.campagne.close", campagne, acteur=acteur, organisme=perimetre.organisme_principal,
        de=avant, vers=EtatCampagne.CLOSE, donnees={"lignes_effacees": effacees},
        resume=f"Campagne « {campagne.libelle} » close"[:300],
    )  # fmt: skip
    return campagne


@transaction.atomic
def relancer_rapprochement(campagne: Campagne, *, acteur: Agent, perimetre: Perimetre) -> Campagne:
    """Remet en file un rapprochement échoué ; rien de ce qui a été décidé ne change."""
    perimetre.exiger("campagnes.gerer")
    campagne = _verrouiller(campagne, perimetre)
    _exiger_etat(campagne, EtatCampagne.ECHOUEE)
    campagne.etat, campagne.message = EtatCampagne.EN_COURS, ""
    campagne.save(update_fields=["etat", "message"])
    tracer(
        "echanges.campagne.relancee", campagne, acteur=acteur, organisme=perimetre.organisme_principal,
        de=EtatCampagne.ECHOUEE, vers=EtatCampagne.EN_COURS, resume=f"« {campagne.libelle} » relancée"[:300],
    )  # fmt: skip
    app.configure_task(TACHE_RAPPROCHEMENT).defer(identifiant=str(campagne.public_id))
    return campagne


def _verrouiller(campagne: Campagne, perimetre: Perimetre) -> Campagne:
    verrouillee = campagnes_du_perimetre(perimetre).select_for_update(of=("self",)).filter(pk=campagne.pk).first()
    if verrouillee is None:
        raise HorsPerimetreError("Cette campagne n'existe pas, ou n'est pas dans votre périmètre.")
    return verrouillee


def _verrouiller_ligne(ligne: LigneCampagne, perimetre: Perimetre) -> LigneCampagne:
    perimetre.exiger("campagnes.gerer")
    campagne = _verrouiller(ligne.campagne, perimetre)
    _exiger_etat(campagne, EtatCampagne.A_DECIDER)
    verrouillee = LigneCampagne.objects.select_for_update(of=("self",)).select_related("campagne").get(pk=ligne.pk)
    if verrouillee.etat == EtatLigne.DECIDEE:
        raise TransitionRefuseeError("Cette personne est déjà orientée : la ligne ne change plus.")
    return verrouillee


def _exiger_etat(campagne: Campagne, etat: EtatCampagne) -> None:
    if campagne.etat != etat:
        raise TransitionRefuseeError(
            f"Cette campagne est « {EtatCampagne(campagne.etat).label.lower()} » : rechargez la page."
        )
