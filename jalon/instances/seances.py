"""Tenir le calendrier d'une instance : planifier, convoquer, noter les présences, ouvrir, annuler."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import envoyer
from jalon.documents.models import Canal
from jalon.instances.acces import exiger_conduite
from jalon.instances.composition import membres_en_cours
from jalon.instances.models import (
    DossierSeance,
    EtatDossierSeance,
    EtatPresence,
    EtatSeance,
    Instance,
    MembreInstance,
    NatureInstance,
    PresenceSeance,
    Seance,
)
from jalon.instances.papiers import (
    adresses_a_prevenir,
    enregistrer_agenda,
    enregistrer_ordre_du_jour,
    texte_convocation,
)
from jalon.instances.quorum import COMPTENT
from jalon.instances.selectors import points_de
from jalon.instances.workflows import exiger_seance
from jalon.manquements.avis import noter_convocation_instance
from jalon.manquements.lettres import lettre_annulation_audition
from jalon.manquements.models import EtatManquement, Manquement
from jalon.personnes.fusion import effets_complets
from jalon.referentiels.parametres import mot, nombre
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DELAI = "instance.delai_convocation"


def verrouiller_seance(seance: Seance) -> Seance:
    """La séance, seule à changer jusqu'à la fin de l'acte."""
    return (
        Seance.objects.select_for_update(of=("self",))
        .select_related("instance__type", "instance__territoire", "president__agent", "secretaire")
        .get(pk=seance.pk)
    )


def _valider(seance: Seance) -> None:
    try:
        seance.full_clean(exclude=["pv", "quorum_atteint"])
    except ValidationError as erreur:
        raise JalonError(" ".join(erreur.messages)) from erreur


@transaction.atomic
def planifier_seance(
    instance: Instance,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    jour: date,
    heure: time,
    lieu: str,
    secretaire: Agent | None = None,
) -> Seance:
    """Inscrit une séance au calendrier ; l'acteur en est le secrétaire, sauf à en nommer un autre.

    Lève `JalonError` si la date est passée ou déjà prise, `DroitManquantError`.
    """
    perimetre.exiger("seances.preparer")
    Instance.objects.select_for_update(of=("self",)).get(pk=instance.pk)
    if jour < timezone.localdate():
        raise JalonError("Cette date est passée : choisissez-en une à venir.")
    dernier = Seance.objects.filter(instance=instance).aggregate(m=Max("numero"))["m"] or 0
    seance = Seance(
        instance=instance, numero=dernier + 1, date=jour, heure=heure, lieu=lieu.strip(),
        secretaire=secretaire or acteur,
    )  # fmt: skip
    _valider(seance)
    seance.save()
    tracer(
        "instances.seance.planifiee", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        vers=EtatSeance.PREPAREE, resume=f"{instance} : séance du {jour:%d/%m/%Y}"[:300],
    )  # fmt: skip
    return seance


@transaction.atomic
def modifier_seance(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, jour: date, heure: time, lieu: str
) -> Seance:
    """Change la date, l'heure ou le lieu tant que les membres ne sont pas convoqués."""
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "modifier")
    if seance.dossiers.filter(convoquee_le__isnull=False).exclude(etat=EtatDossierSeance.RETIRE).exists():
        raise TransitionRefuseeError(
            "Des personnes sont déjà convoquées à cette date : annulez la séance et planifiez-en une autre."
        )
    if jour < timezone.localdate():
        raise JalonError("Cette date est passée : choisissez-en une à venir.")
    avant = f"{seance.date:%d/%m/%Y}"
    seance.date, seance.heure, seance.lieu = jour, heure, lieu.strip()
    _valider(seance)
    seance.save(update_fields=["date", "heure", "lieu"])
    tracer(
        "instances.seance.modifiee", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        de=avant, vers=f"{jour:%d/%m/%Y}", resume=f"{seance.instance} : séance n° {seance.numero} déplacée"[:300],
    )  # fmt: skip
    return seance


