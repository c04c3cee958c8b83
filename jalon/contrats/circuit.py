"""Le circuit d'un contrat : la table du profil dit quel acte mène où, et qui peut le faire. Elle fait aussi les boutons.

`franchir` est le seul chemin : chaque acte du contrat l'appelle, et ajoute ce qui lui est propre (signature, période…).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import models
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, PassageContrat, TransitionContrat
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


def transitions_de(contrat: Contrat) -> list[TransitionContrat]:
    """Tous les pas possibles depuis l'état du contrat, dans l'ordre du profil."""
    return [t for t in contrat.type.circuit.transitions.order_by("ordre", "pk") if t.de == contrat.etat]


def actes_permis(contrat: Contrat, perimetre: Perimetre) -> dict[str, TransitionContrat]:
    """Pas que l'agent peut faire depuis cet état : acte → transition. Les boutons de l'écran viennent d'ici."""
    return {t.acte: t for t in transitions_de(contrat) if perimetre.peut(t.droit)}


def verrouiller(contrat: Contrat) -> Contrat:
    """Le contrat relu et tenu jusqu'à la fin de l'acte : deux actes ne se croisent pas."""
    return (
        Contrat.objects.select_for_update(of=("self",))
        .select_related("personne", "type__circuit", "version", "organisme", "referent", "document")
        .get(pk=contrat.pk)
    )


def exiger_acte(contrat: Contrat, acte: str, perimetre: Perimetre | None, motif: str = "") -> TransitionContrat:
    """La transition de cet acte ; lève `TransitionRefuseeError`, `DroitManquantError` ou `JalonError` (motif).

    Sans périmètre, c'est la personne elle-même, par son lien : seule la signature lui est ouverte.
    """
    transition = contrat.type.circuit.transitions.filter(acte=acte, de=contrat.etat).first()
    if transition is None:
        raise TransitionRefuseeError(
            f"Ce contrat est « {EtatContrat(contrat.etat).label.lower()} » : cet acte n'est plus possible. "
            "Rechargez la page pour voir où il en est."
        )
    if perimetre is not None:
        perimetre.exiger(transition.droit)
    if transition.motif_exige and not motif.strip():
        raise JalonError(f"« {transition.libelle} » demande un motif : la personne et le service le liront.")
    return transition


def franchir(
    contrat: Contrat,
    acte: str,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    le: date | None = None,
    motif: str = "",
    champs: Sequence[str] = (),
    resume: str = "",
) -> Contrat:
    """Fait passer un contrat déjà verrouillé par cet acte, enregistre `champs` avec l'état, note le pas et le journal.

    `le` est le jour du fait (une signature sur papier se note après coup) : jamais à venir. Mêmes refus
    qu'`exiger_acte`.
    """
    transition = exiger_acte(contrat, acte, perimetre, motif)
    le = le or timezone.localdate()
    if le > timezone.localdate():
        raise JalonError("Un acte ne se note pas d'avance : donnez le jour où il a eu lieu.")
    contrat.etat = transition.vers
    contrat.save(update_fields=["etat", "modifie_le", *champs])
    PassageContrat.objects.create(
        contrat=contrat, acte=acte, de=transition.de, vers=transition.vers, le=le, par=acteur,
        motif=motif.strip()[:300],
    )  # fmt: skip
    tracer(
        f"contrats.contrat.{acte}", contrat, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre is not None else "",
        personnes=[contrat.personne.public_id], de=transition.de, vers=transition.vers, motif=motif.strip(),
        resume=(resume or f"{contrat.type.libelle} : {EtatContrat(transition.vers).label.lower()}")[:300],
    )  # fmt: skip
    return contrat


def franchir_ensemble(
    contrats: Sequence[Contrat],
    acte: str,
    *,
    acteur: Agent,
    objet: models.Model,
    le: date,
    champs: Sequence[str] = (),
    resume: str,
) -> None:
    """Le même pas pour plusieurs contrats déjà verrouillés et qui le permettent tous : une ligne au journal, sur `objet`.

    Chacun garde son passage. Le droit a été exigé à la demande. Lève `TransitionRefuseeError`.
    """
    circuits = {contrat.type.circuit_id for contrat in contrats}
    pas = {(t.circuit_id, t.de): t for t in TransitionContrat.objects.filter(circuit__in=circuits, acte=acte)}
    passages = []
    for contrat in contrats:
        transition = pas.get((contrat.type.circuit_id, contrat.etat))
        if transition is None:
            raise TransitionRefuseeError(f"Ce contrat est « {EtatContrat(contrat.etat).label.lower()} ».")
        passages.append(
            PassageContrat(contrat=contrat, acte=acte, de=transition.de, vers=transition.vers, le=le, par=acteur)
        )
        contrat.etat, contrat.modifie_le = transition.vers, timezone.now()
    Contrat.objects.bulk_update(contrats, ["etat", "modifie_le", *champs])
    PassageContrat.objects.bulk_create(passages)
    tracer(
        f"contrats.contrat.{acte}", objet, acteur=acteur, resume=resume[:300],
        personnes=[contrat.personne.public_id for contrat in contrats],
    )  # fmt: skip
