"""Une personne dont le dossier est en règle, et une procédure à l'état demandé, posée telle quelle dans la base."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement, DesignationReferent
from jalon.documents.models import Canal, ContenuDocument, Document, Envoi, EtatEnvoi
from jalon.droits.models import Situation, Soumission
from jalon.manquements.models import AvisManquement, FaitManquement, Manquement, MotifManquement, Regime
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations.models import DecisionOrientation, NotificationOrientation
from jalon.personnes.models import Personne, Rattachement
from jalon.rendezvous.models import ContactIndividuel, Invitation, ProtocoleReunion, RendezVous, Reunion
from tests.fabriques import une_allocataire, une_decision

APRES_SAISINE = ("saisi", "averti", "avis_rendu", "sanctionne")
APRES_AVERTISSEMENT = ("averti", "avis_rendu", "sanctionne")


def il_y_a(jours: int) -> date:
    """Le jour qu'il était il y a tant de jours."""
    return timezone.localdate() - timedelta(days=jours)


def un_document(personne: Personne, titre: str = "Lettre") -> Document:
    document = Document.objects.create(
        nature="essai", titre=titre, taille=4, sha256="0" * 64, personne=personne.public_id
    )
    ContenuDocument.objects.create(document=document, octets=b"%PDF")
    return document


def une_lettre_partie(personne: Personne, le: date, *, etat: str = EtatEnvoi.ENVOYE) -> Document:
    """Lettre confiée à la poste ce jour-là ; `etat="echec"` : elle est revenue."""
    document = un_document(personne, "Convocation")
    Envoi.objects.create(
        canal=Canal.COURRIER, document=document, destinataire="12 rue des Lilas", personne=personne.public_id,
        etat=etat, envoye_le=a_neuf_heures(le),
    )  # fmt: skip
    return document


def a_neuf_heures(le: date) -> datetime:
    return timezone.make_aware(datetime.combine(le, time(9)))


def une_personne_suivie(
    distribution: Any, *, depuis: date | None = None, personne: Personne | None = None, **champs: Any
) -> Personne:
    """Soumise aux droits et devoirs, orientée et notifiée, suivie par un référent ; sans contrat encore.

    `personne` : celle qu'un flux a déjà donnée, avec ses droits et son adresse.
    `referent=False`, `orientee=False`, `notifiee=False` : il manque ce fait-là, et lui seul.
    """
    referent, orientee = champs.pop("referent", True), champs.pop("orientee", True)
    notifiee = champs.pop("notifiee", True)
    depuis = depuis or il_y_a(500)
    ccas = distribution.organisme(CategorieOrganisme.CCAS)
    vaut = DateRange(depuis, None)
    adresse: dict[str, Any] | None = {}
    if personne is None:
        personne, adresse = une_allocataire(territoire=distribution.territoire, **champs), None
        Rattachement.objects.filter(personne=personne).update(periode=vaut)
        Soumission.objects.filter(personne=personne).update(periode=vaut)
        Situation.objects.filter(dossier__foyer__rattachements__personne=personne).update(periode=vaut)
    Accompagnement.objects.create(
        personne=personne, organisme=ccas, territoire=distribution.territoire, periode=vaut, nature="reference"
    )
    if referent:
        DesignationReferent.objects.create(
            personne=personne, organisme=ccas, agent=distribution.partenaire, periode=vaut,
            designe_par=distribution.siege,
        )  # fmt: skip
    if orientee:
        decision: DecisionOrientation = une_decision(
            distribution, personne=personne, adresse=adresse, decidee_le=depuis, periode=DateRange(depuis, None)
        )
        if notifiee:
            NotificationOrientation.objects.create(
                decision=decision, produite_le=depuis, produite_par=distribution.siege,
                recue_le=depuis + timedelta(days=4), mode_reception="recommande",
            )  # fmt: skip
    return personne


def un_rendez_vous_manque(
    distribution: Any, personne: Personne, le: date, *, convoque_avant: int | None = 20, **champs: Any
) -> RendezVous:
    """Rendez-vous manqué ce jour-là ; convoqué par lettre tant de jours avant, ou jamais (`None`)."""
    debut = timezone.make_aware(datetime.combine(le, time(14)))
    defauts: dict[str, Any] = {
        "objet": "entretien", "organisme": distribution.organisme(CategorieOrganisme.CCAS),
        "agent": distribution.partenaire, "lieu": "Maison des solidarités", "etat": "manque", "constate_le": debut,
        "constate_par": distribution.partenaire, "prise": "ensemble",
    }  # fmt: skip
    if convoque_avant is not None:
        envoi = le - timedelta(days=convoque_avant)
        defauts |= {
            "prise": "convocation", "convoque_le": a_neuf_heures(envoi), "lettre": une_lettre_partie(personne, envoi),
        }  # fmt: skip
    return RendezVous.objects.create(personne=personne, debut=debut, **(defauts | champs))


