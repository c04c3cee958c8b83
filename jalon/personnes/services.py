"""Actes sur les doublons, les tâches et les coordonnées (F008)."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.coordonnees import CanalPrefere, Coordonnees, lire_telephone
from jalon.personnes.creation import territoire_de
from jalon.personnes.fusion import (
    Carnet,
    contrainte_violee,
    defaire,
    effets_complets,
    reunir,
    verifier_fusion,
)
from jalon.personnes.models import (
    EtatRapprochement,
    EtatTache,
    Fusion,
    Personne,
    Rapprochement,
    Rattachement,
    Tache,
    TypeTache,
)
from jalon.referentiels.models import Commune
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


def _verrouiller_rapprochement(rapprochement: Rapprochement) -> Rapprochement:
    """Verrouille le doute, puis les deux personnes dans l'ordre de leur clé : deux agents ne s'attendent jamais."""
    rapprochement = Rapprochement.objects.select_for_update(of=("self",)).get(pk=rapprochement.pk)
    if rapprochement.etat != EtatRapprochement.A_EXAMINER:
        raise TransitionRefuseeError(
            f"Ce doublon a déjà été tranché : « {rapprochement.get_etat_display()} ». Passez au suivant."
        )
    return rapprochement


def _verrouiller_personnes(*cles: int) -> dict[int, Personne]:
    lignes = Personne.objects.select_for_update(of=("self",)).filter(pk__in=cles).order_by("pk")
    return {personne.pk: personne for personne in lignes}


@transaction.atomic
def fusionner_personnes(rapprochement: Rapprochement, *, acteur: Agent, gardee: Personne | None = None) -> Fusion:
    """« C'est la même personne » : un seul dossier reste, l'autre y est versé et garde la trace de ce qu'il fut.

    Par défaut, le dossier gardé est le plus anciennement connu.
    """
    rapprochement = _verrouiller_rapprochement(rapprochement)
    deux = _verrouiller_personnes(rapprochement.ancienne_id, rapprochement.nouvelle_id)
    cle = gardee.pk if gardee is not None else rapprochement.ancienne_id
    if cle not in deux:
        raise JalonError("Choisissez l'un des deux dossiers comparés : c'est lui qui sera gardé.")
    garde = deux.pop(cle)
    (absorbee,) = deux.values()
    with effets_complets():
        verifier_fusion(garde, absorbee)
        try:
            with transaction.atomic():
                deplacements = reunir(garde, absorbee, jour=timezone.localdate())
        except IntegrityError as erreur:
            raise TransitionRefuseeError(
                f"Ces deux dossiers ne peuvent pas être réunis : {contrainte_violee(erreur)}"
            ) from erreur
        carnet = Carnet(deplacements["etapes"])
        carnet.changer_une(rapprochement, "etat", EtatRapprochement.FUSIONNE)
        carnet.changer_une(rapprochement, "decide_par_id", acteur.pk)
        carnet.changer_une(rapprochement, "decide_le", timezone.now())
        fusion = Fusion.objects.create(gardee=garde, absorbee=absorbee, deplacements=deplacements, faite_par=acteur)
    tracer(
        "personnes.personne.fusionnee", fusion, acteur=acteur, personnes=[garde.public_id, absorbee.public_id],
        de=EtatRapprochement.A_EXAMINER, vers=EtatRapprochement.FUSIONNE,
        resume="Deux dossiers réunis en un seul : c'est la même personne",
    )  # fmt: skip
    return fusion


@transaction.atomic
def refuser_rapprochement(rapprochement: Rapprochement, *, acteur: Agent) -> Rapprochement:
    """« Ce sont deux personnes » : ce doute ne sera plus jamais proposé."""
    rapprochement = _verrouiller_rapprochement(rapprochement)
    rapprochement.etat = EtatRapprochement.REFUSE
    rapprochement.decide_par = acteur
    rapprochement.decide_le = timezone.now()
    rapprochement.save(update_fields=["etat", "decide_par", "decide_le"])
    tracer(
        "personnes.rapprochement.refuse", rapprochement, acteur=acteur,
        personnes=[rapprochement.ancienne.public_id, rapprochement.nouvelle.public_id],
        de=EtatRapprochement.A_EXAMINER, vers=EtatRapprochement.REFUSE,
        resume="Deux dossiers comparés : ce sont deux personnes",
    )  # fmt: skip
    return rapprochement


@transaction.atomic
def annuler_fusion(fusion: Fusion, *, acteur: Agent) -> Fusion:
    """Défait une fusion : chaque ligne retrouve sa personne et ses valeurs d'avant, exactement."""
    fusion = Fusion.objects.select_for_update(of=("self",)).get(pk=fusion.pk)
    if fusion.defaite_le is not None:
        raise TransitionRefuseeError(
            f"Cette réunion a déjà été défaite le {timezone.localtime(fusion.defaite_le):%d/%m/%Y}."
        )
    _verrouiller_personnes(fusion.gardee_id, fusion.absorbee_id)
    with effets_complets():
        cles = (fusion.gardee_id, fusion.absorbee_id)
        plus_recente = (
            Fusion.objects.filter(Q(gardee__in=cles) | Q(absorbee__in=cles), defaite_le=None, pk__gt=fusion.pk)
            .order_by("-pk")
            .first()
        )
        if plus_recente is not None:
            raise TransitionRefuseeError(
                "Une autre réunion a touché ce dossier depuis, le "
                f"{timezone.localtime(plus_recente.faite_le):%d/%m/%Y} : défaites-la d'abord."
            )
        try:
            with transaction.atomic():
                defaire(fusion)
        except IntegrityError as erreur:
            raise TransitionRefuseeError(
                f"Cette réunion ne peut plus être défaite : {contrainte_violee(erreur)} "
                "Ce fait est venu depuis : traitez-le d'abord."
            ) from erreur
        fusion.defaite_par = acteur
        fusion.defaite_le = timezone.now()
        fusion.save(update_fields=["defaite_par", "defaite_le"])
    tracer(
        "personnes.fusion.annulee", fusion, acteur=acteur,
        personnes=[fusion.gardee.public_id, fusion.absorbee.public_id],
        resume="Réunion de deux dossiers défaite",
    )  # fmt: skip
    return fusion


