"""L'accès de la personne à son livret : un code sur papier, un code à usage unique, une visite courte (D07, F015).

Le code de papier tient en douze signes sans lettre ni chiffre qui se confondent (plus de cinquante bits) ; la base
n'en garde que l'empreinte à clé. Seul, il n'ouvre rien : un code à usage unique suit, par SMS ou par courriel, ou lu
par un agent à l'accueil quand la personne n'a ni l'un ni l'autre.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.passeport.models import AccesPersonnel
from jalon.passeport.titulaire import dossiers_reunis
from jalon.personnes.codes import CodeRefuseError, UsageCode, essais_permis, verifier_code
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot, nombre
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

DROIT: Final = "acces_personnel.gerer"
SIGNES: Final = "ACDEFGHJKMNPQRTUVWXY34679"
"""Ni O et 0, ni I, L et 1, ni B et 8, ni S et 5, ni Z et 2."""
GROUPES: Final = 3
PAR_GROUPE: Final = 4
FERMETURE: Final = timedelta(hours=1)
OCTETS_VISITE: Final = 24


class AccesFermeError(JalonError):
    """L'accès est fermé pour un temps, après trop de codes faux."""


# --- Ce que fait l'agent


@transaction.atomic
def creer_acces(personne: Personne, *, acteur: Agent, perimetre: Perimetre) -> tuple[AccesPersonnel, str]:
    """Crée l'accès d'une personne et rend son code, lisible cette seule fois.

    Lève `TransitionRefuseeError` si elle en a déjà un, `DroitManquantError`, `HorsPerimetreError`.
    """
    perimetre.exiger(DROIT)
    tenue = _verrouiller(personne, perimetre)
    return _creer(tenue, acteur=acteur, perimetre=perimetre)


@transaction.atomic
def remplacer_acces(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, motif: str
) -> tuple[AccesPersonnel, str]:
    """Le papier est perdu : ferme l'accès d'avant, avec son motif, et en crée un autre. Mêmes refus que les deux actes."""
    acces = acces_ouvert(personne)
    if acces is not None:
        revoquer_acces(acces, acteur=acteur, perimetre=perimetre, motif=motif)
    return creer_acces(personne, acteur=acteur, perimetre=perimetre)


@transaction.atomic
def revoquer_acces(acces: AccesPersonnel, *, acteur: Agent, perimetre: Perimetre, motif: str) -> AccesPersonnel:
    """Ferme l'accès pour de bon, visite en cours comprise. Lève `JalonError` sans motif, `TransitionRefuseeError`."""
    perimetre.exiger(DROIT)
    propre = " ".join(motif.split())
    if not propre:
        raise JalonError("Dites pourquoi fermer cet accès : la personne le lira si elle le demande.")
    acces = AccesPersonnel.objects.select_for_update(of=("self",)).get(pk=acces.pk)
    if acces.revoque_le is not None:
        raise TransitionRefuseeError("Cet accès est déjà fermé : rechargez la page.")
    acces.revoque_le, acces.motif_revocation, acces.visite = timezone.now(), propre[:300], ""
    acces.save(update_fields=["revoque_le", "motif_revocation", "visite"])
    tracer(
        "passeport.acces.revoque", acces, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[acces.dossier], motif=acces.motif_revocation, resume=f"Accès fermé : {mot('passeport').singulier}",
    )  # fmt: skip
    return acces


def acces_ouvert(personne: Personne) -> AccesPersonnel | None:
    return AccesPersonnel.objects.filter(personne=personne, revoque_le=None).select_related("cree_par").first()


def acces_de(personne: Personne) -> list[AccesPersonnel]:
    """Tous les accès qu'elle a eus, le dernier d'abord."""
    return list(AccesPersonnel.objects.filter(personne=personne).select_related("cree_par").order_by("-cree_le", "-pk"))


def code_de(acces: AccesPersonnel, code: str) -> bool:
    """Ce code est-il celui de cet accès ? La lettre ne s'imprime que sur le code qu'on vient de voir."""
    return hmac.compare_digest(acces.empreinte, empreinte_du_code(code))


# --- Ce que fait la personne


def empreinte_du_code(code: str) -> str:
    """Ce que la base garde du code de papier ; espaces, tirets et minuscules ne comptent pas."""
    propre = "".join(signe for signe in code.upper() if signe in SIGNES)
    cle: bytes = settings.CLE_MAITRE.deriver("acces-personnel")
    return hmac.new(cle, propre.encode(), "sha256").hexdigest()


def trouver_acces(empreinte: str) -> AccesPersonnel | None:
    """L'accès ouvert de ce code. La sécurité par ligne ne montre que lui (`jalon.lien`)."""
    return AccesPersonnel.objects.filter(empreinte=empreinte, revoque_le=None).first()


def exiger_ouvert(acces: AccesPersonnel) -> None:
    """Lève `AccesFermeError` tant que dure la fermeture d'une heure."""
    if acces.ferme_jusqu_a is not None and acces.ferme_jusqu_a > timezone.now():
        heure = timezone.localtime(acces.ferme_jusqu_a)
        raise AccesFermeError(
            f"Trop de codes faux : cet accès est fermé jusqu'à {heure.hour} h {heure.minute:02d}. "
            "C'est pour vous protéger. Revenez plus tard, ou appelez votre service."
        )


