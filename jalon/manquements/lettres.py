"""Ce que dit chaque lettre d'une procédure et d'une sanction, et sa mise à la poste (R61, R65, F057, F059, F060).

Une lettre écrite à la personne dit ce qui est reproché, ce qui peut suivre, ce qu'elle peut répondre, jusqu'à quand et
avec qui. Le texte est du département (`courriers.yaml`) ; ce qui vient de la loi (articles, parts, durées) vient de la
grille du régime. S'il manque un élément dû, la lettre n'est pas produite (`CourrierIncompletError`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from django.utils import timezone

from jalon.accompagnements.passations import referent_actuel
from jalon.agents.models import Agent
from jalon.documents.composition import Bloc, Composeur, Valeur, liste, tableau
from jalon.documents.ecriture import date_en_lettres, en_lettres, heure_en_lettres, mois_en_lettres
from jalon.documents.envois import envoyer
from jalon.documents.models import Canal, Document
from jalon.documents.services import enregistrer_document
from jalon.manquements.models import (
    DecisionSanction,
    EtatDecision,
    FaitManquement,
    IssueRecours,
    LigneTransmission,
    Manquement,
    MotifClassement,
    MotifLevee,
    NatureSanction,
    PreuveAttendue,
    RangSanction,
    RecoursSanction,
    Regime,
    RegleSanction,
    SensAvis,
    Transmission,
    VoteAvis,
)
from jalon.manquements.services import regime_du
from jalon.orientations.lettres import EN_MAIN_PROPRE, civilite, joindre_agent, nom_complet
from jalon.personnes.adresses import adresses_postales
from jalon.personnes.models import Personne
from jalon.referentiels.models import Libelle
from jalon.referentiels.parametres import mot, nombre, profil
from jalon.rendezvous.messages import qui_joindre
from jalon.socle.textes import nom_propre

AVERTISSEMENT: Final = "avertissement_manquement"
AUDITION: Final = "audition_manquement"
ANNULATION: Final = "annulation_audition"
CLASSEMENT: Final = "classement_manquement"
DECISION: Final = "decision_sanction"
LEVEE: Final = "levee_sanction"
RECOURS: Final = "reponse_recours"
PAYEUR: Final = "transmission_payeur"


# --- La procédure


def lettre_avertissement(manquement: Manquement, *, acteur: Agent, jour: date, adresse_lien: str = "") -> Document:
    """Ce qui est reproché, ce qui peut suivre, comment répondre et jusqu'à quand (R262-69). `adresse_lien` : la page où
    répondre. Lève `CourrierIncompletError` (motif hors du régime du jour, fait ou contact absents), `JalonError`."""
    regime = regime_du(jour)
    contact, faits = manquement.contact, _faits(manquement)
    return _a_la_personne(
        AVERTISSEMENT, manquement, acteur=acteur, jour=jour, titre=_capitale(mot("avertissement").singulier),
        valeurs={
            "reproche": reproche_de(manquement, faits),
            "faits": liste(_fait(fait) for fait in faits),
            "expose": " ".join(manquement.expose.split()),
            "contact_prealable": "" if contact is None else _contact(contact.date, contact.get_moyen_display()),
            "consequences": _consequences(regime, manquement),
            "article_motif": str(manquement.motif.articles.get(regime.code, "")),
            "article_entendre": regime.article_entendre,
            "delai_observations": mois_en_lettres(delai_observations(jour, regime, manquement.regime_faits)),
            "lien_reponse": adresse_lien,
        },
    )  # fmt: skip


def lettre_audition(
    manquement: Manquement, *, acteur: Agent, jour: date, seance_le: date, heure: time, lieu: str
) -> Document:
    """Quand, où et par qui la personne est entendue, et avec qui elle peut venir (R61). Lève `JalonError`."""
    return _a_la_personne(
        AUDITION, manquement, acteur=acteur, jour=jour,
        titre=f"{_capitale(mot('audition').singulier)} du {seance_le:%d/%m/%Y}",
        valeurs={
            "date_audition": date_en_lettres(seance_le, avec_jour=True),
            "heure_audition": heure_en_lettres(heure.hour, heure.minute),
            "lieu": lieu,
            "reproche": reproche_de(manquement, _faits(manquement)),
            "date_avertissement": _facultatif(manquement.averti_le),
            "article_entendre": regime_du(jour).article_entendre,
        },
    )  # fmt: skip


def lettre_annulation_audition(manquement: Manquement, *, acteur: Agent, jour: date, seance_le: date) -> Document:
    """L'audition n'aura pas lieu, du fait du service ; le droit d'être entendu reste entier (R61). Lève `JalonError`."""
    return _a_la_personne(
        ANNULATION, manquement, acteur=acteur, jour=jour,
        titre=f"{_capitale(mot('audition').singulier)} du {seance_le:%d/%m/%Y} : annulation",
        valeurs={
            "date_audition": date_en_lettres(seance_le, avec_jour=True),
            "date_avertissement": _facultatif(manquement.averti_le),
        },
    )  # fmt: skip


