"""Des procédures pour un manquement à chaque étape, et les séances qui les examinent.

Chaque acte est celui d'un écran. Rien n'y est décidé sans que la personne ait pu répondre : la base le refuserait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import zip_longest
from typing import Any, Final

from django.db import transaction

from jalon.cli.demonstration_parcours.decor import Decor, Suivie, compter_les_lignes, ouvre, retrouver
from jalon.cli.demonstration_parcours.rencontres import nommer_les_membres
from jalon.cli.demonstration_parcours.suivis import portefeuilles
from jalon.droits.models import Soumission
from jalon.instances.auditions import convoquer_personnes, fixer_passages
from jalon.instances.avis import Proposition, regles_proposables, statuer_avis
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.models import EffetTheme, Instance, MembreInstance, QualiteMembre, Seance
from jalon.instances.saisines import inscrire_manquements
from jalon.instances.seances import convoquer_membres, ouvrir_seance, planifier_seance
from jalon.manquements.avertissement import constater_reception, envoyer_avertissement
from jalon.manquements.classement import classer
from jalon.manquements.constats import declarer_tort
from jalon.manquements.decisions import (
    constater_reception_decision,
    decider_sanction,
    lever_sanction,
    notifier_decision,
)
from jalon.manquements.legalite import regles_possibles
from jalon.manquements.models import (
    CanalObservation,
    DecisionSanction,
    Manquement,
    MotifClassement,
    MotifLevee,
    MotifManquement,
    PreuveAttendue,
    SensAvis,
)
from jalon.manquements.observations import recevoir_observation, reconnaitre_motif_legitime
from jalon.manquements.recours import enregistrer_recours
from jalon.manquements.saisine import ajouter_fait, choisir_contact, ecrire_expose, preparer_manquement, saisir_instance
from jalon.manquements.transmissions import produire_transmission
from jalon.orientations.structures import lignees
from jalon.personnes.liens import LienPersonnel, UsageLien
from jalon.referentiels.parametres import nombre
from jalon.referentiels.profil import Profil
from jalon.rendezvous.contacts import noter_contact
from jalon.rendezvous.models import EtatRendezVous, MotifAbsence, MoyenContact, RendezVous, ResultatContact

RECUL: Final = 46
"""Jours depuis le premier fait : assez pour que la plus ancienne ait laissé passer son mois d'observations."""
CONTACT, SAISINE, AVERTISSEMENT, RECEPTION = 2, 4, 5, 8
"""Jours, après le premier fait, où chaque acte se fait."""
ADRESSE_DU_LIEN: Final = "https://jalon.exemple/lien/{jeton}/reponse/"
FAIT: Final = "Pas de réponse à la demande de nouvelles du service"
EXPOSE: Final = (
    "Deux messages et une lettre sont restés sans réponse. La personne dit avoir oublié de rappeler (récit fictif)."
)
REPONSE: Final = (
    "J'ai changé de téléphone en septembre et je n'ai pas pensé à vous le dire. Je peux venir cette semaine."
)
MOTIVATION: Final = (
    "Sans réponse à deux demandes. La personne a été avertie, a répondu, et n'a pas donné de motif que la loi retienne."
)


@dataclass
class Scene:
    """Une personne, les faits qui lui sont reprochés, et jusqu'où va sa procédure."""

    decor: Decor
    suivie: Suivie
    faits_le: date

    @property
    def referent(self) -> dict[str, Any]:
        return self.decor.au_nom_de(self.suivie.agent)

    @property
    def service(self) -> dict[str, Any]:
        return self.decor.au_nom_de(self.decor.comptes["chef_territoire"])

    @property
    def decideur(self) -> dict[str, Any]:
        return self.decor.au_nom_de(self.decor.comptes["decideur"])

    def le(self, jours: int) -> date:
        """Tant de jours après le fait, un jour ouvré, jamais après aujourd'hui."""
        return min(ouvre(self.faits_le + timedelta(days=jours)), self.decor.jour)


@transaction.atomic
def peupler_manquements(profil: Profil, *, graine: int, dire: Callable[[str], None] = lambda _: None) -> bool:
    """Crée les procédures fictives ; rend faux si elles y sont déjà, ou si personne n'est suivi sur le territoire.

    Tout tient dans une transaction : interrompue, l'étape n'a rien écrit et se refait entière.
    """
    if Manquement.objects.exists() or not portefeuilles():
        return False
    decor = retrouver(profil, graine)
    suivies = _suivies(decor)
    motif = MotifManquement.objects.filter(actif=True, preuve=PreuveAttendue.LIBRE, fraude=False).first()
    if not suivies or motif is None:
        return False
    dire("Procédures fictives : saisines, avertissements, réponses, séances, décisions…")
    ouvertes: dict[str, Manquement] = {}
    en_cause = _service_en_cause(decor, suivies)
    if en_cause is not None:
        suivies = [suivie for suivie in suivies if suivie.personne.pk != en_cause]
    for rang, ((nom, jouer), suivie) in enumerate(zip(SCENES.items(), suivies, strict=False)):
        scene = Scene(decor, suivie, ouvre(decor.jour - timedelta(days=RECUL - 2 * rang), -1))
        ouvertes[nom] = jouer(scene, motif)
    _reunir_l_instance(decor, ouvertes)
    compter_les_lignes("manquements", "instances")
    return True


