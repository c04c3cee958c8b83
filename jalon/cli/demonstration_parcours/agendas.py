"""Les journées des référents : leurs plages, leurs rendez-vous passés et à venir, ce qu'ils en ont noté."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.cli.demonstration_parcours.decor import Decor, Suivie, ouvre
from jalon.cli.demonstration_parcours.paroles import NOTES
from jalon.organismes.models import Organisme
from jalon.personnes.liens import LienPersonnel
from jalon.rendezvous.agenda import Creneau, ouvrir_plage
from jalon.rendezvous.contacts import noter_contact
from jalon.rendezvous.models import (
    EtatRendezVous,
    Modalite,
    MoyenContact,
    ObjetRendezVous,
    OccupationAgenda,
    RendezVous,
    ResultatContact,
)
from jalon.rendezvous.notes import ecrire_note
from jalon.rendezvous.propositions import dernier_jour_possible, dire_aucun_creneau, proposer_creneaux
from jalon.rendezvous.rendez_vous import constater_rendez_vous, fixer_rendez_vous
from jalon.socle.errors import JalonError

DUREE: Final = 45
HEURES: Final = (
    time(9), time(9, 45), time(10, 30), time(11, 15), time(14), time(14, 45), time(15, 30), time(16, 15),
)  # fmt: skip
PLAGES: Final = (
    (1, time(9), time(12), Modalite.SUR_PLACE), (2, time(14), time(17), Modalite.SUR_PLACE),
    (4, time(9), time(12), Modalite.SUR_PLACE), (4, time(14), time(17), Modalite.SUR_PLACE),
    (5, time(9), time(12), Modalite.TELEPHONE),
)  # fmt: skip
PASSES: Final = 8
AUJOURDHUI: Final = 4
A_VENIR: Final = 6
PROPOSEES: Final = 2
RECUL: Final = timedelta(days=182)
"""Un nombre entier de semaines : un rendez-vous passé se prend à la même heure, six mois plus tard, puis se recule."""
ADRESSE_DU_LIEN: Final = "https://jalon.exemple/lien/{jeton}/rendez-vous/"


def remplir_les_agendas(decor: Decor, suivies: dict[Agent, list[Suivie]]) -> None:
    """Pour chaque référent : des plages, des rendez-vous tenus ou manqués, ceux du jour, ceux qui viennent."""
    for rang, (agent, personnes) in enumerate(suivies.items()):
        organisme = personnes[0].organisme
        _ouvrir_plages(decor, agent, organisme)
        # Les premiers agents sont les comptes où l'on se connecte : leurs journées sont les plus pleines.
        part = 1 if rang < 2 else 2
        connues = [suivie for suivie in personnes if suivie.depuis < decor.jour]
        decor.alea.shuffle(connues)
        passees, connues = connues[: PASSES // part], connues[PASSES // part :]
        _tenir_les_passes(decor, agent, passees)
        du_jour, connues = connues[: AUJOURDHUI // part], connues[AUJOURDHUI // part :]
        _tenir_aujourdhui(decor, agent, du_jour or passees[:1])
        prochaines = [*connues[: A_VENIR // part], *passees[:1]]
        _fixer_les_prochains(decor, agent, prochaines)
        _proposer(decor, agent, connues[A_VENIR // part :][: PROPOSEES // part] or passees[-1:])


def _ouvrir_plages(decor: Decor, agent: Agent, organisme: Organisme) -> None:
    for jour, debut, fin, modalite in PLAGES:
        ouvrir_plage(
            agent, **decor.au_nom_de(agent), organisme=organisme, jour=jour, debut=debut, fin=fin, du=decor.jour,
            duree=DUREE, modalite=modalite, lieu=_lieu(organisme, modalite),
        )  # fmt: skip


def _lieu(organisme: Organisme, modalite: str) -> str:
    return f"{organisme.libelle}, accueil"[:300] if modalite == Modalite.SUR_PLACE else ""


def _instant(jour: date, heure: time) -> datetime:
    return timezone.make_aware(datetime.combine(jour, heure))


def _fixer(decor: Decor, suivie: Suivie, quand: datetime, objet: str, modalite: str) -> RendezVous:
    """Fixe un rendez-vous ; passé, il se prend à une heure à venir par le même acte, puis son heure est reculée."""
    passe = quand <= timezone.now()
    creneau = Creneau(
        organisme=suivie.organisme, debut=quand + RECUL if passe else quand, agent=suivie.agent, duree=DUREE,
        modalite=modalite, lieu=_lieu(suivie.organisme, modalite),
    )  # fmt: skip
    rendez_vous = fixer_rendez_vous(suivie.personne, **decor.au_nom_de(suivie.agent), creneau=creneau, objet=objet)
    if passe:
        RendezVous.objects.filter(pk=rendez_vous.pk).update(debut=quand)
        OccupationAgenda.objects.filter(source=rendez_vous.public_id).update(
            periode=DateTimeTZRange(quand, quand + timedelta(minutes=DUREE))
        )
        rendez_vous.refresh_from_db(fields=["debut"])
    return rendez_vous


def _constater(decor: Decor, suivie: Suivie, rendez_vous: RendezVous, etat: str, motif: str = "") -> None:
    constater_rendez_vous(rendez_vous, **decor.au_nom_de(suivie.agent), etat=etat, motif=motif)
    fin = rendez_vous.debut + timedelta(minutes=DUREE)
    RendezVous.objects.filter(pk=rendez_vous.pk).update(constate_le=min(fin, timezone.now()))


def _noter(decor: Decor, suivie: Suivie, rendez_vous: RendezVous, rang: int) -> None:
    faits, dit, analyse, suite = NOTES[rang % len(NOTES)]
    ecrire_note(
        suivie.personne, **decor.au_nom_de(suivie.agent), date=timezone.localdate(rendez_vous.debut), faits=faits,
        dit_par_la_personne=dit, analyse=analyse, suite=suite, rendez_vous=rendez_vous,
    )  # fmt: skip


def _jours_passes(decor: Decor) -> Iterator[date]:
    """Jours ouvrés avant aujourd'hui, du plus proche au plus lointain."""
    jour = decor.jour
    while True:
        jour = ouvre(jour - timedelta(days=1), -1)
        yield jour