def lettre_classement(manquement: Manquement, *, acteur: Agent, jour: date) -> Document:
    """La procédure est finie, sans sanction, et pourquoi. Lève `JalonError`."""
    return _a_la_personne(
        CLASSEMENT, manquement, acteur=acteur, jour=jour, titre="Votre dossier est classé sans sanction",
        valeurs={
            "date_avertissement": _facultatif(manquement.averti_le),
            "raison": RAISONS_DE_CLASSER.get(MotifClassement(manquement.motif_classement), "")
            if manquement.motif_classement
            else "",
            "precision": manquement.precision_classement,
        },
    )  # fmt: skip


RAISONS_DE_CLASSER: Final[dict[MotifClassement, str]] = {
    MotifClassement.SERVICE: (
        "Nous avons relu votre dossier : nos services n'ont pas fait ce qu'ils devaient. Rien ne peut vous être "
        "reproché. Nous vous prions de nous en excuser."
    ),
    MotifClassement.MOTIF_LEGITIME: "Vous nous avez donné vos raisons, et nous les reconnaissons comme légitimes.",
    MotifClassement.EN_REGLE: "Vous avez fait ce qui était attendu. Merci.",
    MotifClassement.AVIS: "L'instance qui a examiné votre situation est d'avis de ne rien décider contre vous.",
    MotifClassement.NON_SOUMISE: "Votre situation ne vous oblige pas à ce qui vous était reproché.",
    MotifClassement.SUITE: "Nous avons choisi avec vous une autre suite, plus utile à votre parcours.",
    MotifClassement.ERREUR: "Cette procédure a été ouverte par erreur. Nous vous prions de nous en excuser.",
}
"""Ce que lit la personne, selon le motif de classement."""


# --- La décision et sa suite


def lettre_decision(decision: DecisionSanction, *, acteur: Agent, jour: date) -> Document:
    """La sanction, ses raisons, ce qui l'arrête, et les voies de recours avec leurs délais (R65). Lève `JalonError`."""
    manquement, regime = decision.manquement, decision.regle.regime
    faits = _faits(manquement)
    amende = decision.nature == NatureSanction.AMENDE
    return _a_la_personne(
        DECISION, manquement, acteur=acteur, signataire=decision.decidee_par, jour=jour,
        titre=f"Décision du {decision.decidee_le:%d/%m/%Y}",
        valeurs={
            "date_decision": date_en_lettres(decision.decidee_le),
            "effet": effet_de(decision),
            "reproche": reproche_de(manquement, faits),
            "faits": liste(_fait(fait) for fait in faits),
            "motivation": decision.motivation,
            "explications": _explications(manquement),
            "avis": _avis(decision),
            "articles": _articles(decision),
            "levee": LEVEE_DE_DROIT if regime.levee_de_droit and decision.nature == NatureSanction.SUSPENSION else "",
            "retour": mois_en_lettres(regime.retour_mois) if regime.retour_mois and not amende else "",
            "voies_recours": _voies_recours(jour),
        },
    )  # fmt: skip


