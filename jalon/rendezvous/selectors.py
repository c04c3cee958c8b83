"""Lire les réunions et ce qui en sort, toujours à travers le périmètre de qui le demande."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Territoire
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.rendezvous.contacts import contact_suffisant
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatJustificatif,
    EtatReunion,
    Invitation,
    JustificatifAbsence,
    PreuveAbsence,
    ProtocoleReunion,
    QuestionnairePreparatoire,
    RendezVous,
    ReponseQuestion,
    Reunion,
)
from jalon.socle.errors import HorsPerimetreError

# --- Obtenir


def reunions(perimetre: Perimetre) -> QuerySet[Reunion]:
    """Réunions des territoires de l'agent, et celles où son organisme intervient."""
    if perimetre.agent is None:
        return Reunion.objects.none()
    if perimetre.tout:
        return Reunion.objects.all()
    tenues = Reunion.objects.filter(
        Q(organisateur_id__in=perimetre.organismes) | Q(intervenants__organisme_id__in=perimetre.organismes)
    )
    return Reunion.objects.filter(Q(territoire_id__in=perimetre.territoires) | Q(pk__in=tenues.order_by().values("pk")))


def acceder_reunion(perimetre: Perimetre, public_id: UUID, *, droit: str = "reunions.consulter") -> Reunion:
    """Rend la réunion si l'agent a ce droit et qu'elle est sur son territoire ou tenue par son organisme."""
    perimetre.exiger(droit)
    reunion = (
        reunions(perimetre)
        .filter(public_id=public_id)
        .select_related("territoire", "organisateur", "protocole__type")
        .first()
    )
    if reunion is None:
        raise HorsPerimetreError(
            "Cette réunion n'existe pas ou n'est pas sur votre territoire. Revenez au plan des réunions."
        )
    return reunion


def invitations(perimetre: Perimetre) -> QuerySet[Invitation]:
    """Invitations des personnes du périmètre."""
    return Invitation.objects.filter(filtre_perimetre(perimetre, "personne__"))


def acceder_invitation(perimetre: Perimetre, public_id: UUID, *, droit: str = "reunions.gerer") -> Invitation:
    """Rend l'invitation si l'agent a ce droit et que la personne est dans son périmètre."""
    perimetre.exiger(droit)
    invitation = (
        invitations(perimetre)
        .filter(public_id=public_id)
        .select_related("personne", "reunion__territoire", "reunion__protocole__type")
        .first()
    )
    if invitation is None:
        raise HorsPerimetreError(
            "Cette invitation n'existe pas ou la personne n'est pas dans votre périmètre. Revenez à la réunion."
        )
    return invitation


def feuille(reunion: Reunion, perimetre: Perimetre) -> QuerySet[Invitation]:
    """La feuille d'une réunion : tous les noms attendus ou venus, dans l'ordre alphabétique."""
    return (
        invitations(perimetre)
        .filter(reunion=reunion)
        .exclude(etat=EtatInvitation.ANNULEE)
        .select_related("personne", "personne__coordonnees", "justificatif__motif", "questionnaire")
        .order_by("personne__nom", "personne__prenom", "pk")
    )


def justificatifs(perimetre: Perimetre) -> QuerySet[JustificatifAbsence]:
    return JustificatifAbsence.objects.filter(filtre_perimetre(perimetre, "personne__"))


def justificatifs_a_examiner(perimetre: Perimetre) -> QuerySet[JustificatifAbsence]:
    """Absences déclarées que personne n'a encore acceptées ni refusées, les plus anciennes d'abord."""
    return (
        justificatifs(perimetre)
        .filter(etat__in=EtatJustificatif.a_examiner())
        .select_related("personne", "motif", "invitation__reunion__territoire")
        .annotate(nombre_preuves=Count("preuves"))
        .order_by("declaree_le", "pk")
    )


def acceder_justificatif(
    perimetre: Perimetre, public_id: UUID, *, droit: str = "reunions.gerer"
) -> JustificatifAbsence:
    """Rend le justificatif si l'agent a ce droit et que la personne est dans son périmètre."""
    perimetre.exiger(droit)
    justificatif = (
        justificatifs(perimetre)
        .filter(public_id=public_id)
        .select_related("personne", "motif", "invitation__reunion")
        .first()
    )
    if justificatif is None:
        raise HorsPerimetreError("Cette absence n'existe pas ou la personne n'est pas dans votre périmètre.")
    return justificatif