def _tenir_les_passes(decor: Decor, agent: Agent, personnes: Sequence[Suivie]) -> None:
    """Honorés pour la plupart ; une excuse, une absence suivie d'un appel, un rendez-vous que rien ne dit encore."""
    jours = _jours_passes(decor)
    objets = (ObjetRendezVous.PREMIER, ObjetRendezVous.CONTRAT, ObjetRendezVous.ENTRETIEN, ObjetRendezVous.DEMARCHE)
    for rang, suivie in enumerate(personnes):
        jour = max(next(jours), suivie.depuis)
        modalite = Modalite.TELEPHONE if rang % 4 == 2 else Modalite.SUR_PLACE
        quand = _instant(jour, HEURES[rang % len(HEURES)])
        rendez_vous = _fixer(decor, suivie, quand, objets[rang % len(objets)], modalite)
        if rang == 1:
            _constater(decor, suivie, rendez_vous, EtatRendezVous.EXCUSE, "A prévenu la veille : enfant à garder.")
        elif rang == 2:
            _constater(decor, suivie, rendez_vous, EtatRendezVous.MANQUE)
        elif rang == 3:
            continue
        elif rang == 4:
            _constater(decor, suivie, rendez_vous, EtatRendezVous.MANQUE)
            noter_contact(
                suivie.personne, **decor.au_nom_de(agent), jour=ouvre(jour + timedelta(days=1), -1, jour),
                moyen=MoyenContact.TELEPHONE, resultat=ResultatContact.JOINTE,
                resume="N'avait pas noté la bonne heure ; un autre rendez-vous est pris.",
            )  # fmt: skip
        else:
            _constater(decor, suivie, rendez_vous, EtatRendezVous.HONORE)
            _noter(decor, suivie, rendez_vous, rang)


def _tenir_aujourdhui(decor: Decor, agent: Agent, personnes: Sequence[Suivie]) -> None:
    """La journée en cours, même si la démonstration s'ouvre un dimanche : ce qui est passé est tenu, le reste attend."""
    maintenant = timezone.now()
    heures = HEURES[:: max(1, len(HEURES) // max(1, len(personnes)))]
    for rang, (suivie, heure) in enumerate(zip(personnes, heures, strict=False)):
        quand = _instant(decor.jour, heure)
        objet = ObjetRendezVous.CONTRAT if rang % 2 else ObjetRendezVous.ENTRETIEN
        rendez_vous = _fixer(decor, suivie, quand, objet, Modalite.TELEPHONE if rang == 2 else Modalite.SUR_PLACE)
        if quand + timedelta(minutes=DUREE) <= maintenant and rang % 2 == 0:
            _constater(decor, suivie, rendez_vous, EtatRendezVous.HONORE)
            _noter(decor, suivie, rendez_vous, rang + 2)


def _fixer_les_prochains(decor: Decor, agent: Agent, personnes: Sequence[Suivie]) -> None:
    jour = decor.jour
    objets = (ObjetRendezVous.ENTRETIEN, ObjetRendezVous.BILAN, ObjetRendezVous.CONTRAT)
    for rang, suivie in enumerate(personnes):
        jour = ouvre(jour + timedelta(days=1))
        quand = _instant(jour, HEURES[(rang * 3) % len(HEURES)])
        _fixer(decor, suivie, quand, objets[rang % len(objets)], Modalite.SUR_PLACE)


def _proposer(decor: Decor, agent: Agent, personnes: Sequence[Suivie]) -> None:
    """Deux invitations à choisir un créneau ; à la seconde, la personne a dit qu'aucun ne convenait."""
    for rang, suivie in enumerate(personnes):
        try:
            proposition, _ = proposer_creneaux(
                suivie.personne, **decor.au_nom_de(agent), agent=agent, organisme=suivie.organisme,
                objet=ObjetRendezVous.ENTRETIEN, du=decor.jour, au=dernier_jour_possible(decor.jour),
                adresse_du_lien=lambda jeton: ADRESSE_DU_LIEN.format(jeton=jeton),
            )  # fmt: skip
        except JalonError:
            # Un message vient déjà de lui partir : l'acte le refuse, et la démonstration n'insiste pas.
            continue
        if rang == 1:
            lien = LienPersonnel.objects.filter(objet=proposition.public_id).order_by("-pk")[0]
            dire_aucun_creneau(proposition, mot="Je travaille le matin cette semaine-là.", lien=lien)
