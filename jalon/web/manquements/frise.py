"""La procédure en une frise : faits, contact, saisine, lettre, délai, réponses, avis, décision, et ce qui la suit."""

from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone

from jalon.documents.models import Document, Envoi, EtatEnvoi
from jalon.manquements.lettres import AVERTISSEMENT, DECISION
from jalon.manquements.models import EtatDecision, EtatManquement, Manquement
from jalon.referentiels.parametres import mot
from jalon.web.dossiers.frise import Fait
from jalon.web.dossiers.parcours import Etape
from jalon.web.templatetags.jalon import date_courte, date_longue, euros


def frise(manquement: Manquement) -> list[Fait]:
    """Tout ce qui s'est passé, du plus ancien au plus récent ; ce qui est à venir (fin d'un délai) y est dit tel."""
    jour = timezone.localdate()
    lignes = [
        Fait(fait.date, fait.description, "Fait reproché", "alert-circle", "gris") for fait in manquement.faits.all()
    ]
    if manquement.contact is not None:
        contact = manquement.contact
        resume = f" : «\u00a0{contact.resume}\u00a0»" if contact.resume else ""
        lignes.append(
            Fait(
                contact.date,
                f"{contact.get_moyen_display()} avec la personne",
                f"{contact.auteur}{resume}",
                "phone",
                "bleu",
            )
        )
    lignes.append(Fait(manquement.prepare_le, "Saisine préparée", str(manquement.prepare_par), "pencil"))
    if manquement.saisi_le is not None:
        lignes.append(Fait(manquement.saisi_le, "Saisine", str(manquement.saisi_par), "inbox", "bleu"))
    lignes += _averti(manquement, jour)
    lignes += [
        Fait(
            o.recue_le, "Observations de la personne", o.get_canal_display(), "message", "vert",
            f"#observation-{o.public_id}", "les lire",
        )
        for o in manquement.observations.all()
    ]  # fmt: skip
    if manquement.audition_proposee_le is not None:
        futur = manquement.audition_proposee_le > jour
        lignes.append(
            Fait(
                manquement.audition_proposee_le, "Audition prévue" if futur else "Audition proposée", "", "ear",
                "bleu" if futur else "gris",
            )
        )  # fmt: skip
    if manquement.entendue_le is not None:
        avec = f"assistée par {manquement.assistee_par}" if manquement.assistee_par else "seule"
        lignes.append(Fait(manquement.entendue_le, "Personne entendue", avec, "ear", "vert"))
    avis = getattr(manquement, "avis", None)
    if avis is not None:
        sens = avis.get_sens_display() or avis.get_vote_display()
        lignes.append(
            Fait(avis.rendu_le, f"Avis de l’instance : {sens.lower()}", avis.texte[:160], "users-group", "bleu")
        )
    lignes += _decision(manquement)
    lignes += _revenues(manquement)
    if manquement.etat == EtatManquement.CLASSE and manquement.clos_le is not None:
        lignes.append(
            Fait(
                manquement.clos_le, "Procédure classée, sans sanction",
                f"{manquement.get_motif_classement_display()}{_suite(manquement.precision_classement)}", "circle-check",
                "vert", *_lettre(manquement.classement),
            )
        )  # fmt: skip
    return sorted(lignes, key=lambda fait: fait.date)


def _averti(manquement: Manquement, jour: date) -> list[Fait]:
    lignes = []
    libelle = mot("avertissement")
    nom, envoye = libelle.singulier, "envoyée" if libelle.genre == "f" else "envoyé"
    if manquement.averti_le is not None:
        lignes.append(
            Fait(
                manquement.averti_le,
                f"{nom[:1].upper()}{nom[1:]} {envoye}",
                "",
                "mail",
                "bleu",
                *_lettre(manquement.avertissement),
            )
        )
    if manquement.averti_recu_le is not None:
        lignes.append(
            Fait(manquement.averti_recu_le, "Lettre reçue", manquement.preuve_reception, "mail-opened", "bleu")
        )
    fin = manquement.observations_jusqu_au
    if fin is not None and manquement.etat != EtatManquement.CLASSE:
        passe = fin < jour
        lignes.append(
            Fait(
                fin, "Délai d’observations fini" if passe else "Fin du délai d’observations",
                "" if passe else "dernier jour compris", "hourglass", "gris" if passe else "ambre",
            )
        )  # fmt: skip
    return lignes


