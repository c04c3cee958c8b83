"""Ce que montre la page d'un entretien : qui, pourquoi, le plan, les dernières notes, la suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, EtatObjectif
from jalon.contrats.models import Contrat, Etape, Objectif
from jalon.contrats.objectifs import plan
from jalon.personnes.models import Personne
from jalon.referentiels.lexique import Alerte, relever
from jalon.referentiels.parametres import nombre
from jalon.rendezvous.agenda import creneaux_libres
from jalon.rendezvous.models import EtatRendezVous, Modalite, NoteEntretien, RendezVous
from jalon.rendezvous.notes import note_du_jour, notes_lisibles, peut_modifier
from jalon.rendezvous.rendez_vous import Creneau
from jalon.socle.errors import HorsPerimetreError
from jalon.web.entretiens.forms import PARTS, AjoutForm, NoteForm, ProchainForm

DERNIERES = 3
CRENEAUX_MONTRES = 12


@dataclass(frozen=True)
class ContratEnCours:
    """Un contrat qui s'écrit ou qui vit, son plan, et ce que l'agent peut y faire depuis l'entretien."""

    contrat: Contrat
    objectifs: list[Objectif]
    s_ecrit: bool
    avance: bool
    lisible: bool


@dataclass
class Entretien:
    """Une personne reçue par un agent, sur rendez-vous ou non."""

    personne: Personne
    agent: Agent
    perimetre: Perimetre
    rendez_vous: RendezVous | None = None
    note: NoteEntretien | None = None
    nouvelle: bool = False
    depassee: NoteEntretien | None = None
    """Ce qu'un autre a écrit entre-temps : l'écran montre les deux."""
    jour: date = field(default_factory=timezone.localdate)

    def __post_init__(self) -> None:
        if self.rendez_vous is not None and self.note is None:
            self.note = (
                NoteEntretien.objects.filter(rendez_vous=self.rendez_vous)
                .select_related("personne", "auteur", "modifiee_par")
                .first()
            )
        elif self.note is None and not self.nouvelle:
            self.note = note_du_jour(self.personne, self.agent, self.jour)

    @property
    def a_venir(self) -> bool:
        return self.rendez_vous is not None and timezone.localdate(self.rendez_vous.debut) > self.jour

    @property
    def constatable(self) -> bool:
        rendez_vous = self.rendez_vous
        return rendez_vous is not None and rendez_vous.etat == EtatRendezVous.FIXE and not self.a_venir

    @property
    def date_de_l_echange(self) -> date:
        return timezone.localdate(self.rendez_vous.debut) if self.rendez_vous is not None else self.jour

    @property
    def ecrit(self) -> bool:
        """La note s'écrit ici : l'échange a eu lieu, et elle est à l'agent ou à personne encore."""
        if self.a_venir:
            return False
        return self.note is None or peut_modifier(self.note, self.agent, self.perimetre)

    def contrats(self) -> list[ContratEnCours]:
        """Le contrat qui s'écrit d'abord, puis celui qui vit."""
        redige = self.perimetre.peut("contrat.rediger")
        ouverts = (
            Contrat.objects.filter(
                personne=self.personne, etat__in=EtatContrat.en_preparation() | EtatContrat.vivants()
            )
            .select_related("type", "organisme")
            .order_by("-ouvert_le", "-pk")
        )  # fmt: skip
        return [
            ContratEnCours(
                contrat, plan(contrat),
                redige and contrat.etat in EtatContrat.ecrits() and not contrat.reference_seule,
                redige and contrat.etat in EtatContrat.ecrits() | EtatContrat.vivants(),
                self.perimetre.peut("contrats.consulter"),
            )
            for contrat in ouverts
        ]  # fmt: skip

    def modele_de_creneau(self) -> Creneau:
        """Chez qui et où se prend la suite : l'organisme du rendez-vous, sinon celui de l'agent."""
        if self.rendez_vous is not None:
            organisme, modalite, lieu = self.rendez_vous.organisme, self.rendez_vous.modalite, self.rendez_vous.lieu
        elif self.perimetre.affectations:
            organisme, modalite, lieu = self.perimetre.affectations[0].organisme, Modalite.SUR_PLACE, ""
        else:
            raise HorsPerimetreError("Votre compte n’est rattaché à aucun organisme : un rendez-vous en demande un.")
        return Creneau(organisme, timezone.now(), self.agent, modalite=modalite, lieu=lieu)

    def creneaux(self) -> list[Creneau]:
        demain = self.jour + timedelta(days=1)
        horizon = int(nombre("rendezvous.horizon_creneaux", self.jour))
        libres = creneaux_libres(self.agent, du=demain, au=demain + timedelta(days=horizon))
        return libres[:CRENEAUX_MONTRES]


def element_du_plan(contrats: Sequence[ContratEnCours], cle: UUID) -> Objectif | Etape:
    """L'objectif ou l'étape de cette personne. Lève `HorsPerimetreError`."""
    for ouvert in contrats:
        for objectif in ouvert.objectifs:
            for element in (objectif, *objectif.etapes.all()):
                if element.public_id == cle:
                    return element
    raise HorsPerimetreError("Cet objectif n’est plus dans le plan de cette personne : rechargez la page.")


def prochain_rendez_vous(personne: Personne) -> RendezVous | None:
    return (
        RendezVous.objects.filter(personne=personne, etat=EtatRendezVous.FIXE, debut__gt=timezone.now())
        .select_related("agent", "organisme")
        .order_by("debut", "pk")
        .first()
    )


def alertes_de(textes: dict[str, str]) -> dict[str, list[Alerte]]:
    return {nom: relever(textes.get(nom, "")) for nom in PARTS}


def contexte(
    entretien: Entretien,
    *,
    contrats: list[ContratEnCours],
    note: NoteForm | None = None,
    ajout: AjoutForm | None = None,
    prochain: ProchainForm | None = None,
    motif: str = "",
) -> dict[str, Any]:
    """Tout ce que le gabarit demande ; les formulaires donnés gardent ce qui vient d'être saisi."""
    gardee = entretien.note
    note = note or NoteForm.de(gardee, entretien.date_de_l_echange)
    textes = {nom: str(note[nom].value() or "") for nom in PARTS}
    modele = entretien.modele_de_creneau()
    ecrits = [(c.contrat, c.objectifs) for c in contrats if c.s_ecrit]
    precedentes = [n for n in notes_lisibles(entretien.personne) if gardee is None or n.pk != gardee.pk]
    return {
        "entretien": entretien,
        "personne": entretien.personne,
        "rendez_vous": entretien.rendez_vous,
        "designation": (
            DesignationReferent.objects.filter(personne=entretien.personne, periode__contains=entretien.jour)
            .select_related("agent", "organisme")
            .first()
        ),
        "jour": entretien.jour,
        "note": gardee,
        "numero": gardee.numero if gardee is not None else "",
        "form_note": note,
        "parts": [{"champ": note[nom], "nom": nom, "alertes": alertes} for nom, alertes in alertes_de(textes).items()],
        "precedentes": precedentes[:DERNIERES],
        "autres_notes": len(precedentes) > DERNIERES,
        "contrats": contrats,
        "ajoute": bool(ecrits),
        "form_ajout": ajout or AjoutForm(ouverts=ecrits),
        "prochain": prochain_rendez_vous(entretien.personne),
        "form_prochain": prochain
        or ProchainForm(
            creneaux=entretien.creneaux(),
            initial={"modalite": modele.modalite, "lieu": modele.lieu, "duree": modele.duree, "objet": "entretien"},
        ),
        "motif": motif,
        "etats": EtatObjectif,
    }
