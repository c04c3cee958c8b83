"""Recueils, grilles, décisions, portefeuilles, et ce qui s'écrit ensuite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from jalon.accompagnements.absences import marquer_avis_lus
from jalon.accompagnements.charge import charges_maximales, poser_temps
from jalon.accompagnements.models import DesignationReferent, NatureMessage
from jalon.accompagnements.navettes import ecrire_message, ouvrir_navette
from jalon.accompagnements.referents import SANS_DEPASSEMENT, Depassement, designer_referent, orienter_personne
from jalon.agents.models import Agent
from jalon.cli.demonstration_parcours.decor import EXTERNES, Candidat, Decor, Poste, age_de, ouvre
from jalon.cli.demonstration_parcours.reponses import echelons, parcours_envisage, progresser, recueil
from jalon.diagnostics.enums import OriginePassation, SourceRecueil
from jalon.diagnostics.grilles import enregistrer_passation
from jalon.diagnostics.models import VersionGrille
from jalon.diagnostics.selectors import grilles_actives, version_en_vigueur
from jalon.diagnostics.services import commencer_recueil, enregistrer_brouillon, valider_recueil
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix, s_ecarte
from jalon.orientations.models import (
    AttenteOrientation,
    DecisionOrientation,
    ModeReception,
    OrigineDecision,
    TypeOrientation,
)
from jalon.orientations.notifications import constater_reception, produire_notification
from jalon.orientations.propositions import enregistrer_proposition, proposer
from jalon.orientations.reorientations import demander_reorientation
from jalon.orientations.structures import Structure
from jalon.personnes.adresses import adresses_postales
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import nombre, vrai
from jalon.rendezvous.models import (
    Invitation,
)

NOTIFIEES, RECUES = 10, 5
AVIS_A_LIRE: Final = 3
"""Arrivées que le référent n'a pas encore lues ; il a vu les autres."""


def evaluer(decor: Decor, evaluees: Sequence[tuple[Candidat, Agent]]) -> dict[int, dict[str, int | None]]:
    """Un recueil et une grille pour chacune, datés d'avant son entrée dans la file ; rend les réponses de la grille."""
    grille = grilles_actives().first()
    donnees: dict[int, dict[str, int | None]] = {}
    for candidat, agent in evaluees:
        personne, qui = candidat.personne, decor.au_nom_de(agent)
        jour = ouvre(candidat.entree - timedelta(days=decor.alea.randrange(1, 25)), -1)
        if jour > decor.jour:
            jour = decor.jour
        eloignement = decor.alea.random()
        brouillon = commencer_recueil(personne, **qui)
        valeurs = recueil(decor.alea, eloignement) | {"date_recueil": jour, "source": SourceRecueil.PREMIER_CONTACT}
        brouillon = enregistrer_brouillon(personne, **qui, valeurs=valeurs, numero=brouillon.numero)
        valider_recueil(personne, **qui, numero=brouillon.numero)
        if grille is not None:
            version = version_en_vigueur(grille, jour)
            donnees[personne.pk] = echelons(decor.alea, version, eloignement)
            _remplir(decor, candidat.personne, agent, version, donnees[personne.pk], jour, OriginePassation.ENTRETIEN)
    return donnees


def _remplir(
    decor: Decor, personne: Personne, agent: Agent, version: VersionGrille, reponses: dict[str, int | None], jour: date,
    origine: OriginePassation,
) -> None:  # fmt: skip
    enregistrer_passation(
        personne, **decor.au_nom_de(agent), version=version, reponses=reponses, date_passation=jour, convenue=True,
        origine=origine, parcours_envisage=parcours_envisage(version, reponses),
    )  # fmt: skip


def remplir_de_nouveau(decor: Decor, suivies: dict[Poste, list[Candidat]], rangs: dict[int, dict[str, Any]]) -> None:
    """Le référent remplit une seconde grille avec une personne sur deux : l'évolution se voit."""
    grille = grilles_actives().first()
    if grille is None:
        return
    for poste, personnes in suivies.items():
        for candidat in [c for c in personnes if c.personne.pk in rangs][::2]:
            jour = max(candidat.entree, ouvre(decor.jour - timedelta(days=decor.alea.randrange(1, 7)), -1))
            version = version_en_vigueur(grille, min(jour, decor.jour))
            suite = progresser(decor.alea, version, rangs[candidat.personne.pk])
            _remplir(
                decor, candidat.personne, poste.agent, version, suite, min(jour, decor.jour), OriginePassation.BILAN
            )


# --- Orienter


