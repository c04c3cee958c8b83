"""Les suivis fictifs de la démonstration : la journée des référents, les contrats, un livret ; une seule fois."""

from __future__ import annotations

from django.utils import timezone

from jalon.agents.models import Agent
from jalon.cli.demonstration_parcours import peupler_parcours, peupler_suivis
from jalon.cli.demonstration_parcours.contrats import SCENES, jouer, preparer_la_redaction
from jalon.cli.demonstration_parcours.decor import Suivie, retrouver
from jalon.cli.demonstration_parcours.suivis import portefeuilles
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import BilanContrat, Contrat, Etape, LectureContrat, SignatureContrat
from jalon.orientations.models import AttenteOrientation
from jalon.passeport.models import AccesPersonnel, DemarchePersonnelle, Experience, ProfilCompetences
from jalon.referentiels.profil import Profil
from jalon.rendezvous.models import NoteEntretien, OccupationAgenda, PlageAgenda, PropositionRendezVous, RendezVous
from jalon.traces.models import Acte
from tests.cli.test_demonstration_parcours import GRAINE, MOIS, population
from tests.echanges.aides_mois import Departement, _lire, departement

__all__ = ["departement", "population"]

PEUPLES = (
    Contrat, BilanContrat, LectureContrat, SignatureContrat, NoteEntretien, PlageAgenda, PropositionRendezVous,
    RendezVous, OccupationAgenda, AccesPersonnel, ProfilCompetences, Experience,
    DemarchePersonnelle,
)  # fmt: skip


def _nombres() -> dict[str, int]:
    return {modele._meta.label: modele.objects.count() for modele in (*PEUPLES, Acte, Agent)}


def test_chaque_moment_d_un_contrat_se_montre_et_rien_ne_se_double(population: Departement) -> None:
    profil, _ = _lire(population.code)
    assert not peupler_suivis(profil, graine=GRAINE), "Sans référent, il n'y a rien à peupler."
    peupler_parcours(profil, graine=GRAINE)

    assert peupler_suivis(profil, graine=GRAINE)

    nombres = _nombres()
    assert [nom for nom, nombre in nombres.items() if not nombre] == []
    jour = timezone.localdate()
    vivants = Contrat.objects.filter(etat="en_vigueur")
    assert vivants.filter(periode__endswith__gt=jour, type__hors_allocation=True).exists(), "un autre public"
    assert RendezVous.objects.filter(debut__date=jour).exists()
    assert set(RendezVous.objects.order_by().values_list("etat", flat=True)) >= {"fixe", "honore"}
    assert not RendezVous.objects.filter(debut__date__gt=jour).exclude(etat="fixe").exists()
    assert not Acte.objects.filter(code__startswith="contrats.", acteur_id=None).exists()

    assert not peupler_suivis(profil, graine=GRAINE)
    assert _nombres() == nombres

    _jouer_toutes_les_scenes(profil)


def _jouer_toutes_les_scenes(profil: Profil) -> None:
    """Une population d'essai ne suffit pas à toutes les scènes : chacune se joue pour une personne de la file."""
    decor = retrouver(profil, GRAINE)
    voisine = next(iter(portefeuilles().values()))[0]
    en_file = AttenteOrientation.objects.filter(
        sortie_le=None, personne__contrats=None, personne__soumissions__soumise=True
    ).select_related("personne")
    personnes = [attente.personne for attente in en_file.distinct().order_by("pk")[: len(SCENES)]]
    assert len(personnes) == len(SCENES)
    redaction = preparer_la_redaction(decor)
    joues = [
        jouer(redaction, Suivie(personne, voisine.agent, voisine.organisme, MOIS, None), scene)
        for scene, personne in zip(SCENES, personnes, strict=True)
    ]
    assert None not in joues
    contrats = Contrat.objects.filter(personne__in=personnes)
    assert set(contrats.order_by().values_list("etat", flat=True)) == set(EtatContrat.values)
    jour = timezone.localdate()
    assert contrats.filter(etat="en_vigueur", periode__endswith__lte=jour).exists(), "un contrat échu"
    assert contrats.filter(etat="brouillon", precedent__etat="bilan").exists(), "un renouvellement en écriture"
    assert BilanContrat.objects.filter(nature="intermediaire", grille_apres__isnull=False).exists()
    assert Etape.objects.filter(etat="atteint").exists()
