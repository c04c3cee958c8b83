"""Du premier rendez-vous manqué à la dernière ligne du flux : la procédure entière, par ses actes, sous chaque profil.

Le temps avance comme dans la vie ; chaque acte est celui d'un écran, fait le jour où il se ferait.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.droits.models import AvisPresident, DossierRsa, Montant
from jalon.instances.acces import acceder_dossier_seance
from jalon.instances.auditions import convoquer_personnes, fixer_passages, noter_venue
from jalon.instances.avis import Proposition, regles_proposables, statuer_avis
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.models import DossierSeance, EffetTheme, EtatSeance, Instance, MembreInstance, QualiteMembre
from jalon.instances.saisines import inscrire_manquements
from jalon.instances.seances import convoquer_membres, ouvrir_seance, planifier_seance
from jalon.manquements.avertissement import constater_reception, envoyer_avertissement
from jalon.manquements.classement import classer, motifs_possibles
from jalon.manquements.decisions import (
    SanctionRefuseeError,
    constater_reception_decision,
    decider_sanction,
    lever_sanction,
    notifier_decision,
)
from jalon.manquements.legalite import debut_habituel
from jalon.manquements.models import DecisionSanction, EtatDecision, EtatManquement, Manquement, RegleSanction
from jalon.manquements.observations import joindre_piece, recevoir_observation, reconnaitre_motif_legitime
from jalon.manquements.rapprochement import Constat, rapprocher
from jalon.manquements.saisine import (
    SaisineIncompleteError,
    ajouter_fait,
    choisir_contact,
    ecrire_expose,
    manques,
    preparer_manquement,
    saisir_instance,
)
from jalon.manquements.transmissions import produire_transmission
from jalon.organismes.models import CategorieOrganisme
from jalon.personnes.liens import UsageLien, lire_lien
from jalon.referentiels.parametres import nombre
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.contacts import noter_contact
from jalon.rendezvous.models import MotifAbsence, RendezVous
from jalon.rendezvous.rappels import convoquer_rendez_vous
from jalon.rendezvous.rendez_vous import constater_rendez_vous, fixer_rendez_vous
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.echanges.aides_mois import Departement, departement
from tests.manquements.aides import motif, qui
from tests.manquements.fabriques import une_personne_suivie
from tests.manquements.sanctions import regle, un_flux

__all__ = ["departement"]

pytestmark = pytest.mark.django_db
LUNDI = date(2026, 1, 5)
DROIT = Decimal("646.52")
PHOTO = b"%PDF-1.4\n%%EOF\n"


class Calendrier:
    """Le jour que voit l'application ; il ne recule jamais."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._vraie, self._depart = timezone.now, timezone.now()
        self._matin = self._a_neuf_heures(LUNDI)
        monkeypatch.setattr(timezone, "now", lambda: self._matin + (self._vraie() - self._depart))

    @staticmethod
    def _a_neuf_heures(jour: date) -> datetime:
        return timezone.make_aware(datetime.combine(jour, time(9)))

    def aller_au(self, jour: date) -> date:
        assert jour >= timezone.localdate()
        self._matin = self._a_neuf_heures(jour)
        return jour

    def passer(self, jours: int) -> date:
        return self.aller_au(timezone.localdate() + timedelta(days=jours))


@pytest.fixture
def calendrier(monkeypatch: pytest.MonkeyPatch) -> Calendrier:
    return Calendrier(monkeypatch)