def _suivies(decor: Decor) -> list[Suivie]:
    """Personnes du territoire, soumises depuis assez longtemps, une par référent à tour de rôle."""
    debut = decor.jour - timedelta(days=RECUL + 5)
    soumises = set(
        Soumission.objects.filter(
            soumise=True, periode__contains=decor.jour, periode__startswith__lte=debut,
            personne__territoire__in=_territoires(decor),
        )
        .order_by("personne_id")
        .values_list("personne_id", flat=True)
    )  # fmt: skip
    files = [[s for s in personnes if s.personne.pk in soumises] for personnes in portefeuilles().values()]
    return [suivie for tour in zip_longest(*files) for suivie in tour if suivie is not None]


def _territoires(decor: Decor) -> list[int]:
    return [pk for pk, lignee in lignees().items() if decor.territoire.pk in lignee]


# --- Les scènes, de la saisine à l'issue


def _preparee(scene: Scene, motif: MotifManquement) -> Manquement:
    """Un fait, pas encore de contact avec la personne : rien ne peut partir."""
    manquement = preparer_manquement(scene.suivie.personne, **scene.referent, motif=motif, jour=scene.le(CONTACT))
    ajouter_fait(manquement, **scene.referent, date=scene.faits_le, description=FAIT)
    return manquement


def _saisie(scene: Scene, motif: MotifManquement) -> Manquement:
    manquement = _preparee(scene, motif)
    contact = noter_contact(
        scene.suivie.personne, **scene.referent, jour=_apres_les_absences(scene), moyen=MoyenContact.TELEPHONE,
        resultat=ResultatContact.JOINTE, resume="Dit avoir oublié de rappeler ; rappelée sur ses droits.",
    )  # fmt: skip
    manquement.refresh_from_db()
    ecrire_expose(manquement, **scene.referent, expose=EXPOSE, numero_lu=manquement.numero)
    choisir_contact(manquement, **scene.referent, contact=contact)
    return saisir_instance(manquement, **scene.referent, jour=max(scene.le(SAISINE), contact.date))


def _apres_les_absences(scene: Scene) -> date:
    """Un échange qui a eu lieu suit chaque absence à un rendez-vous (R18)."""
    absences = RendezVous.objects.filter(personne=scene.suivie.personne, etat=EtatRendezVous.MANQUE)
    derniere = absences.order_by("-debut").values_list("debut", flat=True).first()
    return max(scene.le(CONTACT), derniere.date()) if derniere is not None else scene.le(CONTACT)


def _avertie(scene: Scene, motif: MotifManquement) -> Manquement:
    """La lettre est partie, sa réception n'est pas prouvée."""
    manquement = _saisie(scene, motif)
    assert manquement.saisi_le is not None
    return envoyer_avertissement(
        manquement, **scene.service, adresse_du_lien=lambda jeton: ADRESSE_DU_LIEN.format(jeton=jeton),
        jour=max(scene.le(AVERTISSEMENT), manquement.saisi_le),
    )  # fmt: skip


def _recue(scene: Scene, motif: MotifManquement) -> Manquement:
    """Le délai d'observations court, ou il est passé pour la plus ancienne."""
    manquement = _avertie(scene, motif)
    assert manquement.averti_le is not None
    return constater_reception(
        manquement, **scene.service, recu_le=max(scene.le(RECEPTION), manquement.averti_le),
        preuve="Avis de réception 2C 000 (fictif)",
    )  # fmt: skip


def _repondue(scene: Scene, motif: MotifManquement) -> Manquement:
    """La personne répond en ligne, par le lien de sa lettre."""
    manquement = _recue(scene, motif)
    lien = LienPersonnel.objects.filter(objet=manquement.public_id, usage=UsageLien.MANQUEMENT).latest("pk")
    recevoir_observation(
        manquement, acteur=None, perimetre=None, canal=CanalObservation.EN_LIGNE, texte=REPONSE,
        recue_le=scene.decor.jour, lien=lien,
    )  # fmt: skip
    manquement.refresh_from_db()
    return manquement