def entrer(acces: AccesPersonnel, code: str) -> str:
    """Vérifie le code à usage unique et ouvre la visite ; rend son jeton, écrit dans le seul témoin du navigateur.

    Une visite ferme la précédente. Lève `CodeRefuseError` ou `AccesFermeError`, à rattraper : l'échec est compté.
    """
    exiger_ouvert(acces)
    try:
        verifier_code(acces.personne_id, usage=UsageCode.LIVRET, code=code, objet=acces.public_id)
    except CodeRefuseError:
        _noter_echec(acces)
        raise
    jeton = secrets.token_urlsafe(OCTETS_VISITE)
    with transaction.atomic():
        tenu = AccesPersonnel.objects.select_for_update(of=("self",)).get(pk=acces.pk)
        tenu.echecs, tenu.ferme_jusqu_a = 0, None
        tenu.visite, tenu.utilise_le = empreinte_de_visite(jeton), timezone.now()
        champs = ["echecs", "ferme_jusqu_a", "visite", "utilise_le"]
        # Le nom et les dossiers réunis sont relus une fois par visite : le livret n'ouvre pas la table des personnes.
        with effets_complets():
            personne = Personne.objects.filter(pk=tenu.personne_id).first()
            if personne is not None:
                tenu.dossier, tenu.reunis = personne.public_id, dossiers_reunis(personne)
                tenu.prenom, tenu.nom = nom_propre(personne.prenom), nom_propre(personne.nom)
                champs += ["dossier", "reunis", "prenom", "nom"]
            tenu.save(update_fields=champs)
        tracer(
            "passeport.acces.ouvert", tenu, acteur=None, personnes=[tenu.dossier],
            resume=f"La personne a ouvert son {mot('passeport').singulier}",
        )  # fmt: skip
    return jeton


def empreinte_de_visite(jeton: str) -> str:
    return hmac.new(settings.CLE_MAITRE.deriver("visite-livret"), jeton.encode(), "sha256").hexdigest()


def lire_visite(empreinte: str) -> AccesPersonnel | None:
    """L'accès dont c'est la visite, si elle n'est pas finie ; chaque page la prolonge."""
    acces = AccesPersonnel.objects.filter(visite=empreinte, revoque_le=None).first() if empreinte else None
    if acces is None or acces.utilise_le is None or acces.utilise_le + duree_visite() <= timezone.now():
        return None
    return acces


def prolonger_visite(acces: AccesPersonnel) -> None:
    """Au plus une écriture par minute, quel que soit le nombre de pages."""
    maintenant = timezone.now()
    if acces.utilise_le is None or maintenant - acces.utilise_le > timedelta(minutes=1):
        acces.utilise_le = maintenant
        acces.save(update_fields=["utilise_le"])


def quitter(acces: AccesPersonnel) -> None:
    """Ferme la visite ici et partout : un témoin copié n'ouvre plus rien."""
    acces.visite = ""
    acces.save(update_fields=["visite"])


def duree_visite() -> timedelta:
    return timedelta(minutes=int(nombre("acces_personnel.duree_session", timezone.localdate())))


# --- Communs


def _verrouiller(personne: Personne, perimetre: Perimetre) -> Personne:
    tenue = (
        Personne.objects.select_for_update(of=("self",))
        .filter(filtre_perimetre(perimetre), pk=personne.pk, fusionnee_dans=None)
        .first()
    )
    if tenue is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    return tenue


def _creer(personne: Personne, *, acteur: Agent, perimetre: Perimetre) -> tuple[AccesPersonnel, str]:
    code = "-".join("".join(secrets.choice(SIGNES) for _ in range(PAR_GROUPE)) for _ in range(GROUPES))
    try:
        with transaction.atomic():
            acces = AccesPersonnel.objects.create(
                personne=personne, dossier=personne.public_id, prenom=nom_propre(personne.prenom),
                nom=nom_propre(personne.nom), reunis=dossiers_reunis(personne), empreinte=empreinte_du_code(code),
                cree_par=acteur,
            )  # fmt: skip
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            "Cette personne a déjà un accès : si son papier est perdu, remplacez-le. L'ancien code ne vaudra plus."
        ) from erreur
    tracer(
        "passeport.acces.cree", acces, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Accès créé : {mot('passeport').singulier}",
    )  # fmt: skip
    return acces, code


@transaction.atomic
def _noter_echec(acces: AccesPersonnel) -> None:
    tenu = AccesPersonnel.objects.select_for_update(of=("self",)).get(pk=acces.pk)
    maintenant = timezone.now()
    tenu.echecs += 1
    if tenu.echecs >= essais_permis(maintenant):
        tenu.echecs, tenu.ferme_jusqu_a = 0, maintenant + FERMETURE
        tracer(
            "passeport.acces.ferme_une_heure", tenu, acteur=None, personnes=[tenu.dossier],
            resume="Accès fermé une heure : trop de codes faux",
        )  # fmt: skip
    tenu.save(update_fields=["echecs", "ferme_jusqu_a"])