class Suivi:
    """Une personne suivie, et les agents qui agissent : son référent, l'instructeur, le décideur, le siège."""

    def __init__(self, calendrier: Calendrier) -> None:
        self.calendrier, self.d = calendrier, Distribution()
        self.personne = une_personne_suivie(self.d, depuis=date(2025, 9, 1))
        self.dossier = DossierRsa.objects.get(soumissions__personne=self.personne)
        self.jeton = ""

    @cached_property
    def decideur(self) -> Agent:
        return self.d.agent("Denise", "decideur")

    @property
    def referent(self) -> dict[str, Any]:
        return qui(self.d.partenaire)

    @property
    def instructeur(self) -> dict[str, Any]:
        return qui(self.d.siege)

    def absence(self) -> RendezVous:
        """Un rendez-vous fixé, convoqué par lettre dans les temps, où la personne n'est pas venue."""
        delai = int(nombre("rendezvous.delai_convocation", timezone.localdate()))
        prevu = timezone.now() + timedelta(days=delai + 7)
        rendez_vous = fixer_rendez_vous(
            self.personne, **self.referent, objet="entretien",
            creneau=Creneau(organisme=self.d.organisme(CategorieOrganisme.CCAS), debut=prevu, agent=self.d.partenaire,
                            lieu="Maison des solidarités"),
        )  # fmt: skip
        convoquer_rendez_vous(rendez_vous, **self.referent)
        self.calendrier.aller_au(timezone.localdate(prevu) + timedelta(days=1))
        return constater_rendez_vous(rendez_vous, **self.referent, etat="manque")

    def saisine(self) -> Manquement:
        """Absence, contact, exposé, saisine : refusée tant que la personne n'a pas été jointe (R18)."""
        manque = self.absence()
        manquement = preparer_manquement(self.personne, motif=motif(), **self.referent)
        ajouter_fait(manquement, date=timezone.localdate(manque.debut), rendez_vous=manque, **self.referent)
        manquement.refresh_from_db()
        ecrire_expose(manquement, expose="Pas venue, sans prévenir.", numero_lu=manquement.numero, **self.referent)
        with pytest.raises(SaisineIncompleteError, match="rien ne peut se faire avant"):
            saisir_instance(manquement, **self.referent)
        self.calendrier.passer(5)
        contact = noter_contact(
            self.personne, **self.referent, jour=timezone.localdate(), moyen="telephone", resultat="jointe",
            resume="N'a pas donné de raison.",
        )  # fmt: skip
        choisir_contact(manquement, contact=contact, **self.referent)
        manquement.refresh_from_db()
        assert manques(manquement) == []
        return saisir_instance(manquement, **self.referent)

    def avertie(self) -> Manquement:
        """La saisine, puis la lettre, reçue cinq jours après ; avant ce jour, rien ne se décide."""
        manquement = self.saisine()
        self.calendrier.passer(3)

        def adresse(jeton: str) -> str:
            self.jeton = jeton
            return f"https://jalon.example/lien/{jeton}/reponse/"

        envoyer_avertissement(manquement, **self.instructeur, adresse_du_lien=adresse)
        self.calendrier.passer(5)
        return constater_reception(
            manquement, **self.instructeur, recu_le=timezone.localdate(), preuve="Avis de réception 2C 045"
        )

    def decider(self, manquement: Manquement, **choix: Any) -> DecisionSanction:
        return decider_sanction(
            manquement, **qui(self.decideur), motivation="Un rendez-vous manqué, sans motif.", **choix
        )


@pytest.fixture
def suivi(departement: Departement, calendrier: Calendrier) -> Suivi:
    return Suivi(calendrier)


# --- Une raison, une preuve : rien à reprocher


def test_une_raison_prouvee_clot_la_procedure_sans_sanction(suivi: Suivi) -> None:
    manquement = suivi.avertie()
    assert manquement.observations_jusqu_au == timezone.localdate() + relativedelta(months=1)
    suivi.calendrier.passer(9)
    lien = lire_lien(suivi.jeton, usage=UsageLien.MANQUEMENT)
    assert lien is not None
    raison = MotifAbsence.objects.filter(preuve_exigee=True, sante=False, actif=True).order_by("ordre", "pk")[0]
    observation = recevoir_observation(
        manquement, acteur=None, perimetre=None, canal="en_ligne", texte="J'étais retenue ce matin-là.",
        recue_le=timezone.localdate(), motif=raison, lien=lien,
    )  # fmt: skip
    with pytest.raises(JalonError, match="preuve"):
        reconnaitre_motif_legitime(manquement, **suivi.instructeur)
    joindre_piece(
        manquement,
        acteur=None,
        perimetre=None,
        contenu=PHOTO,
        libelle="Attestation",
        observation=observation,
        lien=lien,
    )
    suivi.calendrier.passer(2)
    reconnaitre_motif_legitime(manquement, **suivi.instructeur)

    with pytest.raises(SanctionRefuseeError, match="motif légitime"):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)
    manquement.refresh_from_db()
    assert "motif_legitime" in motifs_possibles(manquement)
    classer(manquement, **suivi.instructeur, motif="motif_legitime")

    manquement.refresh_from_db()
    assert (manquement.etat, manquement.clos_le) == (EtatManquement.CLASSE, timezone.localdate())
    assert manquement.classement is not None, "la personne, avertie, l'apprend par écrit"
    assert not DecisionSanction.objects.exists()
    assert [acte.rpartition(".")[2] for acte in _actes(manquement)] == [
        "prepare", "ajouter_fait", "ecrire_expose", "choisir_contact", "saisir", "avertir", "constater_reception",
        "recevoir_observation", "piece", "reconnaitre_motif", "classer",
    ]  # fmt: skip
    with pytest.raises(TransitionRefuseeError):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)