def _orienter(
    decor: Decor,
    candidat: Candidat,
    agent: Agent,
    type_: TypeOrientation,
    organisme: Organisme,
    *,
    referent: Agent | None = None,
    correspondant: Agent | None = None,
    origine: str = OrigineDecision.DIRECTE,
    depassement: Depassement = SANS_DEPASSEMENT,
    avec_avis: bool = True,
    jour: date | None = None,
) -> DecisionOrientation:
    motifs = [m for m in decor.motifs if type_.sphere in m.spheres]
    proposition = enregistrer_proposition(proposer(candidat.personne, decor.jour)) if avec_avis else None
    ecart = s_ecarte(proposition, Choix(type_, organisme))
    choix = Choix(
        type=type_, organisme=organisme, motif=decor.alea.choice(motifs) if motifs else None,
        parcours=proposition.parcours if proposition is not None and not ecart else None,
        referent=referent, correspondant=correspondant,
    )  # fmt: skip
    return orienter_personne(
        candidat.personne, **decor.au_nom_de(agent), choix=choix, origine=origine, proposition=proposition,
        motif_ecart="La personne a exposé d'autres besoins pendant l'entretien." if ecart else "",
        depassement=depassement, jour=jour or decor.jour_apres(candidat.entree),
    )  # fmt: skip