@transaction.atomic
def convoquer_membres(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, motif_urgence: str = "", lien: str = ""
) -> Seance:
    """Convoque les membres par courriel, ordre du jour et rendez-vous d'agenda joints, et leur ouvre les dossiers.

    Le courriel et l'ordre du jour joint ne nomment personne : les dossiers se lisent dans Jalon. Au-dessous de
    `instance.delai_convocation`, le type d'instance refuse, ou demande pourquoi. Lève `JalonError`,
    `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "convoquer")
    urgence = _verifier_delai(seance, motif_urgence)
    membres = membres_en_cours(seance.instance, seance.date)
    titulaires = [membre for membre in membres if membre.supplee_id is None]
    if not any(membre.qualite.preside for membre in titulaires):
        raise JalonError("Personne ne peut présider cette séance : nommez d'abord un membre dont la qualité préside.")
    generale = seance.instance.type.nature == NatureInstance.GENERALE
    if generale and not points_de(seance):
        raise JalonError("L'ordre du jour est vide : écrivez ses points avant de convoquer.")
    if not generale and not seance.dossiers.filter(etat=EtatDossierSeance.INSCRIT).exists():
        raise JalonError("L'ordre du jour est vide : inscrivez des dossiers avant de convoquer.")
    PresenceSeance.objects.bulk_create(PresenceSeance(seance=seance, membre=membre) for membre in titulaires)
    seance.etat, seance.convoquee_le, seance.motif_urgence = EtatSeance.CONVOQUEE, timezone.localdate(), urgence
    document = enregistrer_ordre_du_jour(seance, acteur=acteur, perimetre=perimetre)
    seance.ordre_du_jour = document.public_id
    seance.save(update_fields=["etat", "convoquee_le", "motif_urgence", "ordre_du_jour"])
    ouvrir_le_delai_d_avis(seance.dossiers.all(), acteur=acteur, perimetre=perimetre)
    agenda = enregistrer_agenda(seance, acteur=acteur, perimetre=perimetre)
    for membre in membres:
        if membre.courriel:
            objet, texte = texte_convocation(seance, membre, lien)
            envoyer(
                acteur=acteur, canal=Canal.COURRIEL, destinataire=membre.courriel, objet=objet, texte=texte,
                document=document, joint=agenda,
            )  # fmt: skip
    tracer(
        "instances.seance.convoquee", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        de=EtatSeance.PREPAREE, vers=EtatSeance.CONVOQUEE, motif=urgence,
        resume=f"{seance.instance} : {len(membres)} membres convoqués pour le {seance.date:%d/%m/%Y}"[:300],
    )  # fmt: skip
    return seance


def ouvrir_le_delai_d_avis(dossiers: QuerySet[DossierSeance], *, acteur: Agent, perimetre: Perimetre) -> None:
    """Convoquer l'instance pour une procédure fait courir le délai de son avis (R262-71)."""
    au_nom = replace(perimetre, droits=perimetre.droits | {"manquement.instruire"})
    attendus = Manquement.objects.filter(
        avis_seances__dossier__in=dossiers.filter(etat=EtatDossierSeance.INSCRIT), etat=EtatManquement.AVERTI
    )
    for manquement in attendus.order_by("pk"):
        noter_convocation_instance(manquement, acteur=acteur, perimetre=au_nom, le=timezone.localdate())


def oublier_les_auditions(dossiers: QuerySet[DossierSeance]) -> list[Manquement]:
    """Une audition que la séance n'a pas tenue n'a pas été proposée : la procédure l'attend de nouveau (R61)."""
    promises = dossiers.filter(convoquee_le__isnull=False, entendue_le=None)
    oubliees = list(
        Manquement.objects.select_for_update(of=("self",))
        .filter(avis_seances__dossier__in=promises, etat=EtatManquement.AVERTI, entendue_le=None)
        .select_related("personne", "motif")
        .order_by("pk")
    )
    Manquement.objects.filter(pk__in=[m.pk for m in oubliees]).update(audition_proposee_le=None)
    return oubliees


