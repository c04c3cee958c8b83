"""Confier des attentes d'orientation à un agent ou à un service, et le défaire (F011)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.models import Accueil, AttenteOrientation, MotifOrientation, Parcours, TypeOrientation
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.orientations.selectors import agents_affectables, attentes, services_affectables
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.profil import Profil
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.models import Acte
from jalon.traces.services import tracer

CODE_AFFECTATION = "orientations.attente.affectee"
CODE_ANNULATION = "orientations.attente.affectation_annulee"


def _nom(ligne: AttenteOrientation) -> str:
    return f"{nom_propre(ligne.personne.prenom)} {nom_propre(ligne.personne.nom)}"


@dataclass(frozen=True)
class BilanAffectation:
    """Ce qu'une affectation a fait, et pourquoi des personnes ont été laissées de côté."""

    acte: Acte | None
    faites: int
    ecartees: dict[str, list[str]]

    @property
    def nombre_ecartees(self) -> int:
        return sum(len(noms) for noms in self.ecartees.values())


@transaction.atomic
def affecter_attentes(
    choisies: AttenteOrientationQuerySet,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    agent: Agent | None = None,
    service: Organisme | None = None,
) -> BilanAffectation:
    """Confie des attentes à un agent, ou à un service (qui nommera ensuite son agent).

    Les lignes sont verrouillées dans l'ordre de leur clé : deux affectations croisées ne se bloquent pas. Une
    personne que l'agent choisi ne pourrait pas voir lui est refusée, les autres passent.
    """
    perimetre.exiger("file_orientation.affecter")
    jour = timezone.localdate()
    if (agent is None) == (service is None):
        raise JalonError("Choisissez un agent ou un service à qui confier ces personnes.")
    if agent is not None and agent.pk not in {a.pk for a in agents_affectables(perimetre, jour)}:
        raise JalonError(
            f"{agent} ne travaille ni dans votre service ni sur votre territoire : choisissez un collègue."
        )
    if service is not None and service.pk not in {s.pk for s in services_affectables(perimetre, jour)}:
        raise JalonError(f"{service} n’oriente pas sur votre territoire : choisissez un autre service.")
    lignes = list(
        choisies.du_perimetre(perimetre).select_related("personne").select_for_update(of=("self",)).order_by("pk")
    )
    if agent is not None:
        retenues, ecartees = _trier_pour_agent(lignes, agent)
        changements: dict[str, Any] = {"agent_id": agent.pk}
    else:
        assert service is not None
        retenues, ecartees = _trier_pour_service(lignes, service)
        changements = {"service_id": service.pk, "agent_id": None}
    if not retenues:
        return BilanAffectation(None, 0, ecartees)
    avant: dict[str, list[int]] = defaultdict(list)
    for ligne in retenues:
        avant[f"{ligne.agent_id or ''}|{ligne.service_id or ''}"].append(ligne.pk)
    AttenteOrientation.objects.filter(pk__in=[ligne.pk for ligne in retenues]).update(**changements)
    acte = tracer(
        CODE_AFFECTATION, agent or service or retenues[0], acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[ligne.personne.public_id for ligne in retenues],
        donnees={"avant": avant, "apres": changements, "nombre": len(retenues)},
        resume=f"{len(retenues)} attente(s) d’orientation confiée(s) à {agent or service}"[:300],
    )  # fmt: skip
    return BilanAffectation(acte, len(retenues), ecartees)


Tri = tuple[list[AttenteOrientation], dict[str, list[str]]]


def _trier_pour_agent(lignes: list[AttenteOrientation], agent: Agent) -> Tri:
    sien = Perimetre.de(agent)
    suivies: set[int] = set()
    if not sien.tout:
        visibles = Personne.objects.filter(filtre_perimetre(sien), pk__in=[ligne.personne_id for ligne in lignes])
        suivies = set(visibles.order_by("pk").values_list("pk", flat=True))
    retenues, ecartees = [], defaultdict(list)
    for ligne in lignes:
        if ligne.sortie_le is not None:
            ecartees["plus dans la file"].append(_nom(ligne))
        elif ligne.agent_id == agent.pk:
            ecartees[f"déjà chez {agent}"].append(_nom(ligne))
        elif not sien.tout and ligne.personne_id not in suivies:
            ecartees[f"hors du périmètre de {agent}"].append(_nom(ligne))
        else:
            retenues.append(ligne)
    return retenues, dict(ecartees)