# --- Entendue, suspendue dans la grille, en règle, levée : la caisse l'a fait


class Instances:
    """L'instance du territoire qui donne un avis sur un manquement, ses membres et son secrétariat."""

    def __init__(self, d: Distribution) -> None:
        self.d = d
        self.instance = Instance.objects.select_related("type", "territoire").filter(
            territoire=d.territoire, type__themes__effet=EffetTheme.MANQUEMENT, type__themes__fraude=False
        ).distinct().get()  # fmt: skip
        self.presidente = d.agent("Paule", "chef_territoire", territoire=d.territoire)
        self.membre = d.agent("Marc", "membre_equipe", territoire=d.territoire)
        self.ailleurs = d.agent("Maud", "membre_equipe", territoire=d.territoire)
        commun: dict[str, Any] = {**qui(d.siege), "du": LUNDI}
        qualites = list(QualiteMembre.objects.filter(type=self.instance.type).order_by("ordre", "pk"))
        preside = next(qualite for qualite in qualites if qualite.preside)
        autres = [qualite for qualite in qualites if qualite != preside]
        self.president: MembreInstance = nommer_membre(self.instance, qualite=preside, agent=self.presidente, **commun)
        nommer_membre(self.instance, qualite=autres[0], agent=self.membre, **commun)
        for qualite in autres[1:]:
            nommer_membre(self.instance, qualite=qualite, nom_externe=f"Membre {qualite.code}", **commun)

    def lit(self, agent: Agent, dossier: DossierSeance) -> bool:
        try:
            acceder_dossier_seance(Perimetre.de(agent), dossier.public_id)
        except (HorsPerimetreError, DroitManquantError):
            return False
        return True


def test_entendue_suspendue_en_regle_levee_et_la_caisse_suit(suivi: Suivi) -> None:
    manquement = suivi.avertie()
    recevoir_observation(
        manquement, **suivi.referent, canal="oral", texte="", recue_le=timezone.localdate(), relue=True,
        demande_audition=True, assistee_par="Une amie",
    )  # fmt: skip
    manquement.refresh_from_db()
    with pytest.raises(SanctionRefuseeError):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)
    assert manquement.observations_jusqu_au is not None
    suivi.calendrier.aller_au(manquement.observations_jusqu_au + timedelta(days=1))
    with pytest.raises(SanctionRefuseeError, match="entendue"):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)

    _tenir_la_seance(suivi, Instances(suivi.d), manquement)

    suivi.calendrier.passer(3)
    decision = _decider_notifier_transmettre(suivi, manquement)
    _se_mettre_en_regle(suivi, decision)


def _tenir_la_seance(suivi: Suivi, ici: Instances, manquement: Manquement) -> None:
    """L'inscription, les convocations, l'audition assistée, l'avis, la clôture ; le membre lit de l'une à l'autre."""
    secretaire, presidence = qui(suivi.d.orienteur), qui(ici.presidente)
    delai = int(nombre("instance.delai_convocation", timezone.localdate()))
    tenue_le = timezone.localdate() + timedelta(days=delai + 2)
    seance = planifier_seance(ici.instance, **secretaire, jour=tenue_le, heure=time(9), lieu="Salle des fêtes")
    [dossier] = inscrire_manquements(seance, **secretaire, manquements=[manquement.public_id])
    assert not ici.lit(ici.membre, dossier), "pas encore convoqué"
    suivi.calendrier.passer(1)
    assert not ici.lit(ici.membre, dossier), "la veille de la convocation"
    suivi.calendrier.passer(1)
    convoquer_membres(seance, **secretaire)
    fixer_passages(seance, **secretaire, premier=time(9, 30), minutes=20)
    [convoquee] = convoquer_personnes(seance, **secretaire)
    assert convoquee.convocation is not None
    assert ici.lit(ici.membre, dossier), "convoqué"
    assert not ici.lit(ici.ailleurs, dossier), "ne siège pas"

    suivi.calendrier.aller_au(tenue_le)
    presents = [membre.pk for membre in MembreInstance.objects.filter(instance=ici.instance).order_by("pk")]
    seance = ouvrir_seance(seance, **presidence, president=ici.president, presents=presents)
    assert ici.lit(ici.membre, dossier), "le jour de la séance"
    dossier = DossierSeance.objects.select_related("seance__instance__type", "personne", "theme").get(pk=dossier.pk)
    noter_venue(dossier, **presidence, assistee_par="Une amie")
    manquement.refresh_from_db()
    proposee = next(r for r in regles_proposables(dossier, manquement) if r.nature == "suspension")
    statuer_avis(
        dossier, **presidence,
        proposition=Proposition("favorable", regle=proposee, taux=30, duree=2, texte="Entendue, n'a pas donné de raison."),
    )  # fmt: skip
    manquement.refresh_from_db()
    assert manquement.etat == EtatManquement.AVERTI, "l'avis attend la clôture"
    seance = clore_seance(seance, **presidence)

    dossier.refresh_from_db()
    assert (seance.etat, seance.quorum_atteint, dossier.etat) == (EtatSeance.CLOSE, True, "applique"), dossier.motif
    assert not ici.lit(ici.membre, dossier), "close"
    suivi.calendrier.passer(1)
    assert not ici.lit(ici.membre, dossier), "le lendemain"
    manquement.refresh_from_db()
    assert (manquement.etat, manquement.entendue_le, manquement.assistee_par) == (
        EtatManquement.AVIS_RENDU, tenue_le, "Une amie"
    )  # fmt: skip
    assert (manquement.avis.sens, manquement.avis.taux, manquement.avis.duree) == ("favorable", 30, 2)


