"""Convoquer : une lettre pour chacune, un courriel ou un SMS à qui l'a accepté, et la preuve de chaque envoi (D12).

La lettre part toujours : une absence peut avoir des suites, et la personne doit avoir pu lire où, quand et ses droits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.composition import Composeur, Lettre
from jalon.documents.ecriture import date_en_lettres, heure_en_lettres
from jalon.documents.envois import envoyer
from jalon.documents.models import Canal, Document
from jalon.documents.pdf import rendre_tranche
from jalon.documents.services import ADocumenter, enregistrer_document, enregistrer_documents
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.liens import UsageLien, creer_lien
from jalon.personnes.models import Adresse, Personne, Rattachement
from jalon.referentiels.parametres import mot, nombre
from jalon.rendezvous.invitations import verrouiller_invitation
from jalon.rendezvous.models import EtatInvitation, EtatReunion, Invitation, Reunion
from jalon.rendezvous.services import verrouiller_reunion
from jalon.rendezvous.workflows import exiger_invitation, exiger_reunion
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

CODE_COURRIER = "convocation_reunion"
NATURE = "convocation_reunion"
CIVILITES = {"MME": "Madame", "MLE": "Madame", "MR": "Monsieur", "M": "Monsieur"}
AdresseDuLien = Callable[[str], str]
"""Adresse complète de la page ouverte par un jeton ; l'écran la connaît, pas la pièce."""


@dataclass(frozen=True)
class BilanConvocations:
    """Ce qui est parti, et ce qu'il reste à mettre sous pli."""

    faites: int
    courriels: int
    sms: int
    sans_adresse: list[str]


def dernier_jour(reunion: Reunion) -> date:
    """Dernier jour où une convocation peut partir : en dessous, une absence ne serait pas juste."""
    return reunion.date - timedelta(days=int(nombre("reunion.delai_convocation", reunion.date)))


@transaction.atomic
def convoquer_reunion(
    reunion: Reunion, *, acteur: Agent, perimetre: Perimetre, adresse_du_lien: AdresseDuLien
) -> BilanConvocations:
    """Convoque d'un acte toutes les personnes invitées et pas encore convoquées.

    Refuse sous le délai minimal : préférez une autre date, ou l'invitation de vive voix. Réf. : D12, R18.
    """
    perimetre.exiger("reunions.gerer")
    reunion = verrouiller_reunion(reunion)
    exiger_reunion(reunion.etat, "convoquer")
    jour = timezone.localdate()
    limite = dernier_jour(reunion)
    if jour > limite:
        raise TransitionRefuseeError(
            f"Une convocation doit partir au plus tard le {limite:%d/%m/%Y} pour cette réunion : invitez ces personnes "
            "de vive voix, ou à une autre date."
        )
    invitees = list(
        Invitation.objects.select_for_update(of=("self",))
        .filter(reunion=reunion, etat=EtatInvitation.INVITEE)
        .select_related("personne", "personne__coordonnees")
        .order_by("personne__nom", "personne__prenom", "pk")
    )
    if not invitees:
        raise JalonError("Personne n'attend de convocation : invitez d'abord des personnes à cette réunion.")
    composeur = Composeur()
    adresses = adresses_postales([i.personne for i in invitees])
    liens = {}
    for invitation in invitees:
        _, jeton = creer_lien(
            invitation.personne, acteur=acteur, usage=UsageLien.INVITATION, objet=invitation.public_id
        )
        liens[invitation.pk] = adresse_du_lien(jeton)
    lettres = [
        _lettre(composeur, reunion, i.personne, adresses.get(i.personne_id, []), liens[i.pk], jour) for i in invitees
    ]
    seules, planche = rendre_tranche(composeur.papier, [lettre.charge for lettre in lettres])
    documents = enregistrer_documents(
        [
            ADocumenter(
                octets, NATURE, f"Convocation du {reunion.date:%d/%m/%Y}", personne=i.personne.public_id,
                version=lettre.version,
            )
            for i, lettre, octets in zip(invitees, lettres, seules, strict=True)
        ],
        acteur=acteur,
    )  # fmt: skip
    reunion.planche = enregistrer_document(
        planche, acteur=acteur, nature=NATURE, titre=f"Lettres à imprimer, {reunion}"[:200]
    )
    courriels = sms = 0
    maintenant = timezone.now()
    for invitation, document in zip(invitees, documents, strict=True):
        canaux = _envoyer(invitation, reunion, document, liens[invitation.pk], adresses, acteur)
        courriels += Canal.COURRIEL in canaux
        sms += Canal.SMS in canaux
        invitation.etat, invitation.convoquee_le = EtatInvitation.CONVOQUEE, maintenant
        invitation.canaux, invitation.lettre = canaux, document
    Invitation.objects.bulk_update(invitees, ["etat", "convoquee_le", "canaux", "lettre"])
    de = reunion.etat
    reunion.etat, reunion.convoquee_le = EtatReunion.CONVOQUEE, maintenant
    reunion.save(update_fields=["etat", "convoquee_le", "planche"])
    tracer(
        "rendezvous.reunion.convoquee", reunion, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[i.personne.public_id for i in invitees], de=de, vers=EtatReunion.CONVOQUEE,
        resume=f"{len(invitees)} personne(s) convoquée(s) : {reunion}"[:300],
    )  # fmt: skip
    sans_adresse = [nom_complet(i.personne) for i in invitees if not adresses.get(i.personne_id)]
    return BilanConvocations(len(invitees), courriels, sms, sans_adresse)


