"""Ce qui vient ensuite, et ce qui est interdit, d'après l'état de la procédure et les droits de l'agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import retour_de
from jalon.documents.models import Envoi
from jalon.manquements.legalite import empechements, regles_possibles
from jalon.manquements.models import EtatDecision, EtatManquement, Manquement
from jalon.personnes.courriers import adresse_inchangee
from jalon.referentiels.parametres import mot
from jalon.web.templatetags.jalon import date_longue, mot_defini

SAISIR, INSTRUIRE, DECIDER = "manquement.saisir", "manquement.instruire", "sanction.decider"


@dataclass(frozen=True)
class Suite:
    """L'acte suivant : ce qu'il est, de qui, et son bouton si l'agent peut le faire."""

    titre: str
    texte: str
    ton: str = "bleu"
    acte: str = ""
    """Formulaire à ouvrir dans la page ; vide pour une simple adresse ou une attente."""
    bouton: str = ""
    icone: str = "arrow-right"
    url: str = ""


def suite(manquement: Manquement, perimetre: Perimetre, jour: date) -> Suite:
    """Un seul acte principal, ou ce que l'on attend."""
    faire = {
        EtatManquement.PREPARE: _prepare,
        EtatManquement.SAISI: _saisi,
        EtatManquement.AVERTI: _averti,
        EtatManquement.AVIS_RENDU: _avis_rendu,
        EtatManquement.SANCTIONNE: _sanctionne,
        EtatManquement.CLASSE: _classe,
    }
    return faire[EtatManquement(manquement.etat)](manquement, perimetre, jour)


def _prepare(m: Manquement, perimetre: Perimetre, jour: date) -> Suite:
    texte = "Le motif, les faits, le contact avec la personne. Rien n’est parti."
    if not perimetre.peut(SAISIR):
        return Suite("La saisine se prépare.", texte, "gris")
    url = reverse("manquement_preparer", args=[m.public_id])
    return Suite("Finir la saisine.", texte, "bleu", "", "Reprendre la saisine", "pencil", url)


def _saisi(m: Manquement, perimetre: Perimetre, jour: date) -> Suite:
    nom = mot("avertissement").singulier
    if m.service_en_cause:
        return _si(
            perimetre, INSTRUIRE, "Classer : le service est en cause.",
            "Aucune sanction n’est possible. La personne l’apprendra par une lettre.", "ambre", "classer",
            "Classer la procédure", "archive",
        )  # fmt: skip
    return _si(
        perimetre, INSTRUIRE, "Avertir la personne.",
        f"La lettre ({nom}) dit ce qui est reproché, ce qu’elle risque, et comment répondre. Elle ouvre sa page en ligne.",
        "bleu", "avertir", "Envoyer la lettre", "mail",
    )  # fmt: skip


def _averti(m: Manquement, perimetre: Perimetre, jour: date) -> Suite:
    if m.motif_legitime:
        return _si(
            perimetre, INSTRUIRE, "Classer : le motif est légitime.", "Il est reconnu : rien n’est reproché.", "vert",
            "classer", "Classer la procédure", "archive",
        )  # fmt: skip
    if m.averti_recu_le is None and (retour := retour_de(m.avertissement)) is not None:
        return _revenue(m, retour, perimetre)
    if m.averti_recu_le is None:
        return _si(
            perimetre, INSTRUIRE, "Noter la réception de la lettre.",
            f"Envoyée le {date_longue(m.averti_le)}. Le délai pour répondre part du jour où elle est reçue, avec sa preuve.",
            "ambre", "reception", "Noter la réception", "mail-opened",
        )  # fmt: skip
    if m.reponse_le is None and m.observations_jusqu_au is not None and m.observations_jusqu_au >= jour:
        return Suite(
            f"La personne peut répondre jusqu’au {date_longue(m.observations_jusqu_au)}.",
            "Ce délai ne se raccourcit pas. Sa réponse, elle, permet d’avancer.", "bleu",
        )  # fmt: skip
    if m.demande_audition and m.audition_proposee_le is None:
        return _si(
            perimetre, INSTRUIRE, "La personne demande à être entendue.",
            "Proposez-lui un jour, avec qui elle veut : rien ne se décide avant.", "ambre", "proposer",
            "Proposer un jour", "ear",
        )  # fmt: skip
    possibles = regles_possibles(m, jour)
    if perimetre.peut(DECIDER) and any(not regle.avis_exige for regle in possibles):
        return _decider(
            m, perimetre, "L’avis de l’instance n’est pas exigé pour cette sanction. Il reste possible de le demander."
        )
    if perimetre.peut(INSTRUIRE) and any(not regle.avis_exige for regle in possibles):
        return _seance(
            m, perimetre, "Porter le dossier à l’instance, ou à la décision.",
            "La loi du jour n’exige pas d’avis pour cette sanction : l’autorité peut décider sans lui.",
        )  # fmt: skip
    debut = "A répondu" if m.reponse_le is not None else "Le délai est fini sans réponse"
    return _seance(
        m,
        perimetre,
        "Porter le dossier à l’instance.",
        f"{debut}. {mot_defini('seance')[:1].upper()}{mot_defini('seance')[1:]} rend son avis, puis l’autorité décide.",
    )