# --- Tâches

REPONSE_ATTENDUE = {
    TypeTache.FIN_ACCOMPAGNEMENT: "acceptez la fin de l'accompagnement, ou prolongez-le.",
    TypeTache.CONTACT_ABSENCE: "notez le contact avec la personne, même si elle n'a pas répondu.",
}
"""Tâches qui se ferment par leur propre réponse, jamais par un simple « fait »."""


@transaction.atomic
def faire_tache(tache: Tache, *, acteur: Agent) -> Tache:
    """Marque une tâche comme faite."""
    return _clore_tache(tache, acteur=acteur, etat=EtatTache.FAITE, motif="")


@transaction.atomic
def ecarter_tache(tache: Tache, *, acteur: Agent, motif: str) -> Tache:
    """Écarte une tâche devenue sans objet, en disant pourquoi."""
    if not motif.strip():
        raise JalonError("Dites en quelques mots pourquoi cette tâche n'a plus d'objet : le dossier le gardera.")
    return _clore_tache(tache, acteur=acteur, etat=EtatTache.SANS_OBJET, motif=motif.strip())


def _clore_tache(tache: Tache, *, acteur: Agent, etat: EtatTache, motif: str) -> Tache:
    tache = Tache.objects.select_for_update(of=("self",)).select_related("personne").get(pk=tache.pk)
    if tache.etat != EtatTache.A_FAIRE:
        raise TransitionRefuseeError(f"Cette tâche est déjà close : « {tache.get_etat_display()} ».")
    reponse = REPONSE_ATTENDUE.get(TypeTache(tache.type))
    if reponse is not None:
        raise TransitionRefuseeError(f"Cette tâche attend une réponse : {reponse}")
    return fermer_tache(tache, acteur=acteur, etat=etat, motif=motif, jour=timezone.localdate())


def fermer_tache(tache: Tache, *, acteur: Agent | None, etat: EtatTache, motif: str, jour: date) -> Tache:
    """Écrit l'état d'une tâche déjà verrouillée ; sert aussi à l'acte qui y répond."""
    tache.etat, tache.close_le = etat, jour
    tache.save(update_fields=["etat", "close_le"])
    tracer(
        f"personnes.tache.{etat}", tache, acteur=acteur, personnes=[tache.personne.public_id],
        de=EtatTache.A_FAIRE, vers=etat, motif=motif,
        resume=f"{tache.get_type_display()} : {etat.label.lower()}",
    )  # fmt: skip
    return tache


# --- Coordonnées

DROITS_COORDONNEES = frozenset({"instruction.saisir", "personnes.creer", "suivi.ecrire"})
"""L'un d'eux suffit : qui reçoit ou accompagne une personne note comment la joindre."""


@transaction.atomic
def mettre_a_jour_coordonnees(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    telephone: str = "",
    courriel: str = "",
    prefere: str = CanalPrefere.COURRIER,
    accepte_sms: bool = False,
    accepte_courriel: bool = False,
    injoignable_telephone: bool = False,
    precision: str = "",
    complement: str = "",
    voie: str = "",
    code_postal: str = "",
    commune: Commune | None = None,
) -> Coordonnees:
    """Note ce que la personne dit de ses coordonnées ; ce qui n'est pas donné est effacé.

    Lève `JalonError` si un accord porte sur un moyen qui manque, ou si le moyen préféré n'est pas accepté.
    """
    if not perimetre.droits & DROITS_COORDONNEES:
        raise DroitManquantError(
            "Votre rôle ne permet pas de changer les coordonnées. Dites-les au service qui reçoit la personne."
        )
    Personne.objects.select_for_update(of=("self",)).get(pk=personne.pk)
    valeurs = {
        "telephone": lire_telephone(telephone), "courriel": courriel.strip(), "prefere": prefere,
        "accepte_sms": accepte_sms, "accepte_courriel": accepte_courriel,
        "injoignable_telephone": injoignable_telephone, "precision": precision.strip(),
        "complement": complement.strip(), "voie": voie.strip(), "code_postal": code_postal.strip(), "commune": commune,
    }  # fmt: skip
    coordonnees = Coordonnees.objects.filter(personne=personne).first() or Coordonnees(personne=personne)
    avant = {champ: getattr(coordonnees, champ) for champ in valeurs}
    for champ, valeur in valeurs.items():
        setattr(coordonnees, champ, valeur)
    coordonnees.mise_a_jour_par = acteur
    try:
        coordonnees.full_clean(validate_unique=False)
    except ValidationError as erreur:
        raise JalonError(" ".join(erreur.messages)) from erreur
    coordonnees.save()
    if commune is not None and not Rattachement.objects.filter(personne=personne, periode__endswith=None).exists():
        # Aucune caisse ne dit où elle habite : le territoire suit la commune qu'elle donne.
        with effets_complets():
            Personne.objects.filter(pk=personne.pk).update(territoire_id=territoire_de(commune))
    changes = [
        str(f.verbose_name) for f in Coordonnees._meta.fields if f.name in valeurs and avant[f.name] != valeurs[f.name]
    ]
    tracer(
        "personnes.coordonnees.mises_a_jour", personne, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Coordonnées mises à jour : {', '.join(changes) or 'rien ne change'}"[:300],
    )  # fmt: skip
    return coordonnees