def _revenues(manquement: Manquement) -> list[Fait]:
    """Les lettres de cette procédure que la poste a rendues, celles que d'autres ont remplacées comprises."""
    if manquement.averti_le is None:
        return []
    revenus = Envoi.objects.filter(
        personne=manquement.personne.public_id, document__nature__in=[AVERTISSEMENT, DECISION],
        etat=EtatEnvoi.REVENU, revenu_le__gte=manquement.saisi_le,
    ).select_related("document").order_by("revenu_le", "pk")  # fmt: skip
    fin = manquement.clos_le
    return [
        Fait(
            retour.revenu_le, "Lettre revenue", retour.get_motif_retour_display(), "mail-x",
            "rouge" if retour.perdu else "ambre", *_lettre(retour.document),
        )
        for retour in revenus
        if retour.revenu_le is not None and (fin is None or retour.revenu_le <= fin)
    ]  # fmt: skip


def _decision(manquement: Manquement) -> list[Fait]:
    decision = getattr(manquement, "decision", None)
    if decision is None:
        return []
    combien = (
        euros(decision.montant) if decision.montant is not None else f"{decision.taux} % pendant {decision.duree} mois"
    )
    lignes = [
        Fait(
            decision.decidee_le,
            f"{decision.get_nature_display()} décidée : {combien}",
            str(decision.decidee_par),
            "gavel",
            "rouge",
        )
    ]
    if decision.notifiee_le is not None:
        lignes.append(Fait(decision.notifiee_le, "Décision notifiée", "", "mail", "bleu", *_lettre(decision.lettre)))
    if decision.recue_le is not None:
        lignes.append(Fait(decision.recue_le, "Décision reçue par la personne", "", "mail-opened", "bleu"))
    if decision.levee_avant_le is not None:
        lignes.append(Fait(decision.levee_avant_le, "Sanction levée", "Annulée ensuite", "lock-open", "vert"))
    if decision.levee_le is not None:
        titre = "Sanction annulée" if decision.etat == EtatDecision.ANNULEE else "Sanction levée"
        lignes.append(
            Fait(
                decision.levee_le, titre, f"{decision.get_motif_levee_display()}{_suite(decision.precision_levee)}",
                "lock-open", "vert", *_lettre(decision.lettre_levee),
            )
        )  # fmt: skip
    elif decision.periode is not None and not decision.periode.isempty and decision.etat == EtatDecision.NOTIFIEE:
        lignes.append(
            Fait(decision.periode.upper - timedelta(days=1), "Dernier jour de la sanction", "", "flag", "gris")
        )
    for recours in decision.recours.all():
        tard = " · hors délai" if recours.hors_delai else ""
        lignes.append(
            Fait(
                recours.recu_le,
                f"Recours reçu{tard}",
                f"réponse due avant le {date_longue(recours.echeance)}",
                "scale",
                "ambre",
            )
        )
        if recours.decide_le is not None:
            lignes.append(
                Fait(
                    recours.decide_le,
                    f"Recours : {recours.get_issue_display().lower()}",
                    "",
                    "scale",
                    "bleu",
                    *_lettre(recours.lettre),
                )
            )
    return lignes


def _lettre(document: Document | None) -> tuple[str, str]:
    if document is None:
        return "", ""
    return reverse("document_telecharger", args=[document.public_id]), "ouvrir la lettre"


def _suite(texte: str) -> str:
    return f" : {texte}" if texte else ""


def chemin(manquement: Manquement) -> list[Etape]:
    """Six pas : où en est la procédure, avec ses dates."""
    decision = getattr(manquement, "decision", None)
    avis = getattr(manquement, "avis", None)
    classee = manquement.etat == EtatManquement.CLASSE
    repondu = manquement.reponse_le or (
        manquement.observations_jusqu_au
        if manquement.observations_jusqu_au is not None and manquement.observations_jusqu_au < timezone.localdate()
        else None
    )
    averti = "" if manquement.averti_recu_le else _dit(manquement.averti_le, "lettre du")
    sans_avis = decision is not None and avis is None
    avis_le = avis.rendu_le if avis is not None else decision.decidee_le if decision is not None else None
    fin = manquement.clos_le if classee else decision.decidee_le if decision is not None else None
    pas = [
        ("Contact", manquement.contact.date if manquement.contact else None, ""),
        ("Saisine", manquement.saisi_le, ""),
        ("Personne avertie", manquement.averti_recu_le, averti),
        ("Observations", repondu, "" if repondu else _dit(manquement.observations_jusqu_au, "jusqu’au")),
        ("Avis", avis_le, "sans avis" if sans_avis else ""),
        ("Classée" if classee else "Décision", fin, ""),
    ]
    etapes, courant = [], False
    for texte, quand, detail in pas:
        etat = "fait" if quand is not None else "a_venir"
        if quand is None and not courant and not classee and decision is None:
            etat, courant = "courant", True
        lignes = [detail] if detail else [date_courte(quand)] if quand is not None else []
        etapes.append(Etape(texte, etat, lignes))
    return etapes


def _dit(jour: date | None, avant: str) -> str:
    return f"{avant} {date_courte(jour)}" if jour is not None else ""