LEVEE_DE_DROIT: Final = (
    "Cette suspension s'arrête dès que vous faites ce qui vous est demandé. Votre référent peut vous dire quoi faire : "
    "appelez sans attendre."
)


def effet_de(decision: DecisionSanction) -> str:
    """« Du 1er décembre 2026 au 31 janvier 2027, 50 % de votre RSA est retenu chaque mois. … »"""
    if decision.nature == NatureSanction.AMENDE:
        return f"Vous devez payer une amende administrative de {_euros(decision)}." if decision.montant else ""
    if decision.periode is None or decision.periode.isempty or decision.taux is None:
        return ""
    fin = decision.periode.upper - timedelta(days=1)
    quand = f"Du {date_en_lettres(decision.periode.lower)} au {date_en_lettres(fin)}"
    allocation = _allocation()
    if decision.nature == NatureSanction.SUPPRESSION:
        quoi = f"votre {allocation}" if decision.taux == 100 else f"{decision.taux} % de votre {allocation}"
        reste = "" if decision.taux == 100 else " Le reste continue de vous être versé."
        return f"{quand}, {quoi} est supprimé.{reste}"
    if decision.taux == 100:
        return f"{quand}, votre {allocation} est suspendu : il n'est pas versé."
    return f"{quand}, {decision.taux} % de votre {allocation} est retenu chaque mois. Le reste vous est versé."


def lettre_levee(decision: DecisionSanction, *, acteur: Agent, jour: date) -> Document:
    """La sanction s'arrête ou n'existe plus : depuis quand, pourquoi, ce qui est versé. Lève `JalonError`."""
    annulee = decision.etat == EtatDecision.ANNULEE
    return _a_la_personne(
        LEVEE, decision.manquement, acteur=acteur, jour=jour,
        titre=f"Fin de la décision du {decision.decidee_le:%d/%m/%Y}",
        valeurs={
            "date_decision": date_en_lettres(decision.decidee_le),
            "issue": "est annulée" if annulee else "prend fin",
            "raison": RAISONS_DE_LEVER.get(MotifLevee(decision.motif_levee), "") if decision.motif_levee else "",
            "precision": decision.precision_levee,
            "effet": _effet_annulation(decision) if annulee else _effet_levee(decision),
        },
    )  # fmt: skip


RAISONS_DE_LEVER: Final[dict[MotifLevee, str]] = {
    MotifLevee.EN_REGLE: "Vous avez fait ce qui était attendu. Merci.",
    MotifLevee.ERREUR: "La raison de cette décision s'est révélée fausse. Nous vous prions de nous en excuser.",
    MotifLevee.RECOURS: "Vous avez demandé que cette décision soit revue, et nous vous donnons raison.",
    MotifLevee.SERVICE: "Nous n'avions pas fait ce que nous devions. Nous vous prions de nous en excuser.",
    MotifLevee.SITUATION: "Votre situation a changé.",
}
"""Ce que lit la personne, selon le motif de la levée."""


def lettre_recours(recours: RecoursSanction, *, acteur: Agent, jour: date) -> Document:
    """La réponse à un recours, ses raisons, son effet, et le juge qui reste (F059). Lève `JalonError`."""
    decision = recours.decision
    return _a_la_personne(
        RECOURS, decision.manquement, acteur=acteur, signataire=recours.decide_par, jour=jour,
        titre=f"Réponse à votre recours du {recours.recu_le:%d/%m/%Y}",
        valeurs={
            "date_decision": date_en_lettres(decision.decidee_le),
            "date_recours": date_en_lettres(recours.recu_le),
            "reponse": _reponse(recours),
            "motivation": recours.motivation,
            "effet": _effet_recours(recours, jour),
            "voies_recours": Composeur().mention("mention_juge", {}),
        },
    )  # fmt: skip


# --- L'organisme payeur