def _decider_notifier_transmettre(suivi: Suivi, manquement: Manquement) -> DecisionSanction:
    """Hors de la grille, refusé ; dans la grille, décidé, notifié, reçu, et la caisse le sait."""
    premiere = _premiere()
    assert premiere.duree_max is not None
    for taux, duree in ((29, 1), (30, premiere.duree_max + 1)):
        with pytest.raises(SanctionRefuseeError):
            suivi.decider(manquement, regle=premiere, taux=taux, duree=duree)
    decision = suivi.decider(manquement, regle=premiere, taux=30, duree=2)
    decision = notifier_decision(decision, **qui(suivi.decideur))
    assert decision.lettre is not None
    assert decision.debut == debut_habituel(timezone.localdate())
    suivi.calendrier.passer(4)
    decision = constater_reception_decision(decision, **suivi.instructeur, recu_le=timezone.localdate())
    Montant.objects.create(dossier=suivi.dossier, total=DROIT, periode=DateRange(date(2025, 9, 1), None))
    [transmission] = produire_transmission(**suivi.instructeur)
    assert transmission.lettre is not None
    assert transmission.lignes.get().montant_prevu == Decimal("193.96")
    assert produire_transmission(**suivi.instructeur) == [], "la caisse ne l'apprend pas deux fois"
    assert _constats() == [Constat.ATTENTE]
    return decision


def _se_mettre_en_regle(suivi: Suivi, decision: DecisionSanction) -> None:
    """La caisse retient le premier mois ; la personne vient ; la sanction s'arrête, et le flux suivant le dit."""
    assert decision.debut is not None
    assert decision.periode is not None
    premier_flux = decision.debut + relativedelta(day=31)
    un_flux(suivi.personne, suivi.calendrier.aller_au(premier_flux))
    retenue = AvisPresident.objects.create(
        dossier=suivi.dossier, type="reduction", debut=decision.debut, fin=decision.periode.upper - timedelta(days=1),
        montant=Decimal("193.96"), periode=DateRange(premier_flux, None),
    )  # fmt: skip
    assert _constats() == [Constat.CONFORME]

    en_regle = suivi.calendrier.passer(5)
    decision = lever_sanction(decision, **qui(suivi.decideur), le=en_regle, motif="en_regle")
    assert (decision.etat, decision.periode.upper if decision.periode else None) == (EtatDecision.LEVEE, en_regle)
    assert decision.lettre_levee is not None
    [levee] = produire_transmission(**suivi.instructeur)
    assert levee.lignes.get().objet == "lever"

    second_flux = premier_flux + relativedelta(months=1, day=31)
    un_flux(suivi.personne, suivi.calendrier.aller_au(second_flux))
    assert _constats() == [Constat.NON_LEVEE], "la caisse retient encore : un écart"
    retenue.periode = DateRange(premier_flux, second_flux)
    retenue.save(update_fields=["periode"])
    assert _constats() == [Constat.CONFORME]


def _premiere() -> RegleSanction:
    return regle("plein_emploi", "premiere")


def _constats() -> list[Constat]:
    return [ecart.constat for ecart in rapprocher()]


def _actes(manquement: Manquement) -> list[str]:
    return list(
        Acte.objects.filter(code__startswith="manquements.manquement.", objet=manquement.public_id)
        .order_by("pk")
        .values_list("code", flat=True)
    )