def decommander_les_auditions(dossiers: QuerySet[DossierSeance], *, seance: Seance, acteur: Agent) -> None:
    """Avant la séance, chaque personne convoquée apprend par lettre qu'elle n'a pas à venir (R61)."""
    for manquement in oublier_les_auditions(dossiers):
        lettre_annulation_audition(manquement, acteur=acteur, jour=timezone.localdate(), seance_le=seance.date)


def _verifier_delai(seance: Seance, motif_urgence: str) -> str:
    """Motif d'une convocation tardive, vide si le délai est tenu. Lève `JalonError`."""
    aujourdhui = timezone.localdate()
    if seance.date < aujourdhui:
        raise JalonError("La date de cette séance est passée : changez-la avant de convoquer.")
    delai = int(nombre(DELAI, aujourdhui))
    if (seance.date - aujourdhui).days >= delai:
        return ""
    au_plus_tot = aujourdhui + timedelta(days=delai)
    constat = f"Les membres sont convoqués au moins {delai} jours avant la séance, soit pour le {au_plus_tot:%d/%m/%Y}"
    if not seance.instance.type.convocation_urgente:
        raise JalonError(f"{constat} au plus tôt : changez la date.")
    if not motif_urgence.strip():
        raise JalonError(f"{constat}. Changez la date, ou dites pourquoi convoquer en urgence.")
    return motif_urgence.strip()


@transaction.atomic
def noter_presence(
    seance: Seance,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    membre: MembreInstance,
    etat: str,
    represente_par: MembreInstance | None = None,
) -> PresenceSeance:
    """Note qui est là, excusé, représenté par son suppléant ou parti avant la fin ; le quorum se recompte aussitôt.

    Qui part compte encore pour ce qui fut examiné avant. Qui préside passe d'abord la présidence. Lève `JalonError`,
    `TransitionRefuseeError`, `DroitManquantError`.
    """
    seance = verrouiller_seance(seance)
    _exiger_feuille(perimetre, seance)
    exiger_seance(seance.etat, "noter_presence")
    _garder_la_presidence(seance, membre, etat, represente_par)
    if etat not in EtatPresence.values:
        raise JalonError("Dites si ce membre est présent, représenté, excusé, absent ou parti.")
    if etat == EtatPresence.REPRESENTE and (represente_par is None or represente_par.supplee_id != membre.pk):
        raise JalonError(
            f"Dites quel suppléant représente {membre.nom} : un suppléant ne représente que son titulaire."
        )
    if etat == EtatPresence.REPRESENTE and represente_par is not None:
        _verifier_mandat(seance, represente_par)
    presence = (
        PresenceSeance.objects.select_for_update(of=("self",))
        .filter(seance=seance, membre=membre)
        .select_related("membre__agent", "membre__qualite")
        .first()
    )
    if presence is None:
        raise JalonError(f"{membre.nom} n'est pas convoqué à cette séance.")
    avant, parti = presence.etat, etat == EtatPresence.PARTI
    if parti and (seance.etat != EtatSeance.OUVERTE or avant not in COMPTENT):
        raise JalonError(f"{membre.nom} n'est pas en séance : dites plutôt excusé ou absent.")
    presence.etat, presence.parti_le = etat, timezone.now() if parti else None
    if not parti:
        presence.represente_par = represente_par if etat == EtatPresence.REPRESENTE else None
    presence.save(update_fields=["etat", "represente_par", "parti_le"])
    tracer(
        "instances.presence.notee", seance, acteur=acteur, organisme=perimetre.organisme_principal, de=avant,
        vers=etat, resume=f"{membre.nom} : {presence.get_etat_display().lower()}"[:300],
    )  # fmt: skip
    return presence