def lettre_payeur(transmission: Transmission, *, acteur: Agent, jour: date) -> Document:
    """La lettre qui accompagne la liste des décisions à appliquer, lever ou annuler (F060). Elle ne part pas par la
    poste d'elle-même : elle se remet avec le fichier. Lève `CourrierIncompletError` si la liste est vide."""
    caisse = nom_caisse(transmission.caisse_regime, transmission.caisse_numero)
    lignes = transmission.lignes.select_related("decision__personne").order_by("pk")
    composeur = Composeur()
    lettre = composeur.lettre(
        composeur.version(PAYEUR),
        {
            "caisse": caisse,
            "nombre": f"{en_lettres(len(lignes), feminin=True)} décision{'s' if len(lignes) > 1 else ''}",
            "decisions": tableau(
                ["Matricule et demande", "Personne", "Objet", "Période", "Retenue"],
                [
                    [
                        _dossier(ligne),
                        nom_complet(ligne.decision.personne),
                        ligne.get_objet_display(),
                        _periode(ligne.debut, ligne.fin),
                        _retenue(ligne.decision),
                    ]
                    for ligne in lignes
                ],
            ),
            "contact": ", ".join(filter(None, (str(acteur), joindre_agent(acteur)))),
        },
        jour=jour, destinataire=[caisse], references=[("Transmission", str(transmission.public_id)[:8].upper())],
        signataire=str(acteur),
    )  # fmt: skip
    return enregistrer_document(
        composeur.rendre(lettre), acteur=acteur, nature=PAYEUR, titre=f"{caisse}, décisions du {jour:%d/%m/%Y}",
        version=lettre.version,
    )  # fmt: skip


def _dossier(ligne: LigneTransmission) -> str:
    """« 1000042, demande 00000000042 » : ce que la caisse connaît du dossier."""
    demande = f"demande {ligne.numero_demande}" if ligne.numero_demande else ""
    return ", ".join(filter(None, (ligne.matricule, demande))) or "à rechercher"


def nom_caisse(regime: str, numero: str) -> str:
    """Nom que le profil donne à cette caisse, « CAF n° 621 » s'il ne la connaît pas."""
    pose = profil()
    for caisse in pose.caisses if pose is not None else []:
        if (caisse["fonorg"], caisse["numorg"]) == (regime, numero):
            return str(caisse["libelle"])
    return f"{regime} n° {numero}".strip()


# --- Ce qui est reproché


def reproche_de(manquement: Manquement, faits: Sequence[FaitManquement]) -> str:
    """Le reproche, dit à la personne. Pour des rendez-vous manqués, leur nombre : un seul n'est pas « plusieurs »."""
    if manquement.motif.preuve != PreuveAttendue.RENDEZ_VOUS or not faits:
        return str(manquement.motif.phrase)
    manques = sum(1 for fait in faits if fait.rendez_vous_id or fait.invitation_id)
    if (manques or len(faits)) == 1:
        return f"Nous vous attendions à un rendez-vous. Il n'a pas eu lieu, et {SANS_RAISON}"
    combien = en_lettres(manques) if manques else "plusieurs"
    return f"Nous vous attendions à {combien} rendez-vous. Ils n'ont pas eu lieu, et {SANS_RAISON}"


SANS_RAISON: Final = "nous ne connaissons pas de motif légitime."


def _faits(manquement: Manquement) -> list[FaitManquement]:
    return list(manquement.faits.select_related("rendez_vous", "invitation__reunion").order_by("date", "pk"))


def _fait(fait: FaitManquement) -> str:
    """« Le 3 novembre 2026 à 9 h, Maison des solidarités. Absence au rendez-vous. »"""
    debut: time | None = None
    lieu = ""
    if fait.rendez_vous is not None:
        debut, lieu = timezone.localtime(fait.rendez_vous.debut).time(), fait.rendez_vous.lieu
    elif fait.invitation is not None:
        debut, lieu = fait.invitation.reunion.debut, fait.invitation.reunion.lieu
    quand = f"Le {_jour(fait.date)}"
    if debut is not None:
        quand += f" à {heure_en_lettres(debut.hour, debut.minute)}"
    return f"{', '.join(filter(None, (quand, lieu.strip())))}. {_phrase(fait.description)}"


