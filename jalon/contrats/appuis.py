"""Ce que l'on sait déjà quand on écrit un contrat : la fiche préparatoire, le contrat d'avant, la dernière évaluation.

Rien n'est copié tout seul : chaque texte se propose, avec sa source, à côté de la rubrique qu'il éclaire (D14, R40, R47).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jalon.contrats.enums import TypeChamp
from jalon.contrats.models import ChampContrat, ChoixChamp, Contrat, ValeurChamp
from jalon.contrats.redaction import Saisie, SectionEcrite, en_texte, lire_saisie, saisie_de
from jalon.rendezvous.models import QuestionnairePreparatoire, ReponseQuestion
from jalon.socle.errors import JalonError


@dataclass(frozen=True)
class Proposition:
    """Un texte déjà connu, qui peut se reprendre dans une rubrique."""

    cle: str
    source: str
    texte: str
    saisie: Saisie

    def attribuee(self, type_champ: str) -> Saisie:
        """Ce que la reprise écrit : un texte dit d'où il vient, une date ou un choix se reprennent tels quels."""
        if type_champ == TypeChamp.TEXTE:
            return Saisie(texte=f"« {self.texte} » ({self.source})")
        return self.saisie


@dataclass(frozen=True)
class ReponseLue:
    """Réponse à la fiche préparatoire, comme on la lit."""

    code: str
    question: str
    texte: str


def fiche_preparatoire(
    contrat: Contrat, *, voit_sante: bool
) -> tuple[QuestionnairePreparatoire | None, list[ReponseLue]]:
    """La dernière fiche de la personne et ses réponses ; ce qui touche à la santé reste à qui peut le voir."""
    fiche = (
        QuestionnairePreparatoire.objects.filter(personne_id=contrat.personne_id).order_by("-modifie_le", "-pk").first()
    )
    if fiche is None:
        return None, []
    lues = []
    reponses = ReponseQuestion.objects.filter(questionnaire=fiche).select_related("question")
    for reponse in reponses.order_by("question__ordre", "pk"):
        texte = _en_mots(reponse, voit_sante)
        if texte:
            lues.append(ReponseLue(reponse.question.code, reponse.intitule, texte))
    return fiche, lues


def _en_mots(reponse: ReponseQuestion, voit_sante: bool) -> str:
    if reponse.texte:
        return reponse.texte
    proposes = reponse.question.choix or [{"code": "oui", "libelle": "Oui"}, {"code": "non", "libelle": "Non"}]
    return ", ".join(
        choix["libelle"]
        for choix in proposes
        if choix["code"] in reponse.choix and (voit_sante or not choix.get("sante"))
    )


def propositions(
    contrat: Contrat,
    sections: Iterable[SectionEcrite],
    fiche: QuestionnairePreparatoire | None,
    reponses: Iterable[ReponseLue],
) -> dict[str, list[Proposition]]:
    """Par code de rubrique : les réponses que le profil y rattache, puis la même rubrique du contrat d'avant."""
    rendues: dict[str, list[Proposition]] = {}
    par_question = {reponse.code: reponse for reponse in reponses}
    anciennes = _du_contrat_precedent(contrat)
    for section in sections:
        for rubrique in section.rubriques:
            champ = rubrique.champ
            offertes: list[Proposition] = []
            if fiche is not None:
                jour = f"{fiche.rendu_le or fiche.modifie_le:%d/%m/%Y}"
                offertes += [
                    Proposition(f"fiche:{code}", f"fiche préparatoire du {jour}", par_question[code].texte, saisie)
                    for code in champ.questions
                    if code in par_question and (saisie := _lisible(champ, par_question[code].texte)) is not None
                ]
            if champ.code in anciennes:
                ancien, precedent = anciennes[champ.code]
                saisie = saisie_de(ancien)
                offertes.append(Proposition("precedent", precedent, en_texte(ancien.champ, saisie), saisie))
            if offertes:
                rendues[champ.code] = offertes
    return rendues


def _lisible(champ: ChampContrat, texte: str) -> Saisie | None:
    """Une réponse ne se propose que si la rubrique peut la recevoir."""
    try:
        return lire_saisie(champ, texte)
    except JalonError:
        return None


def _du_contrat_precedent(contrat: Contrat) -> dict[str, tuple[ValeurChamp, str]]:
    """Rubriques écrites du dernier contrat signé de la personne, avec son nom ; le même code doit avoir la même forme."""
    precedent = (
        Contrat.objects.filter(personne_id=contrat.personne_id, signe_le__isnull=False)
        .exclude(pk=contrat.pk)
        .select_related("type")
        .order_by("-signe_le", "-pk")
        .first()
    )
    if precedent is None or contrat.version_id is None:
        return {}
    formes = dict(
        ChampContrat.objects.filter(section__version_id=contrat.version_id).order_by().values_list("code", "type")
    )
    choix = set(
        ChoixChamp.objects.filter(champ__section__version_id=contrat.version_id)
        .order_by()
        .values_list("champ__code", "code")
    )
    nom = f"{precedent.type.libelle} signé le {precedent.signe_le:%d/%m/%Y}"
    return {
        valeur.champ.code: (valeur, nom)
        for valeur in ValeurChamp.objects.filter(contrat=precedent)
        .select_related("champ")
        .prefetch_related("champ__choix")
        .order_by("pk")
        if formes.get(valeur.champ.code) == valeur.champ.type
        and not saisie_de(valeur).vide
        and all((valeur.champ.code, code) in choix for code in valeur.choix)
    }