def _a_entendre(scene: Scene, motif: MotifManquement) -> Manquement:
    """Elle répond à l'oral et demande à être entendue, avec une amie."""
    manquement = _recue(scene, motif)
    recevoir_observation(
        manquement, **scene.referent, canal=CanalObservation.ORAL, texte=REPONSE, recue_le=scene.decor.jour,
        relue=True, demande_audition=True, assistee_par="Une amie",
    )  # fmt: skip
    manquement.refresh_from_db()
    return manquement


def _motif_reconnu(scene: Scene, motif: MotifManquement) -> Manquement:
    """Une raison que la loi retient : classée, et la personne l'apprend par écrit."""
    manquement = _recue(scene, motif)
    raison = MotifAbsence.objects.filter(actif=True, preuve_exigee=False, sante=False).order_by("ordre", "pk").first()
    if raison is None:
        return manquement
    recevoir_observation(
        manquement, **scene.referent, canal=CanalObservation.PAPIER, texte=REPONSE, motif=raison,
        recue_le=scene.decor.jour,
    )  # fmt: skip
    reconnaitre_motif_legitime(manquement, **scene.service)
    return classer(manquement, **scene.service, motif=MotifClassement.MOTIF_LEGITIME)


def _tort_reconnu(scene: Scene, motif: MotifManquement) -> Manquement:
    """Le service reconnaît qu'il s'est trompé de numéro : plus aucune sanction, la procédure se classe."""
    manquement = _recue(scene, motif)
    declarer_tort(manquement, **scene.service, texte="Les messages étaient partis à un ancien numéro.")
    return classer(manquement, **scene.service, motif=MotifClassement.SERVICE)


def _en_cause(scene: Scene, motif: MotifManquement) -> Manquement:
    """Le tort vient d'être reconnu : il reste à classer."""
    manquement = _saisie(scene, motif)
    return declarer_tort(manquement, **scene.service, texte="La demande était partie à une ancienne adresse.")


def _decidee(scene: Scene, motif: MotifManquement) -> Manquement:
    """Décidée par l'autorité là où la loi du jour n'exige pas d'avis, notifiée et reçue."""
    manquement = _repondue(scene, motif)
    regle = next((r for r in regles_possibles(manquement, scene.decor.jour) if not r.avis_exige), None)
    if regle is None:
        return manquement
    decision = decider_sanction(
        manquement, **scene.decideur, regle=regle, taux=regle.taux_min, duree=regle.duree_min, motivation=MOTIVATION
    )
    notifier_decision(decision, **scene.decideur)
    constater_reception_decision(decision, **scene.service, recu_le=scene.decor.jour)
    manquement.refresh_from_db()
    return manquement


def _contestee(scene: Scene, motif: MotifManquement) -> Manquement:
    manquement = _decidee(scene, motif)
    decision = _decision(manquement)
    if decision is not None:
        enregistrer_recours(
            decision, **scene.service, recu_le=scene.decor.jour,
            arguments="Je n'ai jamais reçu les deux messages : mon numéro avait changé.",
        )  # fmt: skip
    return manquement


def _levee(scene: Scene, motif: MotifManquement) -> Manquement:
    """Transmise à la caisse, puis levée : la personne s'est mise en règle."""
    manquement = _decidee(scene, motif)
    decision = _decision(manquement)
    if decision is not None:
        produire_transmission(**scene.decor.au_nom_de(scene.decor.comptes["siege"]))
        lever_sanction(decision, **scene.decideur, le=scene.decor.jour, motif=MotifLevee.EN_REGLE)
    return manquement


def _decision(manquement: Manquement) -> DecisionSanction | None:
    return DecisionSanction.objects.filter(manquement=manquement).first()


SCENES: Final[dict[str, Callable[[Scene, MotifManquement], Manquement]]] = {
    "delai fini": _recue, "avis rendu": _repondue, "a entendre": _a_entendre, "levee": _levee, "contestee": _contestee,
    "motif reconnu": _motif_reconnu, "tort reconnu": _tort_reconnu, "repondue": _repondue, "delai court": _recue,
    "avertie": _avertie, "saisie": _saisie, "en cause": _en_cause, "preparee": _preparee,
}  # fmt: skip
"""Les plus anciennes d'abord : chaque scène commence deux jours après la précédente."""