def acceder_preuve(perimetre: Perimetre, public_id: UUID, *, droit: str = "reunions.gerer") -> PreuveAbsence:
    """Rend le fichier ; celui d'une raison de santé n'est remis qu'à qui lit ces contenus."""
    perimetre.exiger(droit)
    preuve = (
        PreuveAbsence.objects.filter(filtre_perimetre(perimetre, "justificatif__personne__"), public_id=public_id)
        .select_related("justificatif__motif", "justificatif__personne")
        .first()
    )
    if preuve is None or (preuve.justificatif.motif.sante and not perimetre.voit_sante):
        raise HorsPerimetreError("Ce document n'existe pas ou ne vous est pas ouvert.")
    return preuve


# --- Ce que les autres pièces demandent d'une personne


def derniere_invitation(personne: Personne) -> Invitation | None:
    """La dernière invitation qui n'a pas été annulée, réunion comprise."""
    return (
        Invitation.objects.filter(personne=personne)
        .exclude(etat=EtatInvitation.ANNULEE)
        .select_related("reunion__territoire", "reunion__protocole__type")
        .order_by("-reunion__date", "-reunion__debut", "-pk")
        .first()
    )


def presences(personne: Personne) -> QuerySet[Invitation]:
    """Réunions où la personne était là, la plus récente d'abord."""
    return (
        Invitation.objects.filter(personne=personne, etat=EtatInvitation.PRESENTE)
        .select_related("reunion")
        .order_by("-reunion__date", "-pk")
    )


def informee_le(personne: Personne) -> date | None:
    """Jour où la personne a été informée, pour l'étape « Informée » de son chemin ; `None` si elle ne l'est pas."""
    return presences(personne).values_list("reunion__date", flat=True).first()


def historique_invitations(personne: Personne) -> QuerySet[Invitation]:
    """Toutes ses invitations, annulées comprises, avec ce qui en est sorti."""
    return (
        Invitation.objects.filter(personne=personne)
        .select_related("reunion__territoire", "reunion__protocole__type", "justificatif__motif", "questionnaire")
        .order_by("-reunion__date", "-pk")
    )


def questionnaire_de(personne: Personne) -> QuestionnairePreparatoire | None:
    """Le dernier questionnaire commencé ou rendu."""
    return (
        QuestionnairePreparatoire.objects.filter(personne=personne)
        .select_related("invitation__reunion", "saisi_par")
        .order_by("-modifie_le", "-pk")
        .first()
    )


@dataclass(frozen=True)
class ReponseLue:
    """Une réponse prête à l'affichage : ce qui est de nature médicale n'y est que pour qui le lit."""

    theme: str
    question: str
    reponse: str
    reservee: bool = False


def reponses_lues(questionnaire: QuestionnairePreparatoire, *, voit_sante: bool) -> list[ReponseLue]:
    """Réponses d'un questionnaire ; les choix de nature médicale sont retirés à qui n'a pas le rôle de santé."""
    lues = []
    lignes = ReponseQuestion.objects.filter(questionnaire=questionnaire).select_related("question")
    for ligne in lignes.order_by("question__ordre", "pk"):
        connus = {choix["code"]: choix for choix in ligne.question.choix}
        choisis = [connus.get(code, {"libelle": _OUI_NON.get(code, code), "sante": False}) for code in ligne.choix]
        montres = [c["libelle"] for c in choisis if voit_sante or not c["sante"]]
        texte = ", ".join(montres) or ligne.texte
        reservee = len(montres) < len(choisis)
        if texte or reservee:
            lues.append(ReponseLue(ligne.question.theme, ligne.intitule, texte, reservee))
    return lues


_OUI_NON = {"oui": "Oui", "non": "Non"}


def prochain_rendez_vous(personne: Personne) -> RendezVous | None:
    """Le prochain rendez-vous fixé."""
    return (
        RendezVous.objects.filter(personne=personne, etat="fixe", debut__gte=timezone.now())
        .select_related("organisme", "agent")
        .order_by("debut", "pk")
        .first()
    )


# --- Le plan du mois