def orienter_ici(
    decor: Decor, postes: Sequence[Poste], candidats: Sequence[Candidat], combien: int
) -> dict[Poste, list[Candidat]]:
    """Les portefeuilles du territoire : un référent à mi-temps tout près de sa charge, un autre juste au-delà."""
    pleine = int(nombre("referent.charge_maximale", decor.jour))
    part = next((p for p in (50, 25, 10) if 2 * (pleine * p // 100) <= combien // 2), 5)
    seuil = max(1, pleine * part // 100)
    reserves = {2: seuil, 3: max(1, seuil - 2)}
    reste = max(0, combien * 9 // 10 - sum(reserves.values()))
    libres = [rang for rang in range(len(postes)) if rang not in reserves]
    restants, suivies = list(candidats), dict[Poste, list[Candidat]]()
    orienteur, correspondant = decor.comptes["orienteur"], decor.comptes["correspondant"]
    for rang, poste in enumerate(postes):
        voulus = reserves.get(rang, max(1, reste // max(1, len(libres))))
        suivies[poste] = _choisir(decor, poste, restants, voulus)
        for numero, candidat in enumerate(suivies[poste]):
            if numero == len(suivies[poste]) - AVIS_A_LIRE:
                marquer_avis_lus(poste.agent)
            _orienter(
                decor, candidat, orienteur, poste.type, poste.structure.organisme, referent=poste.agent,
                correspondant=correspondant if numero % 2 else None,
            )  # fmt: skip
    for rang in reserves:
        if rang < len(postes):
            poser_temps(postes[rang].agent, **decor.au_nom_de(decor.comptes["chef_territoire"]), part=part)
    if len(postes) > 2 and not vrai("referent.depassement_bloquant", decor.jour):
        _depasser(decor, postes[2], restants, suivies)
    for candidat in restants[: combien - sum(len(s) for s in suivies.values())]:
        type_, structure = _placer(decor, candidat, decor.territoire.pk)
        _orienter(decor, candidat, orienteur, type_, structure.organisme)
    return suivies


def _depasser(decor: Decor, poste: Poste, restants: list[Candidat], suivies: dict[Poste, list[Candidat]]) -> None:
    """Confie au référent une personne de plus que sa charge, avec le motif que l'acte exige."""
    manque = charges_maximales([poste.agent.pk], decor.jour)[poste.agent.pk] + 1 - len(suivies[poste])
    for candidat in _choisir(decor, poste, restants, max(0, manque)):
        _orienter(
            decor, candidat, decor.comptes["orienteur"], poste.type, poste.structure.organisme, referent=poste.agent,
            jour=decor.jour,
            depassement=Depassement(True, "Conjoint d'une personne que ce référent accompagne déjà."),
        )  # fmt: skip
        suivies[poste].append(candidat)


def _choisir(decor: Decor, poste: Poste, restants: list[Candidat], combien: int) -> list[Candidat]:
    """Retire des candidats ceux que l'organisme reçoit, d'abord ceux dont l'avis propose ce type."""
    possibles = [c for c in restants if poste.structure.recoit(c.age)]
    possibles.sort(key=lambda c: (decor.avis.get(c.personne.pk) or poste.type) != poste.type)
    pris = possibles[:combien]
    for candidat in pris:
        restants.remove(candidat)
    return pris


def _placer(decor: Decor, candidat: Candidat, territoire: int | None) -> tuple[TypeOrientation, Structure]:
    """Un type, celui de l'avis si un organisme l'y reçoit, et un organisme qui reçoit la personne."""
    propose = decor.avis.get(candidat.personne.pk)
    autres = decor.alea.sample(decor.types, len(decor.types))
    for type_ in [propose, *autres] if propose is not None else autres:
        structures = decor.offre.possibles(territoire, candidat.age, type_.pk)
        if structures:
            return type_, decor.alea.choice(structures[:2])
    toutes = [(t, s) for t in decor.types for s in decor.offre.par_type.get(t.pk, []) if s.recoit(candidat.age)]
    return decor.alea.choice(toutes)


def orienter_apres_la_reunion(decor: Decor, invitees: dict[int, Invitation | None]) -> None:
    """Les présentes reçues en entretien le jour même sont orientées ce jour-là."""
    for invitation in invitees.values():
        if invitation is None or invitation.entretien_le is None:
            continue
        candidat = Candidat(invitation.personne, invitation.reunion.date, age_de(decor, invitation.personne))
        type_, structure = _placer(decor, candidat, decor.territoire.pk)
        if AttenteOrientation.objects.filter(personne=invitation.personne, sortie_le=None).exists():
            _orienter(
                decor, candidat, decor.comptes["orienteur"], type_, structure.organisme,
                origine=OrigineDecision.REUNION, jour=invitation.reunion.date,
            )  # fmt: skip


def orienter_ailleurs(decor: Decor, candidats: Sequence[Candidat]) -> None:
    """Ailleurs, une structure d'abord ; plus d'une fois sur deux, elle a dit le nom de son référent, sans compte."""
    for rang, candidat in enumerate(candidats):
        type_, structure = _placer(decor, candidat, candidat.personne.territoire_id)
        decision = _orienter(decor, candidat, decor.mobile, type_, structure.organisme, avec_avis=rang % 4 == 0)
        if rang % 5 < 3:
            nom, telephone = EXTERNES[rang % len(EXTERNES)]
            designer_referent(
                candidat.personne, **decor.au_nom_de(decor.comptes["siege"]), organisme=structure.organisme,
                nom_externe=nom, contact_externe=telephone, decision=decision, jour=decision.decidee_le,
            )  # fmt: skip


# --- Écrire


def notifier(decor: Decor) -> None:
    """Quelques lettres produites ; la moitié sont reçues avec preuve."""
    decisions = list(
        DecisionOrientation.objects.filter(
            territoire=decor.territoire, decidee_le__lte=decor.jour - timedelta(days=12), periode__endswith=None
        )
        .select_related("personne")
        .order_by("pk")[: 4 * NOTIFIEES]
    )
    adresses = adresses_postales([d.personne_id for d in decisions])
    postables = [d for d in decisions if not adresses[d.personne_id].defaut][:NOTIFIEES]
    qui = decor.au_nom_de(decor.comptes["orienteur"])
    for rang, decision in enumerate(postables):
        produite = ouvre(decision.decidee_le + timedelta(days=3))
        notification = produire_notification(decision, **qui, jour=produite)
        if rang % 2 == 0 and rang < 2 * RECUES:
            constater_reception(
                notification, **qui, mode=ModeReception.RECOMMANDE, le=ouvre(produite + timedelta(days=4)),
                preuve=f"Avis de réception n° 2C 000 000 {rang:04d} (fictif)",
            )  # fmt: skip


def echanger(decor: Decor, postes: Sequence[Poste], suivies: dict[Poste, list[Candidat]]) -> None:
    """Une demande de réorientation, et une fiche navette avec sa réponse."""
    servis = [poste for poste in postes if len(suivies.get(poste, [])) > 1]
    if not servis:
        return
    poste, correspondant = servis[0], decor.comptes["correspondant"]
    autre = next((t for t in decor.types if t.sphere != poste.type.sphere), None)
    if autre is not None:
        motifs = [m for m in decor.motifs if autre.sphere in m.spheres]
        demander_reorientation(
            suivies[poste][0].personne, **decor.au_nom_de(poste.agent), type_souhaite=autre,
            motif=motifs[0] if motifs else None, correspondant=correspondant,
            argumentaire="Les démarches engagées ont abouti ; un accompagnement d'une autre nature est maintenant utile.",
            avis_personne="Je suis d'accord, je veux avancer.",
        )  # fmt: skip
    # La seconde personne de chaque portefeuille a un correspondant.
    suivie = suivies[poste][1].personne
    if DesignationReferent.objects.filter(personne=suivie, agent=poste.agent).exists():
        fiche = ouvrir_navette(
            suivie, **decor.au_nom_de(poste.agent), objet="Transport vers la formation", agents=[correspondant],
            texte="La formation commence dans un mois et le dernier car part à 17 h. Une aide à la mobilité est-elle "
            "possible ?",
        )  # fmt: skip
        ecrire_message(
            fiche, **decor.au_nom_de(correspondant), nature=NatureMessage.REPONSE,
            texte="Oui, sur devis. Je prépare la demande avec la personne cette semaine.",
        )  # fmt: skip