def _lettre(
    composeur: Composeur, reunion: Reunion, personne: Personne, adresse: Sequence[str], lien: str, jour: date
) -> Lettre:
    return composeur.lettre(
        composeur.version(CODE_COURRIER),
        {
            "civilite": CIVILITES.get(personne.civilite, "Madame, Monsieur"),
            "nom_complet": nom_complet(personne),
            "date_reunion": date_en_lettres(reunion.date, avec_jour=True),
            "heure_reunion": heure_en_lettres(reunion.debut.hour, reunion.debut.minute),
            "lieu": reunion.lieu,
            "adresse_lieu": reunion.adresse,
            "duree": duree_en_lettres(reunion),
            "contact": qui_appeler(reunion),
            "lien_questionnaire": lien,
        },
        jour=jour,
        destinataire=[f"{CIVILITES.get(personne.civilite, '')} {nom_complet(personne)}".strip(), *adresse],
    )


def duree_en_lettres(reunion: Reunion) -> str:
    """« 2 h 30 », d'après les heures de la réunion."""
    minutes = (reunion.fin.hour - reunion.debut.hour) * 60 + reunion.fin.minute - reunion.debut.minute
    heures, reste = divmod(minutes, 60)
    return f"{reste} minutes" if not heures else f"{heures} h {reste:02d}" if reste else f"{heures} h"


def moment(reunion: Reunion) -> str:
    """« le lundi 12 octobre 2026 à 9 h »."""
    heure = heure_en_lettres(reunion.debut.hour, reunion.debut.minute)
    return f"le {date_en_lettres(reunion.date, avec_jour=True)} à {heure}"


def qui_appeler(reunion: Reunion) -> str:
    """Le service qui organise, et comment le joindre ; vide s'il n'a donné ni téléphone ni courriel."""
    service = reunion.organisateur
    if service is None:
        return ""
    joindre = service.telephone or service.courriel
    return f"{service.libelle}, {joindre}" if joindre else service.libelle


def nom_complet(personne: Personne) -> str:
    return f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}"


def coordonnees_connues(personne: Personne) -> Coordonnees | None:
    """Ce que la personne a dit pour être jointe, si elle l'a dit."""
    return getattr(personne, "coordonnees", None)