def _revenue(m: Manquement, retour: Envoi, perimetre: Perimetre) -> Suite:
    """La poste a rendu l'avertissement : perdu, il se récrit ; présenté, il compte du jour de sa présentation."""
    rendue = f"Rendue par la poste le {date_longue(retour.revenu_le)}"
    if not retour.perdu:
        return _si(
            perimetre, INSTRUIRE, "Noter la présentation de la lettre.",
            f"{rendue} : {retour.get_motif_retour_display().lower()}. Le délai part du {date_longue(retour.presente_le)}, "
            "jour où le facteur l’a présentée. Avant d’aller plus loin, essayez aussi un appel.",
            "ambre", "reception", "Noter la présentation", "mail-opened",
        )  # fmt: skip
    repondu = (
        f" La personne a pourtant répondu le {date_longue(m.reponse_le)} : sa réponse est gardée, et compte dès que la "
        "lettre lui est remise."
        if m.reponse_le is not None
        else ""
    )
    if adresse_inchangee(m.personne, retour.destinataire):
        url = reverse("personne_coordonnees", args=[m.personne.public_id]) if perimetre.peut(INSTRUIRE) else ""
        return Suite(
            "La lettre est revenue : retrouver l’adresse.",
            f"{rendue}, elle n’a rien appris à la personne et aucun délai ne court. Corrigez son adresse ; la lettre "
            f"s’écrira de nouveau. Vous pouvez aussi la lui remettre contre signature.{repondu}",
            "ambre", "", "Voir ses coordonnées" if url else "", "map-pin", url,
        )  # fmt: skip
    return _si(
        perimetre, INSTRUIRE, "Écrire de nouveau à la personne.",
        f"{rendue}, la première lettre n’a rien appris à la personne. Son adresse a changé depuis.{repondu}",
        "ambre", "renvoyer", "Écrire de nouveau", "mail",
    )  # fmt: skip


def _seance(m: Manquement, perimetre: Perimetre, titre: str, texte: str) -> Suite:
    if not (perimetre.peut("seances.preparer") or perimetre.peut(INSTRUIRE)):
        return Suite(titre, f"{texte} Le service s’en charge.", "gris")
    url = reverse("seances") if perimetre.peut("seances.preparer") or perimetre.peut("seances.presider") else ""
    return Suite(titre, texte, "ambre", "", "Inscrire à une séance" if url else "", "users-group", url)


def _avis_rendu(m: Manquement, perimetre: Perimetre, jour: date) -> Suite:
    return _decider(m, perimetre, "L’avis est rendu : c’est un conseil. L’autorité décide, et dit pourquoi.")


def _decider(m: Manquement, perimetre: Perimetre, texte: str) -> Suite:
    if not perimetre.peut(DECIDER):
        decideur = mot_defini("decideur")
        return Suite("La décision est à prendre.", f"{decideur[:1].upper()}{decideur[1:]} décide. {texte}", "gris")
    url = reverse("manquement_decider", args=[m.public_id])
    return Suite("Décider.", texte, "ambre", "", "Ouvrir la décision", "gavel", url)