def _phrase(texte: str) -> str:
    """Le texte, avec un point final s'il n'en a pas."""
    texte = texte.strip()
    return texte if texte.endswith((".", "!", "?", "…", "»")) else f"{texte}."


# --- Ce que dit la loi du jour


def delai_observations(jour: date, *regimes: Regime) -> int:
    """Mois laissés pour répondre : le plus long de ce que demandent le département et ces régimes."""
    return max(int(nombre("sanction.delai_observations", jour)), *(regime.observations_mois for regime in regimes))


def _consequences(regime: Regime, manquement: Manquement) -> list[Bloc]:
    """Ce qui peut suivre, ligne à ligne de la grille du jour : la personne lit les mêmes bornes que le décideur."""
    regles = list(regime.regles.filter(fraude=manquement.motif.fraude).order_by("pk"))
    if not regles:
        return []
    blocs = liste([_consequence(regle) for regle in regles])
    plafonds = [regle for regle in regles if regle.plafond_foyer]
    if plafonds:
        plafond = min(int(regle.plafond_foyer or 0) for regle in plafonds)
        cas = "Si votre foyer compte plusieurs personnes"
        if any(regle.plafond_majore for regle in plafonds):
            cas += f", ou si votre {_allocation()} est majoré"
        blocs.append({"genre": "p", "texte": f"{cas}, la retenue ne dépasse jamais {plafond} %."})
    if regime.levee_de_droit and any(regle.nature == NatureSanction.SUSPENSION for regle in regles):
        blocs.append({"genre": "p", "texte": "Une suspension s'arrête dès que vous faites ce qui vous est demandé."})
    return blocs


def _consequence(regle: RegleSanction) -> str:
    """« La première fois, la suspension porte sur 30 à 100 % de votre RSA, pendant 1 à 2 mois (article R262-68). »"""
    rang = {
        RangSanction.PREMIERE: "La première fois, ",
        RangSanction.SUIVANTE: "Si une décision précédente compte encore, ",
    }.get(RangSanction(regle.rang), "")
    if regle.nature == NatureSanction.AMENDE:
        phrase = "une amende administrative peut vous être demandée"
    else:
        quoi = "suppression" if regle.nature == NatureSanction.SUPPRESSION else "suspension"
        part = _bornes(regle.taux_min, regle.taux_max, "%")
        duree = _bornes(regle.duree_min, regle.duree_max, "mois")
        phrase = f"la {quoi} porte sur {part or 'une part'} de votre {_allocation()}"
        phrase += f", pendant {duree}" if duree else ""
    avis = f", après l'avis {_de(mot('equipe'))}" if regle.avis_exige else ""
    texte = "articles" if " et " in regle.article else "article"
    return _capitale(f"{rang}{phrase}{avis} ({texte} {regle.article}).")


def _de(libelle: Libelle) -> str:
    """« de l'équipe pluridisciplinaire », « de la commission locale d'insertion »."""
    if libelle.elision:
        return f"de l'{libelle.singulier}"
    return f"{'du' if libelle.genre == 'm' else 'de la'} {libelle.singulier}"


def _bornes(au_moins: int | None, au_plus: int | None, unite: str) -> str:
    """« 30 à 100 % », « 2 mois », ou « 80 % au plus » quand la borne basse ne dit rien."""
    if au_plus is None:
        return ""
    if au_moins == au_plus:
        return f"{au_plus} {unite}"
    if au_moins is None or (au_moins <= 1 and unite == "%"):
        return f"{au_plus} {unite} au plus"
    return f"{au_moins} à {au_plus} {unite}"


def _voies_recours(jour: date) -> list[Bloc]:
    delai = mois_en_lettres(int(nombre("recours.delai", jour)))
    return Composeur().mention("mention_recours", {"delai_recours": delai})


# --- Les phrases


