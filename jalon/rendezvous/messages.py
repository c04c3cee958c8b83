"""Écrire à une personne au sujet d'un rendez-vous : par ce qu'elle accepte, sans la presser, avec la preuve (D12).

Entre deux messages par la même voie, un temps passe. Deux exceptions : une lettre, qui part toujours, et l'annonce
qu'un rendez-vous n'aura pas lieu, car personne ne doit se déplacer pour rien.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from jalon.agents.models import Agent
from jalon.documents.composition import Composeur, Lettre
from jalon.documents.ecriture import date_en_lettres, heure_en_lettres
from jalon.documents.envois import envoyer
from jalon.documents.models import Canal, Document, Envoi
from jalon.documents.pdf import rendre_lettre
from jalon.documents.services import enregistrer_document
from jalon.organismes.models import Organisme
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import mot, nombre
from jalon.rendezvous.convocations import CIVILITES, adresses_postales, nom_complet
from jalon.rendezvous.models import Modalite, ObjetRendezVous, RendezVous

NATURE_ANNULATION = "annulation_rendez_vous"
COURRIER_ANNULATION = "annulation_rendez_vous"
COURRIER_REPORT = "report_rendez_vous"


@dataclass
class BilanMessages:
    """Les voies par où un message est parti, et celles qu'il faut laisser reposer, avec l'heure où elles rouvrent."""

    canaux: list[str] = field(default_factory=list)
    retenus: dict[str, datetime] = field(default_factory=dict)
    sans_adresse: bool = False

    @property
    def dit(self) -> str:
        """« Parti par courriel. SMS possible à partir du 12/11 à 14:00. »"""
        noms = [Canal(canal).label.lower().replace("sms", "SMS") for canal in self.canaux]
        phrases = [f"Parti par {' et '.join(noms)}."] if noms else []
        phrases += [
            f"{Canal(canal).label} retenu : un message est déjà parti. Possible à partir du {_heure(quand)}."
            for canal, quand in self.retenus.items()
        ]
        if self.sans_adresse:
            phrases.append("Aucune adresse postale n'est connue : remettez la lettre en main propre.")
        return " ".join(phrases)


def _heure(quand: datetime) -> str:
    return f"{timezone.localtime(quand):%d/%m à %H:%M}"


# --- Le temps entre deux messages


def possible_le(personne: UUID, canal: str, maintenant: datetime) -> datetime | None:
    """Moment où un message pourra repartir par cette voie ; `None` s'il le peut déjà. Un code ne compte pas."""
    dernier = (
        Envoi.objects.filter(personne=personne, canal=canal, perime_le=None)
        .order_by("-demande_le", "-pk")
        .values_list("demande_le", flat=True)
        .first()
    )
    if dernier is None:
        return None
    jour = timezone.localdate(maintenant)
    ouvre = dernier + timedelta(minutes=int(nombre("rendezvous.delai_entre_messages", jour)))
    return ouvre if ouvre > maintenant else None


def canaux_acceptes(connues: Coordonnees | None) -> dict[str, str]:
    """Voie → adresse ou numéro, pour chaque message que la personne accepte."""
    acceptes = {}
    if connues is not None and connues.par_courriel:
        acceptes[str(Canal.COURRIEL)] = connues.courriel
    if connues is not None and connues.par_sms:
        acceptes[str(Canal.SMS)] = connues.telephone
    return acceptes


def ecrire(
    personne: Personne, *, acteur: Agent | None, objet: str, courriel: str, sms: str, toujours: bool = False
) -> BilanMessages:
    """Envoie par chaque voie acceptée et reposée ; `toujours` n'attend pas."""
    bilan, maintenant = BilanMessages(), timezone.now()
    connues = Coordonnees.objects.filter(personne=personne).first()
    for canal, destinataire in canaux_acceptes(connues).items():
        attente = None if toujours else possible_le(personne.public_id, canal, maintenant)
        if attente is not None:
            bilan.retenus[canal] = attente
            continue
        contenu: dict[str, Any] = {"texte": sms} if canal == Canal.SMS else {"objet": objet, "texte": courriel}
        envoyer(acteur=acteur, canal=canal, destinataire=destinataire, personne=personne.public_id, **contenu)
        bilan.canaux.append(canal)
    return bilan


def poster(
    personne: Personne, charge: Any, *, acteur: Agent, nature: str, titre: str, composeur: Composeur, **champs: Any
) -> Document:
    """Garde la lettre en PDF et la met à poster."""
    document = enregistrer_document(
        rendre_lettre(composeur.papier, charge), acteur=acteur, nature=nature, titre=titre,
        personne=personne.public_id, **champs,
    )  # fmt: skip
    lignes = [nom_complet(personne), *adresses_postales([personne]).get(personne.pk, [])]
    envoyer(
        acteur=acteur, canal=Canal.COURRIER, destinataire="\n".join(lignes), document=document,
        personne=personne.public_id,
    )  # fmt: skip
    return document


# --- Les mots