def _envoyer(
    invitation: Invitation,
    reunion: Reunion,
    document: Document,
    lien: str,
    adresses: dict[int, list[str]],
    acteur: Agent,
) -> list[str]:
    """Un message part par chaque moyen que la personne accepte ; la lettre, toujours."""
    personne = invitation.personne
    commun: dict[str, Any] = {"acteur": acteur, "personne": personne.public_id}
    lignes = [nom_complet(personne), *adresses.get(personne.pk, [])]
    envoyer(canal=Canal.COURRIER, destinataire="\n".join(lignes), document=document, **commun)
    canaux = [str(Canal.COURRIER)]
    connues = coordonnees_connues(personne)
    quand = moment(reunion)
    nom_reunion = mot("reunion_information").singulier
    if connues is not None and connues.par_courriel:
        envoyer(
            canal=Canal.COURRIEL, destinataire=connues.courriel, objet=f"Votre {nom_reunion}",
            texte=(
                f"Bonjour {nom_propre(personne.prenom)},\n\nNous vous attendons {quand}, {reunion.lieu}, "
                f"{reunion.adresse}.\n\nVotre page : {lien}\nVous pouvez y préparer la rencontre, ou nous dire que vous "
                f"ne pouvez pas venir.\n\n{qui_appeler(reunion)}"
            ),
            **commun,
        )  # fmt: skip
        canaux.append(str(Canal.COURRIEL))
    if connues is not None and connues.par_sms:
        envoyer(
            canal=Canal.SMS, destinataire=connues.telephone,
            texte=f"Votre {nom_reunion} : {quand}, {reunion.lieu}. Préparer ou prévenir : {lien}", **commun,
        )  # fmt: skip
        canaux.append(str(Canal.SMS))
    return canaux


def adresses_postales(personnes: Sequence[Personne]) -> dict[int, list[str]]:
    """Lignes de l'adresse de chacune : celle qu'elle a donnée, à défaut celle que la caisse donne à son foyer."""
    cles = [personne.pk for personne in personnes]
    lignes: dict[int, list[str]] = {}
    for connues in Coordonnees.objects.filter(personne__in=cles).exclude(voie="").select_related("commune"):
        commune = connues.commune.nom if connues.commune is not None else ""
        lignes[connues.personne_id] = _lignes(connues.complement, connues.voie, f"{connues.code_postal} {commune}")
    foyers = dict(
        Rattachement.objects.filter(personne__in=cles, periode__endswith=None, periode__isempty=False)
        .order_by("-pk")
        .values_list("personne_id", "foyer_id")
    )
    recues: dict[int, list[str]] = {}
    for adresse in Adresse.objects.filter(
        foyer__in=set(foyers.values()), periode__endswith=None, periode__isempty=False
    ).order_by("-rang", "pk"):
        voie = " ".join(filter(None, (adresse.numero, adresse.type_voie, adresse.voie)))
        recues[adresse.foyer_id] = _lignes(
            adresse.complement_identite, adresse.complement, voie, adresse.lieu_dit,
            f"{adresse.code_postal} {adresse.nom_commune}", adresse.lignes_etranger,
        )  # fmt: skip
    for personne, foyer in foyers.items():
        lignes.setdefault(personne, recues.get(foyer, []))
    return lignes


def _lignes(*textes: str) -> list[str]:
    return [ligne for texte in textes if (ligne := " ".join(texte.split()))]


@transaction.atomic
def remettre_lien(invitation: Invitation, *, acteur: Agent, perimetre: Perimetre) -> str:
    """Ouvre un nouveau lien pour cette invitation et rend son jeton ; l'ancien ne marche plus.

    Le jeton n'est montré que cette fois, et le journal ne le connaît pas.
    """
    perimetre.exiger("reunions.gerer")
    invitation = verrouiller_invitation(invitation)
    exiger_invitation(invitation.etat, "remplir_questionnaire")
    _, jeton = creer_lien(invitation.personne, acteur=acteur, usage=UsageLien.INVITATION, objet=invitation.public_id)
    tracer(
        "rendezvous.invitation.lien_remis", invitation, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[invitation.personne.public_id], resume="Nouveau lien personnel remis",
    )  # fmt: skip
    return jeton