def _sanctionne(m: Manquement, perimetre: Perimetre, jour: date) -> Suite:
    decision = m.decision
    if decision.etat == EtatDecision.DECIDEE:
        texte = "La lettre dit la décision, pourquoi, et comment la contester. Sans elle, rien ne s’applique."
        if perimetre.peut(INSTRUIRE) or perimetre.peut(DECIDER):
            return Suite("Notifier la décision.", texte, "ambre", "notifier", "Écrire la lettre", "mail")
        return Suite("La décision attend sa lettre.", texte, "gris")
    recours = next((r for r in decision.recours.all() if not r.issue), None)
    if recours is not None:
        retard = recours.echeance < jour
        texte = f"Réponse due avant le {date_longue(recours.echeance)}{' : ce délai est dépassé' if retard else ''}."
        return _si(
            perimetre,
            DECIDER,
            "Répondre au recours.",
            texte,
            "rouge" if retard else "ambre",
            "repondre",
            "Répondre",
            "scale",
        )
    if decision.etat == EtatDecision.NOTIFIEE and decision.recue_le is None:
        retour = retour_de(decision.lettre)
        if retour is not None and retour.perdu:
            return _decision_revenue(m, retour, perimetre)
        texte = f"Envoyée le {date_longue(decision.notifiee_le)}. Le délai de recours part du jour où elle la reçoit."
        if perimetre.peut(INSTRUIRE) or perimetre.peut(DECIDER):
            return Suite(
                "Noter la réception de la décision.",
                texte,
                "ambre",
                "reception_decision",
                "Noter la réception",
                "mail-opened",
            )
        return Suite("La réception de la décision est à noter.", texte, "gris")
    court = decision.periode is not None and not decision.periode.isempty and decision.periode.upper > jour
    if decision.etat == EtatDecision.NOTIFIEE and court:
        if decision.regle.regime.levee_de_droit:
            return _si(
                perimetre, DECIDER, "Lever dès que la personne se met en règle.",
                "La loi l’impose : la retenue s’arrête ce jour-là.", "bleu", "lever", "Lever la sanction", "lock-open",
            )  # fmt: skip
        return Suite("La sanction court.", "Elle s’arrête d’elle-même. L’autorité peut la lever avant.", "bleu")
    return Suite("Rien n’est plus à faire.", decision.get_etat_display(), "vert")


def _decision_revenue(m: Manquement, retour: Envoi, perimetre: Perimetre) -> Suite:
    """La poste a rendu la décision : la personne ne la connaît pas, et le délai de recours ne court pas."""
    texte = (
        f"Rendue par la poste le {date_longue(retour.revenu_le)}. La personne ne connaît pas la décision ; son délai de "
        "recours ne court pas."
    )
    if not (perimetre.peut(INSTRUIRE) or perimetre.peut(DECIDER)):
        return Suite("La lettre de décision est revenue.", texte, "gris")
    if adresse_inchangee(m.personne, retour.destinataire):
        url = reverse("personne_coordonnees", args=[m.personne.public_id])
        return Suite(
            "La lettre de décision est revenue : retrouver l’adresse.", texte, "ambre", "", "Voir ses coordonnées",
            "map-pin", url,
        )  # fmt: skip
    return Suite(
        "Écrire de nouveau la décision.", f"{texte} Son adresse a changé depuis.", "ambre", "renvoyer_decision",
        "Écrire de nouveau", "mail",
    )  # fmt: skip


def _classe(m: Manquement, perimetre: Perimetre, jour: date) -> Suite:
    return Suite("Procédure classée, sans sanction.", m.get_motif_classement_display(), "vert")


def _si(
    perimetre: Perimetre, droit: str, titre: str, texte: str, ton: str, acte: str, bouton: str, icone: str
) -> Suite:
    """L'acte, si l'agent en a le droit ; sinon ce que l'on attend, et de qui."""
    if perimetre.peut(droit):
        return Suite(titre, texte, ton, acte, bouton, icone)
    qui = mot_defini("decideur") if droit == DECIDER else "le service qui instruit"
    return Suite(titre, f"{texte} C’est à faire par {qui}.", "gris")


def interdits(manquement: Manquement, jour: date) -> list[str]:
    """Pourquoi aucune sanction n'est possible ce jour ; vide quand elle l'est, ou qu'il n'y a plus rien à décider."""
    if manquement.etat not in EtatManquement.ouverts():
        return []
    return [refus.phrase for refus in empechements(manquement, jour)]
