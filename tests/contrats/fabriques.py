"""Ce qu'il faut autour d'un contrat pour l'écrire : une personne suivie, un brouillon, qui l'écrit."""

from __future__ import annotations

from typing import Any

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import ChampContrat, Contrat, ValeurChamp
from jalon.contrats.objectifs import ajouter_etape, ajouter_objectif
from jalon.contrats.redaction import ecrire_champ
from jalon.organismes.models import CategorieOrganisme
from jalon.personnes.liens import UsageLien, creer_lien
from jalon.personnes.models import Personne
from jalon.rendezvous.models import QuestionnairePreparatoire, QuestionPreparatoire, ReponseQuestion
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire

SAISIES = {
    "texte": "Un texte.", "texte_court": "Un texte", "nombre": "20", "montant": "1500", "date": "2027-03-01",
    "oui_non": "oui",
}  # fmt: skip


def brouillon(distribution: Distribution, **champs: Any) -> Contrat:
    """Contrat en écriture auprès du CCAS du partenaire."""
    return un_contrat(distribution, etat="brouillon", **champs)


def suivie(distribution: Distribution, **champs: Any) -> Personne:
    """Personne que le CCAS du partenaire accompagne."""
    return une_allocataire(
        territoire=distribution.territoire, accompagnee_par=distribution.organisme(CategorieOrganisme.CCAS), **champs
    )


def seconde_plume(distribution: Distribution) -> Agent:
    """Une collègue du partenaire : même droit, même organisme, autre main."""
    ccas = distribution.organisme(CategorieOrganisme.CCAS)
    return distribution.agent("Rose", "referent_solidarite", organisme=ccas)


def champ(contrat: Contrat, code: str) -> ChampContrat:
    return ChampContrat.objects.select_related("section").get(section__version=contrat.version, code=code)


def ecrire(contrat: Contrat, code: str, valeur: Any, agent: Agent, numero: int = 0, **options: Any) -> ValeurChamp:
    return ecrire_champ(
        contrat, champ(contrat, code), valeur, acteur=agent, perimetre=Perimetre.de(agent), numero_lu=numero, **options
    )


def dire(contrat: Contrat, code: str, valeur: Any, numero: int = 0) -> ValeurChamp:
    """La personne écrit, par son lien."""
    lien, _ = creer_lien(contrat.personne, acteur=contrat.ouvert_par, usage=UsageLien.CONTRAT, objet=contrat.public_id)  # type: ignore[arg-type]
    return ecrire_champ(contrat, champ(contrat, code), valeur, acteur=None, perimetre=None, numero_lu=numero, lien=lien)


def completer(contrat: Contrat, agent: Agent) -> Contrat:
    """Tout ce qu'il faut avant de signer : les rubriques obligatoires, un objectif et sa première étape."""
    perimetre = Perimetre.de(agent)
    for exige in ChampContrat.objects.filter(section__version=contrat.version, obligatoire=True).order_by("pk"):
        valeur = SAISIES.get(exige.type) or exige.choix.order_by("rang")[0].code
        lu = ChampContrat.objects.select_related("section").get(pk=exige.pk)
        ecrire_champ(contrat, lu, valeur, acteur=agent, perimetre=perimetre, numero_lu=0)
    objectif = ajouter_objectif(contrat, acteur=agent, perimetre=perimetre, intitule="Passer le permis")
    ajouter_etape(objectif, acteur=agent, perimetre=perimetre, intitule="S'inscrire à l'auto-école")
    return contrat


def une_fiche(personne: Personne, **reponses: Any) -> QuestionnairePreparatoire:
    """Fiche préparatoire : code de question → texte, ou liste de choix."""
    fiche = QuestionnairePreparatoire.objects.create(personne=personne, origine="personne")
    for code, valeur in reponses.items():
        question = QuestionPreparatoire.objects.get(code=code)
        ReponseQuestion.objects.create(
            questionnaire=fiche, question=question, intitule=question.intitule,
            texte=valeur if isinstance(valeur, str) else "", choix=[] if isinstance(valeur, str) else valeur,
        )  # fmt: skip
    return fiche