def _explications(manquement: Manquement) -> str:
    """Ce que la personne a pu dire avant la décision."""
    phrases = []
    if manquement.reponse_le is not None:
        phrases.append(f"Vous nous avez répondu le {_jour(manquement.reponse_le)}, et nous en avons tenu compte.")
    elif manquement.observations_jusqu_au is not None:
        phrases.append(
            f"Vous aviez jusqu'au {_jour(manquement.observations_jusqu_au)} pour répondre. Nous n'avons rien reçu."
        )
    if manquement.entendue_le is not None:
        avec = ", avec la personne de votre choix" if manquement.assistee_par else ""
        phrases.append(f"Vous avez donné vos explications de vive voix le {_jour(manquement.entendue_le)}{avec}.")
    return " ".join(phrases)


def _avis(decision: DecisionSanction) -> str:
    """L'avis rendu, son sens et son vote, et l'écart du décideur s'il y en a un."""
    avis = getattr(decision.manquement, "avis", None)
    if avis is None:
        return ""
    if avis.vote == VoteAvis.REPUTE:
        texte = f"réputé rendu le {_jour(avis.rendu_le)}, faute de réponse à temps."
    else:
        vote = {VoteAvis.UNANIME: "à l'unanimité", VoteAvis.MAJORITAIRE: "à la majorité"}.get(VoteAvis(avis.vote), "")
        sens = SensAvis(avis.sens).label.lower()
        texte = f"{', '.join(filter(None, (sens, vote)))}, le {_jour(avis.rendu_le)}."
    if decision.motif_ecart:
        texte += f" Nous ne l'avons pas suivi en tout point, et voici pourquoi. {_phrase(decision.motif_ecart)}"
    return texte


def _articles(decision: DecisionSanction) -> str:
    """Le motif, la règle, le droit d'être entendu : de quoi vérifier."""
    regime = decision.regle.regime
    return " ; ".join(
        dict.fromkeys(filter(None, (decision.article_motif, decision.regle.article, regime.article_recours)))
    )


def _effet_levee(decision: DecisionSanction) -> str:
    if decision.nature == NatureSanction.AMENDE:
        return "Vous n'avez plus à payer cette amende."
    if decision.levee_le is None or decision.debut is None:
        return ""
    if decision.levee_le <= decision.debut:
        return f"Elle n'a pas commencé : votre {_allocation()} est versé comme avant, sans retenue."
    return f"Votre {_allocation()} vous est de nouveau versé sans retenue à partir du {_jour(decision.levee_le)}."


def _effet_annulation(decision: DecisionSanction) -> str:
    if decision.nature == NatureSanction.AMENDE:
        return "C'est comme si elle n'avait jamais été prise. Vous n'avez pas à payer l'amende ; payée, elle vous est rendue."
    return "C'est comme si elle n'avait jamais été prise. Ce qui a été retenu doit vous être versé."


def _reponse(recours: RecoursSanction) -> str:
    if not recours.issue:
        return ""
    return {
        IssueRecours.MAINTIEN: "Nous avons relu votre dossier. La décision est maintenue.",
        IssueRecours.REDUCTION: "Nous avons relu votre dossier. La décision prend fin plus tôt.",
        IssueRecours.ANNULATION: "Nous vous donnons raison : la décision est annulée.",
        IssueRecours.IRRECEVABLE: "Votre demande est arrivée après la fin du délai : elle ne peut pas être acceptée.",
    }[IssueRecours(recours.issue)]


def _effet_recours(recours: RecoursSanction, jour: date) -> str:
    decision = recours.decision
    if recours.issue == IssueRecours.ANNULATION:
        return _effet_annulation(decision)
    if recours.issue == IssueRecours.REDUCTION:
        return _effet_levee(decision)
    if decision.nature == NatureSanction.AMENDE or decision.periode is None or decision.periode.isempty:
        return "La décision reste la même."
    fin = decision.levee_le or decision.periode.upper
    if fin <= jour:
        return f"Cette décision a déjà pris fin, le {_jour(fin - timedelta(days=1))}. Plus rien n'est retenu."
    return f"La décision s'applique jusqu'au {_jour(fin - timedelta(days=1))}."


