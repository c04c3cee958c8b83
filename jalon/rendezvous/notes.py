"""La note d'entretien : les faits, ce que la personne a dit, l'analyse, en trois parts qui ne se mêlent pas (D12, F023).

La personne peut tout lire : on écrit pour elle aussi. Deux auteurs ne s'effacent pas l'un l'autre.
"""

from __future__ import annotations

from datetime import date as Jour
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.accompagnements.absences import absents_remplaces_par
from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot
from jalon.rendezvous.models import NoteEntretien, RendezVous
from jalon.rendezvous.services import valider
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from jalon.traces.services import tracer

DROIT = "suivi.ecrire"
PARTS = ("faits", "dit_par_la_personne", "analyse")
LONGUEUR_PART, LONGUEUR_SUITE = 5_000, 300
MEME_ECRITURE = timedelta(hours=1)
"""Les sauvegardes pendant la frappe d'un même auteur comptent, dans ce temps, pour une seule écriture au journal."""


class NoteDepasseeError(TransitionRefuseeError):
    """La note a changé depuis que la page est ouverte : `gardee` est ce qui est écrit, rien n'a été remplacé."""

    def __init__(self, gardee: NoteEntretien) -> None:
        super().__init__(
            f"{gardee.auteur if gardee.modifiee_par is None else gardee.modifiee_par} a écrit cette note pendant que vous "
            "écriviez : rien n'a été remplacé. Lisez les deux textes, reprenez ce qui manque, puis enregistrez."
        )
        self.gardee = gardee


def notes_lisibles(personne: Personne) -> list[NoteEntretien]:
    """Toutes les notes d'une personne, la plus récente d'abord : qui voit la personne les lit."""
    return list(
        NoteEntretien.objects.filter(personne=personne)
        .select_related("auteur", "modifiee_par", "rendez_vous")
        .order_by("-date", "-pk")
    )


def acceder_note(perimetre: Perimetre, public_id: UUID, *, droit: str = "dossier.consulter") -> NoteEntretien:
    """La note, si l'agent voit la personne. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(droit)
    note = (
        NoteEntretien.objects.filter(filtre_perimetre(perimetre, "personne__"), public_id=public_id)
        .select_related("personne__territoire", "auteur", "modifiee_par", "rendez_vous")
        .first()
    )
    if note is None:
        raise HorsPerimetreError(
            "Cette note n'existe pas ou sa personne n'est pas dans votre périmètre : revenez à la liste de ses notes."
        )
    return note


def est_referent(personne: Personne, agent: Agent, jour: Jour) -> bool:
    """L'agent est le référent de la personne ce jour, ou le remplace."""
    repond_pour = [agent.pk, *(absence.agent_id for absence in absents_remplaces_par(agent, jour))]
    return DesignationReferent.objects.filter(
        personne=personne, agent__in=repond_pour, periode__contains=jour
    ).exists()  # fmt: skip


def peut_modifier(note: NoteEntretien, agent: Agent, perimetre: Perimetre) -> bool:
    """L'auteur d'une note, et le référent de la personne, peuvent la reprendre."""
    if not perimetre.peut(DROIT):
        return False
    return note.auteur_id == agent.pk or est_referent(note.personne, agent, timezone.localdate())


def note_du_jour(personne: Personne, agent: Agent, jour: Jour) -> NoteEntretien | None:
    """La note que cet agent a commencée ce jour hors de tout rendez-vous : la page d'entretien la reprend."""
    return (
        NoteEntretien.objects.filter(personne=personne, auteur=agent, date=jour, rendez_vous=None)
        .select_related("auteur", "modifiee_par")
        .order_by("-pk")
        .first()
    )


