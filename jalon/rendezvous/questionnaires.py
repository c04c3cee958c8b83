"""Le questionnaire préparatoire : rempli d'après le papier par un agent, ou en ligne par la personne (R20, R46, D14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.liens import LienPersonnel
from jalon.rendezvous.justificatifs import concernees
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatQuestionnaire,
    Invitation,
    OrigineSaisie,
    QuestionnairePreparatoire,
    QuestionPreparatoire,
    ReponseQuestion,
    TypeReponse,
)
from jalon.rendezvous.workflows import exiger_invitation
from jalon.socle.errors import JalonError
from jalon.traces.services import tracer

LONGUEUR_TEXTE = 2_000
OUI_NON = ("oui", "non")


def questions_posees() -> list[QuestionPreparatoire]:
    """Les questions d'aujourd'hui, dans l'ordre du profil."""
    return list(QuestionPreparatoire.objects.filter(active=True).order_by("ordre", "pk"))


def lire_reponses(questionnaire: QuestionnairePreparatoire | None) -> dict[str, ReponseQuestion]:
    """Réponses déjà données, par code de question."""
    if questionnaire is None:
        return {}
    lignes = ReponseQuestion.objects.filter(questionnaire=questionnaire).select_related("question").order_by("pk")
    return {ligne.question.code: ligne for ligne in lignes}


def _valider(question: QuestionPreparatoire, valeurs: Sequence[str]) -> tuple[str, list[str]]:
    """Texte et choix d'une réponse ; lève `JalonError` sur une réponse que la question ne propose pas."""
    donnees = [valeur.strip() for valeur in valeurs if valeur.strip()]
    if question.type == TypeReponse.TEXTE:
        texte = "\n".join(donnees).replace("\x00", "")
        if len(texte) > LONGUEUR_TEXTE:
            raise JalonError(
                f"La réponse à « {question.intitule} » dépasse {LONGUEUR_TEXTE} signes : raccourcissez-la."
            )
        return texte, []
    permis = OUI_NON if question.type == TypeReponse.OUI_NON else [choix["code"] for choix in question.choix]
    choisis = [code for code in permis if code in donnees]
    if set(donnees) - set(permis) or (question.type != TypeReponse.CHOIX_MULTIPLE and len(choisis) > 1):
        raise JalonError(f"Choisissez une réponse proposée à « {question.intitule} ».")
    return "", choisis


def _reservees(questionnaire: QuestionnairePreparatoire) -> dict[int, list[str]]:
    """Réponses de nature médicale déjà données, par question : qui ne les voit pas ne peut pas les effacer."""
    gardees: dict[int, list[str]] = {}
    for reponse in lire_reponses(questionnaire).values():
        reserves = {choix["code"] for choix in reponse.question.choix if choix["sante"]}
        gardees[reponse.question_id] = [code for code in reponse.choix if code in reserves]
    return gardees


@transaction.atomic
def enregistrer_questionnaire(
    invitation: Invitation,
    *,
    reponses: Mapping[str, Sequence[str]],
    rendre: bool,
    acteur: Agent | None = None,
    perimetre: Perimetre | None = None,
    lien: LienPersonnel | None = None,
) -> QuestionnairePreparatoire:
    """Garde les réponses, complètes ou non ; une question sans réponse reste permise, une réponse s'efface.

    Sans `acteur`, c'est la personne, par son lien : elle peut y revenir jusqu'à la réunion. Une fois rendu, le
    questionnaire ne redevient pas un brouillon.
    """
    if perimetre is not None:
        perimetre.exiger("reunions.gerer")
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("reunion").get(pk=invitation.pk)
    exiger_invitation(invitation.etat, "remplir_questionnaire")
    if acteur is None and invitation.etat not in EtatInvitation.attendues() | {EtatInvitation.EXCUSEE}:
        raise JalonError("La réunion a eu lieu : vos réponses se donnent maintenant de vive voix.")
    donnees = {question: _valider(question, reponses.get(question.code, [])) for question in questions_posees()}
    if rendre and not any(texte or choix for texte, choix in donnees.values()):
        raise JalonError("Répondez à au moins une question : aucune n'est obligatoire, mais il en faut une.")
    origine = OrigineSaisie.AGENT if acteur is not None else OrigineSaisie.PERSONNE
    questionnaire, _ = QuestionnairePreparatoire.objects.select_for_update(of=("self",)).get_or_create(
        invitation=invitation, personne_id=invitation.personne_id,
        defaults={"origine": origine, "saisi_par": acteur},
    )  # fmt: skip
    gardees = _reservees(questionnaire) if perimetre is not None and not perimetre.voit_sante else {}
    for question, (texte, lus) in donnees.items():
        choix = lus + [code for code in gardees.get(question.pk, []) if code not in lus]
        if texte or choix:
            ReponseQuestion.objects.update_or_create(
                questionnaire=questionnaire, question=question,
                defaults={"intitule": question.intitule, "texte": texte, "choix": choix},
            )  # fmt: skip
        else:
            ReponseQuestion.objects.filter(questionnaire=questionnaire, question=question).delete()
    vient_d_etre_rendu = rendre and questionnaire.etat != EtatQuestionnaire.RENDU
    questionnaire.origine, questionnaire.saisi_par = origine, acteur
    if vient_d_etre_rendu:
        questionnaire.etat, questionnaire.rendu_le = EtatQuestionnaire.RENDU, timezone.now()
    questionnaire.save()
    if vient_d_etre_rendu or acteur is not None:
        tracer(
            "rendezvous.questionnaire.rendu" if rendre else "rendezvous.questionnaire.enregistre", questionnaire,
            acteur=acteur, organisme=perimetre.organisme_principal if perimetre else "",
            personnes=concernees(invitation, lien), vers=questionnaire.etat,
            resume="Questionnaire saisi par un agent" if acteur else "Questionnaire rendu par la personne",
        )  # fmt: skip
    return questionnaire