def _garder_la_presidence(
    seance: Seance, membre: MembreInstance, etat: str, represente_par: MembreInstance | None
) -> None:
    """Une séance ouverte est toujours présidée par quelqu'un qui est là. Lève `TransitionRefuseeError`."""
    president = seance.president
    if seance.etat != EtatSeance.OUVERTE or president is None or membre.pk != president.siege_id:
        return
    siege = membre if etat == EtatPresence.PRESENT else represente_par if etat == EtatPresence.REPRESENTE else None
    if siege is None or siege.pk != president.pk:
        raise TransitionRefuseeError(
            f"{president.nom} préside : passez d'abord la présidence à un autre membre, ou levez la séance."
        )


def _exiger_feuille(perimetre: Perimetre, seance: Seance) -> None:
    """Avant la séance, qui la prépare note les excuses ; ouverte, la présidence et le secrétariat tiennent la feuille."""
    if seance.etat == EtatSeance.CONVOQUEE and perimetre.peut("seances.preparer"):
        return
    exiger_conduite(perimetre, seance)


@transaction.atomic
def ouvrir_seance(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, president: MembreInstance, presents: Iterable[int] = ()
) -> Seance:
    """Ouvre la séance le jour dit, sous la présidence d'un membre présent dont la qualité préside.

    `presents` : clés des titulaires que la feuille d'émargement dit présents. Ouvrir sans quorum est permis, le temps
    qu'un membre arrive ; décider sans lui ne l'est pas (`clore_seance`). Lève `JalonError`, `TransitionRefuseeError`.
    """
    exiger_conduite(perimetre, seance)
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "ouvrir")
    if timezone.localdate() < seance.date:
        raise TransitionRefuseeError(
            f"Cette séance est convoquée pour le {seance.date:%d/%m/%Y} : elle ne s'ouvre pas avant."
        )
    _tenir_la_feuille(seance)
    PresenceSeance.objects.filter(seance=seance, membre__in=list(presents)).update(
        etat=EtatPresence.PRESENT, represente_par=None
    )
    _verifier_presidence(seance, president)
    seance.etat, seance.president, seance.ouverte_le = EtatSeance.OUVERTE, president, timezone.now()
    seance.save(update_fields=["etat", "president", "ouverte_le"])
    tracer(
        "instances.seance.ouverte", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        de=EtatSeance.CONVOQUEE, vers=EtatSeance.OUVERTE,
        resume=f"{seance.instance} : séance ouverte, présidée par {president.nom}"[:300],
    )  # fmt: skip
    return seance


@transaction.atomic
def passer_presidence(seance: Seance, *, acteur: Agent, perimetre: Perimetre, president: MembreInstance) -> Seance:
    """Confie la présidence à un autre membre présent : pour un dossier dont on se retire, ou parce que l'on part.

    Entre un titulaire et son suppléant, le siège passe avec elle : un siège n'a qu'une voix. Chaque dossier garde au
    procès-verbal qui présidait quand il fut examiné (F037, ADR 13). Lève `JalonError`,
    `TransitionRefuseeError`, `DroitManquantError`.
    """
    exiger_conduite(perimetre, seance)
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "statuer")
    if seance.president_id == president.pk:
        raise TransitionRefuseeError(f"{president.nom} préside déjà.")
    _tenir_son_siege(seance, president)
    _verifier_presidence(seance, president)
    avant, seance.president = seance.president, president
    seance.save(update_fields=["president"])
    tracer(
        "instances.seance.presidence_passee", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        de=avant.nom if avant is not None else "", vers=president.nom,
        resume=f"{seance.instance} : présidence passée à {president.nom}"[:300],
    )  # fmt: skip
    return seance