def _trier_pour_service(lignes: list[AttenteOrientation], service: Organisme) -> Tri:
    territoires = set(service.territoires.order_by("pk").values_list("pk", flat=True))
    retenues, ecartees = [], defaultdict(list)
    for ligne in lignes:
        if ligne.sortie_le is not None:
            ecartees["plus dans la file"].append(_nom(ligne))
        elif ligne.service_id == service.pk:
            ecartees[f"déjà chez {service}"].append(_nom(ligne))
        elif territoires and ligne.territoire_id not in territoires:
            ecartees[f"hors du territoire de {service}"].append(_nom(ligne))
        else:
            retenues.append(ligne)
    return retenues, dict(ecartees)


@transaction.atomic
def annuler_affectation(acte: Acte, *, acteur: Agent, perimetre: Perimetre) -> BilanAffectation:
    """Rend chaque attente à qui l'avait avant ; celles qu'un autre acte a touchées depuis restent où elles sont."""
    perimetre.exiger("file_orientation.affecter")
    if acte.code != CODE_AFFECTATION or acte.acteur_id != acteur.pk:
        raise DroitManquantError("Seul l’auteur d’une affectation peut la défaire : demandez-lui.")
    apres = acte.donnees["apres"]
    clefs = sorted(cle for groupe in acte.donnees["avant"].values() for cle in groupe)
    lignes = {
        ligne.pk: ligne
        for ligne in attentes()
        .du_perimetre(perimetre)
        .filter(pk__in=clefs)
        .select_related("personne")
        .select_for_update(of=("self",))
        .order_by("pk")
    }
    if Acte.objects.filter(code=CODE_ANNULATION, objet=acte.public_id).exists():
        raise TransitionRefuseeError("Cette affectation a déjà été défaite.")
    ecartees: dict[str, list[str]] = defaultdict(list)
    rendues: list[AttenteOrientation] = []
    for ancien, groupe in acte.donnees["avant"].items():
        agent, service = (int(cle) if cle else None for cle in ancien.split("|"))
        intactes = []
        for cle in groupe:
            ligne = lignes.get(cle)
            if ligne is None:
                continue
            if ligne.sortie_le is not None:
                ecartees["plus dans la file"].append(_nom(ligne))
            elif any(getattr(ligne, champ) != valeur for champ, valeur in apres.items()):
                ecartees["chez quelqu’un d’autre depuis"].append(_nom(ligne))
            else:
                intactes.append(ligne)
        rendues += intactes
        AttenteOrientation.objects.filter(pk__in=[ligne.pk for ligne in intactes]).update(
            agent_id=agent, service_id=service
        )
    annulation = tracer(
        CODE_ANNULATION, acte, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[ligne.personne.public_id for ligne in rendues],
        resume=f"Affectation défaite pour {len(rendues)} attente(s) d’orientation",
    )  # fmt: skip
    return BilanAffectation(annulation, len(rendues), dict(ecartees))


@transaction.atomic
def installer_orientations(profil: Profil) -> None:
    """Pose types, parcours, motifs et places du profil ; ce qu'il ne nomme plus reste lisible, sans plus servir."""
    donnees = profil.orientations
    types: dict[str, TypeOrientation] = {}
    for rang, declare in enumerate(donnees.types):
        types[declare.code], _ = TypeOrientation.objects.update_or_create(
            code=declare.code,
            defaults={
                "libelle": declare.libelle, "sphere": declare.sphere.value, "description": declare.description,
                "categories": [c.value for c in declare.categories], "contrat": declare.contrat,
                "delai_contrat": declare.delai_contrat, "motif_exige": declare.motif_exige, "ordre": rang, "actif": True,
            },
        )  # fmt: skip
    TypeOrientation.objects.exclude(code__in=types).update(actif=False)
    for rang, parcours in enumerate(donnees.parcours):
        Parcours.objects.update_or_create(
            code=parcours.code,
            defaults={
                "libelle": parcours.libelle, "description": parcours.description, "ordre": rang, "actif": True,
            },
        )  # fmt: skip
    Parcours.objects.exclude(code__in=[p.code for p in donnees.parcours]).update(actif=False)
    for rang, motif in enumerate(donnees.motifs):
        MotifOrientation.objects.update_or_create(
            code=motif.code,
            defaults={
                "libelle": motif.libelle, "spheres": [s.value for s in motif.spheres], "ordre": rang, "actif": True,
            },
        )  # fmt: skip
    MotifOrientation.objects.exclude(code__in=[m.code for m in donnees.motifs]).update(actif=False)
    organismes = {organisme.code: organisme for organisme in Organisme.objects.order_by("pk")}
    Accueil.objects.all().delete()
    Accueil.objects.bulk_create(
        Accueil(
            organisme=organismes[a.organisme], type=types[a.type], places=a.places, age_min=a.age_min,
            age_max=a.age_max, periode=DateRange(a.du, a.au),
        )
        for a in donnees.accueils
    )  # fmt: skip