@transaction.atomic
def ecrire_note(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    date: Jour,
    faits: str,
    dit_par_la_personne: str,
    analyse: str,
    suite: str,
    rendez_vous: RendezVous | None = None,
    note: NoteEntretien | None = None,
    numero_lu: int | None = None,
    en_cours: bool = False,
) -> NoteEntretien:
    """Écrit une note, ou reprend `note` telle qu'elle était au numéro `numero_lu`. Écrire deux fois la même est sans effet.

    `en_cours` : sauvegarde pendant la frappe ; le journal n'en garde qu'une par heure. Lève `NoteDepasseeError` si la
    note a changé depuis, `DroitManquantError`, `HorsPerimetreError`, `JalonError` (rien d'écrit, date à venir).
    """
    perimetre.exiger(DROIT)
    if Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk).first() is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    textes = {
        "faits": faits.strip(), "dit_par_la_personne": dit_par_la_personne.strip(), "analyse": analyse.strip(),
        "suite": suite.strip(),
    }  # fmt: skip
    if not any(textes.values()):
        raise JalonError("Cette note est vide : écrivez au moins un fait, ou ce que la personne a dit.")
    for champ, texte in textes.items():
        limite = LONGUEUR_SUITE if champ == "suite" else LONGUEUR_PART
        if len(texte) > limite:
            raise JalonError(
                f"C'est trop long ({len(texte)} signes, {limite} au plus) : gardez l'essentiel, ou joignez un document."
            )
    if date > timezone.localdate():
        raise JalonError("Une note ne s'écrit pas d'avance : donnez le jour où l'échange a eu lieu.")
    if rendez_vous is not None and rendez_vous.personne_id != personne.pk:
        raise JalonError("Ce rendez-vous n'est pas celui de cette personne : ouvrez la note depuis son dossier.")
    actuelle = _actuelle(personne, rendez_vous, note)
    if actuelle is None:
        actuelle = _deja_ecrite(personne, acteur, date, textes, rendez_vous)
        if actuelle is not None:
            return actuelle
        return _creer(personne, acteur, perimetre, date, textes, rendez_vous)
    if not peut_modifier(actuelle, acteur, perimetre):
        raise DroitManquantError(
            f"Cette note est celle de {actuelle.auteur} : son auteur et {mot('referent').singulier} de la personne peuvent "
            "la reprendre. Écrivez la vôtre à côté."
        )
    if _memes(actuelle, date, textes):
        return actuelle
    if numero_lu != actuelle.numero:
        raise NoteDepasseeError(actuelle)
    return _reprendre(actuelle, acteur, perimetre, date, textes, en_cours=en_cours)


def _actuelle(personne: Personne, rendez_vous: RendezVous | None, note: NoteEntretien | None) -> NoteEntretien | None:
    """La note qui est gardée, relue et tenue : celle que l'on donne, ou celle que le rendez-vous a déjà."""
    if note is None and rendez_vous is None:
        return None
    notes = NoteEntretien.objects.select_for_update(of=("self",)).select_related("personne", "auteur", "modifiee_par")
    lue = notes.filter(personne=personne, **({"pk": note.pk} if note is not None else {"rendez_vous": rendez_vous}))
    trouvee = lue.first()
    if note is not None and trouvee is None:
        raise HorsPerimetreError("Cette note n'existe plus : revenez à la liste des notes de la personne.")
    return trouvee


def _memes(note: NoteEntretien, date: Jour, textes: dict[str, str]) -> bool:
    return note.date == date and all(getattr(note, champ) == texte for champ, texte in textes.items())


def _deja_ecrite(
    personne: Personne, acteur: Agent, date: Jour, textes: dict[str, str], rendez_vous: RendezVous | None
) -> NoteEntretien | None:
    """Le même envoi, reçu deux fois : la première note suffit."""
    if rendez_vous is not None:
        return None
    return NoteEntretien.objects.filter(
        personne=personne, auteur=acteur, date=date, rendez_vous=None, **textes
    ).first()  # fmt: skip


def _creer(
    personne: Personne, acteur: Agent, perimetre: Perimetre, date: Jour, textes: dict[str, str],
    rendez_vous: RendezVous | None,
) -> NoteEntretien:  # fmt: skip
    note = NoteEntretien(
        personne=personne, rendez_vous=rendez_vous, date=date, auteur=acteur,
        organisme=perimetre.organisme_principal, **textes,
    )  # fmt: skip
    valider(note)
    note.save(force_insert=True)
    tracer(
        "rendezvous.note.ecrite", note, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Note de l'entretien du {date:%d/%m/%Y} écrite",
    )  # fmt: skip
    return note


def _reprendre(
    note: NoteEntretien, acteur: Agent, perimetre: Perimetre, date: Jour, textes: dict[str, str], *, en_cours: bool
) -> NoteEntretien:
    for champ, texte in textes.items():
        setattr(note, champ, texte)
    note.date, note.numero, note.modifiee_par = date, note.numero + 1, acteur
    valider(note)
    note.save(update_fields=["date", "numero", "modifiee_par", "modifie_le", *textes])
    recents = Acte.objects.filter(objet=note.public_id, acteur=acteur, accompli_le__gte=timezone.now() - MEME_ECRITURE)
    if not (en_cours and recents.exists()):
        tracer(
            "rendezvous.note.reprise", note, acteur=acteur, organisme=perimetre.organisme_principal,
            personnes=[note.personne.public_id], resume=f"Note de l'entretien du {date:%d/%m/%Y} reprise",
        )  # fmt: skip
    return note