def _contact(quand: date, moyen: str) -> str:
    return f"{_jour(quand)} ({moyen[:1].lower()}{moyen[1:]})"


def _retenue(decision: DecisionSanction) -> str:
    return _euros(decision) if decision.nature == NatureSanction.AMENDE else f"{decision.taux} %"


def _periode(debut: date, fin: date | None) -> str:
    """« du 01/12/2026 au 31/01/2027 », le dernier jour compris."""
    return (
        f"à compter du {debut:%d/%m/%Y}"
        if fin is None
        else f"du {debut:%d/%m/%Y} au {fin - timedelta(days=1):%d/%m/%Y}"
    )


def _euros(decision: DecisionSanction) -> str:
    return f"{decision.montant:,.2f} €".replace(",", " ").replace(".", ",")


def _allocation() -> str:
    libelle = mot("allocation")
    return libelle.court or libelle.singulier


def _jour(quand: date) -> str:
    return date_en_lettres(quand)


def _facultatif(quand: date | None) -> str:
    return "" if quand is None else _jour(quand)


def _capitale(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


# --- Écrire à la personne


@dataclass(frozen=True)
class _Enveloppe:
    """Lignes de l'adresse ; `postale` si la lettre peut partir par la poste."""

    lignes: tuple[str, ...]
    postale: bool


def _enveloppe(personne: Personne) -> _Enveloppe:
    adresse = adresses_postales([personne.pk])[personne.pk]
    titre = civilite(personne)
    nom = f"{nom_propre(personne.prenom)} {personne.nom.upper()}"
    haut = nom if "," in titre else f"{titre} {nom}"
    return _Enveloppe((haut, *((EN_MAIN_PROPRE,) if adresse.defaut else adresse.lignes)), not adresse.defaut)


def _qui_appeler(manquement: Manquement) -> dict[str, str]:
    """Le référent d'aujourd'hui, et le service qui suit la procédure."""
    designation = referent_actuel(manquement.personne)
    nom = joindre = ""
    if designation is not None and designation.agent is not None:
        nom, joindre = str(designation.agent), joindre_agent(designation.agent)
    elif designation is not None:
        nom, joindre = designation.nom_externe, designation.contact_externe
    return {
        "referent": nom,
        "coordonnees_referent": joindre,
        "aide_referent": ", ".join(filter(None, (nom, joindre))),
        "contact": qui_joindre(manquement.organisme, manquement.saisi_par or manquement.prepare_par),
    }


def _a_la_personne(
    code: str,
    manquement: Manquement,
    *,
    acteur: Agent,
    jour: date,
    titre: str,
    valeurs: Mapping[str, Valeur],
    signataire: Agent | None = None,
) -> Document:
    """Compose, garde et met à poster ; sans adresse complète, la lettre est gardée pour être remise en main propre.

    `signataire` : qui a pris la décision que la lettre notifie ; à défaut l'acteur.
    """
    personne, enveloppe, composeur = manquement.personne, _enveloppe(manquement.personne), Composeur()
    references: Sequence[tuple[str, str]] = [("Référence", str(manquement.public_id)[:8].upper())]
    lettre = composeur.lettre(
        composeur.version(code),
        {"civilite": civilite(personne), "nom_complet": nom_complet(personne), **_qui_appeler(manquement), **valeurs},
        jour=jour, destinataire=enveloppe.lignes, references=references, signataire=str(signataire or acteur),
    )  # fmt: skip
    document = enregistrer_document(
        composeur.rendre(lettre), acteur=acteur, nature=code, titre=titre, personne=personne.public_id,
        version=lettre.version,
    )  # fmt: skip
    if enveloppe.postale:
        envoyer(
            acteur=acteur, canal=Canal.COURRIER, destinataire="\n".join(enveloppe.lignes), document=document,
            personne=personne.public_id,
        )  # fmt: skip
    return document