def but(objet: str) -> str:
    """À quoi sert le rendez-vous, après « pour » ou « sert à »."""
    contrat = mot("contrat").singulier
    return {
        ObjetRendezVous.PREMIER: "faire connaissance et préparer votre projet",
        ObjetRendezVous.ENTRETIEN: "faire le point ensemble",
        ObjetRendezVous.CONTRAT: f"écrire votre {contrat}",
        ObjetRendezVous.BILAN: f"faire le bilan de votre {contrat}",
        ObjetRendezVous.DEMARCHE: "faire une démarche ensemble",
    }[ObjetRendezVous(objet)]


def moment(debut: datetime) -> str:
    """« le jeudi 12 novembre 2026 à 14 h »."""
    local = timezone.localtime(debut)
    return f"le {date_en_lettres(local.date(), avec_jour=True)} à {heure_en_lettres(local.hour, local.minute)}"


def ou_et_comment(rendez_vous: RendezVous) -> str:
    """Le lieu, ou la façon de se parler."""
    lieu = rendez_vous.lieu
    return {
        Modalite.SUR_PLACE: lieu,
        Modalite.TELEPHONE: "par téléphone, nous vous appelons",
        Modalite.VISIO: f"en visioconférence {rendez_vous.adresse_visio}".strip(),
        Modalite.DOMICILE: f"chez vous, {lieu}" if lieu else "chez vous",
    }[Modalite(rendez_vous.modalite)]


def qui_joindre(organisme: Organisme, agent: Agent | None) -> str:
    """Le service et son numéro : celui du service, à défaut celui de l'agent, à défaut le courriel du service."""
    joindre = organisme.telephone or (agent.telephone if agent is not None else "") or organisme.courriel
    return f"{organisme.libelle}, {joindre}" if joindre else organisme.libelle


def avec_qui(rendez_vous: RendezVous) -> str:
    return str(rendez_vous.agent) if rendez_vous.agent is not None else rendez_vous.organisme.libelle


def destinataire(personne: Personne, adresse: list[str]) -> list[str]:
    return [f"{CIVILITES.get(personne.civilite, '')} {nom_complet(personne)}".strip(), *adresse]


def civilite(personne: Personne) -> str:
    return CIVILITES.get(personne.civilite, "Madame, Monsieur")


# --- Prévenir que le rendez-vous n'aura pas lieu


def prevenir(rendez_vous: RendezVous, *, acteur: Agent, nouveau: RendezVous | None = None) -> BilanMessages:
    """Dit à la personne que son rendez-vous est annulé ou reporté : une lettre aussi, s'il y avait eu convocation."""
    personne = rendez_vous.personne
    adresse = adresses_postales([personne]).get(personne.pk, [])
    composeur = Composeur()
    lettre = _lettre_perdu(composeur, rendez_vous, nouveau, adresse)
    objet = f"{lettre.objet[:1].upper()}{lettre.objet[1:]}"
    suite = "Nous vous recontacterons." if nouveau is None else f"Il aura lieu {moment(nouveau.debut)}."
    bilan = ecrire(
        personne, acteur=acteur, objet=objet, toujours=True, courriel=en_texte(lettre),
        sms=f"Votre rendez-vous n'aura pas lieu {moment(rendez_vous.debut)}. {suite}",
    )  # fmt: skip
    if rendez_vous.lettre_id is not None:
        titre = f"Rendez-vous du {timezone.localtime(rendez_vous.debut):%d/%m/%Y} : {objet.lower()}"
        poster(
            personne, lettre.charge, acteur=acteur, nature=NATURE_ANNULATION, titre=titre, composeur=composeur,
            version=lettre.version,
        )  # fmt: skip
        bilan.canaux.append(str(Canal.COURRIER))
        bilan.sans_adresse = not adresse
    return bilan


def _lettre_perdu(
    composeur: Composeur, rendez_vous: RendezVous, nouveau: RendezVous | None, adresse: list[str]
) -> Lettre:
    """Quoi, pourquoi, et ce qui vient ensuite : le texte est du profil, le courriel le reprend."""
    personne = rendez_vous.personne
    date_perdue, heure_perdue = _date_et_heure(rendez_vous.debut)
    valeurs = {
        "civilite": civilite(personne), "nom_complet": nom_complet(personne), "agent": avec_qui(rendez_vous),
        "date_rendez_vous": date_perdue, "heure_rendez_vous": heure_perdue, "motif": rendez_vous.motif,
        "contact": qui_joindre(rendez_vous.organisme, rendez_vous.agent),
    }  # fmt: skip
    if nouveau is not None:
        valeurs["nouvelle_date"], valeurs["nouvelle_heure"] = _date_et_heure(nouveau.debut)
        valeurs["nouveau_lieu"] = ou_et_comment(nouveau)
    return composeur.lettre(
        composeur.version(COURRIER_ANNULATION if nouveau is None else COURRIER_REPORT), valeurs,
        jour=timezone.localdate(), destinataire=destinataire(personne, adresse),
    )  # fmt: skip


def _date_et_heure(debut: datetime) -> tuple[str, str]:
    local = timezone.localtime(debut)
    return date_en_lettres(local.date(), avec_jour=True), heure_en_lettres(local.hour, local.minute)


def en_texte(lettre: Lettre) -> str:
    """Les paragraphes et les listes d'une lettre, tels qu'un courriel les porte."""
    return "\n\n".join(
        "\n".join(f"- {element}" for element in bloc["elements"]) if "elements" in bloc else str(bloc["texte"])
        for bloc in lettre.charge["blocs"]
    )
