"""La note d'entretien : trois parts, qui peut l'écrire et la reprendre, deux auteurs qui ne s'effacent pas (D12, F023)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne, Rapprochement
from jalon.personnes.services import fusionner_personnes
from jalon.rendezvous.models import NoteEntretien, ObjetRendezVous, RendezVous
from jalon.rendezvous.notes import NoteDepasseeError, ecrire_note, notes_lisibles
from jalon.socle.errors import DroitManquantError, JalonError
from jalon.traces.models import Acte
from tests.accompagnements.aides import nommer
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire)


@pytest.fixture
def rendez_vous(distribution: Distribution, personne: Personne) -> RendezVous:
    return RendezVous.objects.create(
        personne=personne, objet=ObjetRendezVous.ENTRETIEN, organisme=distribution.orienteur.affectations.get().organisme,
        agent=distribution.orienteur, lieu="Maison du Département",
        debut=timezone.make_aware(datetime.combine(timezone.localdate(), time(9))),
    )  # fmt: skip


def ecrire(personne: Personne, acteur: Agent, **champs: Any) -> NoteEntretien:
    valeurs = {
        "date": timezone.localdate(), "faits": "Elle a rendez-vous le 12.", "dit_par_la_personne": "« Je veux conduire. »",
        "analyse": "", "suite": "Appeler l'auto-école", **champs,
    }  # fmt: skip
    return ecrire_note(personne, acteur=acteur, perimetre=Perimetre.de(acteur), **valeurs)


def test_les_trois_parts_se_gardent_a_part(distribution: Distribution, personne: Personne) -> None:
    note = ecrire(personne, distribution.orienteur, analyse="Le permis vient d'abord.")
    note.refresh_from_db()
    assert (note.faits, note.dit_par_la_personne, note.analyse, note.suite) == (
        "Elle a rendez-vous le 12.", "« Je veux conduire. »", "Le permis vient d'abord.", "Appeler l'auto-école",
    )  # fmt: skip
    assert (note.auteur, note.numero) == (distribution.orienteur, 1)
    acte = Acte.objects.get(code="rendezvous.note.ecrite")
    assert (acte.acteur_id, acte.personnes) == (distribution.orienteur.pk, [personne.public_id])
    assert "permis" not in acte.resume, "le journal ne redit pas ce qui est écrit"


def test_la_note_du_rendez_vous_n_est_qu_une(
    distribution: Distribution, personne: Personne, rendez_vous: RendezVous
) -> None:
    premiere = ecrire(personne, distribution.orienteur, rendez_vous=rendez_vous)
    seconde = ecrire(personne, distribution.orienteur, rendez_vous=rendez_vous, numero_lu=1, analyse="Suite.")
    assert (seconde.pk, seconde.numero, seconde.analyse) == (premiere.pk, 2, "Suite.")


def test_deux_auteurs_ne_s_effacent_pas(distribution: Distribution, personne: Personne) -> None:
    nommer(personne, distribution.collegue)
    note = ecrire(personne, distribution.orienteur)
    ecrire(personne, distribution.collegue, note=note, numero_lu=1, faits="Le rendez-vous est le 14.")
    with pytest.raises(NoteDepasseeError, match="Colette Orienteur a écrit cette note") as refus:
        ecrire(personne, distribution.orienteur, note=note, numero_lu=1, faits="Le rendez-vous est le 13.")
    assert refus.value.gardee.faits == "Le rendez-vous est le 14."
    note.refresh_from_db()
    assert (note.faits, note.numero, note.auteur) == ("Le rendez-vous est le 14.", 2, distribution.orienteur)


def test_deux_qui_commencent_ensemble_la_note_d_un_rendez_vous(
    distribution: Distribution, personne: Personne, rendez_vous: RendezVous
) -> None:
    nommer(personne, distribution.collegue)
    ecrire(personne, distribution.orienteur, rendez_vous=rendez_vous)
    with pytest.raises(NoteDepasseeError) as refus:
        ecrire(personne, distribution.collegue, rendez_vous=rendez_vous, faits="Autre chose.")
    assert refus.value.gardee.faits == "Elle a rendez-vous le 12."
    assert NoteEntretien.objects.count() == 1


def test_le_meme_envoi_deux_fois_n_ecrit_qu_une_note(distribution: Distribution, personne: Personne) -> None:
    assert ecrire(personne, distribution.orienteur) == ecrire(personne, distribution.orienteur)
    assert NoteEntretien.objects.get().numero == 1
    assert Acte.objects.filter(code__startswith="rendezvous.note").count() == 1


def test_les_sauvegardes_pendant_la_frappe_ne_remplissent_pas_le_journal(
    distribution: Distribution, personne: Personne
) -> None:
    note = ecrire(personne, distribution.orienteur, en_cours=True)
    for numero, faits in enumerate(("Elle", "Elle a", "Elle a dit"), start=1):
        note = ecrire(personne, distribution.orienteur, note=note, numero_lu=numero, faits=faits, en_cours=True)
    assert note.numero == 4
    assert Acte.objects.filter(code__startswith="rendezvous.note").count() == 1


def test_le_referent_reprend_la_note_d_un_autre(distribution: Distribution, personne: Personne) -> None:
    nommer(personne, distribution.collegue)
    note = ecrire(personne, distribution.orienteur)
    ecrire(personne, distribution.collegue, note=note, numero_lu=1, analyse="Vu ensemble.")
    (lue,) = notes_lisibles(personne)
    assert (lue.analyse, lue.auteur, lue.modifiee_par) == (
        "Vu ensemble.",
        distribution.orienteur,
        distribution.collegue,
    )


def test_refuse_la_note_d_un_autre_a_qui_n_est_pas_referent(distribution: Distribution, personne: Personne) -> None:
    note = ecrire(personne, distribution.orienteur)
    with pytest.raises(DroitManquantError, match="Écrivez la vôtre à côté"):
        ecrire(personne, distribution.collegue, note=note, numero_lu=1, analyse="Vu ensemble.")


def test_refuse_sans_le_droit(distribution: Distribution, personne: Personne) -> None:
    with pytest.raises(DroitManquantError):
        ecrire(personne, distribution.siege)


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"faits": " ", "dit_par_la_personne": "", "suite": ""}, "vide"),
        ({"date": timezone.localdate() + timedelta(days=1)}, "pas d'avance"),
        ({"analyse": "x" * 5_001}, "5000"),
        ({"suite": "x" * 301}, "300"),
    ],
)
def test_refuse_une_note_impossible(
    distribution: Distribution, personne: Personne, champs: dict[str, Any], phrase: str
) -> None:
    with pytest.raises(JalonError, match=phrase):
        ecrire(personne, distribution.orienteur, **champs)
    assert not NoteEntretien.objects.exists()


def test_refuse_le_rendez_vous_d_une_autre(distribution: Distribution, rendez_vous: RendezVous) -> None:
    autre = une_allocataire(territoire=distribution.territoire)
    with pytest.raises(JalonError, match="n'est pas celui de cette personne"):
        ecrire(autre, distribution.orienteur, rendez_vous=rendez_vous)


def test_reunir_deux_dossiers_garde_les_notes_des_deux(distribution: Distribution, personne: Personne) -> None:
    autre = une_allocataire(territoire=distribution.territoire)
    ecrire(personne, distribution.orienteur)
    ecrire(autre, distribution.orienteur)
    doute = Rapprochement.objects.create(
        ancienne=personne, nouvelle=autre, score=95, motif="Mêmes noms", date_flux=timezone.localdate()
    )
    fusionner_personnes(doute, acteur=distribution.siege)
    assert len(notes_lisibles(personne)) == 2