def _tenir_son_siege(seance: Seance, president: MembreInstance) -> None:
    """Le titulaire et le suppléant d'un même siège s'y relaient ; les autres tiennent déjà le leur."""
    actuel = seance.president
    siege = president.siege_id
    if actuel is not None and siege == actuel.siege_id:
        PresenceSeance.objects.filter(seance=seance, membre=siege).update(
            etat=EtatPresence.REPRESENTE if president.supplee_id else EtatPresence.PRESENT, parti_le=None,
            represente_par=president if president.supplee_id else None,
        )  # fmt: skip


def _tenir_la_feuille(seance: Seance) -> None:
    """Un membre nommé depuis la convocation entre sur la feuille ; celui dont le mandat a pris fin en sort."""
    siegent = membres_en_cours(seance.instance, seance.date)
    PresenceSeance.objects.filter(seance=seance).exclude(membre__in=[membre.pk for membre in siegent]).delete()
    connus = set(PresenceSeance.objects.filter(seance=seance).order_by("pk").values_list("membre_id", flat=True))
    PresenceSeance.objects.bulk_create(
        PresenceSeance(seance=seance, membre=membre)
        for membre in siegent
        if membre.supplee_id is None and membre.pk not in connus
    )


def _verifier_mandat(seance: Seance, membre: MembreInstance) -> None:
    if seance.date not in membre.periode:
        raise JalonError(f"Le mandat de {membre.nom} ne couvre pas le {seance.date:%d/%m/%Y} : choisissez qui siège.")


def _verifier_presidence(seance: Seance, president: MembreInstance) -> None:
    if president.instance_id != seance.instance_id or not president.qualite.preside:
        raise JalonError(
            f"{president.nom} ne préside pas cette instance : choisissez un membre dont la qualité préside."
        )
    _verifier_mandat(seance, president)
    titulaire = president.siege_id
    presence = PresenceSeance.objects.filter(seance=seance, membre=titulaire).first()
    la = presence is not None and presence.etat in COMPTENT
    if not la or (presence is not None and (presence.represente_par_id or presence.membre_id) != president.pk):
        raise JalonError(
            f"{president.nom} n'est pas noté présent : notez sa présence, ou choisissez une autre présidence."
        )


@transaction.atomic
def annuler_seance(seance: Seance, *, acteur: Agent, perimetre: Perimetre, motif: str) -> Seance:
    """Annule une séance ; ses dossiers redeviennent libres, et les membres convoqués sont prévenus."""
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "annuler")
    if not motif.strip():
        raise JalonError(f"Dites pourquoi annuler cette {mot('seance').singulier}.")
    convoquee, avant = seance.etat == EtatSeance.CONVOQUEE, seance.etat
    a_retirer = seance.dossiers.filter(etat__in=[EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE])
    with effets_complets():  # qui a déménagé depuis sort aussi de l'ordre du jour, et apprend qu'on ne l'attend plus
        decommander_les_auditions(a_retirer, seance=seance, acteur=acteur)
        a_retirer.update(etat=EtatDossierSeance.RETIRE, motif="Séance annulée", sorti_le=timezone.localdate())
    seance.etat, seance.motif_annulation = EtatSeance.ANNULEE, motif.strip()
    seance.save(update_fields=["etat", "motif_annulation"])
    if convoquee:
        agenda = enregistrer_agenda(seance, acteur=acteur, perimetre=perimetre)
        for adresse in adresses_a_prevenir(seance):
            envoyer(
                acteur=acteur, canal=Canal.COURRIEL, destinataire=adresse, joint=agenda,
                objet=f"Séance du {seance.date:%d/%m/%Y} annulée",
                texte=f"{seance.instance} : la séance du {seance.date:%d/%m/%Y} n'aura pas lieu.\n{motif.strip()}",
            )  # fmt: skip
    tracer(
        "instances.seance.annulee", seance, acteur=acteur, organisme=perimetre.organisme_principal, de=avant,
        vers=EtatSeance.ANNULEE, motif=motif.strip(), resume=f"{seance.instance} : séance annulée"[:300],
    )  # fmt: skip
    return seance