def protocoles_en_vigueur(jour: date) -> list[ProtocoleReunion]:
    """Le protocole en vigueur de chaque forme de réunion encore proposée."""
    derniers: dict[int, ProtocoleReunion] = {}
    lignes = ProtocoleReunion.objects.filter(type__actif=True, depuis__lte=jour).select_related("type")
    for protocole in lignes.order_by("type__ordre", "version", "pk"):
        derniers[protocole.type_id] = protocole
    return list(derniers.values())


def territoires_du_plan(perimetre: Perimetre) -> list[Territoire]:
    """Territoires feuilles où l'agent peut tenir ou lire des réunions."""
    feuilles = Territoire.objects.feuilles()
    if not perimetre.tout:
        feuilles = feuilles.filter(pk__in=perimetre.territoires)
    return list(feuilles.order_by("ordre", "libelle", "pk"))


@dataclass(frozen=True)
class LignePlan:
    """Une réunion du plan, avec le compte de sa feuille."""

    reunion: Reunion
    attendues: int
    presentes: int
    excusees: int
    absentes: int

    @property
    def inscrites(self) -> int:
        return self.attendues + self.presentes + self.excusees + self.absentes

    @property
    def restantes(self) -> int:
        return max(0, self.reunion.capacite - self.attendues - self.presentes)


def bornes_mois(mois: date) -> tuple[date, date]:
    """Premier jour du mois, et premier jour du suivant."""
    debut = mois.replace(day=1)
    return debut, debut + relativedelta(months=1)


def plan(perimetre: Perimetre, mois: date, *, territoire: Territoire | None = None) -> list[LignePlan]:
    """Réunions d'un mois, dans l'ordre du calendrier, avec leurs comptes en deux lectures."""
    debut, fin = bornes_mois(mois)
    lignes = reunions(perimetre).filter(date__gte=debut, date__lt=fin)
    if territoire is not None:
        lignes = lignes.filter(territoire=territoire)
    trouvees = list(
        lignes.select_related("territoire", "protocole__type", "organisateur").order_by("date", "debut", "pk")
    )
    return avec_comptes(trouvees, perimetre)


def avec_comptes(trouvees: Sequence[Reunion], perimetre: Perimetre) -> list[LignePlan]:
    comptes: dict[int, dict[str, int]] = {}
    par_etat = (
        invitations(perimetre)
        .filter(reunion__in=[r.pk for r in trouvees])
        .order_by()
        .values("reunion_id", "etat")
        .annotate(nombre=Count("pk"))
    )
    for ligne in par_etat:
        comptes.setdefault(ligne["reunion_id"], {})[ligne["etat"]] = ligne["nombre"]
    return [
        LignePlan(
            reunion,
            attendues=sum(comptes.get(reunion.pk, {}).get(etat, 0) for etat in EtatInvitation.attendues()),
            presentes=comptes.get(reunion.pk, {}).get(EtatInvitation.PRESENTE, 0),
            excusees=comptes.get(reunion.pk, {}).get(EtatInvitation.EXCUSEE, 0),
            absentes=comptes.get(reunion.pk, {}).get(EtatInvitation.ABSENTE, 0),
        )
        for reunion in trouvees
    ]


def territoires_sans_reunion(perimetre: Perimetre, mois: date) -> list[Territoire]:
    """Territoires où rien n'est prévu ce mois-là : la réunion est mensuelle (R17)."""
    debut, fin = bornes_mois(mois)
    prevues = Reunion.objects.filter(date__gte=debut, date__lt=fin).exclude(etat=EtatReunion.ANNULEE)
    couverts = set(prevues.order_by("pk").values_list("territoire_id", flat=True))
    return [t for t in territoires_du_plan(perimetre) if t.pk not in couverts]


# --- Les absences sans contact


def absences_sans_contact(perimetre: Perimetre) -> QuerySet[Invitation]:
    """Absences que n'a suivies aucun contact : rien d'autre ne peut se faire avant lui (R18, F026)."""
    return (
        invitations(perimetre)
        .filter(etat=EtatInvitation.ABSENTE)
        .filter(~contact_suffisant())
        .select_related("personne", "personne__coordonnees", "reunion__territoire")
        .order_by("reunion__date", "personne__nom", "personne__prenom", "pk")
    )