def une_invitation_manquee(
    distribution: Any, personne: Personne, le: date, *, convoquee_avant: int | None = 20, **champs: Any
) -> Invitation:
    """Absence à une réunion de ce jour-là ; convoquée par lettre tant de jours avant, ou jamais (`None`)."""
    reunion = Reunion.objects.create(
        protocole=ProtocoleReunion.objects.order_by("pk")[0], territoire=distribution.territoire,
        organisateur=distribution.organisme(CategorieOrganisme.CCAS), date=le, debut=time(9), fin=time(11),
        lieu="Maison des solidarités", adresse="1 place des Essais", capacite=20, etat="tenue",
    )  # fmt: skip
    defauts: dict[str, Any] = {
        "motif": "libre", "etat": "absente", "invitee_le": le - timedelta(days=30),
        "presence_notee_le": a_neuf_heures(le),
    }  # fmt: skip
    if convoquee_avant is not None:
        envoi = le - timedelta(days=convoquee_avant)
        defauts |= {"convoquee_le": a_neuf_heures(envoi), "lettre": une_lettre_partie(personne, envoi)}
    return Invitation.objects.create(personne=personne, reunion=reunion, **(defauts | champs))


def un_contact(distribution: Any, personne: Personne, le: date, *, resultat: str = "jointe") -> ContactIndividuel:
    return ContactIndividuel.objects.create(
        personne=personne, date=le, moyen="telephone", resultat=resultat, resume="Échange sur l'absence",
        auteur=distribution.partenaire,
    )  # fmt: skip


def un_manquement(
    distribution: Any,
    *,
    etat: str = "prepare",
    personne: Personne | None = None,
    motif: str = "convocation",
    faits_le: date | None = None,
    recu_le: date | None = None,
    recu: bool = True,
    rendez_vous: bool = True,
    contact: bool = True,
    sens: str = "favorable",
    **champs: Any,
) -> Manquement:
    """Procédure à cet état, dans l'ordre de ses dates : faits, contact, saisine, avertissement, réception, avis.

    `faits_le` : jour du premier fait, il y a cent vingt jours sans précision ; tout le reste en découle. `recu_le`
    change le seul jour de réception, `recu=False` laisse la lettre sans accusé. `rendez_vous=False` : un fait libre.
    """
    personne = personne or une_personne_suivie(distribution)
    faits_le = faits_le or il_y_a(120)
    le_contact = un_contact(distribution, personne, faits_le + timedelta(days=10)) if contact else None
    prepare_le = faits_le + timedelta(days=15)
    defauts: dict[str, Any] = {
        "motif": MotifManquement.objects.get(code=motif), "regime_faits": Regime.objects.get(periode__contains=faits_le),
        "expose": "La personne n'est pas venue.", "organisme": distribution.organisme(CategorieOrganisme.CCAS),
        "territoire": personne.territoire, "contact": le_contact, "prepare_par": distribution.partenaire,
        "prepare_le": prepare_le,
    }  # fmt: skip
    if etat in APRES_SAISINE:
        defauts |= {"saisi_par": distribution.partenaire, "saisi_le": prepare_le + timedelta(days=1)}
    if etat in APRES_AVERTISSEMENT:
        averti_le = prepare_le + timedelta(days=3)
        defauts |= {"averti_le": averti_le, "avertissement": un_document(personne, "Avertissement")}
        if recu:
            recu_le = recu_le or averti_le + timedelta(days=4)
            defauts |= {
                "averti_recu_le": recu_le, "preuve_reception": "Avis de réception 2C 123",
                "observations_jusqu_au": recu_le + relativedelta(months=1),
            }  # fmt: skip
    if etat == "classe":
        defauts |= {"clos_le": prepare_le + timedelta(days=40), "motif_classement": "en_regle"}
    manquement = Manquement.objects.create(personne=personne, etat=etat, **(defauts | champs))
    manque = un_rendez_vous_manque(distribution, personne, faits_le) if rendez_vous else None
    FaitManquement.objects.create(
        manquement=manquement, date=faits_le, description="Absence au rendez-vous", rendez_vous=manque
    )
    if etat in ("avis_rendu", "sanctionne"):
        limite = manquement.observations_jusqu_au or prepare_le + timedelta(days=40)
        un_avis(manquement, limite + timedelta(days=3), sens=sens)
    return manquement


def un_avis(manquement: Manquement, rendu_le: date, *, sens: str = "favorable", **champs: Any) -> AvisManquement:
    """Avis rendu en séance."""
    defauts = {"vote": "majoritaire", "texte": "Avis motivé.", "seance": uuid4()}
    return AvisManquement.objects.create(manquement=manquement, sens=sens, rendu_le=rendu_le, **(defauts | champs))