def _service_en_cause(decor: Decor, suivies: list[Suivie]) -> int | None:
    """Une absence à un rendez-vous jamais convoqué par écrit : la page le dit, et la saisine ne part pas (R62)."""
    par_personne = {suivie.personne.pk: suivie for suivie in suivies}
    manque = (
        RendezVous.objects.filter(personne__in=par_personne, etat=EtatRendezVous.MANQUE, lettre=None)
        .order_by("debut", "pk")
        .first()
    )
    motif = (
        MotifManquement.objects.filter(actif=True, preuve=PreuveAttendue.RENDEZ_VOUS).order_by("ordre", "pk").first()
    )
    if manque is None or motif is None:
        return None
    suivie = par_personne[manque.personne_id]
    qui = decor.au_nom_de(suivie.agent)
    manquement = preparer_manquement(suivie.personne, **qui, motif=motif)
    ajouter_fait(manquement, **qui, date=manque.debut.date(), rendez_vous=manque)
    return suivie.personne.pk


# --- L'instance


def _reunir_l_instance(decor: Decor, ouvertes: dict[str, Manquement]) -> None:
    """Une séance tenue, qui a rendu un avis ; une autre convoquée, où une personne sera entendue."""
    instance = (
        Instance.objects.filter(
            actif=True, type__actif=True, type__themes__effet=EffetTheme.MANQUEMENT,
            territoire__in=lignees()[decor.territoire.pk],
        )
        .select_related("type", "territoire")
        .distinct()
        .order_by("type__ordre", "-territoire__parent_id", "pk")
        .first()
    )  # fmt: skip
    if instance is None:
        return
    president = _nommer(decor, instance)
    if president is None:
        return
    qui = decor.au_nom_de(decor.comptes["chef_territoire"])
    if "avis rendu" in ouvertes:
        _tenir(_convoquer(decor, instance, [ouvertes["avis rendu"]]), president, qui, decor.jour)
    attendent = [ouvertes[nom] for nom in ("delai fini", "a entendre", "repondue") if nom in ouvertes]
    if attendent:
        seance = _convoquer(decor, instance, attendent)
        if any(manquement.demande_audition for manquement in attendent):
            fixer_passages(seance, **qui, premier=time(14, 15), minutes=20)
            convoquer_personnes(seance, **qui)


def _nommer(decor: Decor, instance: Instance) -> MembreInstance | None:
    """Les membres, dont ceux que la loi exige et qui ne viennent d'aucun organisme ; rend qui préside."""
    nommer_les_membres(decor, instance)
    pourvues = MembreInstance.objects.filter(instance=instance).order_by().values("qualite_id")
    for qualite in QualiteMembre.objects.filter(type=instance.type, actif=True).exclude(pk__in=pourvues):
        nommer_membre(
            instance, **decor.au_nom_de(decor.comptes["chef_territoire"]), qualite=qualite,
            nom_externe=f"{qualite.libelle} (fictif)"[:120],
        )  # fmt: skip
    return (
        MembreInstance.objects.filter(instance=instance, qualite__preside=True, agent=decor.comptes["chef_territoire"])
        .select_related("qualite")
        .order_by("pk")
        .first()
    )


def _convoquer(decor: Decor, instance: Instance, manquements: list[Manquement]) -> Seance:
    qui = decor.au_nom_de(decor.comptes["chef_territoire"])
    delai = int(nombre("instance.delai_convocation", decor.jour))
    seance = planifier_seance(
        instance, **qui, jour=ouvre(decor.jour + timedelta(days=delai + 3)), heure=time(14, 0),
        lieu=decor.territoire.libelle, secretaire=decor.comptes["orienteur"],
    )  # fmt: skip
    inscrire_manquements(seance, **qui, manquements=[manquement.public_id for manquement in manquements])
    return convoquer_membres(seance, **qui)


def _tenir(seance: Seance, president: MembreInstance, qui: dict[str, Any], jour: date) -> None:
    """Une séance ne se convoque pas pour le jour même : convoquée dans son délai, elle est avancée à aujourd'hui."""
    Seance.objects.filter(pk=seance.pk).update(date=jour)
    seance.refresh_from_db()
    presents = MembreInstance.objects.filter(instance=seance.instance, supplee=None).order_by("pk")
    ouvrir_seance(seance, **qui, president=president, presents=[membre.pk for membre in presents])
    for dossier in seance.dossiers.select_related("seance__instance__type", "personne", "theme").order_by("rang"):
        manquement = dossier.avis_rendu.manquement
        regle = next(iter(regles_proposables(dossier, manquement)), None) if manquement is not None else None
        proposition = Proposition(SensAvis.DEFAVORABLE, texte="La personne a répondu et propose de venir.")
        if regle is not None:
            proposition = Proposition(
                SensAvis.FAVORABLE, regle=regle, taux=regle.taux_min, duree=regle.duree_min,
                texte="Deux demandes sans réponse. La personne est jointe depuis : la part la plus basse suffit.",
            )  # fmt: skip
        statuer_avis(dossier, **qui, proposition=proposition)
    clore_seance(seance, **qui)
